"""Measuring a camera's noise on its sequences: which windows, and how both parts are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import NoiseError, ShapeError
from sirst5k.noise.no_windows import NoWindowsError
from sirst5k.noise.sampling import outlier_limit, quantiles_of, spread
from sirst5k.noise.sequence_banks import (
    SIGNIFICANT,
    Measured,
    fixed_bank,
    levels_of,
    pattern_of,
    white_bank,
)
from sirst5k.noise.sequence_noise import SequenceNoise
from sirst5k.noise.time_parts import LEAST_FRAMES, PLANE, TimeParts, time_parts
from sirst5k.noise.windows import QUANTISATION_VARIANCE, find_flat_windows
from sirst5k.sample import Image, Mask, full_scale

Progress = Callable[[Iterable[str]], Iterable[str]]


class Labelled(Protocol):
    """What is known of a frame's targets."""

    @property
    def boxes(self) -> NDArray[np.float32]:
        """``(N, 4)``: x1, y1, x2, y2 in pixels, ends exclusive."""
        ...

    @property
    def mask(self) -> Mask | None:
        """``(H, W)`` target pixels, where there are masks."""
        ...


class FrameSource(Protocol):
    """What noise is measured on; `sirst5k.datasets.SequenceDataset` is one."""

    @property
    def sequences(self) -> Mapping[str, Sequence[str]]:
        """Ids of the frames of each sequence, in time order."""
        ...

    def read_frame(self, frame_id: str, /) -> Image:
        """Return a frame, ``(H, W)``."""
        ...

    def labels(self, frame_id: str, /) -> Labelled:
        """Return the targets of a frame."""
        ...


def sample_sequences(
    source: FrameSource,
    rule: Mapping[str, Any],
    max_tiles: int,
    max_frames: int,
    max_sequences: int,
    min_whiteness: float,
    progress: Progress | None = None,
) -> SequenceNoise:
    """Measure the noise of sequences; see `SequenceNoise.sample`."""
    if max_tiles < 1 or max_frames < LEAST_FRAMES or max_sequences < 1:
        raise NoiseError(
            f"Expected at least one tile, {LEAST_FRAMES} frames and one sequence, got "
            f"max_tiles={max_tiles}, max_frames={max_frames}, max_sequences={max_sequences}."
        )
    names = [name for name, frames in source.sequences.items() if len(frames) >= LEAST_FRAMES]
    if not names:
        raise NoiseError(
            f"Expected a sequence of at least {LEAST_FRAMES} frames to tell what changes from "
            f"what stays, got none among {len(source.sequences)}."
        )
    chosen = [names[index] for index in spread(len(names), max_sequences)]
    found: list[Measured] = []
    looked_at = drifting = 0
    white = None
    for name in progress(chosen) if progress else chosen:
        frames = tuple(source.sequences[name][:max_frames])
        stack, busy = _read(source, frames)
        white = white or full_scale(stack.dtype)
        places, candidates = quiet_places(stack, busy, rule)
        looked_at += candidates
        if not len(places):
            continue
        parts = time_parts(_cut(stack, places, rule["size"]))
        keep = parts.whiteness >= min_whiteness
        drifting += int((~keep).sum())
        rounding = QUANTISATION_VARIANCE if stack.dtype.kind == "u" else 0.0
        keep &= parts.white > rounding
        keep = _at_the_floor(parts, keep, len(frames), rule)
        if keep.any():
            scale = white / full_scale(stack.dtype)
            places, parts = places[keep], _choose(parts, keep)
            found.append(Measured(name, frames, places, parts, scale, rounding))
    if not found or white is None:
        raise _nothing_found(rule, chosen, looked_at, drifting)
    kept = _without_outliers(found)
    patterns = [pattern_of(each) for each in kept]
    report = {
        "method": "variance components over time",
        **rule,
        "min_whiteness": min_whiteness,
        "sequences": len(chosen),
        "sequences_used": len(kept),
        "frames": sum(len(each.frames) for each in kept),
        "candidates": looked_at,
        "drifting": drifting,
        "quiet": sum(len(each.places) for each in kept),
        "whiteness_quantiles": quantiles_of(np.concatenate([k.parts.whiteness for k in kept])),
        **levels_of(kept, patterns),
    }
    bank = white_bank(kept, white, report, max_tiles)
    return SequenceNoise(bank, fixed_bank(patterns, white, report, max_tiles), report)


def quiet_places(
    stack: NDArray[Any], busy: Mask, rule: Mapping[str, Any]
) -> tuple[NDArray[np.int32], int]:
    """Return the windows that are quiet in every frame, and how many were free of targets.

    Parameters
    ----------
    stack : (T, H, W) array
        Consecutive frames.
    busy : (H, W) bool
        Pixels that a target covers in any of them.
    rule : mapping
        Parameters of `find_flat_windows`.

    Returns
    -------
    places : (N, 2) int32
        Row and column of each window, in raster order.
    candidates : int
        Of the first frame.
    """
    quiet: set[tuple[int, int]] = set()
    candidates = 0
    for number, frame in enumerate(stack):
        windows = find_flat_windows(frame, busy, **rule)
        here = set(zip(windows.rows.tolist(), windows.columns.tolist(), strict=True))
        quiet = here if number == 0 else quiet & here
        candidates = candidates or windows.candidates
        if not quiet:
            break
    return np.array(sorted(quiet), np.int32).reshape(-1, 2), candidates


def _read(source: FrameSource, frames: Sequence[str]) -> tuple[NDArray[Any], Mask]:
    """Return the frames of a sequence, and which pixels a target covers in any of them."""
    images = [source.read_frame(frame) for frame in frames]
    first = images[0]
    busy: Mask = np.zeros(first.shape, np.bool_)
    for frame, image in zip(frames, images, strict=True):
        if image.shape != first.shape or image.dtype != first.dtype:
            raise ShapeError(
                f"Expected frames of one size and depth, got {frames[0]} {first.shape} "
                f"{first.dtype} and {frame} {image.shape} {image.dtype}."
            )
        labels = source.labels(frame)
        if labels.mask is not None:
            busy |= labels.mask
        for x1, y1, x2, y2 in labels.boxes.tolist():
            rows = slice(max(0, int(np.floor(y1))), int(np.ceil(y2)))
            busy[rows, max(0, int(np.floor(x1))) : int(np.ceil(x2))] = True
    return np.stack(images), busy


def _cut(stack: NDArray[Any], places: NDArray[np.int32], size: int) -> NDArray[Any]:
    return np.stack([stack[:, y : y + size, x : x + size] for y, x in places.tolist()])


def _choose(parts: TimeParts, keep: NDArray[np.bool_]) -> TimeParts:
    return TimeParts(*(getattr(parts, name)[keep] for name in TimeParts.__slots__))


def _at_the_floor(
    parts: TimeParts, keep: NDArray[np.bool_], frames: int, rule: Mapping[str, Any]
) -> NDArray[np.bool_]:
    """Keep windows in which either part is near the sequence's lowest.

    A sensor has the same noise everywhere; what is above it is the scene's, that of one which
    stands still in the fixed part, that of one which shakes in the white part.
    """
    if not keep.any():
        return keep
    free = parts.first[0].size - PLANE
    chance = SIGNIFICANT * parts.white / (frames // 2) / np.sqrt(free)
    for values, room in ((parts.white, 0.0), (parts.fixed, chance)):
        floor = max(0.0, float(np.quantile(values[keep], rule["quantile"])))
        keep = keep & (values <= rule["tolerance"] * floor + room)
    return keep


def _without_outliers(found: Sequence[Measured]) -> list[Measured]:
    """Leave out sequences whose temporal noise is far above the others': their scene moves."""
    floors = [float(np.median(each.parts.white)) * each.scale**2 for each in found]
    limit = outlier_limit(floors)
    return [each for each, floor in zip(found, floors, strict=True) if floor <= limit]


def _nothing_found(
    rule: Mapping[str, Any], chosen: Sequence[str], looked_at: int, drifting: int
) -> NoWindowsError:
    size = rule["size"]
    if not looked_at:
        return NoWindowsError(
            f"No noise window of {size}×{size} pixels fits beside the targets of any of "
            f"{len(chosen)} sequences, or every one holds clipped pixels.",
            f"Use a smaller window ({{size}}) or a smaller guard ({{guard}}, now {rule['guard']}).",
        )
    if drifting:
        return NoWindowsError(
            f"No noise window of {size}×{size} pixels shows noise alone: the scene moves through "
            f"all {drifting} that are quiet in every frame of {len(chosen)} sequences.",
            "Use shorter sequences, or a smaller {size}.",
        )
    return NoWindowsError(
        f"No window of {size}×{size} pixels is quiet in every frame of any of {len(chosen)} "
        f"sequences.",
        "Loosen it with a larger {tolerance} or {max_variance}, or a smaller {size}.",
    )
