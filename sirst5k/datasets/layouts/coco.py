"""COCO with segmentations: ``annotations/instances_train.json`` and the images it names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from sirst5k.datasets.coco import CocoSource, Documents
from sirst5k.datasets.layouts.layout import Found, Layout, expand
from sirst5k.datasets.lazy_names import LazyNames
from sirst5k.datasets.names import natural_key
from sirst5k.datasets.reading import Opened, Reading

_FOLDER, _START, _ENDING = "annotations/", "instances_", ".json"
_EVERYTHING = "all"  # a document of all images is no split


def _detect(root: Path) -> Found | None:
    names = sorted(expand(root, f"{_FOLDER}{_START}*{_ENDING}"), key=natural_key)
    if not names:
        return None
    documents = Documents(root, names)
    lists = {
        unquote(name.removeprefix(_FOLDER + _START).removesuffix(_ENDING)): LazyNames(
            partial(_members, documents, number)
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


def _members(documents: Documents, number: int) -> Sequence[str]:
    return documents.index.members[number]


COCO = Layout(
    name="coco",
    looks_for="annotations/instances_*.json (COCO, with outlines or run lengths) and images/",
    detect=_detect,
)
