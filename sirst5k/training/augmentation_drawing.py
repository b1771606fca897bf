"""Drawing the augmentation of a batch: from probabilities to concrete numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.training.frames.batch import Indices
from sirst5k.training.frames.store import FrameTable

if TYPE_CHECKING:
    from sirst5k.training.augmentation import Augmentation

Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class AugmentationParameters:
    """What happens to each of B frames, in concrete numbers.

    Attributes
    ----------
    sizes : (B, 2) int64
        Height and width of the frame as it is stored.
    flip_horizontal, flip_vertical : (B,) bool
    turned : (B,) bool
        By 90° counter-clockwise, after the flips.
    resized : (B, 2) int64
        Height and width after flips, turn and rescaling.
    padding : (B, 2) int64
        Zero rows above and zero columns left of it.
    corner : (B, 2) int64
        Top and left of the crop in the padded frame.
    blur_radius : (B,) float64
        Standard deviation in pixels; 0 for no blur.
    """

    sizes: Whole
    flip_horizontal: Flags
    flip_vertical: Flags
    turned: Flags
    resized: Whole
    padding: Whole
    corner: Whole
    blur_radius: NDArray[np.float64]

    def to_dict(self) -> dict[str, list[Any]]:
        """Return plain values that `from_dict` turns into the same parameters."""
        return {item.name: getattr(self, item.name).tolist() for item in fields(self)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> AugmentationParameters:
        """Build them from what `to_dict` returns."""
        kinds: dict[str, Any] = dict.fromkeys(("sizes", "resized", "padding", "corner"), np.int64)
        kinds["blur_radius"] = np.float64
        return cls(
            **{name: np.array(value, kinds.get(name, np.bool_)) for name, value in document.items()}
        )


def draw_parameters(
    augmentation: Augmentation, table: FrameTable, indices: Indices, rng: np.random.Generator
) -> AugmentationParameters:
    """Draw the parameters of a batch; see `sirst5k.training.augmentation.draw`."""
    chosen = np.asarray(indices, np.int64)
    lot = dict(zip(_LOTS, rng.random((len(chosen), len(_LOTS))).T, strict=True))
    sizes = table.shapes[chosen]
    flip_horizontal = lot["flip_horizontal"] < augmentation.flip_horizontal
    flip_vertical = lot["flip_vertical"] < augmentation.flip_vertical
    turned = lot["turn"] < augmentation.quarter_turn
    upright = np.where(turned[:, None], sizes[:, ::-1], sizes)
    resized = _rescaled(augmentation, upright, lot["scale"])
    gap = np.maximum(augmentation.crop - resized, 0)
    padding = (gap + 1) // 2 if augmentation.pad == "both" else np.zeros_like(gap)
    padded = resized + (2 * padding if augmentation.pad == "both" else gap)
    lowest, highest = np.zeros_like(padded), padded - augmentation.crop
    for place in np.flatnonzero(lot["aim"] < augmentation.on_target):
        boxes = table.boxes[chosen[place]]
        if len(boxes) == 0:
            continue
        box = boxes[int(lot["box"][place] * len(boxes))]
        flips = bool(flip_horizontal[place]), bool(flip_vertical[place])
        box = _moved(box, sizes[place], *flips, bool(turned[place]))
        box = box * (resized[place] / upright[place])
        first = np.floor(box[0]).astype(np.int64) + padding[place]
        last = np.ceil(box[1]).astype(np.int64) + padding[place]
        # A crop that holds the box; or, if that is larger, one that the box fills.
        ends = np.sort(np.stack([last - augmentation.crop, first]), axis=0)
        lowest[place], highest[place] = np.clip(ends, 0, highest[place])
    corner = np.stack([lot["top"], lot["left"]], axis=1) * (highest - lowest + 1)
    blurred = lot["blur"] < augmentation.blur
    low, high = augmentation.blur_radius_range
    return AugmentationParameters(
        sizes=sizes,
        flip_horizontal=flip_horizontal,
        flip_vertical=flip_vertical,
        turned=turned,
        resized=resized,
        padding=padding,
        corner=lowest + corner.astype(np.int64),
        blur_radius=np.where(blurred, low + (high - low) * lot["radius"], 0.0),
    )


_LOTS = (
    "flip_horizontal",
    "flip_vertical",
    "turn",
    "scale",
    "top",
    "left",
    "blur",
    "radius",
    "aim",
    "box",
)


def _rescaled(augmentation: Augmentation, sizes: Whole, lot: NDArray[np.float64]) -> Whole:
    """Return (B, 2) sizes with a drawn long side, the short one rounded half up."""
    long = sizes.max(axis=1)
    base = long if augmentation.base is None else np.full_like(long, augmentation.base)
    low, high = (
        np.maximum((base * scale).astype(np.int64), 1) for scale in augmentation.scale_range
    )
    wanted = low + (lot * (high - low + 1)).astype(np.int64)
    exact = sizes * wanted[:, None] / long[:, None]
    rescaled: Whole = (exact + 0.5).clip(1).astype(np.int64)  # a thin frame keeps a row
    return rescaled


def _moved(
    box: Whole, size: Whole, flip_horizontal: bool, flip_vertical: bool, turned: bool
) -> Whole:
    """Return a box after flips and turn, as (top, left), (bottom, right)."""
    (top, left, bottom, right), (height, width) = box.tolist(), size.tolist()
    if flip_horizontal:
        left, right = width - right, width - left
    if flip_vertical:
        top, bottom = height - bottom, height - top
    if turned:  # the right edge becomes the top
        top, left, bottom, right = width - right, top, width - left, bottom
    return np.array([[top, left], [bottom, right]])
