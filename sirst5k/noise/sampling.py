"""Filling a noise bank from a dataset: which windows of which images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import NoiseError, ShapeError
from sirst5k.noise.bank import NoiseBank
from sirst5k.noise.no_windows import NoWindowsError
from sirst5k.noise.windows import FlatWindows, find_flat_windows, loudest
from sirst5k.sample import Sample, full_scale

Progress = Callable[[Iterable[int]], Iterable[int]]
OUTLIER_DEVIATIONS = 4.0
"""Robust standard deviations of the log noise floor beyond which an image shows clutter."""


def sample_frames(
    dataset: Sequence[Sample],
    rule: Mapping[str, Any],
    max_tiles: int,
    max_frames: int,
    progress: Progress | None = None,
) -> NoiseBank:
    """Sample independent images; see `NoiseBank.sample`."""
    _check(dataset, max_tiles, max_frames)
    size = rule["size"]
    looked_at = spread(len(dataset), max_frames)
    cuts: list[NDArray[Any]] = []
    found: list[FlatWindows] = []
    ids: list[str] = []
    white = None
    for index in progress(looked_at) if progress else looked_at:
        sample = dataset[index]
        scale = full_scale(sample.image.dtype)
        white = white or scale
        windows = find_flat_windows(sample.image, sample.mask, **rule)
        image = sample.image
        if scale != white:
            image = (image * (white / scale)).astype(np.float32)
        found.append(windows)
        ids.append(sample.id)
        cuts.append(_cut(image, windows, size))
    kept = _without_outliers(found)
    if not kept:
        raise _nothing_found(found, ids, rule, dataset[0].image.dtype)
    chosen = fair_share([len(cuts[index]) for index in kept], max_tiles)
    parts, origin = [], []
    for place, index in enumerate(kept):
        take = chosen[place]
        parts.append(cuts[index][take])
        rows, columns = found[index].rows[take], found[index].columns[take]
        origin.append(np.column_stack([np.full(len(take), index), rows, columns]))
    report = {
        "method": "adaptive",
        **rule,
        "images": len(found),
        "images_used": len(kept),
        "candidates": sum(windows.candidates for windows in found),
        "quiet": sum(len(windows.rows) for windows in found),
        "kept": int(sum(map(len, parts))),
        "threshold_quantiles": quantiles_of([found[index].threshold for index in kept]),
    }
    return NoiseBank(
        windows=np.concatenate([part.astype(_common_dtype(parts)) for part in parts]),
        full_scale=float(white or 255.0),
        sources=tuple(ids),
        origin=np.concatenate(origin).astype(np.int32),
        report=report,
    )


def sample_sequence(
    dataset: Sequence[Sample],
    rule: Mapping[str, Any],
    max_tiles: int,
    max_frames: int,
    progress: Progress | None = None,
) -> NoiseBank:
    """Sample consecutive frames of one camera; see `NoiseBank.sample`.

    The noise is the difference of neighbouring frames over √2, which has one frame's
    variance and spectrum if the noise is white in time; the scene, and any pattern that
    stays with the pixels, is gone from it. A window counts if it is quiet, and free of
    targets, in every difference.
    """
    _check(dataset, max_tiles, max_frames)
    if len(dataset) < 2:
        raise NoiseError("Expected at least two frames to sample a sequence, got one.")
    frames = range(min(len(dataset), max_frames))
    size = rule["size"]
    ids: list[str] = []
    residuals: list[NDArray[np.float32]] = []
    previous: Sample | None = None
    busy: NDArray[np.bool_] | None = None
    white = 1.0
    for index in progress(frames) if progress else frames:
        sample = dataset[index]
        if previous is None or busy is None:
            white, busy = full_scale(sample.image.dtype), sample.mask.copy()
        else:
            if sample.shape != previous.shape or sample.image.dtype != previous.image.dtype:
                raise ShapeError(
                    f"Expected frames of one size and depth, got {previous.id} "
                    f"{previous.shape} {previous.image.dtype} and {sample.id} {sample.shape} "
                    f"{sample.image.dtype}. Sample each camera's folder on its own."
                )
            change = sample.image.astype(np.float32) - previous.image.astype(np.float32)
            residuals.append(change / np.float32(np.sqrt(2)))
            busy |= sample.mask
        ids.append(sample.id)
        previous = sample
    found = [find_flat_windows(residual, busy, **rule) for residual in residuals]
    quiet = set(zip(found[0].rows.tolist(), found[0].columns.tolist(), strict=True))
    for windows in found[1:]:
        quiet &= set(zip(windows.rows.tolist(), windows.columns.tolist(), strict=True))
    if not quiet:
        raise _nothing_found(found, ids[1:], rule, residuals[0].dtype)
    places = sorted(quiet)
    pairs = [(t, row, column) for t in range(len(residuals)) for row, column in places]
    pairs = [pairs[index] for index in spread(len(pairs), max_tiles)]
    report = {
        "method": "temporal residual",
        **rule,
        "images": len(ids),
        "images_used": len(ids),
        "candidates": sum(windows.candidates for windows in found),
        "quiet": len(places) * len(residuals),
        "kept": len(pairs),
        "threshold_quantiles": quantiles_of([windows.threshold for windows in found]),
    }
    return NoiseBank(
        windows=np.stack(
            [residuals[t][row : row + size, column : column + size] for t, row, column in pairs]
        ),
        full_scale=white,
        sources=tuple(ids[1:]),
        origin=np.array(pairs, np.int32),
        report=report,
    )


def _check(dataset: Sequence[Sample], max_tiles: int, max_frames: int) -> None:
    if len(dataset) == 0:
        raise NoiseError("Expected images to sample noise from, got an empty dataset.")
    if max_tiles < 1 or max_frames < 1:
        raise NoiseError(
            f"Expected at least one tile and one frame, got max_tiles={max_tiles}, "
            f"max_frames={max_frames}."
        )


def spread(count: int, most: int) -> list[int]:
    """Return at most `most` indices spread evenly over ``0 … count - 1``."""
    if count <= most:
        return list(range(count))
    return [index * count // most for index in range(most)]


def _cut(image: NDArray[Any], windows: FlatWindows, size: int) -> NDArray[Any]:
    if not len(windows.rows):
        return np.empty((0, size, size), image.dtype)
    cuts = [
        image[row : row + size, column : column + size]
        for row, column in zip(windows.rows, windows.columns, strict=True)
    ]
    return np.stack(cuts)


def _without_outliers(found: Sequence[FlatWindows]) -> list[int]:
    """Return the images that have windows, but for those with a far higher noise floor."""
    usable = [index for index, windows in enumerate(found) if len(windows.rows)]
    if not usable:
        return []
    floors = [float(np.median(found[index].variances)) for index in usable]
    limit = outlier_limit(floors)
    return [index for index, floor in zip(usable, floors, strict=True) if floor <= limit]


def outlier_limit(floors: Sequence[float]) -> float:
    """Return the noise floor above which an image shows clutter, given those of all images.

    Parameters
    ----------
    floors : sequence of float
        Variances, in squared grey levels; at least one.
    """
    logs = np.log(floors)
    centre = float(np.median(logs))
    # 1.4826 turns a median absolute deviation into a normal standard deviation.
    deviation = max(1.4826 * float(np.median(np.abs(logs - centre))), np.log(2) / 2)
    return float(np.exp(centre + OUTLIER_DEVIATIONS * deviation))


def fair_share(available: Sequence[int], most: int) -> list[NDArray[np.intp]]:
    """Choose windows so that no image gives more than it must, at most `most` in all."""
    rng = np.random.default_rng(0)
    orders = [rng.permutation(count) for count in available]
    taken = [0] * len(available)
    left = most
    for turn in range(max(available)):
        waiting = [place for place, count in enumerate(available) if count > turn]
        if len(waiting) > left:
            waiting = [waiting[index] for index in spread(len(waiting), left)] if left else []
        for place in waiting:
            taken[place] += 1
        left -= len(waiting)
        if not left:
            break
    return [np.sort(order[:count]) for order, count in zip(orders, taken, strict=True)]


def _common_dtype(parts: Sequence[NDArray[Any]]) -> Any:
    dtypes = {part.dtype for part in parts}
    return dtypes.pop() if len(dtypes) == 1 else np.dtype(np.float32)


def quantiles_of(values: Sequence[float] | NDArray[np.float64]) -> list[float]:
    """Return minimum, median and maximum."""
    return [float(value) for value in np.nanquantile(values, [0, 0.5, 1])]


def _nothing_found(
    found: Sequence[FlatWindows], ids: Sequence[str], rule: Mapping[str, Any], dtype: Any
) -> NoWindowsError:
    size = rule["size"]
    judged = [
        (windows.quietest, name)
        for windows, name in zip(found, ids, strict=True)
        if windows.candidates
    ]
    if not judged:
        return NoWindowsError(
            f"No noise window of {size}×{size} pixels fits beside the targets in any of "
            f"{len(found)} images, or every one holds clipped pixels.",
            f"Use a smaller window ({{size}}) or a smaller guard ({{guard}}, now {rule['guard']}).",
        )
    quietest, name = min(judged)
    limit = loudest(dtype) if rule["max_variance"] is None else rule["max_variance"]
    reason = (
        "which is no more than the rounding of its grey levels"
        if quietest <= limit
        else f"above the limit of {limit:g}"
    )
    return NoWindowsError(
        f"No flat noise window of {size}×{size} pixels in {len(found)} images: the nearest, in "
        f"{name}, has variance {quietest:.3g}, {reason}.",
        "Loosen it with a larger {max_variance} or {tolerance}, or a smaller {size}.",
    )
