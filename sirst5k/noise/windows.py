"""Finding windows of an image, or of a sequence of frames, that show nothing but noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.noise.plane import remove_plane
from sirst5k.sample import Image, Mask, full_scale

QUANTISATION_VARIANCE = 1 / 12
"""Variance, in squared grey levels, that rounding to integers alone leaves behind."""

PEAK = 6.0
"""Standard deviations that no pixel of a noise window lies away from its plane."""


@dataclass(frozen=True, slots=True)
class Window:
    """A quiet window: its upper left pixel, and its variance in every frame.

    Attributes
    ----------
    row, column : int
        Position of the window's first pixel.
    variances : tuple of float
        Variance of the window's grey levels, one a frame, in squared grey levels.
    """

    row: int
    column: int
    variances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FlatWindows:
    """What `find_flat_windows` found in one image, and by which threshold.

    Attributes
    ----------
    rows, columns : (N,) int32
        First pixel of each accepted window.
    variances : (N,) float64
        Variance of each accepted window after its plane is removed, squared grey levels.
    threshold : float
        Largest variance that was accepted; ``nan`` where no window could be judged.
    candidates : int
        How many windows lay free of targets.
    quietest : float
        Smallest variance of any candidate; ``nan`` without candidates.
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    variances: NDArray[np.float64]
    threshold: float
    candidates: int
    quietest: float


def find_windows(
    frames: NDArray[Any] | Sequence[NDArray[Any]],
    size: int = 32,
    max_variance: float = 50.0,
    max_variance_of_variances: float = 50.0,
    max_variance_of_means: float = 50.0,
) -> list[Window]:
    """Find quiet windows as the published SIRST-5K sampler does.

    A window is accepted if in every frame its variance is below `max_variance` and its
    mean above zero, and if over the frames neither its variances nor its means vary by
    more than the two other limits. The grid stops *before* ``H - size``: a last window
    that would fit exactly is skipped, as published.

    Parameters
    ----------
    frames : (H, W) or (T, H, W) array, or sequence of (H, W) arrays
        8-bit grey levels (the limits are in those units).
    size : int
        Side of the square window and step of the grid, in pixels.
    max_variance : float
        Limit on each window's variance (exclusive), squared grey levels.
    max_variance_of_variances, max_variance_of_means : float
        Limits over the frames (inclusive).

    Returns
    -------
    list of Window
        In raster order.

    Raises
    ------
    ShapeError
        If the frames are not of one two-dimensional shape.
    """
    stack = [np.asarray(frames)] if getattr(frames, "ndim", 3) == 2 else list(frames)
    if not stack or any(frame.ndim != 2 or frame.shape != stack[0].shape for frame in stack):
        raise ShapeError("Expected frames (H, W) of one shape; bring them to one size first.")
    height, width = stack[0].shape
    found = []
    for row in range(0, height - size, size):
        for column in range(0, width - size, size):
            cuts = [frame[row : row + size, column : column + size] for frame in stack]
            variances = np.array([np.var(cut) for cut in cuts])
            means = np.array([np.mean(cut) for cut in cuts])
            if (
                (variances < max_variance).all()
                and (means > 0).all()
                and np.var(variances) <= max_variance_of_variances
                and np.var(means) <= max_variance_of_means
            ):
                found.append(Window(row, column, tuple(variances.tolist())))
    return found


def find_flat_windows(
    image: Image,
    mask: Mask | None = None,
    size: int = 32,
    step: int | None = None,
    quantile: float = 0.1,
    tolerance: float = 2.0,
    guard: int = 7,
    max_variance: float | None = None,
) -> FlatWindows:
    """Find the windows of an image that are as quiet as its quietest part.

    Targets, grown by `guard` pixels, are excluded; a plane is removed from each window
    before its variance is taken. The threshold adapts to the image: a window passes if
    its variance is at most `tolerance` times the `quantile` of all of them, so the same
    numbers serve an 8-bit sky and a 16-bit sensor. Passed over are windows that show no
    more than the rounding of their grey levels, windows with grey levels clipped at zero
    or at full scale, and windows with a pixel more than `PEAK` standard deviations away:
    that is a spot, perhaps an unlabelled target, not noise.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    mask : (H, W) bool, optional
        Targets.
    size : int
        Side of the square windows in pixels.
    step : int, optional
        Step of the grid in pixels; half of `size` by default.
    quantile : float
        Which part of the windows defines the noise floor, in [0, 1].
    tolerance : float
        How far above the floor a variance may lie, at least 1.
    guard : int
        Distance in pixels to keep from any target.
    max_variance : float, optional
        A further, fixed limit in squared grey levels; by default the published one,
        `loudest`, so that an image full of clutter gives nothing.

    Raises
    ------
    ParameterError
        If a number is out of its range.
    """
    if size < 4 or not 0 <= quantile <= 1 or tolerance < 1 or guard < 0:
        raise ParameterError(
            f"Expected size >= 4, quantile in [0, 1], tolerance >= 1 and guard >= 0, got "
            f"size={size}, quantile={quantile}, tolerance={tolerance}, guard={guard}."
        )
    step = max(1, size // 2) if step is None else step
    none = np.empty(0, np.int32)
    nothing = FlatWindows(none, none, np.empty(0), float("nan"), 0, float("nan"))
    height, width = image.shape
    if height < size or width < size:
        return nothing
    free = ~_touched(image, mask, guard)
    view = sliding_window_view(image, (size, size))[::step, ::step]
    clear = _windows_all(free, size)[::step, ::step]
    grid_rows, grid_columns = np.nonzero(clear)
    if not len(grid_rows):
        return nothing
    flat = remove_plane(view[grid_rows, grid_columns])
    variances = flat.var(axis=(1, 2), dtype=np.float64)
    floor = QUANTISATION_VARIANCE if image.dtype.kind == "u" else 0.0
    judged = variances > floor
    judged &= np.abs(flat).max(axis=(1, 2)) <= PEAK * np.sqrt(variances)
    quietest = float(variances.min())
    if not judged.any():
        return FlatWindows(none, none, np.empty(0), float("nan"), len(variances), quietest)
    threshold = tolerance * float(np.quantile(variances[judged], quantile))
    threshold = min(threshold, loudest(image.dtype) if max_variance is None else max_variance)
    keep = judged & (variances <= threshold)
    return FlatWindows(
        rows=(grid_rows[keep] * step).astype(np.int32),
        columns=(grid_columns[keep] * step).astype(np.int32),
        variances=variances[keep],
        threshold=threshold,
        candidates=len(variances),
        quietest=quietest,
    )


def loudest(dtype: np.dtype[Any] | type) -> float:
    """Return the published limit on a noise window's variance, for an image dtype.

    50 squared grey levels of 255; as much of the full scale of 16-bit images; none for
    float images, whose units are their own.
    """
    kind = np.dtype(dtype)
    return 50.0 * (full_scale(kind) / 255.0) ** 2 if kind.kind == "u" else float("inf")


def _touched(image: Image, mask: Mask | None, guard: int) -> Mask:
    """Return the pixels that no noise window may contain."""
    touched: Mask = np.zeros(image.shape, np.bool_)
    if mask is not None and mask.any():
        side = 2 * guard + 1
        touched = cv2.dilate(mask.view(np.uint8), np.ones((side, side), np.uint8)) > 0
    if image.dtype.kind == "u":
        touched |= (image == 0) | (image == full_scale(image.dtype))
    return touched


def _windows_all(free: Mask, size: int) -> Mask:
    """Return, for each position of a window, whether all of its pixels are free."""
    total = cv2.integral((~free).view(np.uint8))
    inside = total[size:, size:] - total[:-size, size:] - total[size:, :-size]
    clear: Mask = (inside + total[:-size, :-size]) == 0
    return clear
