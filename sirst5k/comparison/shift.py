"""A noisier sensor: test images displaced with noise that training never saw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sirst5k.datasets import Dataset
from sirst5k.datasets.dataset import Source
from sirst5k.noise import NoiseBank, add_residual, spectral_field
from sirst5k.sample import Mask, Sample, full_scale
from sirst5k.seeds import rng_for
from sirst5k.synthesis import Recipe, open_noise, sample_noise

_SEED = 5000  # of the noise on test images, the same for every run of every experiment


@dataclass(frozen=True, eq=False)
class _Noisier:
    """A source whose images get noise as they are read; each always the same."""

    source: Source
    bank: NoiseBank
    level: float

    def read(self, sample_id: str) -> Sample:
        """Return one sample with its noise."""
        sample = self.source.read(sample_id)
        if self.level == 0:
            return sample
        rng = rng_for(_SEED, sample_id, 0)
        field = spectral_field(self.bank, sample.shape, rng)
        scale = full_scale(sample.image.dtype) / self.bank.full_scale
        gain = self.level * self.bank.level_at(0.5) * scale / self.bank.std
        noisy = add_residual(sample.image, field, gain, 0.0)
        return Sample(sample.id, noisy, sample.mask, sample.meta)

    def read_mask(self, sample_id: str) -> Mask:
        """Return the mask of a sample alone."""
        return self.source.read_mask(sample_id)

    def files(self, sample_id: str) -> tuple[Path, Path] | None:
        """Return the image and mask file of a sample, or None where there are no files."""
        return self.source.files(sample_id)

    def check(self, sample_id: str) -> None:
        """Raise what `read` would raise, as far as that shows without decoding."""
        self.source.check(sample_id)

    def stamp(self, sample_id: str) -> str:
        """Return what identifies a sample's content without decoding it."""
        return f"{self.source.stamp(sample_id)} with noise {self.level:g}"


def displaced(test: Dataset, level: float, noise: str | None = None) -> Dataset:
    """Return a test split with foreign noise on its images.

    Parameters
    ----------
    test : Dataset
    level : float
        Deviation of the noise, as a multiple of the median level of the noise's windows.
    noise : str, optional
        A noise bank, image, or folder of images; sampled from the test images if None.

    Returns
    -------
    Dataset
        The same images for the same level, whatever the run.
    """
    bank = _bank_of(noise) if noise is not None else _bank_of_test(test)
    return Dataset(
        _Noisier(test.source, bank, level),
        test.ids,
        test.splits,
        test.layout,
        test.root,
        test.split,
    )


@lru_cache(maxsize=2)
def _bank_of(noise: str) -> NoiseBank:
    return open_noise(Path(noise), Recipe.load("sirst5k").sampling)


@lru_cache(maxsize=2)
def _bank_of_test(test: Dataset) -> NoiseBank:
    return sample_noise(test, Recipe.load("sirst5k").sampling)
