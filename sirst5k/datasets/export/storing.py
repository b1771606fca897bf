"""Storing one sample in its new place: files copied as they are, or encoded without loss."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sirst5k.components import count_targets
from sirst5k.datasets.dataset import Source
from sirst5k.datasets.export.target import Place, Stored, Target
from sirst5k.datasets.files import check_sizes, describe_mask_reading
from sirst5k.errors import DatasetError, ImageError, OutputError
from sirst5k.imaging import (
    Header,
    MaskReading,
    decode_image,
    decode_mask,
    encode_png,
    encode_tiff,
    read_bytes,
    write_atomically,
)
from sirst5k.sample import Image, Mask

_ENDINGS = {"png": ".png", "jpeg": ".jpg", "bmp": ".bmp", "tiff": ".tiff"}


@dataclass(frozen=True, slots=True)
class Task:
    """A sample to be stored.

    Attributes
    ----------
    id : str
        In the source.
    place : Place
        Where it goes.
    image, mask : str or None
        Its files, where it has any.
    """

    id: str
    place: Place
    image: str | None
    mask: str | None


@dataclass
class Outcome:
    """What became of some tasks.

    Attributes
    ----------
    stored : list of Stored
    failed : dict of str to str
        Samples that cannot be read, with the reason.
    doubt : str
        A sentence on the first mask that was not binary; empty if all were.
    """

    stored: list[Stored] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    doubt: str = ""


@dataclass(frozen=True)
class Storer:
    """Stores samples; travels to worker processes.

    Attributes
    ----------
    target : Target
    root : str
        The output folder.
    source : Source or None
        Reads what has no files; None if all samples have.
    mask_threshold : float or None
    max_pixels : int or None
    skip : bool
        Whether samples that cannot be read are left out instead of refused.
    """

    target: Target
    root: str
    source: Source | None
    mask_threshold: float | None
    max_pixels: int | None
    skip: bool

    def store_all(self, tasks: Sequence[Task]) -> Outcome:
        """Store some samples."""
        outcome = Outcome()
        for task in tasks:
            try:
                outcome.stored.append(self._store(task, outcome))
            except OutputError:
                raise
            except DatasetError as error:
                if not self.skip:
                    raise
                outcome.failed[task.id] = str(error)
        return outcome

    def _store(self, task: Task, outcome: Outcome) -> Stored:
        image_file, image, copied = self._image(task)
        mask, mask_file = self._mask(task, outcome)
        check_sizes(task.image or task.id, image.shape, task.mask or task.id, mask.shape)
        # Masks first, images last: an image without its mask would look like an orphan.
        if task.place.mask:
            self._write(f"{task.place.mask}.png", mask_file or encode_png(mask))
        beside = self.target.sidecar(task.place, mask)
        if beside is not None:
            self._write(*beside)
        name = f"{task.place.image}{copied or _ending(image)}"
        self._write(name, image_file if image_file is not None else _encoded(image))
        height, width = image.shape
        return Stored(
            id=task.id,
            image=name,
            width=width,
            height=height,
            copied=bool(copied),
            targets=count_targets(mask),
            note=self.target.describe(mask),
        )

    def _image(self, task: Task) -> tuple[bytes | None, Image, str]:
        """Return the file to be copied if it may be, the image, and the copy's ending."""
        if task.image is None:
            return None, self._source.read(task.id).image, ""
        data = read_bytes(task.image, self.max_pixels)
        image, header = decode_image(data, task.image, self.max_pixels)
        # PNG has no float32: such images are TIFF in every layout.
        if header.format in self.target.takes or (
            header.format == "tiff" and image.dtype == np.float32
        ):
            return data, image, _ENDINGS[header.format]
        return None, image, ""

    def _mask(self, task: Task, outcome: Outcome) -> tuple[Mask, bytes | None]:
        """Return the mask, and its file if that is a plain one of 0 and 255."""
        if task.mask is None:
            return self._source.read_mask(task.id), None
        data = read_bytes(task.mask, self.max_pixels)
        reading, header = decode_mask(data, task.mask, self.mask_threshold, self.max_pixels)
        if not reading.was_binary and self.mask_threshold is None and not outcome.doubt:
            outcome.doubt = describe_mask_reading(task.mask, reading)
        return reading.mask, data if _is_plain(reading, header) else None

    @property
    def _source(self) -> Source:
        if self.source is None:
            raise ImageError("Expected a sample with files, or a source that reads it.")
        return self.source

    def _write(self, name: str, data: bytes) -> None:
        path = os.path.join(self.root, *name.split("/"))  # noqa: PTH118
        try:
            write_atomically(path, data)
        except OutputError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
            write_atomically(path, data)


def _is_plain(reading: MaskReading, header: Header) -> bool:
    """Return whether every reader takes a mask file for the same mask: grey, 0 and 255."""
    plain = (header.format, header.colour, header.dtype) == ("png", "grey", "uint8")
    return plain and reading.was_binary and reading.threshold == 0 and reading.maximum in (0, 255)


def _ending(image: Image) -> str:
    return ".tiff" if image.dtype == np.float32 else ".png"


def _encoded(image: Image) -> bytes:
    return encode_tiff(image) if image.dtype == np.float32 else encode_png(image)
