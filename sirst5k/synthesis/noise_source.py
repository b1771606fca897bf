"""Where a run's noise comes from: a bank, an image or folder of noise, or the dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from sirst5k.datasets import Dataset
from sirst5k.errors import NoiseError
from sirst5k.imaging import ENDINGS, read_image
from sirst5k.noise import NoiseBank, find_windows
from sirst5k.noise.no_windows import NoWindowsError
from sirst5k.sample import Image, Sample, full_scale
from sirst5k.synthesis.parameters import AdaptiveSampling, PublishedSampling, Sampling

Progress = Callable[[Iterable[int]], Iterable[int]]
LARGEST_TILE = 64
"""An image up to this side is a noise tile itself; a larger one is a frame to sample."""


def open_noise(path: Path, sampling: Sampling) -> NoiseBank:
    """Open what ``--noise`` names.

    A ``.npz`` file is a bank. An image is a noise tile if neither side is above
    `LARGEST_TILE` pixels, else a frame without targets to sample by the recipe's rule. A
    folder holds such images, all tiles or all frames.

    Parameters
    ----------
    path : Path
    sampling : Sampling
        The recipe's sampling section.

    Raises
    ------
    NoiseError
        If there is nothing of that kind.
    """
    if path.suffix.lower() == ".npz":
        return NoiseBank.load(path)
    if not path.exists():
        raise NoiseError(
            f"No noise at {path}: expected a bank (.npz), an image or a folder. Check the path, or "
            "leave it out: noise is then sampled from the images."
        )
    files = (
        [path]
        if path.is_file()
        else sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS)
    )
    if not files:
        raise NoiseError(
            f"{path} holds no image. Expected noise tiles or frames: {', '.join(ENDINGS)}."
        )
    images = [read_image(file) for file in files]
    small = [max(image.shape) <= LARGEST_TILE for image in images]
    if all(small):
        return _bank_of_tiles(images, files)
    if any(small):
        raise NoiseError(
            f"{path} holds both tiles (at most {LARGEST_TILE} pixels) and frames, as "
            f"{files[small.index(True)].name} and {files[small.index(False)].name}. "
            f"Keep one kind."
        )
    frames = [
        Sample(file.stem, image, np.zeros(image.shape, np.bool_))
        for file, image in zip(files, images, strict=True)
    ]
    return sample_noise(frames, sampling)


def sample_noise(
    dataset: Dataset | list[Sample], sampling: Sampling, progress: Progress | None = None
) -> NoiseBank:
    """Sample a bank by a recipe's rule."""
    if isinstance(sampling, AdaptiveSampling):
        try:
            return NoiseBank.sample(dataset, progress=progress, **asdict(sampling))
        except NoWindowsError as error:
            raise error.of_recipe() from None
    return _published_tile(dataset, sampling, progress)


def _published_tile(
    dataset: Dataset | list[Sample], sampling: PublishedSampling, progress: Progress | None
) -> NoiseBank:
    """Return the one tile of a published run: of all accepted windows, the median one.

    The published script leaves the choice to its user; the window of median variance is
    the typical one. Images that are not 8-bit are judged in 8-bit units.
    """
    accepted = []
    quietest = float("inf")
    count = len(dataset)
    for index in progress(range(count)) if progress else range(count):
        sample = dataset[index]
        levels = sample.image * (255.0 / full_scale(sample.image.dtype))
        found = find_windows(levels, sampling.size, sampling.max_variance)
        accepted += [(window.variances[0], index, window.row, window.column) for window in found]
        if not accepted:
            every = find_windows(levels, sampling.size, float("inf"))
            quietest = min([quietest, *(window.variances[0] for window in every)])
    if not accepted:
        nearest = (
            f"the nearest has variance {quietest:.3g}"
            if quietest < float("inf")
            else "every image is too small for one"
        )
        raise NoWindowsError(
            f"No noise window of {sampling.size}×{sampling.size} pixels with a variance below "
            f"{sampling.max_variance:g} in {count} images: {nearest}.",
            "Loosen it with {max_variance} or {size}.",
        ).of_recipe()
    _, index, row, column = sorted(accepted)[len(accepted) // 2]
    sample = dataset[index]
    tile = sample.image[row : row + sampling.size, column : column + sampling.size]
    return NoiseBank(
        windows=tile[None].copy(),
        full_scale=full_scale(tile.dtype),
        sources=(sample.id,),
        origin=np.array([[0, row, column]], np.int32),
        report={"method": "published", **asdict(sampling), "accepted": len(accepted)},
    )


def _bank_of_tiles(images: list[Image], files: list[Path]) -> NoiseBank:
    side = min(min(image.shape) for image in images)
    dtypes = {image.dtype for image in images}
    if len(dtypes) > 1:
        raise NoiseError(
            f"The noise tiles are of different depths: {', '.join(map(str, dtypes))}. "
            f"Keep one depth."
        )
    origin = np.zeros((len(images), 3), np.int32)
    origin[:, 0] = np.arange(len(images))
    return NoiseBank(
        windows=np.stack([image[:side, :side] for image in images]),
        full_scale=full_scale(images[0].dtype),
        sources=tuple(file.stem for file in files),
        origin=origin,
        report={"method": "given"},
    )
