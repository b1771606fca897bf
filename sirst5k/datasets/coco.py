"""COCO's instance annotations, read back: masks out of outlines and run lengths."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets.index import SampleIndex
from sirst5k.datasets.links import REMEDY
from sirst5k.datasets.names import leads_out, printable, unusable
from sirst5k.datasets.outlines import fill
from sirst5k.datasets.run_lengths import runs_of
from sirst5k.errors import DatasetError, ImageError
from sirst5k.imaging import ENDINGS, check_file, pixel_limit, probe, read_image, read_regular
from sirst5k.imaging.limits import check_declared
from sirst5k.sample import Mask, Sample

_PIXELS_A_BYTE = 4  # of documents, of the limit on pixels: parsed, they take forty times as much
_REPAINTED = 20  # how often, on average, the annotations of an image may paint each pixel


class CocoIndex(SampleIndex):
    """The images of some annotation documents, and the annotations of each.

    Parameters
    ----------
    root : Path
        The dataset's folder.
    documents : sequence of str
        The JSON files, below the root.
    skip, follow_links : bool
        As of `SampleIndex`.
    max_pixels : int
        The limit on images, on which the one on documents depends.

    Raises
    ------
    DatasetError
        If a document cannot be read, or is none of COCO's.
    """

    def __init__(
        self,
        root: Path,
        documents: Sequence[str],
        skip: bool = False,
        follow_links: bool = False,
        max_pixels: int | None = None,
    ) -> None:
        super().__init__(str(root), skip, follow_links, where="images")
        self._limit = pixel_limit(max_pixels) // _PIXELS_A_BYTE
        self._files: list[str] = []
        self._documents: list[str] = []  # the one that named each first
        self._segmentations: list[list[Any]] = []
        self.members = [self._add(root / document) for document in documents]

    def image_file(self, sample_id: str) -> str:
        """Return the path of a sample's image."""
        return f"{self.root}/{self._files[self._place(sample_id)]}"

    def segmentations(self, sample_id: str) -> list[Any]:
        """Return the outlines or run lengths of a sample's targets, as they were written."""
        return self._segmentations[self._place(sample_id)]

    def document(self, sample_id: str) -> str:
        """Return the name of the document that holds a sample's annotations."""
        return self._documents[self._place(sample_id)]

    def _place(self, sample_id: str) -> int:
        place = self._where.get(sample_id)
        if place is None:
            why = self.incomplete.get(sample_id, f"There is no sample {sample_id!r} in it.")
            raise DatasetError(f"{self.root}: {why}")
        return place

    def _add(self, path: Path) -> tuple[str, ...]:
        """Take the images of a document, and return their ids."""
        self.fence.check(str(path))
        images, annotations = read_document(path, self._limit)
        by_image: dict[int, list[Any]] = {}
        for annotation in annotations:
            by_image.setdefault(annotation["image_id"], []).append(annotation.get("segmentation"))
        members = []
        for image in images:
            name, file = self._find(image["file_name"])
            sample_id = name.rpartition(".")[0]
            if unusable(sample_id):
                sample_id = printable(sample_id)
            members.append(sample_id)
            targets = by_image.get(image["id"], [])
            if sample_id in self._where:
                place = self._where[sample_id]
                if self._segmentations[place] != targets or self._files[place] != file:
                    raise DatasetError(
                        f"Expected one set of annotations to an image, but {path} says other "
                        f"things of {name!r} than the documents before it. Remove one of them."
                    )
            elif sample_id not in self.incomplete:
                self._take(sample_id, name, file, targets, path)
        return tuple(members)

    def _find(self, named: str) -> tuple[str, str]:
        """Return an image's name, and its file below the root if there is one.

        Names may count from ``images/`` or from the root, and come from Windows.
        """
        for name in (named, _plain(named)):
            for file in (f"images/{name}", name):
                if (Path(self.root) / file).is_file():
                    return name, file
        return _plain(named), ""

    def _take(self, sample_id: str, name: str, file: str, targets: list[Any], path: Path) -> None:
        why = unusable(name)
        if not why and not file:
            why = f"there is no file images/{name}"
        elif not why and not self.fence.holds(f"{self.root}/{file}"):
            why = f"it is a link out of the folder. {REMEDY}"
        elif not why and not all(targets):
            why = "it has a box without outline, which is no mask"
        if why:
            self.incomplete[sample_id] = f"The image {name!r} in {path.name}: {why}."
            return
        self._where[sample_id] = len(self._files)
        self._files.append(file)
        self._documents.append(path.name)
        self._segmentations.append(targets)


class CocoSource:
    """Reads the samples of a `CocoIndex`.

    Parameters
    ----------
    index : CocoIndex
    max_pixels : int, optional
        Larger images are refused; see `sirst5k.imaging.read_image`.
    """

    def __init__(self, index: CocoIndex, max_pixels: int | None = None) -> None:
        self.index = index
        self.max_pixels = pixel_limit(max_pixels)

    def read(self, sample_id: str) -> Sample:
        """Return one sample, decoded now.

        Raises
        ------
        DatasetError
            If there is no such sample, its image cannot be read, or an annotation is none.
        """
        path = self.index.image_file(sample_id)
        image = read_image(path, max_pixels=self.max_pixels)
        return Sample(sample_id, image, self._mask(sample_id, image.shape), {"image_path": path})

    def read_mask(self, sample_id: str) -> Mask:
        """Return the mask of a sample alone."""
        path = self.index.image_file(sample_id)
        header = probe(path)
        check_declared(header, path, self.max_pixels)
        return self._mask(sample_id, header.shape)

    def files(self, sample_id: str) -> tuple[Path, Path] | None:  # noqa: ARG002
        """Return None: a mask has no file of its own."""
        return None

    def image_file(self, sample_id: str) -> Path:
        """Return the image file of a sample."""
        return Path(self.index.image_file(sample_id))

    def check(self, sample_id: str) -> None:
        """Raise what `read` would raise, as far as that shows without decoding."""
        header = check_file(self.index.image_file(sample_id), max_pixels=self.max_pixels)
        self._mask(sample_id, header.shape)

    def stamp(self, sample_id: str) -> str:
        """Return the size of the image file and a checksum of the annotations."""
        try:
            size = os.stat(self.index.image_file(sample_id)).st_size  # noqa: PTH116
        except OSError as error:
            raise DatasetError(
                f"Expected the image of {sample_id!r} to be there still: {error}."
            ) from error
        text = json.dumps(self.index.segmentations(sample_id))
        return f"{size}:{zlib.crc32(text.encode())}"

    def _mask(self, sample_id: str, shape: tuple[int, ...]) -> Mask:
        height, width = shape
        try:
            return paint(self.index.segmentations(sample_id), (height, width))
        except DatasetError as error:
            where = self.index.image_file(sample_id)
            raise ImageError(f"{where} in {self.index.document(sample_id)}: {error}") from error


def paint(segmentations: Sequence[Any], shape: tuple[int, int]) -> Mask:
    """Return the mask that some segmentations cover together.

    Parameters
    ----------
    segmentations : sequence
        Of each target either a list of polygons ``[x0, y0, x1, y1, …]``, filled where they
        enclose the centre of a pixel, or ``{"size": [H, W], "counts": …}``.
    shape : (int, int)
        Height and width of the image.

    Raises
    ------
    DatasetError
        If one is neither, or does not fit the image.
    """
    mask = np.zeros(shape, np.bool_)
    budget = _REPAINTED * mask.size + 1_000_000
    for segmentation in segmentations:
        if isinstance(segmentation, Mapping):
            budget -= _paint_runs(mask, segmentation)
        else:
            for polygon in _polygons(segmentation):
                filled = fill(polygon, shape)
                mask[filled.rows, filled.columns] |= filled.inside
                budget -= filled.cost
                _check_budget(budget)
        _check_budget(budget)
    return mask


def _check_budget(budget: int) -> None:
    if budget < 0:
        raise DatasetError(
            "Expected small targets, but the annotations of one image cover it many times over. "
            "Correct them."
        )


def _paint_runs(mask: Mask, segmentation: Mapping[str, Any]) -> int:
    """Paint run lengths into a mask, and return how many pixels were looked at."""
    if segmentation.get("size") != list(mask.shape):
        raise DatasetError(
            f"Expected run lengths of an image of {list(mask.shape)}, got those of "
            f"{str(segmentation.get('size'))[:40]}. Correct the annotation."
        )
    height = mask.shape[0]
    runs = runs_of(segmentation.get("counts"), (mask.shape[0], mask.shape[1]))
    if not runs.size:
        return 0
    first, last = int(runs[0, 0]) // height, -(-int(runs[-1, 1]) // height)
    turns = np.zeros((last - first) * height + 1, np.int8)
    np.add.at(turns, runs[:, 0] - first * height, 1)
    np.add.at(turns, runs[:, 1] - first * height, -1)
    columns = np.cumsum(turns, dtype=np.int8)[:-1].reshape(-1, height).T
    mask[:, first:last] |= columns.astype(np.bool_)
    return turns.size


def _polygons(segmentation: Any) -> Iterator[NDArray[np.float64]]:
    if not isinstance(segmentation, list) or not all(isinstance(p, list) for p in segmentation):
        raise DatasetError("Expected outlines as lists of numbers, or run lengths. Correct them.")
    for numbers in segmentation:
        plain = all(isinstance(n, int | float) and abs(n) < 1e7 for n in numbers)
        if not plain or len(numbers) < 6 or len(numbers) % 2:
            raise DatasetError(
                "Expected an outline of at least three corners, x and y of each, but got "
                f"{str(numbers[:8])[:80]}. Correct the annotation."
            )
        yield np.asarray(numbers, np.float64).reshape(-1, 2)


def read_document(path: Path, limit: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the images and annotations of a COCO document, checked as far as they are used.

    Raises
    ------
    DatasetError
        If it cannot be read, is longer than `limit` bytes, or is no such document.
    """
    try:
        document = json.loads(read_regular(path, limit))
    except OSError as error:
        raise DatasetError(
            f"Expected a readable COCO document, but {path} cannot be read: {error.strerror}. "
            "Replace it; of a document that is larger than allowed, raise SIRST5K_MAX_PIXELS "
            f"to {_PIXELS_A_BYTE} for each of its bytes."
        ) from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(
            f"Expected a COCO document, but {path} is no JSON: {str(error)[:200]}. Replace it."
        ) from error
    if not isinstance(document, dict):
        raise _no_document(path, "it is not a mapping")
    images, annotations = document.get("images"), document.get("annotations")
    if not isinstance(images, list) or not isinstance(annotations, list):
        raise _no_document(path, "it has no lists 'images' and 'annotations'")
    numbers = set()
    for image in images:
        if not isinstance(image, dict) or type(image.get("id")) is not int:
            raise _no_document(path, "an image in it has no number")
        name = image.get("file_name")
        if not isinstance(name, str) or Path(name).suffix.lower() not in ENDINGS:
            raise _no_document(path, f"image {image['id']} names no image file")
        if leads_out(name) or not all(name.split("/")):
            raise _no_document(path, f"{name[:200]!r} leads out of the dataset's folder")
        numbers.add(image["id"])
    if len(numbers) < len(images):
        raise _no_document(path, "two images in it have one number")
    for annotation in annotations:
        number = annotation.get("image_id") if isinstance(annotation, dict) else None
        if type(number) is not int or number not in numbers:
            raise _no_document(path, "an annotation in it belongs to none of its images")
    return images, annotations


def _plain(name: str) -> str:
    """Return a file's name with slashes of one kind, and without ``./``."""
    return "/".join(part for part in name.replace("\\", "/").split("/") if part != ".")


def _no_document(path: Path, why: str) -> DatasetError:
    return DatasetError(f"Expected a COCO document, but {path} is none: {why}. Correct it.")


class Documents:
    """The documents of a folder, read once, when samples are asked for.

    Parameters
    ----------
    root : Path
    names : sequence of str
        The JSON files, below the root.
    """

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self.root = root
        self.names = tuple(names)
        self.options: dict[str, Any] = {}

    @cached_property
    def index(self) -> CocoIndex:
        """Their images."""
        return CocoIndex(self.root, self.names, **self.options)
