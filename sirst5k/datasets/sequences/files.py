"""Sequences on disk: which frames there are, what is known of each, and reading them."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sirst5k.components import find_targets
from sirst5k.datasets.sequences.labels import FrameLabels, labels_of
from sirst5k.errors import ImageError
from sirst5k.imaging import pixel_limit, probe, read_image, read_mask
from sirst5k.imaging.limits import check_declared
from sirst5k.sample import Image

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Known:
    """What a list says of a frame's targets.

    Attributes
    ----------
    boxes : tuple of (x1, y1, x2, y2)
    classes : tuple of int
    tracks : tuple of int, optional
    """

    boxes: tuple[Box, ...] = ()
    classes: tuple[int, ...] = ()
    tracks: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class SequenceFiles:
    """The files of a dataset of sequences, below its root.

    Attributes
    ----------
    root : str
    sequences : mapping of str to tuple of str
        Frame ids of each sequence in the order of time.
    frames : mapping of str to str
        Frame id to image file.
    masks : mapping of str to str
        Frame id to mask file, where there is one.
    known : mapping of str to Known, optional
        Frame id to boxes; None where boxes follow from masks. A frame that it lacks has no
        known target.
    """

    root: str
    sequences: Mapping[str, tuple[str, ...]]
    frames: Mapping[str, str]
    masks: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Known] | None = None


class FileSequences:
    """Reads the frames and labels of `SequenceFiles`.

    Parameters
    ----------
    files : SequenceFiles
    mask_threshold : float, optional
        Mask levels strictly above it are target; see `sirst5k.imaging.read_mask`.
    max_pixels : int, optional
        Larger images are refused unread.
    """

    def __init__(
        self,
        files: SequenceFiles,
        mask_threshold: float | None = None,
        max_pixels: int | None = None,
    ) -> None:
        self.files = files
        self.mask_threshold = mask_threshold
        self.max_pixels = pixel_limit(max_pixels)

    @property
    def has_masks(self) -> bool:
        """Whether there are mask files."""
        return bool(self.files.masks)

    def read(self, frame_id: str) -> Image:
        """Return one frame, decoded now.

        Raises
        ------
        ImageError
            If its file cannot be read.
        """
        return read_image(self._path(self.files.frames[frame_id]), max_pixels=self.max_pixels)

    def labels(self, frame_id: str, with_mask: bool) -> FrameLabels:
        """Return the targets of a frame.

        Where only masks are known each 8-connected component is a target with its bounding
        box.

        Raises
        ------
        ImageError
            If its mask file cannot be read.
        """
        known = self.files.known
        name = self.files.masks.get(frame_id)
        mask = None
        if name is not None and (with_mask or known is None):
            mask = read_mask(
                self._path(name), threshold=self.mask_threshold, max_pixels=self.max_pixels
            ).mask
        if known is not None:
            found = known.get(frame_id, Known())
            return labels_of(found.boxes, found.classes, found.tracks, mask)
        targets = find_targets(mask) if mask is not None else []
        boxes = [(t.left, t.top, t.right, t.bottom) for t in targets]
        return labels_of(boxes, mask=mask if with_mask else None)

    def shape(self, frame_id: str) -> tuple[int, int]:
        """Return height and width of a frame, from the head of its file.

        Raises
        ------
        ImageError
            If it cannot be read, or says more pixels than are allowed.
        """
        path = self._path(self.files.frames[frame_id])
        header = probe(path)
        check_declared(header, path, self.max_pixels)
        height, width = header.shape
        return height, width

    def file(self, frame_id: str) -> Path:
        """Return a frame's image file."""
        return Path(self._path(self.files.frames[frame_id]))

    def mask_file(self, frame_id: str) -> Path | None:
        """Return a frame's mask file, if it has one."""
        name = self.files.masks.get(frame_id)
        return None if name is None else Path(self._path(name))

    def stamp(self, frame_id: str) -> str:
        """Return the sizes of a frame's files in bytes, and a checksum of its boxes.

        Raises
        ------
        ImageError
            If a file is gone.
        """
        names = [self.files.frames[frame_id], self.files.masks.get(frame_id)]
        try:
            sizes = [os.stat(self._path(name)).st_size for name in names if name]  # noqa: PTH116
        except OSError as error:
            raise ImageError(
                f"Expected the files of {frame_id!r} to be there still: {error}."
            ) from error
        known = (self.files.known or {}).get(frame_id, Known())
        text = json.dumps([known.boxes, known.classes, known.tracks])
        return f"{sizes}:{zlib.crc32(text.encode())}"

    def _path(self, name: str) -> str:
        return f"{self.files.root}/{name}"
