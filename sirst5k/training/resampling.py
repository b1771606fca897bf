"""Flips, turn, rescaling, padding, crop and blur of a whole batch, as one pair of matrices.

Each of these steps is linear along rows and along columns. All of them together are therefore
``rows @ image @ columns.T`` with two matrices a frame, most of whose entries are zero, and a
batch is two batched products, whatever the sizes of its frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.training.blurring import Blur
from sirst5k.training.frames.batch import send

if TYPE_CHECKING:
    from torch import Tensor

    from sirst5k.training.augmentation_drawing import AugmentationParameters


@dataclass(frozen=True, eq=False)
class Axis:
    """What happens to B frames along one axis, in the order: flip, rescale, pad, crop.

    Attributes
    ----------
    size : (B,) int64
        Pixels of the frame.
    resized : (B,) int64
        Pixels after rescaling.
    first : (B,) int64
        Which pixel of the rescaled frame the crop begins with; in the padding if negative.
    flipped : (B,) bool
    """

    size: NDArray[np.int64]
    resized: NDArray[np.int64]
    first: NDArray[np.int64]
    flipped: NDArray[np.bool_]

    @property
    def step(self) -> NDArray[np.float64]:
        """Pixels of the frame to one of the crop: (B,)."""
        return self.size / self.resized

    def beside(self, other: Axis) -> Axis:
        """Return this axis of the frames, then another one of theirs, as if of 2 B frames."""
        return Axis(
            np.concatenate([self.size, other.size]),
            np.concatenate([self.resized, other.resized]),
            np.concatenate([self.first, other.first]),
            np.concatenate([self.flipped, other.flipped]),
        )

    def seen(self, crop: int) -> list[slice]:
        """Return which pixels of each frame its crop is made of; some more do no harm."""
        margin = np.maximum(self.step, 1)
        low = np.floor(np.maximum(self.first, 0) * self.step - margin)
        high = np.ceil(np.minimum(self.first + crop, self.resized) * self.step + margin)
        low = np.clip(low, 0, self.size).astype(np.int64)
        high = np.clip(high, low, self.size).astype(np.int64)
        low, high = (
            np.where(self.flipped, self.size - high, low),
            np.where(self.flipped, self.size - low, high),
        )
        return [slice(*pair) for pair in zip(low.tolist(), high.tolist(), strict=True)]


def resample(
    images: Tensor, masks: Tensor, parameters: AugmentationParameters, crop: int
) -> tuple[Tensor, Tensor]:
    """Make the crops of a batch.

    Parameters
    ----------
    images : (B, H, W) float32
    masks : (B, H, W) uint8
        Each frame in the top left corner.
    parameters : AugmentationParameters
    crop : int
        Side of the crops.

    Returns
    -------
    images : (B, 1, crop, crop) float32
        Rescaled with a triangle filter as wide as the coarser of the two grids, then blurred:
        what Pillow calls bilinear and Gaussian blur, but for its rounding to grey levels after
        each pass, of half a level at most. With its 2 passes Pillow is within 1 level of 255,
        with 6 more of a blur within 4 (``tests/training/test_augmentation.py``).
    masks : (B, 1, crop, crop) float32
        Rescaled to nearest, each pixel as Pillow has it.
    """
    import torch

    rows, columns = axes_of(parameters)
    device, (height, width) = images.device, images.shape[1:]
    shares = Blur(parameters.blur_radius).shares(crop, device)
    with torch.autocast(device.type, enabled=False):
        both = filter_matrices(rows.beside(columns), max(height, width), shares.repeat(1, 2, 1))
        down, across = both[: len(images), :, :height], both[len(images) :, :, :width]
        if device.type == "cpu":
            images = _products(images, down, across, rows, columns)
        else:
            images = down @ (images @ across.transpose(1, 2))
    masks = _nearest(masks, rows, columns, crop).float()
    if parameters.turned.any():  # a flip, which is in the matrices, and this
        turned = send(parameters.turned, device)[:, None, None]
        images = torch.where(turned, images.transpose(1, 2), images)
        masks = torch.where(turned, masks.transpose(1, 2), masks)
    return images[:, None], masks[:, None]


def axes_of(parameters: AugmentationParameters) -> tuple[Axis, Axis]:
    """Return what happens along the rows and the columns of the frames as they are stored.

    A turned frame's rows run across its crop: they become the crop's columns. Its columns
    become the rows, the last one first.
    """
    turned = parameters.turned
    swapped = turned[:, None]
    resized = np.where(swapped, parameters.resized[:, ::-1], parameters.resized)
    first = parameters.corner - parameters.padding
    first = np.where(swapped, first[:, ::-1], first)
    flips = parameters.flip_vertical, parameters.flip_horizontal ^ turned
    rows, columns = (
        Axis(parameters.sizes[:, axis], resized[:, axis], first[:, axis], flips[axis])
        for axis in (0, 1)
    )
    return rows, columns


def filter_matrices(axis: Axis, extent: int, shares: Tensor) -> Tensor:
    """Return what takes the frames' pixels along an axis to those of their crops.

    The triangle filter of a pixel of the rescaled frame, whose centre lies at ``c`` in the
    frame, gives the frame's pixel ``j`` the weight ``max(0, 1 - |j + ½ - c| / w)`` with ``w``
    the step, at least 1; the weights are then made to sum to 1. A blurred pixel has the blur's
    mean of the weights of its neighbours in the crop.

    Parameters
    ----------
    axis : Axis
    extent : int
        Pixels of the padded frames.
    shares : (2 r + 1, B, crop) float64
        What a pixel of a crop takes from its neighbours, see `Blur.shares`.

    Returns
    -------
    matrices : (B, crop, extent) float32
        Zero in rows of the padding and in columns beyond a frame.
    """
    import torch

    reach, crop = len(shares) // 2, shares.shape[2]
    centres, inside, step = _centres(axis, crop, reach, shares.device)
    width = step.clamp_min(1.0)
    size = send(axis.size, shares.device)[:, None]
    coarsest = float(axis.step.max())
    own = _Taps(centres - width, 2 * max(1.0, coarsest), extent, size)
    levels = inside / own.triangles(centres, width).mul_(own.in_frame).sum(dim=2).clamp_min(1e-6)
    middle = centres[:, reach : reach + crop] - width - reach * step
    taps = _Taps(middle, 2 * (max(1.0, coarsest) + reach * coarsest), extent, size)
    weights = torch.zeros(taps.in_frame.shape, device=shares.device)
    for offset, share in enumerate(shares):
        part = slice(offset, offset + crop)
        triangles = taps.triangles(centres[:, part], width)
        weights.addcmul_(triangles, (share * levels[:, part]).float()[:, :, None])
    matrices = torch.zeros(len(size), crop, extent, device=shares.device)
    return matrices.scatter_(2, taps.pixels, weights.mul_(taps.in_frame))


def _centres(axis: Axis, crop: int, reach: int, device: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Return of every pixel of the crops, and `reach` more at both ends, where it lies.

    Returns
    -------
    centres : (B, crop + 2 reach) float64
        In the frame as it is stored.
    inside : (B, crop + 2 reach) bool
        Whether there is a frame, and no padding.
    step : (B, 1) float64
        Pixels of the frame to one of the crop.
    """
    import torch

    known = np.stack([axis.size, axis.resized, axis.first, axis.flipped], axis=1)
    size, resized, first, flipped = send(known, device).split(1, dim=1)
    step = size.double() / resized
    places = torch.arange(-reach, crop + reach, device=device) + first
    centres = (places + 0.5) * step
    centres = torch.where(flipped > 0, size - centres, centres)
    return centres, (places >= 0) & (places < resized), step


class _Taps:
    """Pixels of the frames that pixels of the crops are made of: so many in a row for each."""

    def __init__(self, lowest: Tensor, length: float, extent: int, size: Tensor) -> None:
        import torch

        count = min(extent, math.ceil(length) + 1)
        start = torch.ceil(lowest - 0.5).long().clamp(0, extent - count)
        self._first = start + 0.5
        self._further = torch.arange(count, device=lowest.device)
        self.pixels = start[:, :, None] + self._further
        self.in_frame = self.pixels < size[:, :, None]

    def triangles(self, centres: Tensor, width: Tensor) -> Tensor:
        """Return the weights of triangles around (B, n) centres: (B, n, count) float32."""
        # Float32 is exact enough for distances, though not for places.
        distances = (self._first - centres).float()[:, :, None] + self._further
        scaled = distances.abs_().mul_((-1 / width).float()[:, :, None])
        weights: Tensor = scaled.add_(1).clamp_min_(0)
        return weights


def _products(images: Tensor, down: Tensor, across: Tensor, rows: Axis, columns: Axis) -> Tensor:
    """Return ``down @ images @ across.T`` frame by frame, without most of its zeros.

    On a CPU it is the multiplications that cost, not the calls.
    """
    import torch

    crop = down.shape[1]
    crops = images.new_empty(len(images), crop, crop)
    parts = zip(rows.seen(crop), columns.seen(crop), strict=True)
    for place, (tall, wide) in enumerate(parts):
        half = images[place, tall, wide] @ across[place, :, wide].T
        torch.mm(down[place, :, tall], half, out=crops[place])
    return crops


def _nearest(masks: Tensor, rows: Axis, columns: Axis, crop: int) -> Tensor:
    """Return masks at the pixels nearest to the crops', 0 in the padding: (B, crop, crop)."""
    device = masks.device
    (down, in_rows), (across, in_columns) = (nearest_pixels(axis, crop) for axis in (rows, columns))
    down, in_rows = send(down, device), send(in_rows, device)
    across, in_columns = send(across, device), send(in_columns, device)
    taken = masks.gather(1, down[:, :, None].expand(-1, -1, masks.shape[2]))
    taken *= in_rows[:, :, None]
    taken = taken.gather(2, across[:, None, :].expand(-1, crop, -1))
    taken *= in_columns[:, None, :]
    return taken


def nearest_pixels(axis: Axis, crop: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return which pixel of the frame each pixel of the crop takes, and whether there is one.

    The pixel under the centre, the half-open way. Centres are summed up step by step, which
    decides, as it does in Pillow, those that would fall between two pixels.

    Returns
    -------
    pixels : (B, crop) int64
    inside : (B, crop) bool
    """
    places = axis.first[:, None] + np.arange(crop)
    inside = (places >= 0) & (places < axis.resized[:, None])
    places = np.where(inside, places, 0)
    steps = np.repeat(axis.step[:, None], int(places.max()) + 1, axis=1)
    steps[:, 0] /= 2
    centres = np.add.accumulate(steps, axis=1)
    pixels = np.take_along_axis(centres, places, axis=1).astype(np.int64)
    last = axis.size[:, None] - 1
    pixels = np.minimum(pixels, last)
    return np.where(axis.flipped[:, None], last - pixels, pixels), inside
