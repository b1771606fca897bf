"""Frames to predict on: an image, a folder of them, a list, or a dataset with labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import overload

from sirst5k.datasets import Dataset, open_stills
from sirst5k.datasets.names import natural_key
from sirst5k.datasets.scanning import own_image_files
from sirst5k.errors import DatasetError, DatasetNotFoundError, SplitError, UnknownLayoutError
from sirst5k.imaging import ENDINGS, read_image
from sirst5k.sample import Image, Mask


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """An image, with its label where that is known.

    Attributes
    ----------
    id : str
    image : (H, W) uint8 | uint16 | float32
    label : (H, W) bool, optional
    """

    id: str
    image: Image
    label: Mask | None = None


class Frames(Sequence[Frame]):
    """Frames that are read when asked for.

    Parameters
    ----------
    ids : sequence of str
        Names, each once.
    read : callable
        Returns the frame of an id.
    files : callable
        Returns the image file of an id, or None where there is none.
    labelled : bool
        Whether frames come with labels.
    what : str
        Names them in messages.
    """

    def __init__(
        self,
        ids: Sequence[str],
        read: Callable[[str], Frame],
        files: Callable[[str], Path | None],
        labelled: bool,
        what: str,
    ) -> None:
        self.ids = tuple(ids)
        self.labelled = labelled
        self.what = what
        self.file = files
        self._read = read

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> Frames: ...
    def __getitem__(self, index: int | slice) -> Frame | Frames:
        if isinstance(index, slice):
            return Frames(self.ids[index], self._read, self.file, self.labelled, self.what)
        return self._read(self.ids[index])

    def stamp(self, index: int) -> str:
        """Return what identifies a frame's content without decoding it: its file's size."""
        file = self.file(self.ids[index])
        try:
            return "" if file is None else str(file.stat().st_size)
        except OSError:
            return "missing"


def open_frames(
    path: str | os.PathLike[str],
    split: str | None = None,
    *,
    mask_threshold: float | None = None,
    on_error: str = "stop",
) -> Frames:
    """Open what can be predicted on.

    Parameters
    ----------
    path : path
        An image; a folder of images; a text file with one image a line, relative to the
        list's folder; a dataset in any known layout, or ``demo``: then with labels.
    split : str, optional
        Of a dataset: its list or role; everything if not given.
    mask_threshold : float, optional
        Of a dataset, see `sirst5k.open_dataset`.
    on_error : {"stop", "skip"}
        Of a dataset, see `sirst5k.open_dataset`.

    Raises
    ------
    DatasetError
        If there is no image in it, or it is not there.
    SplitError
        If a split is named where there can be none.
    """
    text = os.fspath(path)
    where = Path(text)
    if text == "demo" or text.startswith("demo:") or where.is_dir():
        try:
            dataset = open_stills(text, split, mask_threshold=mask_threshold, on_error=on_error)
        except UnknownLayoutError:
            _refuse_split(split, text)
            return _of_folder(where)
        return of_dataset(dataset)
    _refuse_split(split, text)
    if not where.is_file():
        raise DatasetNotFoundError(
            f"Expected an image, a folder, or a list of images, but there is no {text!r}. "
            "Check the path, or take 'demo'."
        )
    if where.suffix.lower() in ENDINGS:
        return _of_files({where.stem: where}, text)
    return _of_list(where)


def of_dataset(dataset: Dataset) -> Frames:
    """Return the frames of a dataset, with their labels."""
    return Frames(
        dataset.ids,
        partial(_labelled, dataset),
        partial(_image_file, dataset),
        labelled=True,
        what=dataset.describe(),
    )


def _labelled(dataset: Dataset, sample_id: str) -> Frame:
    sample = dataset.get(sample_id)
    return Frame(sample.id, sample.image, sample.mask)


def _image_file(dataset: Dataset, sample_id: str) -> Path | None:
    files = dataset.source.files(sample_id)
    return None if files is None else files[0]


def _of_folder(folder: Path) -> Frames:
    found: dict[str, Path] = {}
    for stem, ending in own_image_files(f"{folder}/"):
        file = folder / f"{stem}{ending}"
        if stem in found:
            raise DatasetError(
                f"Expected one file to a name, but {found[stem]} and {file} share theirs. "
                "Rename one."
            )
        found[stem] = file
    if not found:
        raise DatasetError(
            f"Expected images in {folder}, but it holds no PNG, BMP, JPEG or TIFF file."
        )
    return _of_files({stem: found[stem] for stem in sorted(found, key=natural_key)}, str(folder))


def _of_files(files: dict[str, Path], what: str) -> Frames:
    return Frames(list(files), partial(_read_file, files), files.get, labelled=False, what=what)


def _read_file(files: dict[str, Path], sample_id: str) -> Frame:
    return Frame(sample_id, read_image(files[sample_id]))


def _of_list(path: Path) -> Frames:
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except OSError as error:
        raise DatasetError(f"Expected a readable list, but {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"Expected an image or a list of images in UTF-8, but {path} is neither."
        ) from error
    files = {}
    for number, line in enumerate(lines, 1):
        name = line.strip().replace("\\", "/")
        if name:
            file = _listed(path, number, name)
            files[os.path.abspath(file)] = file  # noqa: PTH100  (links are not followed)
    if not files:
        raise DatasetError(f"Expected one image a line in {path}, but it is empty.")
    return _of_files(_named(list(files.values())), str(path))


def _listed(path: Path, number: int, name: str) -> Path:
    file = path.parent / name
    for candidate in (file, *(file.with_name(file.name + ending) for ending in ENDINGS)):
        if candidate.is_file():
            return candidate
    raise DatasetError(
        f"Line {number} of {path} names {name!r}, but there is no image {file}. Give paths "
        "relative to the list; for a dataset's split list, name the dataset and --split."
    )


def _named(files: list[Path]) -> dict[str, Path]:
    """Name files by their stems, or by their paths below a common folder where stems repeat."""
    stems = {file.stem: file for file in files}
    if len(stems) == len(files):
        return stems
    common = Path(os.path.commonpath([file.parent for file in files]))
    named = {file.relative_to(common).with_suffix("").as_posix(): file for file in files}
    if len(named) < len(files):
        twice = next(
            f for f in files if named[f.relative_to(common).with_suffix("").as_posix()] != f
        )
        raise DatasetError(
            f"Expected one file to a name, but {twice} shares its own with another listed file. "
            "Rename one."
        )
    return named


def _refuse_split(split: str | None, what: str) -> None:
    if split is not None:
        raise SplitError(f"Expected a dataset for the split {split!r}, but {what} is none.")
