"""Sequences onto a disk, in the field's text form with relative paths."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import joblib
import numpy as np

from sirst5k.datasets.names import check_apart, check_lengths, leads_out, natural_key, unusable
from sirst5k.datasets.sequences.labels import FrameLabels
from sirst5k.datasets.sequences.lines import format_line
from sirst5k.datasets.sequences.text import TRACKS
from sirst5k.datasets.splits import ROLES
from sirst5k.errors import OutputError, ParameterError
from sirst5k.imaging import encode_png, encode_tiff, write_atomically
from sirst5k.sample import Image

_CHUNK = 64


class ReadableSequences(Protocol):
    """What can be written: a `SequenceDataset`, or anything that reads like one."""

    @property
    def ids(self) -> Sequence[str]:
        """Key frames."""
        ...

    @property
    def sequences(self) -> Mapping[str, Sequence[str]]:
        """All frames of each sequence in the order of time."""
        ...

    def read_frame(self, frame_id: str) -> Image:
        """Return one frame."""
        ...

    def labels(self, frame_id: str) -> FrameLabels:
        """Return its targets."""
        ...


def write_sequences(
    sequences: ReadableSequences | Mapping[str, ReadableSequences],
    out: str | os.PathLike[str],
    *,
    jobs: int = 1,
    progress: Callable[[Iterable[int], int], Iterable[int]] | None = None,
) -> Path:
    """Write sequences as a dataset that `open_dataset` and the published loaders read.

    ``images/SEQ/N.png`` (TIFF for float frames), ``masks/SEQ/N.png`` where masks are known,
    ``annotations/SPLIT.txt`` with a line ``images/SEQ/N.png x1,y1,x2,y2,class …`` for each key
    frame, and ``tracks.jsonl`` where identities are known. Frames keep their ids. The folder
    appears when everything is written, never half.

    Parameters
    ----------
    sequences : SequenceDataset or mapping of str to SequenceDataset
        One dataset, whose splits are written, or the part of each split by its name.
    out : path
        A folder that does not exist yet, or is empty.
    jobs : int
        Worker processes; -1 for one a core.
    progress : callable, optional
        Wraps the stream of written frames' counts, given the number of frames; a tqdm bar.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        If the folder holds something, cannot be written to, or cannot tell two names apart.
    ParameterError
        If a split's name or a sequence's cannot be one of a file, or two parts hold different
        sequences of one name.
    """
    parts = _parts(sequences)
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(
            f"Expected a new or empty folder, but {folder} holds something. Name another one, or "
            "remove it."
        )
    owners = _owners(parts)
    names: dict[str, str] = {}
    for name, (_, numbered) in owners.items():
        names |= _frame_names(name, [frame_id for _, frame_id in numbered])
    unfinished = folder.parent / f".{folder.name[:40]}~{uuid.uuid4().hex[:8]}.part"
    try:
        unfinished.mkdir(parents=True)
    except OSError as error:
        raise OutputError(
            f"Expected to write {folder}, but cannot: {error.strerror}. Check that the folder "
            "above it may be written to."
        ) from error
    try:
        check_apart(names.values(), unfinished)
        _write_frames(owners, names, unfinished, jobs, progress)
        _write_lists(parts, names, unfinished)
        if folder.exists():
            folder.rmdir()
        unfinished.replace(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return folder


_Owned = tuple[ReadableSequences, list[tuple[int, str]]]


def _parts(
    sequences: ReadableSequences | Mapping[str, ReadableSequences],
) -> dict[str, tuple[ReadableSequences, tuple[str, ...]]]:
    """Return of every split whose frames it reads and which its key frames are."""
    if isinstance(sequences, Mapping):
        parts = {name: (part, tuple(part.ids)) for name, part in sequences.items()}
    else:
        splits: Mapping[str, Sequence[str]] = getattr(sequences, "splits", {})
        own = set(sequences.ids)
        roles = dict(getattr(splits, "roles", {}))
        shorter = {name: role for role, name in roles.items()}
        parts = {}
        for name in splits:
            members = tuple(frame_id for frame_id in splits[name] if frame_id in own)
            if members:
                parts[shorter.get(name, name)] = (sequences, members)
        if not parts:
            parts = {"all": (sequences, tuple(sequences.ids))}
    for name in parts:
        if unusable(name) or leads_out(name) or not name:
            raise ParameterError(
                f"Expected the name of a split, such as {ROLES[0]!r}, got {name!r}."
            )
    return {name.replace("/", "_"): part for name, part in parts.items()}


def _owners(
    parts: Mapping[str, tuple[ReadableSequences, tuple[str, ...]]],
) -> dict[str, _Owned]:
    """Return of every sequence who reads it, and its frames with their places."""
    owners: dict[str, _Owned] = {}
    for reader, _ in parts.values():
        for name, frames in reader.sequences.items():
            if unusable(name) or leads_out(name) or not all(name.split("/")):
                raise ParameterError(f"A sequence cannot be written under the name {name!r}.")
            numbered = list(enumerate(frames))
            before = owners.setdefault(name, (reader, numbered))
            if before[1] != numbered:
                raise ParameterError(
                    f"Expected one sequence of the name {name!r}, but two splits hold different "
                    "ones."
                )
    return owners


def _frame_names(sequence: str, ids: Sequence[str]) -> dict[str, str]:
    """Return each frame's path below ``images/`` without ending: its own name if those sort."""
    stems = [frame_id.rpartition("/")[2] for frame_id in ids]
    if stems != sorted(set(stems), key=natural_key) or any(map(unusable, stems)):
        stems = [f"{place:06d}" for place in range(len(ids))]
    return {i: f"{sequence}/{stem}" for i, stem in zip(ids, stems, strict=True)}


def _write_frames(
    owners: Mapping[str, _Owned],
    names: Mapping[str, str],
    out: Path,
    jobs: int,
    progress: Callable[[Iterable[int], int], Iterable[int]] | None,
) -> None:
    check_lengths(names.values(), ".tiff")
    chunks = []
    for name, (reader, numbered) in owners.items():
        for folder in ("images", "masks"):
            (out / folder / name).mkdir(parents=True, exist_ok=True)
        ids = [frame_id for _, frame_id in numbered]
        chunks += [(reader, ids[k : k + _CHUNK]) for k in range(0, len(ids), _CHUNK)]
    stream: Iterable[int] = _written(chunks, names, out, jobs)
    for _ in progress(stream, len(names)) if progress is not None else stream:
        pass
    for name in owners:
        _remove_empty(out / "masks" / name, out)


def _written(
    chunks: list[tuple[ReadableSequences, list[str]]],
    names: Mapping[str, str],
    out: Path,
    jobs: int,
) -> Iterator[int]:
    if jobs == 1:
        for reader, ids in chunks:
            for frame_id in ids:
                yield _write_chunk(reader, [(frame_id, names[frame_id])], out)
        return
    workers = joblib.Parallel(n_jobs=jobs, return_as="generator")
    yield from workers(
        joblib.delayed(_write_chunk)(reader, [(i, names[i]) for i in ids], out)
        for reader, ids in chunks
    )


def _write_chunk(reader: ReadableSequences, frames: list[tuple[str, str]], out: Path) -> int:
    for frame_id, name in frames:
        image, mask = reader.read_frame(frame_id), reader.labels(frame_id).mask
        if image.dtype == np.float32:
            write_atomically(out / f"images/{name}.tiff", encode_tiff(image))
        else:
            write_atomically(out / f"images/{name}.png", encode_png(image))
        if mask is not None:
            write_atomically(out / f"masks/{name}.png", encode_png(mask))
    return len(frames)


def _write_lists(
    parts: Mapping[str, tuple[ReadableSequences, tuple[str, ...]]],
    names: Mapping[str, str],
    out: Path,
) -> None:
    tracks: dict[str, str] = {}
    for split, (reader, ids) in parts.items():
        lines = []
        for frame_id in ids:
            labels, name = reader.labels(frame_id), names[frame_id]
            ending = "tiff" if (out / f"images/{name}.tiff").exists() else "png"
            boxes = [(a, b, c, d) for a, b, c, d in labels.boxes.astype(float).tolist()]
            path = f"images/{name}.{ending}"
            lines.append(format_line(path, boxes, labels.classes.tolist()))
            if labels.tracks:
                record = {"frame": name, "tracks": [int(track) for track in labels.tracks]}
                tracks[name] = json.dumps(record)
        target = out / "annotations" / f"{split}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, "".join(f"{line}\n" for line in lines).encode())
    if tracks:
        write_atomically(out / TRACKS, "".join(f"{line}\n" for line in tracks.values()).encode())


def _remove_empty(folder: Path, stop: Path) -> None:
    """Remove a folder and those above it that are empty, up to `stop`."""
    while folder != stop and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
