"""COCO's instance annotations: one document a list, outlines along the edges of pixels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np

from sirst5k._version import __version__
from sirst5k.datasets.export.regions import Region, outlined
from sirst5k.datasets.export.selection import Selection
from sirst5k.datasets.export.target import Arrangement, Place, Stored
from sirst5k.datasets.run_lengths import encode_runs
from sirst5k.datasets.splits import parse_name
from sirst5k.sample import Mask

CATEGORY = {"id": 1, "name": "target", "supercategory": "target"}
EVERYTHING = "all"
"""Name of the document that holds all images, where lists do not cover them."""


@dataclass(frozen=True)
class CocoTarget:
    """``images/`` and ``annotations/instances_LIST.json``.

    A target is a polygon along the edges of its pixels, which fills to exactly these pixels;
    one with a hole is given as run lengths, since a polygon has none.
    """

    name: str = "coco"
    takes: frozenset[str] = frozenset({"png", "jpeg", "bmp", "tiff"})
    addition: str = ".tiff"
    folders: tuple[str, ...] = ("images", "annotations")

    def arrange(self, selection: Selection) -> Arrangement:
        """Say where samples and lists go."""
        places = {source: Place(name, f"images/{name}") for source, name in selection.ids.items()}
        names = _list_names(selection)
        lists = {names[name]: members for name, members in selection.lists.items()}
        if len({source for members in lists.values() for source in members}) < len(places):
            lists[EVERYTHING] = tuple(places)
        return Arrangement(places, lists, names, selection.lost)

    def describe(self, mask: Mask) -> list[dict[str, Any]]:
        """Return the annotations of a mask, without their numbers."""
        return [_annotation(region, mask) for region in outlined(mask)]

    def sidecar(self, place: Place, mask: Mask) -> None:
        """Return nothing: the documents hold what is known of masks."""

    def documents(
        self, arrangement: Arrangement, stored: Mapping[str, Stored]
    ) -> Iterator[tuple[str, bytes]]:
        """Return a document for each list."""
        numbers = {source: number for number, source in enumerate(stored, 1)}
        for name, members in arrangement.lists.items():
            there = [source for source in members if source in stored]
            document = _document(there, stored, numbers)
            text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
            yield f"annotations/instances_{name}.json", f"{text}\n".encode()


def _list_names(selection: Selection) -> dict[str, str]:
    """Call the lists that count after their role, and keep the whole name of the others."""
    names = {}
    for name in selection.lists:
        parsed = parse_name(name)
        counts = parsed is not None and parsed.family == selection.primary
        short = parsed.role if parsed is not None and counts else quote(name, safe=" ()[]+,@=")
        names[name] = short
    if len(set(names.values())) < len(names) or EVERYTHING in names.values():
        return {name: quote(name, safe="") for name in names}
    return names


def _annotation(region: Region, mask: Mask) -> dict[str, Any]:
    target = region.target
    if region.has_holes:
        alone = np.zeros(mask.shape, np.bool_)
        alone[target.top : target.bottom, target.left : target.right] = region.pixels
        segmentation: Any = {"size": list(mask.shape), "counts": encode_runs(alone)}
    else:
        segmentation = [[place for corner in region.outline for place in corner]]
    return {
        "category_id": CATEGORY["id"],
        "segmentation": segmentation,
        "area": target.area,
        "bbox": [target.left, target.top, target.width, target.height],
        "iscrowd": 0,
    }


def _document(
    members: Sequence[str], stored: Mapping[str, Stored], numbers: Mapping[str, int]
) -> dict[str, Any]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for source in members:
        sample = stored[source]
        images.append(
            {
                "id": numbers[source],
                "file_name": sample.image.removeprefix("images/"),
                "width": sample.width,
                "height": sample.height,
            }
        )
        for note in sample.note:
            number = {"id": len(annotations) + 1, "image_id": numbers[source]}
            annotations.append({**number, **note})
    return {
        "info": {"description": f"Converted by sirst5k {__version__}"},
        "images": images,
        "annotations": annotations,
        "categories": [CATEGORY],
    }
