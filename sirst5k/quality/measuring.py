"""The measures of every image of a dataset."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k.contrast import measure_targets
from sirst5k.datasets import Dataset
from sirst5k.datasets.parents import parents_of
from sirst5k.errors import DatasetError, ParameterError
from sirst5k.noise.spectrum import cut_crops, periodogram, radial_mean
from sirst5k.quality.measures import as_fractions, entropy, noise_level, psnr, sharpness, ssim
from sirst5k.sample import Image, Sample, full_scale
from sirst5k.synthesis.executor import run_in_order

CROP = 64
"""Side in pixels of the crops whose power spectrum is taken."""
_CROPS = 16  # of an image, at most: large images should not outvote small ones


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured.

    Attributes
    ----------
    title, unit : str
        For tables and plots.
    of : {"image", "target", "variant"}
        Of what there is one value each.
    """

    title: str
    unit: str
    of: str


MEASURES: Mapping[str, Measure] = {
    "scr": Measure("SCR", "", "target"),
    "contrast": Measure("contrast", "% of full scale", "target"),
    "area": Measure("area", "px", "target"),
    "noise": Measure("noise level", "‰ of full scale", "image"),
    "entropy": Measure("entropy", "bit", "image"),
    "sharpness": Measure("sharpness", "‰ of full scale a pixel", "image"),
    "mean": Measure("mean level", "% of full scale", "image"),
    "psnr": Measure("PSNR against the source", "dB", "variant"),
    "ssim": Measure("SSIM against the source", "", "variant"),
}


@dataclass(frozen=True)
class Quality:
    """The measures of a dataset.

    Attributes
    ----------
    name : str
        Which dataset.
    ids : tuple of str
        Its images.
    values : mapping of str to float64 array
        By the names of `MEASURES`: one value an image, target or variant; what is not finite
        is left out. ``psnr`` and ``ssim`` are there if sources were given.
    spectrum : (s // 2 - 1,) float64
        Radial power spectrum of the images, in rings of one cycle a crop.
    """

    name: str
    ids: tuple[str, ...]
    values: Mapping[str, NDArray[np.float64]]
    spectrum: NDArray[np.float64]

    def quantiles(self, measure: str) -> dict[float, float]:
        """Return the 5th, 25th, 50th, 75th and 95th percentile of a measure; empty for none."""
        values = self.values[measure]
        points = (0.05, 0.25, 0.5, 0.75, 0.95)
        return (
            dict(zip(points, np.quantile(values, points).tolist(), strict=True))
            if len(values)
            else {}
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: percentiles, not every value."""
        return {
            "name": self.name,
            "images": len(self.ids),
            "measures": {
                name: {f"{point:g}": value for point, value in self.quantiles(name).items()}
                for name in self.values
            },
            "spectrum": self.spectrum.tolist(),
        }


def measure_quality(
    dataset: Dataset,
    source: Dataset | None = None,
    *,
    jobs: int = 1,
    progress: Callable[[Iterable[Any], int], Iterable[Any]] | None = None,
) -> Quality:
    """Measure every image and target of a dataset.

    Parameters
    ----------
    dataset : Dataset
    source : Dataset, optional
        What its variants were made of, by the manifest that `sirst5k synth` wrote: each is then
        compared with its source. Originals among them are not.
    jobs : int
        Worker processes; -1 for one a core.
    progress : callable, optional
        Wraps the results as they come, given their number.

    Raises
    ------
    DatasetError
        If no image can be compared with a source.
    ParameterError
        If no image is as large as a crop of the spectrum, or all are constant.
    """
    parents: Mapping[str, str] = {}
    if source is not None:
        parents = _known_parents(dataset, source)
    task = _Measuring(dataset, source, parents)
    rows: Iterable[_Row] = run_in_order(task, 0, len(dataset), jobs)
    if progress is not None:
        rows = progress(rows, len(dataset))
    gathered: dict[str, list[float]] = {
        name: [] for name, kind in MEASURES.items() if kind.of != "variant" or source is not None
    }
    power, count = np.zeros((CROP, CROP)), 0
    for row in rows:
        for name, values in row.values.items():
            gathered[name] += [value for value in values if math.isfinite(value)]
        if row.power is not None:
            power, count = power + row.power, count + 1
    if not count:
        raise ParameterError(
            f"Expected images of at least {CROP}×{CROP} pixels with something in them, but "
            f"{dataset.describe()} has none."
        )
    return Quality(
        dataset.describe(),
        dataset.ids,
        {name: np.array(values, np.float64) for name, values in gathered.items()},
        radial_mean(power / count),
    )


def _known_parents(dataset: Dataset, source: Dataset) -> dict[str, str]:
    known = set(source.ids)
    parents = {
        name: parent
        for name, parent in parents_of(dataset).items()
        if parent in known and parent != name
    }
    if not parents:
        raise DatasetError(
            f"Expected variants of images in {source.describe()}, but no image of "
            f"{dataset.describe()} is recorded as made of one. Name the folder that it was made "
            "of, and the same split."
        )
    return parents


@dataclass(frozen=True)
class _Row:
    """What one image gave; `power` is None where no crop fits."""

    values: dict[str, list[float]] = field(default_factory=dict)
    power: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class _Measuring:
    dataset: Dataset
    source: Dataset | None
    parents: Mapping[str, str]

    def __call__(self, index: int) -> _Row:
        sample = self.dataset[index]
        values = _of_sample(sample)
        parent = self.parents.get(sample.id)
        if self.source is not None and parent is not None:
            reference = _as_large_as(self.source.get(parent).image, sample.shape)
            values["psnr"] = [psnr(sample.image, reference)]
            values["ssim"] = [ssim(sample.image, reference)]
        return _Row(values, _power(sample.image))


def _of_sample(sample: Sample) -> dict[str, list[float]]:
    image = sample.image
    targets = measure_targets(image, sample.mask)
    scale = full_scale(image.dtype)
    return {
        "scr": [target.scr for target in targets],
        "contrast": [100 * target.contrast / scale for target in targets],
        "area": [float(target.target.area) for target in targets],
        "noise": [1000 * noise_level(image)],
        "entropy": [entropy(image)],
        "sharpness": [sharpness(image)],
        "mean": [100 * float(image.mean(dtype=np.float64)) / scale],
    }


def _as_large_as(image: Image, shape: tuple[int, int]) -> Image:
    """Return a source at the size of its variant: the recipe `reference` resizes."""
    if image.shape == shape:
        return image
    resized = cv2.resize(image, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, image.dtype)


def _power(image: Image) -> NDArray[np.float64] | None:
    crops = cut_crops(as_fractions(image), CROP)
    if not len(crops):
        return None
    chosen = crops[np.linspace(0, len(crops) - 1, min(_CROPS, len(crops))).astype(int)]
    try:
        return periodogram(chosen)
    except ParameterError:
        return None  # constant all over


def names_of(qualities: Sequence[Quality]) -> list[str]:
    """Return the measures that any of them has, in the order of `MEASURES`."""
    return [name for name in MEASURES if any(name in quality.values for quality in qualities)]
