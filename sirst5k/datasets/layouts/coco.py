"""COCO with segmentations: ``annotations/instances_train.json`` and the images it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload
from urllib.parse import unquote

from sirst5k.datasets.coco import CocoSource, Documents
from sirst5k.datasets.layouts.layout import Found, Layout, expand
from sirst5k.datasets.names import natural_key
from sirst5k.datasets.reading import Opened, Reading

_FOLDER, _START, _ENDING = "annotations/", "instances_", ".json"
_EVERYTHING = "all"  # a document of all images is no split


class _Members(Sequence[str]):
    """The images of one document: a split."""

    def __init__(self, documents: Documents, number: int) -> None:
        self._documents = documents
        self._number = number

    @property
    def _ids(self) -> tuple[str, ...]:
        return self._documents.index.members[self._number]

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[str, ...]: ...
    def __getitem__(self, place: int | slice) -> str | tuple[str, ...]:
        return self._ids[place]


def _detect(root: Path) -> Found | None:
    names = sorted(expand(root, f"{_FOLDER}{_START}*{_ENDING}"), key=natural_key)
    if not names:
        return None
    documents = Documents(root, names)
    lists = {
        unquote(name.removeprefix(_FOLDER + _START).removesuffix(_ENDING)): _Members(
            documents, number
        )
        for number, name in enumerate(names)
    }
    lists.pop(_EVERYTHING, None)

    def opener(reading: Reading) -> Opened:
        documents.options = {
            "skip": reading.skip,
            "follow_links": reading.follow_links,
            "max_pixels": reading.max_pixels,
        }
        return Opened(CocoSource(documents.index, reading.max_pixels), documents.index)

    return Found((), lists, opener=opener)


COCO = Layout(
    name="coco",
    looks_for="annotations/instances_*.json (COCO, with outlines or run lengths) and images/",
    detect=_detect,
)
