"""A dataset with every frame brought to one square size, as the published codes evaluate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sirst5k.datasets import Dataset
from sirst5k.datasets.dataset import Source
from sirst5k.errors import ParameterError
from sirst5k.sample import Mask, Sample
from sirst5k.synthesis.virtual import resize_sample


@dataclass(frozen=True)
class _Squashed:
    """A source whose samples are resized as they are read."""

    source: Source
    side: int

    def read(self, sample_id: str) -> Sample:
        """Return one sample, decoded and resized now."""
        return resize_sample(self.source.read(sample_id), self.side)

    def read_mask(self, sample_id: str) -> Mask:
        """Return the mask of a sample alone."""
        return self.read(sample_id).mask

    def files(self, sample_id: str) -> tuple[Path, Path] | None:
        """Return the image and mask file of a sample, or None where there are no files."""
        return self.source.files(sample_id)

    def check(self, sample_id: str) -> None:
        """Raise what `read` would raise, as far as that shows without decoding."""
        self.source.check(sample_id)

    def stamp(self, sample_id: str) -> str:
        """Return what identifies a sample's content without decoding it."""
        return f"{self.source.stamp(sample_id)} at {self.side}"


def squashed(dataset: Dataset, side: int | None) -> Dataset:
    """Return a dataset whose images are resized to ``side × side``, whatever their aspect.

    Images bilinearly, masks to nearest: small targets lose pixels, or vanish. DNANet, MSHNet
    and SIRST-5K score at 256, so their published figures are of such frames.

    Parameters
    ----------
    dataset : Dataset
    side : int, optional
        In pixels, at least 16; None returns the dataset as it is.
    """
    if side is None:
        return dataset
    if side < 16:
        raise ParameterError(f"Expected frames of at least 16 pixels, got {side}.")
    return Dataset(
        _Squashed(dataset.source, side),
        dataset.ids,
        dataset.splits,
        dataset.layout,
        dataset.root,
        dataset.split,
        skipped=dataset.skipped,
    )
