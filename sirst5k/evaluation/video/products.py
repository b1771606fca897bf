"""Files that a prediction on sequences leaves behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sirst5k.detectors.boxes import Detections
from sirst5k.errors import OutputError, ParameterError, suggest
from sirst5k.imaging import write_atomically
from sirst5k.imaging.writable import check_own_folder
from sirst5k.tracking import Track

PRODUCTS = ("boxes", "tracks", "overlays")
SETTINGS, TEXT, COCO = "predictions.json", "boxes.txt", "boxes.json"
_MEANING = {
    "boxes": "boxes.txt: a line a frame, SEQUENCE/FRAME x1,y1,x2,y2,class,score …; boxes.json: "
    "COCO, bbox is [left, top, width, height]; all in pixels of the frame",
    "tracks": "tracks/SEQUENCE.txt: frame,track,left,top,width,height,score,-1,-1,-1 as in the MOT "
    "challenge, frames and tracks counted from 1",
    "overlays": "overlays/SEQUENCE.mp4, or a folder of PNG frames",
}


@dataclass(slots=True)
class ProductFolder:
    """Where the predictions on sequences are stored.

    Attributes
    ----------
    root : Path
    products : tuple of str
        Which of `PRODUCTS` are written.
    """

    root: Path
    products: tuple[str, ...] = PRODUCTS
    _lines: list[str] = field(default_factory=list)
    _images: list[dict[str, Any]] = field(default_factory=list)
    _annotations: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in self.products:
            if name not in PRODUCTS:
                raise ParameterError(f"There is no product {name!r}.{suggest(name, PRODUCTS)}")
        if not self.products:
            raise ParameterError(f"Expected something to write: {', '.join(PRODUCTS)}.")

    def begin(self, overwrite: bool) -> None:
        """Make the folder; earlier predictions in it go if that was asked for.

        Raises
        ------
        OutputError
            If it holds something else, or cannot be written.
        """
        root = self.root
        try:
            if root.exists() and any(root.iterdir()):
                if not (root / SETTINGS).is_file():
                    check_own_folder(root, "predictions")
                elif not overwrite:
                    raise OutputError(
                        f"Expected an empty folder, but {root} holds predictions. Choose another, "
                        "or replace them with --overwrite (overwrite=True)."
                    )
                for name in (SETTINGS, TEXT, COCO):
                    (root / name).unlink(missing_ok=True)
                for name in ("tracks", "overlays"):
                    shutil.rmtree(root / name, ignore_errors=True)
            root.mkdir(parents=True, exist_ok=True)
            self._store(SETTINGS, {"complete": False})
            for name in ("tracks", "overlays"):
                if name in self.products:
                    (root / name).mkdir(exist_ok=True)
        except NotADirectoryError as error:
            raise OutputError(f"Expected a folder, but {root} is a file.") from error
        except PermissionError as error:
            raise OutputError(f"Cannot write to {root}: {error.strerror}.") from error

    def add(self, frame_id: str, shape: tuple[int, int], found: Detections) -> None:
        """Take the boxes of a frame."""
        words, number = [frame_id], len(self._images) + 1
        height, width = shape
        self._images.append(
            {"id": number, "file_name": f"{frame_id}.png", "height": height, "width": width}
        )
        for box, score, kind in zip(found.boxes, found.scores, found.classes, strict=True):
            left, top, right, bottom = (round(float(edge), 3) for edge in box)
            sure = round(float(score), 6)
            words.append(f"{left:g},{top:g},{right:g},{bottom:g},{int(kind)},{sure:g}")
            wide, high = round(right - left, 3), round(bottom - top, 3)
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": number,
                    "category_id": int(kind) + 1,
                    "bbox": [left, top, wide, high],
                    "area": round(wide * high, 3),
                    "score": sure,
                    "iscrowd": 0,
                }
            )
        self._lines.append(" ".join(words))

    def write_tracks(self, sequence: str, tracks: Sequence[Track]) -> None:
        """Write the tracks of a sequence, by frame and track."""
        rows = sorted(
            (point.frame + 1, track.number, point) for track in tracks for point in track.points
        )
        lines = []
        for frame, number, point in rows:
            left, top, right, bottom = point.box
            edges = f"{left:.3f},{top:.3f},{right - left:.3f},{bottom - top:.3f}"
            lines.append(f"{frame},{number},{edges},{point.score:.6f},-1,-1,-1\n")
        file = self.path_of("tracks", sequence)
        write_atomically(file.with_name(f"{file.name}.txt"), "".join(lines).encode())

    def path_of(self, product: str, sequence: str) -> Path:
        """Return the path of a sequence's product without its ending; its folder is made."""
        path = self.root / product / sequence
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"Cannot make the folder {path.parent}: {error.strerror}.") from error
        return path

    def finish(self, settings: Mapping[str, Any]) -> None:
        """Write the boxes, and say that the folder is complete."""
        if "boxes" in self.products:
            text = "".join(f"{line}\n" for line in self._lines)
            write_atomically(self.root / TEXT, text.encode())
            kinds = sorted({1, *(one["category_id"] for one in self._annotations)})
            self._store(
                COCO,
                {
                    "images": self._images,
                    "annotations": self._annotations,
                    "categories": [
                        {"id": kind, "name": "target" if kind == 1 else f"target {kind}"}
                        for kind in kinds
                    ],
                },
            )
        files = {name: _MEANING[name] for name in self.products}
        self._store(SETTINGS, {**settings, "files": files, "complete": True})

    def _store(self, name: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, ensure_ascii=False, indent=1)
        write_atomically(self.root / name, text.encode())
