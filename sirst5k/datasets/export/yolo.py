"""YOLO's label files, as Ultralytics reads them: a line a target, places as shares of the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sirst5k.datasets.export.naming import ListStyle, name_lists
from sirst5k.datasets.export.regions import Region, outlined
from sirst5k.datasets.export.selection import Selection
from sirst5k.datasets.export.target import Arrangement, Place, Stored
from sirst5k.errors import ParameterError
from sirst5k.sample import Mask

LABELS = ("segment", "box")
_DATA = "data.yaml"


@dataclass(frozen=True)
class YoloTarget:
    """``images/``, ``labels/``, lists of images, and ``data.yaml``.

    Attributes
    ----------
    labels : {"segment", "box"}
        Outlines, for segmentation, or centres and sizes of boxes, for detection.
    """

    labels: str = "segment"
    name: str = "yolo"
    takes: frozenset[str] = frozenset({"png", "jpeg", "bmp", "tiff"})
    addition: str = ".tiff"
    folders: tuple[str, ...] = ("images", "labels")

    def __post_init__(self) -> None:
        if self.labels not in LABELS:
            raise ParameterError(
                f"Expected YOLO labels to be one of {', '.join(LABELS)}, got {self.labels!r}."
            )

    def arrange(self, selection: Selection) -> Arrangement:
        """Say where samples and lists go."""
        places = {source: Place(name, f"images/{name}") for source, name in selection.ids.items()}
        names, unread = name_lists(selection, ListStyle())
        flat = {name: called.replace("/", "_") for name, called in names.items()}
        names = flat if len(set(flat.values())) == len(flat) else names
        lists = {names[name]: members for name, members in selection.lists.items()}
        return Arrangement(places, lists, names, {**selection.lost, **unread})

    def describe(self, mask: Mask) -> int:
        """Return how many targets of a mask have holes."""
        return sum(region.has_holes for region in outlined(mask))

    def sidecar(self, place: Place, mask: Mask) -> tuple[str, bytes]:
        """Return the label file; of an image without target an empty one."""
        write = _segment if self.labels == "segment" else _box
        lines = [f"0 {write(region, *mask.shape)}\n" for region in outlined(mask)]
        return f"labels/{place.id}.txt", "".join(lines).encode()

    def documents(
        self, arrangement: Arrangement, stored: Mapping[str, Stored]
    ) -> Iterator[tuple[str, bytes]]:
        """Return the lists of images, and ``data.yaml``."""
        for name, members in arrangement.lists.items():
            # Paths that begin with ./ count from the list's own folder.
            up = "../" * name.count("/")
            lines = [f"./{up}{stored[source].image}\n" for source in members if source in stored]
            yield f"{name}.txt", "".join(lines).encode()
        yield _DATA, _data(list(arrangement.lists)).encode()


def _segment(region: Region, height: int, width: int) -> str:
    return " ".join(f"{x / width:.8g} {y / height:.8g}" for x, y in region.outline)


def _box(region: Region, height: int, width: int) -> str:
    box = region.target
    x, y = (box.left + box.right) / 2 / width, (box.top + box.bottom) / 2 / height
    return f"{x:.8g} {y:.8g} {box.width / width:.8g} {box.height / height:.8g}"


def _data(lists: list[str]) -> str:
    """Return ``data.yaml``; without a path in it, paths count from its own folder."""
    learn = next((name for name in ("train", "trainval") if name in lists), None)
    check = next((name for name in ("val", "test") if name in lists), learn)
    lines = ["# Written by sirst5k convert."]
    if learn is None:
        lines += ["train: images", "val: images"]
    else:
        lines += [f"train: {learn}.txt", f"val: {check}.txt"]
        if "test" in lists:
            lines.append("test: test.txt")
    return "\n".join([*lines, "names:", "  0: target", ""])
