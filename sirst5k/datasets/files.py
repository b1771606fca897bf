"""Samples read from files."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from sirst5k.datasets.pairs import PairIndex
from sirst5k.errors import ImageError, Sirst5kWarning
from sirst5k.imaging import MaskReading, check_file, pixel_limit, read_image, read_mask
from sirst5k.sample import Mask, Sample


class SizeMismatchError(ImageError):
    """An image and its mask differ in size."""


class FileSource:
    """Reads image and mask files of a `PairIndex`.

    Parameters
    ----------
    index : PairIndex
        Where the files lie.
    mask_threshold : float, optional
        Mask levels strictly above it are target; None decides by what a mask holds.
    max_pixels : int, optional
        Larger images are refused; `sirst5k.imaging.pixel_limit` by default.
    """

    def __init__(
        self,
        index: PairIndex,
        mask_threshold: float | None = None,
        max_pixels: int | None = None,
    ) -> None:
        self.index = index
        self.mask_threshold = mask_threshold
        self.max_pixels = pixel_limit(max_pixels)
        self._warned = False

    def read(self, sample_id: str) -> Sample:
        """Return one sample, decoded now.

        Raises
        ------
        DatasetError
            If there is no such sample.
        ImageError
            If a file cannot be read, or image and mask differ in size.
        """
        sample, reading = self.read_with_mask_levels(sample_id)
        self._warn_once(sample.meta["mask_path"], reading)
        return sample

    def read_mask(self, sample_id: str) -> Mask:
        """Return the mask of a sample alone: what counting targets needs.

        Raises
        ------
        DatasetError
            If there is no such sample.
        ImageError
            If the file cannot be read.
        """
        _, path = self.index.files(sample_id)
        reading = read_mask(path, threshold=self.mask_threshold, max_pixels=self.max_pixels)
        self._warn_once(path, reading)
        return reading.mask

    def read_with_mask_levels(self, sample_id: str) -> tuple[Sample, MaskReading]:
        """Return one sample and how its mask was read, without a warning."""
        image_path, mask_path = self.index.files(sample_id)
        return read_pair(sample_id, image_path, mask_path, self.mask_threshold, self.max_pixels)

    def check(self, sample_id: str) -> None:
        """Raise what `read` would raise, as far as that shows without decoding."""
        image_path, mask_path = self.index.files(sample_id)
        image = check_file(image_path, max_pixels=self.max_pixels)
        mask = check_file(mask_path, max_pixels=self.max_pixels)
        check_sizes(image_path, image.shape, mask_path, mask.shape)

    def files(self, sample_id: str) -> tuple[Path, Path]:
        """Return the image and mask file of a sample."""
        image_path, mask_path = self.index.files(sample_id)
        return Path(image_path), Path(mask_path)

    def _warn_once(self, path: str, reading: MaskReading) -> None:
        if not reading.was_binary and self.mask_threshold is None and not self._warned:
            self._warned = True  # once a dataset: thousands of masks are made the same way
            warnings.warn(describe_mask_reading(path, reading), Sirst5kWarning, stacklevel=4)

    def stamp(self, sample_id: str) -> str:
        """Return the sizes of both files in bytes."""
        try:
            return ":".join(str(os.stat(file).st_size) for file in self.index.files(sample_id))  # noqa: PTH116
        except OSError as error:
            raise ImageError(
                f"Expected the files of {sample_id!r} to be there still: {error}."
            ) from error


def read_pair(
    sample_id: str,
    image_path: str,
    mask_path: str,
    mask_threshold: float | None = None,
    max_pixels: int | None = None,
) -> tuple[Sample, MaskReading]:
    """Read an image file and its mask file as a sample, and how the mask was read.

    Raises
    ------
    ImageError
        If a file cannot be read, or image and mask differ in size.
    """
    image = read_image(image_path, max_pixels=max_pixels)
    reading = read_mask(mask_path, threshold=mask_threshold, max_pixels=max_pixels)
    check_sizes(image_path, image.shape, mask_path, reading.mask.shape)
    meta = {"image_path": image_path, "mask_path": mask_path}
    return Sample(sample_id, image, reading.mask, meta), reading


def check_sizes(
    image_path: str, image: tuple[int, ...], mask_path: str, mask: tuple[int, ...]
) -> None:
    """Raise `SizeMismatchError` for an image and a mask of different shapes."""
    if image != mask:
        raise SizeMismatchError(
            f"Expected image and mask of one size, but {image_path} is "
            f"{image[1]}×{image[0]} and {mask_path} is {mask[1]}×{mask[0]}. "
            "Replace the one that is wrong, or take the pair out of the dataset."
        )


def describe_mask_reading(path: str, reading: MaskReading) -> str:
    """Return the sentence that tells how a non-binary mask was read."""
    return (
        f"Expected masks of two levels, but {path} has {reading.levels} grey levels up to "
        f"{reading.maximum:g}. Levels above {reading.threshold:g}, half of what its depth can "
        "hold, were read as target; set another limit with mask_threshold (--mask-threshold)."
    )
