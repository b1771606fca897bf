"""What a finished manifest of sequences adds up to: counts, annotations, tracks."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sirst5k.datasets.sequences import sequence_of
from sirst5k.datasets.sequences.lines import format_line
from sirst5k.synthesis.manifest import read_records
from sirst5k.synthesis.state import ANNOTATIONS, TRACKS
from sirst5k.synthesis.summary import DigestedFile
from sirst5k.synthesis.whole_file import whole_file


@dataclass
class SequenceSummary:
    """The sums of a manifest.

    Attributes
    ----------
    frames, keys, sequences : dict of str to int
        Stored frames, key frames among them, and sequences, of ``train`` and ``test``.
    without_targets : int
        Key frames of training sequences without any target.
    files : dict of str to str
        sha256 of the bytes of the manifest, the annotations and the tracks, by name.
    """

    frames: dict[str, int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    without_targets: int = 0
    files: dict[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return what ``dataset.json`` states of them."""
        return {
            "counts": {
                **self.frames,
                "key_frames": self.keys,
                "sequences": self.sequences,
                "without_targets": self.without_targets,
            }
        }


def summarise_sequences(root: Path, manifest: Path, has_test: bool) -> SequenceSummary:
    """Add up a manifest in one pass, writing annotations and tracks on the way.

    Parameters
    ----------
    root : Path
        The output folder.
    manifest : Path
    has_test : bool
        Whether there are test sequences.
    """
    splits = ("train", "test") if has_test else ("train",)
    zeros = dict.fromkeys(splits, 0)
    summary = SequenceSummary(dict(zeros), dict(zeros), dict(zeros))
    digest = hashlib.sha256()
    (root / ANNOTATIONS).mkdir(exist_ok=True)
    last = None
    with contextlib.ExitStack() as stack:

        def begun(name: str) -> DigestedFile:
            return DigestedFile(stack.enter_context(whole_file(root / name)))

        files = {split: begun(f"{ANNOTATIONS}/{split}.txt") for split in splits}
        tracks = begun(TRACKS)
        for line, record in read_records(manifest):
            digest.update(line)
            split, sequence = record["split"], sequence_of(record["id"])
            summary.frames[split] += 1
            summary.sequences[split] += sequence != last
            last = sequence
            if record["key"]:
                summary.keys[split] += 1
                summary.without_targets += split == "train" and not record["boxes"]
                files[split].add(annotation_line(record))
            if record["tracks"] is not None:
                tracks.add(track_line(record))
    summary.files = {
        manifest.name: digest.hexdigest(),
        **{f"{ANNOTATIONS}/{name}.txt": file.digest.hexdigest() for name, file in files.items()},
        TRACKS: tracks.digest.hexdigest(),
    }
    return summary


def annotation_line(record: Mapping[str, Any]) -> bytes:
    r"""Return the line of a key frame in a list, in the field's text form.

    Examples
    --------
    >>> annotation_line({"image": "images/a/0.png", "boxes": [[1, 2.5, 4, 6]], "classes": [0]})
    b'images/a/0.png 1,2.5,4,6,0\n'
    """
    line = format_line(record["image"], record["boxes"], record["classes"])
    return f"{line}\n".encode("utf-8", "surrogateescape")


def track_line(record: Mapping[str, Any]) -> bytes:
    """Return the line of a frame in ``tracks.jsonl``: the identities of its boxes, in order."""
    line = json.dumps({"frame": record["id"], "tracks": record["tracks"]}) + "\n"
    return line.encode()
