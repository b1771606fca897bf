"""What a dataset of sequences holds, and what is wrong with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sirst5k.datasets.inspection import Problem
from sirst5k.datasets.sequences.dataset import SequenceDataset, sequence_of
from sirst5k.datasets.sequences.files import FileSequences
from sirst5k.errors import DatasetError

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_NUMBER = re.compile(r"(\d{1,12})\D*$")


@dataclass(frozen=True)
class SequenceInspection:
    """Findings on a dataset of sequences.

    Attributes
    ----------
    path, layout : str
    split : str, optional
    splits : dict of str to int
        Key frames of each list.
    roles : dict of str to str
        Role to list.
    sequences, frames, key_frames : int
        Frames count all of the sequences, key frames those with labels.
    lengths : dict of float to float
        Quantiles of the frames of a sequence.
    sizes, dtypes : dict of str to int
        Of all frames, as ``WIDTHxHEIGHT``; of one frame a sequence.
    boxes : int
    boxes_per_frame : dict of int to int
        Number of boxes to key frames with so many.
    without_target : int
        Key frames without box.
    classes : dict of int to int
        Class to boxes.
    tracks : int
        Identities, over all sequences; 0 where unknown.
    widths, heights : dict of float to float
        Quantiles of boxes in pixels.
    with_masks : bool
    problems : tuple of Problem
    """

    path: str
    layout: str
    split: str | None
    splits: dict[str, int]
    roles: dict[str, str]
    sequences: int
    frames: int
    key_frames: int
    lengths: dict[float, float]
    sizes: dict[str, int]
    dtypes: dict[str, int]
    boxes: int
    boxes_per_frame: dict[int, int]
    without_target: int
    classes: dict[int, int]
    tracks: int
    widths: dict[float, float]
    heights: dict[float, float]
    with_masks: bool
    problems: tuple[Problem, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as JSON-like values."""
        plain = asdict(self)
        for name in ("lengths", "boxes_per_frame", "classes", "widths", "heights"):
            plain[name] = {f"{key:g}": value for key, value in plain[name].items()}
        plain["problems"] = [asdict(problem) for problem in self.problems]
        return plain


def inspect_sequences(
    data: SequenceDataset,
    *,
    progress: Callable[[Iterable[str], int], Iterable[str]] | None = None,
) -> SequenceInspection:
    """Look at every label and the head of every frame of a dataset, and gather what it holds.

    One frame of each sequence is decoded.

    Parameters
    ----------
    data : SequenceDataset
        Opened with ``on_error="skip"``, so that what is missing becomes a finding.
    progress : callable, optional
        Wraps the stream of frame ids, given their number; a tqdm bar.
    """
    every = [frame_id for frames in data.sequences.values() for frame_id in frames]
    keys = frozenset(data.ids)
    shapes: dict[str, Counter[str]] = {name: Counter() for name in data.sequences}
    boxes: list[Sequence[float]] = []
    per_frame: Counter[int] = Counter()
    classes: Counter[int] = Counter()
    tracks: set[tuple[str, int]] = set()
    problems: list[Problem] = []
    for frame_id in progress(every, len(every)) if progress is not None else every:
        try:
            height, width = data.source.shape(frame_id)
            labels = data.labels(frame_id, with_mask=False)
        except DatasetError as error:
            problems.append(Problem("unreadable", frame_id, str(error)))
            continue
        name = sequence_of(frame_id)
        shapes[name][f"{width}x{height}"] += 1
        found = labels.boxes.tolist()
        if frame_id in keys:
            per_frame[len(found)] += 1
            boxes += found
            classes.update(labels.classes.tolist())
        tracks.update((name, track) for track in labels.tracks or ())
        problems += _box_problems(frame_id, found, labels.tracks is not None, width, height)
    dtypes, unreadable = _dtypes(data)
    problems += unreadable + _sequence_problems(data, shapes) + _list_problems(data)
    sides = np.array(boxes, np.float64).reshape(-1, 4)
    return SequenceInspection(
        path=str(data.root) if data.root is not None else data.layout,
        layout=data.layout,
        split=data.split,
        splits={name: len(data.splits[name]) for name in data.splits},
        roles=dict(data.splits.roles),
        sequences=len(data.sequences),
        frames=len(every),
        key_frames=len(data),
        lengths=_quantiles([len(frames) for frames in data.sequences.values()]),
        sizes=_counted(sum(shapes.values(), Counter())),
        dtypes=dtypes,
        boxes=len(boxes),
        boxes_per_frame=dict(sorted(per_frame.items())),
        without_target=per_frame[0],
        classes=dict(sorted(classes.items())),
        tracks=len(tracks),
        widths=_quantiles(sides[:, 2] - sides[:, 0]),
        heights=_quantiles(sides[:, 3] - sides[:, 1]),
        with_masks=data.source.has_masks,
        problems=tuple(problems),
    )


def _box_problems(
    frame_id: str, boxes: list[list[float]], tracked: bool, width: int, height: int
) -> Iterator[Problem]:
    for box in boxes:
        x1, y1, x2, y2 = box
        if x1 < 0 or y1 < 0 or x2 > width or y2 > height:
            text = f"{frame_id}: the box {_plain(box)} reaches out of the {width}×{height} frame."
            yield Problem("box outside", frame_id, text)
    again = [box for box, count in Counter(map(tuple, boxes)).items() if count > 1]
    if again and not tracked:  # two targets may meet
        text = f"{frame_id}: the box {_plain(again[0])} is there more than once."
        yield Problem("duplicate box", frame_id, text)


def _dtypes(data: SequenceDataset) -> tuple[dict[str, int], list[Problem]]:
    found: Counter[str] = Counter()
    problems = []
    for frames in data.sequences.values():
        try:
            found[str(data.read_frame(frames[0]).dtype)] += 1
        except DatasetError as error:
            problems.append(Problem("unreadable", frames[0], str(error)))
    return _counted(found), problems


def _sequence_problems(data: SequenceDataset, shapes: Mapping[str, Counter[str]]) -> list[Problem]:
    problems = []
    for name, frames in data.sequences.items():
        numbers = [int(match[1]) for i in frames if (match := _NUMBER.search(i.rpartition("/")[2]))]
        missing = sorted(set(range(min(numbers, default=0), max(numbers, default=-1))) - {*numbers})
        if missing and len(numbers) == len(frames):
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            text = f"{name} has no frame {missing[0]}{more}; clips take the frame before instead."
            problems.append(Problem("missing frames", name, text))
        if len(shapes[name]) > 1:
            text = f"{name} has frames of {', '.join(shapes[name])}; a clip needs one size."
            problems.append(Problem("sizes differ", name, text))
    source = data.source
    if isinstance(source, FileSequences) and source.has_masks:
        bare = [i for i in data.ids if source.mask_file(i) is None]
        if bare:
            text = f"{len(bare)} key frames have no mask, for example {bare[0]}."
            problems.append(Problem("missing masks", bare[0], text))
    return problems


def _list_problems(data: SequenceDataset) -> list[Problem]:
    problems = [Problem("left out", name, why) for name, why in data.skipped.items()]
    problems += [Problem("duplicate lines", "", text) for text in data.remarks]
    roles = data.splits.roles
    test = roles.get("test")
    for role in ("train", "val", "trainval"):
        name = roles.get(role)
        if test is None or name is None or name == test:
            continue
        both = {*map(sequence_of, data.splits[name])} & {*map(sequence_of, data.splits[test])}
        if both:
            text = (
                f"{sorted(both)[0]!r} is both in {name} and in {test}: {len(both)} sequences are."
            )
            problems.append(Problem("overlap", name, text))
    return problems


def _plain(box: Iterable[float]) -> str:
    return ",".join(f"{edge:g}" for edge in box)


def _counted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _quantiles(values: Any) -> dict[float, float]:
    values = np.asarray(values, np.float64)
    if not values.size:
        return {}
    return dict(zip(QUANTILES, np.quantile(values, QUANTILES).tolist(), strict=True))
