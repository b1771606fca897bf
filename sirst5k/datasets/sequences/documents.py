"""Sequences by COCO documents of boxes: DAUB's other form.

``annotations/instances_*.json`` whose annotations have boxes and no outlines, and images in one
folder a sequence (``images/test/data6/0.bmp``). Images without annotation are frames without
target; the published converter drops them, here they are key frames like all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sirst5k.datasets.coco import read_document
from sirst5k.datasets.layouts.layout import expand
from sirst5k.datasets.names import natural_key
from sirst5k.datasets.reading import Reading
from sirst5k.datasets.sequences.building import Gathering, Listed, gather, listed_dataset
from sirst5k.datasets.sequences.dataset import SequenceDataset
from sirst5k.datasets.sequences.files import Box, Known
from sirst5k.datasets.sequences.folders import PathResolver
from sirst5k.datasets.sequences.layout import Opener, SequenceLayout
from sirst5k.errors import DatasetError
from sirst5k.imaging import read_regular

_PIXELS_A_BYTE = 4  # of documents, of the limit on pixels, as for single images
_OUTLINE = re.compile(rb'"segmentation"\s*:\s*(?:\{|\[\s*[\[\d])')
_NAME = re.compile(rb'"file_name"\s*:\s*"([^"]*)"')
_PICTURES = frozenset({"images", "masks"})
_MOST_BYTES = 256 << 20


def _recognise(root: Path) -> Opener | None:
    names = sorted(
        (name for pattern in ("*.json", "*/*.json") for name in expand(root, pattern, _PICTURES)),
        key=natural_key,
    )
    kinds = {name: _kind(root / name) for name in names}
    if "boxes" not in kinds.values() or "outlines" in kinds.values():
        return None
    return partial(_open, root, [name for name, kind in kinds.items() if kind])


def _kind(path: Path) -> str:
    """Return whether a COCO document holds ``boxes`` alone, or is ``empty``.

    By its text, which is quicker than parsing it. ``outlines`` if it is one of single images,
    which have outlines or no folders of their own; nothing for other files.
    """
    try:
        data = read_regular(path, _MOST_BYTES)
    except OSError:
        return ""
    if b'"annotations"' not in data or b'"images"' not in data:
        return ""
    if _OUTLINE.search(data) is not None or not _in_folders(data):
        return "outlines"
    return "boxes" if b'"bbox"' in data else "empty"


def _in_folders(data: bytes) -> bool:
    """Return whether a document's images lie in folders below ``images/``, by the first ones."""
    names = [match[1] for match, _ in zip(_NAME.finditer(data), range(20), strict=False)]
    return any(b"/" in name.replace(b"\\", b"/").rpartition(b"images/")[2] for name in names)


def _open(root: Path, names: list[str], reading: Reading, length: int) -> SequenceDataset:
    stems = {name: name.removesuffix(".json").replace("instances_", "") for name in names}
    members = {name: stem.removeprefix("annotations/") for name, stem in stems.items()}
    listed = partial(_listed, reading.max_pixels // _PIXELS_A_BYTE)
    gathering = gather(root, members, reading, listed)
    files, lists = gathering.finish("masks")
    return listed_dataset("coco-sequences", gathering, files, lists, reading, length)


def _listed(
    most_bytes: int, path: Path, resolver: PathResolver, gathering: Gathering
) -> Iterator[Listed]:
    images, annotations = read_document(path, most_bytes)
    by_image: dict[int, list[Mapping[str, Any]]] = {}
    for annotation in annotations:
        by_image.setdefault(annotation["image_id"], []).append(annotation)
    for image in images:
        name = str(image["file_name"])
        where = f"Image {image['id']} of {path}"
        found = resolver.find(name.replace("\\", "/"))
        if found is None:
            gathering.refuse(name, f"{where} is {name[:300]!r}, but {resolver.explain(name)}.")
            continue
        yield Listed(*found, _known(by_image.get(image["id"], []), where), where)


def _known(annotations: Sequence[Mapping[str, Any]], where: str) -> Known:
    boxes: list[Box] = []
    classes: list[int] = []
    tracks: list[int] = []
    for annotation in annotations:
        box: Any = annotation.get("bbox")
        kind = annotation.get("category_id", 1)
        if not _are_numbers(box) or type(kind) is not int or not 0 <= kind < 1_000_000:
            raise DatasetError(
                f"{where}: expected a box [x, y, width, height] and a category from 1 of each "
                f"annotation, got {str(box)[:80]} and {str(kind)[:20]}. Correct the document."
            )
        x, y, width, height = (float(number) for number in box)
        boxes.append((x, y, x + width, y + height))
        classes.append(max(kind - 1, 0))  # categories count from 1, classes from 0
        track = annotation.get("track_id", annotation.get("instance_id"))
        tracks += [track] if type(track) is int else []
    known_tracks = tuple(tracks) if annotations and len(tracks) == len(boxes) else None
    return Known(tuple(boxes), tuple(classes), known_tracks)


def _are_numbers(box: Any) -> bool:
    return (
        isinstance(box, list)
        and len(box) == 4
        and all(type(n) in (int, float) and abs(n) < 1e7 for n in box)
    )


COCO_SEQUENCES = SequenceLayout(
    name="coco-sequences",
    looks_for=(
        "annotations/instances_*.json (COCO) with boxes and no outlines, and images in one "
        "folder a sequence"
    ),
    recognise=_recognise,
)
