"""Images that look alike: what a test split may share with the images trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.quality.measures import as_fractions
from sirst5k.sample import Image, Sample
from sirst5k.synthesis.executor import run_in_order

SIDE = 24
"""Pixels of a thumbnail's side: fine enough for scenes, too coarse for noise and targets."""
NEAR = 0.98
"""Correlation of two thumbnails from which their images are called near-duplicates."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The most similar other image.

    Attributes
    ----------
    id : str
        Whose neighbour it is.
    nearest : str
        The neighbour.
    correlation : float
        Of their thumbnails, brightness and contrast taken out; the best of the eight ways to
        turn and mirror one of them. 1 for the same scene.
    """

    id: str
    nearest: str
    correlation: float

    @property
    def near_duplicate(self) -> bool:
        """Whether the two are likely one scene."""
        return self.correlation >= NEAR


def nearest_neighbours(
    test: Sequence[Sample], training: Sequence[Sample], jobs: int = 1
) -> list[Neighbour]:
    """Return for every test image the most similar training image, most similar first.

    Frames of one sequence, crops at other exposures, and turned copies show up here, where
    pixel-wise equality (which `sirst5k train` checks) does not see them.

    Parameters
    ----------
    test, training : sequence of Sample
        Not empty.
    jobs : int
        Worker processes; -1 for one a core.

    Returns
    -------
    list of Neighbour
        One for each test image.
    """
    ids = ([], [])  # type: tuple[list[str], list[str]]
    thumbs = []
    for place, part in enumerate((test, training)):
        rows = list(run_in_order(_Thumbnail(part), 0, len(part), jobs))
        ids[place].extend(name for name, _ in rows)
        thumbs.append(np.stack([thumb for _, thumb in rows]))
    best = np.full((len(test), len(training)), -1.0, np.float32)
    known = thumbs[1].reshape(len(training), -1)
    for turned in _symmetries(thumbs[0]):
        np.maximum(best, turned.reshape(len(test), -1) @ known.T, out=best)
    nearest = best.argmax(axis=1)
    found = [
        Neighbour(name, ids[1][index], float(min(1.0, best[row, index])))
        for row, (name, index) in enumerate(zip(ids[0], nearest, strict=True))
    ]
    return sorted(found, key=lambda neighbour: -neighbour.correlation)


def thumbnail(image: Image) -> NDArray[np.float32]:
    """Return an image of `SIDE` pixels a side, the product of two of which is a correlation.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32

    Returns
    -------
    (SIDE, SIDE) float32
        With zero mean and unit norm; zeros if it is flat.
    """
    small = cv2.resize(as_fractions(image), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    centred: NDArray[np.float32] = small - small.mean()
    norm = np.linalg.norm(centred)
    return centred / norm if norm > 1e-6 else np.zeros_like(centred)


@dataclass(frozen=True, eq=False)
class _Thumbnail:
    samples: Sequence[Sample]

    def __call__(self, index: int) -> tuple[str, NDArray[np.float32]]:
        sample = self.samples[index]
        return sample.id, thumbnail(sample.image)


def _symmetries(thumbs: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    turned = [np.rot90(thumbs, k, axes=(1, 2)) for k in range(4)]
    return turned + [part[:, :, ::-1] for part in turned]
