"""What a finished manifest adds up to: counts, split lists, and what was left out."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sirst5k.synthesis.manifest import read_records
from sirst5k.synthesis.sink import SKIPPED
from sirst5k.synthesis.whole_file import whole_file


@dataclass
class Summary:
    """The sums of a manifest.

    Attributes
    ----------
    train, test : int
        Stored samples.
    empty_masks : int
        Training outputs without any target.
    skipped : dict of str to str
        Samples left out, with the reason.
    files : dict of str to str
        sha256 of the bytes of the manifest, and of each list, by name below the root.
    """

    train: int = 0
    test: int = 0
    empty_masks: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return what ``dataset.json`` states of them."""
        return {
            "counts": {
                "train": self.train,
                "test": self.test,
                "empty_masks": self.empty_masks,
                "skipped": len(self.skipped),
            },
            "skipped": self.skipped,
        }


def summarise(path: Path, lists: Path | None = None, has_test: bool = True) -> Summary:
    """Add up a manifest in one pass, writing the split lists on the way.

    Memory does not grow with the number of samples.

    Parameters
    ----------
    path : Path
        The manifest.
    lists : Path, optional
        Folder for ``train.txt`` and ``test.txt``; it is made.
    has_test : bool
        Whether there is a test list.
    """
    summary = Summary()
    manifest = hashlib.sha256()
    with _lists(lists, ["train", "test"] if has_test else ["train"]) as written:
        for line, record in read_records(path):
            manifest.update(line)
            split = record["split"]
            if split == SKIPPED:
                summary.skipped[record["parent"]] = record["reason"]
                continue
            if split == "train":
                summary.train += 1
                summary.empty_masks += bool(record.get("empty"))
            else:
                summary.test += 1
            if split in written:
                written[split].add(list_line(record["id"]))
    summary.files = {path.name: manifest.hexdigest()}
    if lists is not None:
        for split, file in written.items():
            summary.files[f"{lists.name}/{split}.txt"] = file.digest.hexdigest()
    return summary


def list_line(sample_id: str) -> bytes:
    """Return the line of a sample in a split list."""
    return f"{sample_id}\n".encode("utf-8", "surrogateescape")


class DigestedFile:
    """A file that is being written, and the digest of its bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def add(self, line: bytes) -> None:
        """Write a line."""
        self.file.write(line)
        self.digest.update(line)


@contextlib.contextmanager
def _lists(folder: Path | None, splits: list[str]) -> Iterator[dict[str, DigestedFile]]:
    """Give a list a split, which get their names when all is written."""
    if folder is None:
        yield {}
        return
    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        yield {
            split: DigestedFile(stack.enter_context(whole_file(folder / f"{split}.txt")))
            for split in splits
        }
