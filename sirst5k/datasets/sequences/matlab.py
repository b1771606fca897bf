"""NUDT-MIRSDT: ``SEQ/Mix/N.mat`` with ``SEQ/masks/N.png``, lists of lines ``SEQ/Mix/N.mat``.

The variable ``Mix`` of a file is a frame, or frames ``(T, H, W)`` of which the last one is that
of the file's number. Files up to version 7.2 are read; version 7.3 is HDF5, which needs a
library of its own.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.datasets.lists import read_lines
from sirst5k.datasets.names import natural_key, unusable
from sirst5k.datasets.reading import Reading
from sirst5k.datasets.scanning import is_folder
from sirst5k.datasets.sequences.dataset import SequenceDataset
from sirst5k.datasets.sequences.files import FileSequences, SequenceFiles
from sirst5k.datasets.sequences.folders import FrameFolders
from sirst5k.datasets.sequences.layout import Opener, SequenceLayout, roles_of_lists
from sirst5k.datasets.splits import Splits
from sirst5k.errors import DatasetError, ImageError
from sirst5k.imaging import read_regular
from sirst5k.sample import Image

_VARIABLE = "Mix"
_FILE = re.compile(r"(?P<sequence>[^/]+)/Mix/(?P<stem>[^/]+)\.mat")


def _recognise(root: Path) -> Opener | None:
    for path in _folders(root):
        if any(path.glob("*.mat")):
            return partial(_open, root)
    return None


def _folders(root: Path) -> Iterator[Path]:
    """Yield the folders of frames, in the order of the sequences' names."""
    with os.scandir(root) as entries:  # knows folders without asking for each file
        names = [entry.name for entry in entries if is_folder(entry)]
    for name in sorted(names, key=natural_key):
        if not unusable(name) and (root / name / _VARIABLE).is_dir():
            yield root / name / _VARIABLE


def _open(root: Path, reading: Reading, length: int) -> SequenceDataset:
    folders = FrameFolders(str(root), reading.follow_links)
    sequences: dict[str, tuple[str, ...]] = {}
    frames: dict[str, str] = {}
    masks: dict[str, str] = {}
    for folder in _folders(root):
        name = folder.parent.name
        folders.fence.check(str(folder))
        stems = sorted((path.stem for path in folder.glob("*.mat")), key=natural_key)
        stems = [stem for stem in stems if not unusable(stem)]
        sequences[name] = tuple(f"{name}/{stem}" for stem in stems)
        beside = folders.stems(f"{name}/masks")
        for stem in stems:
            folders.fence.check(str(folder / f"{stem}.mat"))
            frames[f"{name}/{stem}"] = f"{name}/Mix/{stem}.mat"
            if stem in beside:
                masks[f"{name}/{stem}"] = f"{name}/masks/{stem}{beside[stem]}"
    lists: dict[str, tuple[str, ...]] = {}
    for path in sorted(root.glob("*.txt")):
        folders.fence.check(str(path))
        matches = [_FILE.search(line.replace("\\", "/")) for _, line in read_lines(path)]
        named = [f"{match['sequence']}/{match['stem']}" for match in matches if match]
        missing = [frame_id for frame_id in named if frame_id not in frames]
        if missing and not reading.skip:
            raise DatasetError(
                f"{path} lists {missing[0]!r}, which has no file Mix/*.mat. Correct the list, or "
                "leave such frames out with on_error='skip' (--on-error skip)."
            )
        if named:
            lists[path.stem] = tuple(dict.fromkeys(i for i in named if i in masks))
    files = SequenceFiles(str(root), sequences, frames, masks)
    return SequenceDataset(
        MatlabSequences(files, reading.mask_threshold, reading.max_pixels),
        sequences,
        tuple(frame_id for frame_id in frames if frame_id in masks),
        Splits(lists, roles_of_lists(lists)),
        "nudt-mirsdt",
        root,
        length=length,
        skipped=folders.problems,
    )


class MatlabSequences(FileSequences):
    """Reads frames out of MATLAB files; see `FileSequences` for the rest."""

    def read(self, frame_id: str) -> Image:
        """Return one frame: ``uint8`` where all levels are whole and below 256, else float32.

        Raises
        ------
        ImageError
            If its file cannot be read, or holds no such variable.
        """
        from scipy.io import loadmat

        path, data, _ = self._open(frame_id)
        try:
            found: Any = loadmat(data, variable_names=[_VARIABLE])[_VARIABLE]
        except Exception as error:  # the reader raises whatever a damaged file leads it to
            raise _damaged(path, error) from error
        levels = found[-1] if found.ndim == 3 else found
        if levels.dtype.kind not in "buif" or not np.isfinite(levels).all():
            raise _damaged(path, ValueError(f"{_VARIABLE} holds {levels.dtype}, or no numbers"))
        if levels.min() >= 0 and levels.max() <= 255 and (levels == np.rint(levels)).all():
            return np.ascontiguousarray(levels, np.uint8)
        return np.ascontiguousarray(levels, np.float32)

    def shape(self, frame_id: str) -> tuple[int, int]:
        """Return height and width of a frame, from the head of its variable."""
        return self._open(frame_id)[2]

    def _open(self, frame_id: str) -> tuple[Path, Any, tuple[int, int]]:
        """Return a frame's file, its bytes, and its size, which the limit on pixels allows."""
        from scipy.io import whosmat

        path = self.file(frame_id)
        try:
            data: Any = io.BytesIO(read_regular(path, 16 * self.max_pixels))
            shapes = {name: tuple(shape) for name, shape, _ in whosmat(data)}
        except Exception as error:
            raise _damaged(path, error) from error
        shape = shapes.get(_VARIABLE, ())
        if len(shape) not in (2, 3) or 0 in shape:
            raise _damaged(path, ValueError(f"no {_VARIABLE} of (H, W) or (T, H, W) in it"))
        if math.prod(shape) > self.max_pixels:
            raise _damaged(path, ValueError(f"{_VARIABLE} of {shape} is larger than allowed"))
        data.seek(0)
        return path, data, (int(shape[-2]), int(shape[-1]))


def _damaged(path: Path, error: Exception) -> ImageError:
    return ImageError(
        f"Expected a frame in the variable {_VARIABLE!r} of a MATLAB file up to version 7.2, but "
        f"{path} cannot be read: {str(error)[:200]}. Replace it."
    )


NUDT_MIRSDT = SequenceLayout(
    name="nudt-mirsdt",
    looks_for="SEQ/Mix/N.mat with SEQ/masks/N.png",
    recognise=_recognise,
)
