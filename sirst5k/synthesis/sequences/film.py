"""What a filmstrip shows: some frames of a sequence and of its variants, one above the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets.sequences import FrameLabels, sequence_of
from sirst5k.errors import DatasetError
from sirst5k.negatives import link_boxes
from sirst5k.noise import MovingField, SequenceNoise
from sirst5k.sample import Image
from sirst5k.synthesis.output_folder import OutputFolder
from sirst5k.synthesis.sequences.making import MadeFrame
from sirst5k.synthesis.sequences.recomputing import RecordedFrames
from sirst5k.synthesis.sequences.virtual import SyntheticSequences
from sirst5k.synthesis.sheet_choice import check_ids
from sirst5k.synthesis.sink import Record

COLUMNS = 6
"""Frames that a strip shows of each sequence."""

_SYMMETRIES = (
    "not turned", "turned 90°", "turned 180°", "turned 270°",
    "mirrored", "mirrored, 90°", "mirrored, 180°", "mirrored, 270°",
)  # fmt: skip

Make = Callable[[str], MadeFrame]
"""Returns a frame by its id."""


@dataclass(frozen=True, eq=False, slots=True)
class FilmFrame:
    """One frame of a row.

    Attributes
    ----------
    image : (H, W) array
    labels : FrameLabels, optional
        What to mark.
    target : int, optional
        Which of its targets is enlarged.
    words : tuple of str
        What stands beside it.
    """

    image: Image
    labels: FrameLabels | None
    target: int | None
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class FilmRow:
    """Some frames of one sequence, or of the noise in it."""

    name: str
    facts: str
    frames: tuple[FilmFrame, ...]
    is_noise: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Strip:
    """A source sequence above its variants and the noise of the first of them."""

    source: str
    rows: tuple[FilmRow, ...]


def strips_of_dataset(
    synthetic: SyntheticSequences, samples: int, variants: int, ids: Sequence[str] = ()
) -> list[Strip]:
    """Make a few variants of a few sequences for a picture.

    Parameters
    ----------
    synthetic : SyntheticSequences
    samples, variants : int
        Source sequences to show, and variants of each.
    ids : sequence of str
        Show these source sequences instead.

    Raises
    ------
    DatasetError
        If there is no source sequence of such a name.
    """
    sources = tuple(synthetic.dataset.sequences)
    check_ids(ids, sources, synthetic.dataset.describe())
    made: dict[str, list[str]] = {}
    for variant in synthetic.plan.variants:
        if not variant.is_original:
            made.setdefault(variant.source_id, []).append(variant.id)

    def make(frame_id: str) -> MadeFrame:
        return synthetic.make(synthetic.maker.frame(frame_id))

    def original(frame_id: str) -> MadeFrame:
        dataset = synthetic.dataset
        labels = dataset.labels(frame_id)
        return MadeFrame(frame_id, frame_id, dataset.read_frame(frame_id), labels, [])

    frames = {**synthetic.dataset.sequences, **synthetic.sequences}
    return [
        _strip(name, made[name][:variants], frames, original, make, synthetic.bank)
        for name in ids or _spread(sources, samples)
    ]


def strips_of_output(
    folder: OutputFolder, samples: int, variants: int, ids: Sequence[str] = ()
) -> list[Strip]:
    """Read a few variants of a few sequences of an output folder.

    Parameters
    ----------
    folder : OutputFolder
    samples, variants : int
        Source sequences, and variants of each, at most.
    ids : sequence of str
        Source sequences, in place of `samples` spread over all.

    Raises
    ------
    DatasetError
        If there is no source sequence of such a name, or no variant yet.
    """
    outputs: dict[str, dict[str, None]] = {}
    for record in folder.records():
        if record["split"] == "train":
            source = sequence_of(record["parent"])
            outputs.setdefault(source, {})[sequence_of(record["id"])] = None
    check_ids(ids, tuple(outputs), str(folder.root))
    made = {
        source: [name for name in names if name != source][:variants]
        for source, names in outputs.items()
    }
    if not any(made.values()):
        raise DatasetError(f"{folder.root} holds no variant yet. Run sirst5k synth to its end.")
    chosen = ids or _spread([source for source in made if made[source]], samples)
    wanted = {name for source in chosen for name in (source, *made[source])}
    records: dict[str, Record] = {}
    frames: dict[str, list[str]] = {}
    for record in folder.records():
        if record["split"] == "train" and sequence_of(record["id"]) in wanted:
            records[record["id"]] = record
            frames.setdefault(sequence_of(record["id"]), []).append(record["id"])
    reader = RecordedFrames(folder, records)

    def make(frame_id: str) -> MadeFrame:
        record = records[frame_id]
        labels = reader.labels(frame_id, with_mask=True)
        image = reader.read(frame_id)
        return MadeFrame(frame_id, record["parent"], image, labels, record["operations"])

    bank = folder.sequence_noise()
    return [_strip(name, made[name], frames, make, make, bank) for name in chosen]


def _strip(
    source: str,
    variants: Sequence[str],
    frames: Mapping[str, Sequence[str]],
    original: Make,
    make: Make,
    noise: SequenceNoise | None,
) -> Strip:
    length = len(frames[variants[0]] if variants else frames[source])
    places = _spread(range(length), COLUMNS)
    rows = {name: [make(frames[name][place]) for place in places] for name in variants}
    sources = [original(frames[source][p]) for p in places] if source in frames else []
    names = _names([*([sources] if sources else []), *rows.values()])
    shown = _most_seen(names)
    found = []
    if sources:
        found.append(FilmRow(source, _facts(sources[0].image), _cells(sources, names, shown)))
    for name, made in rows.items():
        found.append(FilmRow(name, _done(made), _cells(made, names, shown)))
    for name, made in list(rows.items())[:1]:
        cells = _noise_cells(made, noise)
        if cells:
            facts = "what is new in every frame, and what stays: stripes and pixels in one place"
            found.append(FilmRow(f"noise of {name}", facts, cells, is_noise=True))
    return Strip(source, tuple(found))


def _cells(
    made: Sequence[MadeFrame], names: Sequence[Sequence[int]], shown: int | None
) -> tuple[FilmFrame, ...]:
    moved = {
        turn["track"]
        for frame in made
        for operation in frame.operations
        for turn in operation.get("turns", ())
        if turn["symmetry"]
    }
    cells = []
    for frame, tracks in zip(made, names, strict=True):
        target = tracks.index(shown) if shown is not None and shown in tracks else None
        words = [f"frame {frame.id.rpartition('/')[2]}"]
        turn = _turn(frame, target)
        if turn is not None:
            rests = not turn["symmetry"] and turn["track"] in moved
            words.append("at rest" if rests else _SYMMETRIES[turn["symmetry"]])
        elif target is None:
            words.append("not in sight")
        cells.append(FilmFrame(frame.image, frame.labels, target, tuple(words)))
    return tuple(cells)


def _noise_cells(made: Sequence[MadeFrame], noise: SequenceNoise | None) -> tuple[FilmFrame, ...]:
    cells = []
    field: MovingField | None = None
    for frame in made:
        operation = next((each for each in frame.operations if each["op"] == "displace"), None)
        if operation is None or noise is None:
            return ()
        shape = (frame.image.shape[0], frame.image.shape[1])
        if field is None or field.shape != shape:
            field = MovingField(noise, shape, operation["field_seed"], operation["field"])
        added: NDArray[Any] = field.white(operation["frame"]) * np.float32(
            operation["white_std"] / noise.white_std
        )
        if noise.fixed is not None:
            added += field.fixed * np.float32(operation["fixed_std"] / noise.fixed_std)
        words = (
            f"frame {frame.id.rpartition('/')[2]}",
            f"new σ {operation['white_std']:.3g}",
            f"stays σ {operation['fixed_std']:.3g}",
        )
        cells.append(FilmFrame(added, None, None, words))
    return tuple(cells)


def _names(rows: Sequence[Sequence[MadeFrame]]) -> list[tuple[int, ...]]:
    """Return the identities of the targets in each shown frame, by what is known of them."""
    found: list[tuple[int, ...]] = []
    for column in zip(*rows, strict=True):
        turns = [each for frame in column for each in frame.operations if each["op"] == "turn"]
        tracks = next((frame.labels.tracks for frame in column if frame.labels.tracks), None)
        if tracks is None and turns:
            tracks = tuple(turn["track"] for turn in turns[0]["turns"])
        found.append(() if tracks is None else tuple(tracks))
    if not any(found):
        return link_boxes([frame.labels.boxes for frame in rows[0]])
    return found


def _most_seen(names: Sequence[Sequence[int]]) -> int | None:
    count = Counter(name for each in names for name in each)
    return max(count, key=lambda name: (count[name], -name)) if count else None


def _turn(frame: MadeFrame, target: int | None) -> Mapping[str, Any] | None:
    for operation in frame.operations:
        if operation["op"] == "turn":
            for turn in operation["turns"]:
                if turn["target"] == target:
                    found: Mapping[str, Any] = turn
                    return found
    return None


def _facts(image: Image) -> str:
    height, width = image.shape
    depth = "float" if image.dtype.kind == "f" else f"{8 * image.itemsize}-bit"
    return f"source · {width} × {height} px · {depth}"


def _done(made: Sequence[MadeFrame]) -> str:
    """Return what was done to the tracks of a variant, in words."""
    symmetries: dict[int, int] = {}
    for frame in made:
        for operation in frame.operations:
            for turn in operation.get("turns", ()):
                symmetries[turn["track"]] = symmetries.get(turn["track"], 0) or turn["symmetry"]
    words = [f"track {track} {_SYMMETRIES[done]}" for track, done in sorted(symmetries.items())]
    return " · ".join(words[:6] or ["targets as they were"])


def _spread(items: Sequence[Any], count: int) -> list[Any]:
    """Return `count` items, or all, evenly spread from the first to the last."""
    count = min(count, len(items))
    last = len(items) - 1
    return [items[round(k * last / max(1, count - 1))] for k in range(count)]
