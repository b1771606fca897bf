"""Running a detector over frames of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors import Detector, as_detector
from sirst5k.errors import ParameterError
from sirst5k.evaluation.prediction import Prediction
from sirst5k.evaluation.tiles import plan_tiles
from sirst5k.sample import Image, Sample, full_scale

TILE = 1024
"""Frames with a longer side are taken in tiles, in pixels."""

_BATCH = 4  # tiles that a network gets at once


def predict(
    detector: Any,
    frames: Iterable[Any],
    *,
    threshold: float = 0.5,
    tile: int = TILE,
    **options: Any,
) -> Iterator[Prediction]:
    """Run a detector over frames, one after the other.

    Parameters
    ----------
    detector : str, Detector, torch.nn.Module or callable
        See `sirst5k.detectors.as_detector`.
    frames : iterable of Sample, of Frame, or of (H, W) arrays
        A dataset, what `open_frames` returns, or images of uint8, uint16, or float32 with
        levels in 0…1.
    threshold : float
        Strictly above it is target; in [0, 1).
    tile : int
        Frames with a longer side, in pixels, are taken in overlapping tiles; 0 never.
    **options
        For `as_detector`: the parameters of a named detector; device and precision of a
        network.

    Yields
    ------
    Prediction
        With the label where the frame has one. Plain arrays are called ``0``, ``1`` …

    Raises
    ------
    ParameterError
        If the threshold or the tile size is out of range, or the detector is none.
    """
    check_threshold(threshold)
    ready = as_detector(detector, **options)
    for number, frame in enumerate(frames):
        if isinstance(frame, np.ndarray):
            sample_id, image, label = str(number), frame, None
        else:
            sample_id, image = frame.id, frame.image
            label = frame.mask if isinstance(frame, Sample) else frame.label
        probability = predict_map(ready, image, tile=tile)
        yield Prediction(sample_id, image, probability, threshold, label)


def predict_map(detector: Detector, image: Image, *, tile: int = TILE) -> NDArray[np.float32]:
    """Return the probability of target at every pixel of a frame.

    The frame is padded by reflection to the multiple that the detector needs, and the map
    cropped back. In tiles, responses are blended before they become probabilities: a filter
    of known support gives the same as without tiles.

    Parameters
    ----------
    detector : Detector
    image : (H, W) uint8 | uint16 | float32
        Float levels are taken as they are, clipped to 0…1.
    tile : int
        Frames with a longer side, in pixels, are taken in overlapping tiles; 0 never.

    Returns
    -------
    (H, W) float32
    """
    if tile < 0:
        raise ParameterError(f"Expected a tile size in pixels, or 0 for none, got {tile}.")
    height, width = image.shape
    frame = _padded(levels_of(image), detector.multiple)[None, None]
    if tile and max(frame.shape) > tile:
        responses = _respond_in_tiles(detector, frame, tile)
    else:
        responses = detector.respond(frame)
    responses = np.ascontiguousarray(responses[:, :, :height, :width])
    probability: NDArray[np.float32] = detector.probabilities(responses)[0, 0]
    return probability


def levels_of(image: Image) -> NDArray[np.float32]:
    """Return grey levels as fractions of their full scale, without losing depth."""
    levels = image.astype(np.float32)
    if image.dtype == np.float32:
        return np.clip(levels, 0, 1)
    fractions: NDArray[np.float32] = levels / np.float32(full_scale(image.dtype))
    return fractions


def check_threshold(threshold: float) -> None:
    """Raise `ParameterError` unless a threshold of probability can separate anything."""
    if not 0 <= threshold < 1:
        raise ParameterError(f"Expected a threshold of probability in [0, 1), got {threshold}.")


def _padded(frame: NDArray[np.float32], multiple: int) -> NDArray[np.float32]:
    rows, columns = (-length % multiple for length in frame.shape)
    if not rows and not columns:
        return frame
    # NumPy goes on mirroring where a frame is smaller than what it lacks; OpenCV does not.
    return np.pad(frame, ((0, rows), (0, columns)), mode="reflect")


def _respond_in_tiles(
    detector: Detector, frame: NDArray[np.float32], tile: int
) -> NDArray[np.float32]:
    height, width = frame.shape[2:]
    tiling = plan_tiles((height, width), tile, detector.multiple, detector.support)
    total, weights = np.zeros((height, width)), np.zeros((height, width))
    tiles = list(tiling)
    for first in range(0, len(tiles), _BATCH):
        part = tiles[first : first + _BATCH]
        responses = detector.respond(np.concatenate([frame[:, :, r, c] for r, c in part]))
        for response, place in zip(responses[:, 0], part, strict=True):
            weight = tiling.weight(place)
            total[place] += weight * response
            weights[place] += weight
    return (total / weights).astype(np.float32)[None, None]
