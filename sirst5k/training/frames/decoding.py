"""One sample, decoded and looked at: the work that is shared out over processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.components import find_targets
from sirst5k.errors import ImageError
from sirst5k.sample import Mask, Sample, full_scale
from sirst5k.training.frames.store import Boxes


@dataclass(frozen=True, eq=False)
class Decoded:
    """A frame on its way into a store; `image` and `mask` are None where only its table is."""

    id: str
    parent: str
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    boxes: Boxes
    moments: tuple[float, float]
    image: NDArray[Any] | None
    mask: Mask | None


@dataclass(frozen=True, eq=False)
class Decode:
    """Decodes the samples of a sequence by number.

    Parameters
    ----------
    samples : sequence of Sample
    with_pixels : bool
        Whether the pixels are kept.
    """

    samples: Sequence[Sample]
    with_pixels: bool = True

    def __call__(self, index: int) -> Decoded:
        """Return a decoded frame.

        Raises
        ------
        ImageError
            If the image holds levels that are not finite.
        """
        sample = self.samples[index]
        if sample.image.dtype == np.float32 and not np.isfinite(sample.image).all():
            raise ImageError(
                f"{sample.id}: expected finite grey levels, got some that are infinite or not a "
                "number. Replace them, or take the image out of the dataset."
            )
        boxes = [(t.top, t.left, t.bottom, t.right) for t in find_targets(sample.mask)]
        return Decoded(
            id=sample.id,
            parent=str(sample.meta.get("parent") or sample.id),
            shape=sample.shape,
            dtype=sample.image.dtype,
            boxes=np.array(boxes, np.int64).reshape(-1, 4),
            moments=_moments(sample.image),
            image=sample.image if self.with_pixels else None,
            mask=sample.mask if self.with_pixels else None,
        )


def _moments(image: NDArray[Any]) -> tuple[float, float]:
    """Return the mean of the levels and of their squares, in fractions of full scale."""
    levels = image.astype(np.float64).reshape(-1)
    scale = full_scale(image.dtype)
    return float(levels.mean()) / scale, float(levels @ levels) / levels.size / scale**2
