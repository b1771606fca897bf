"""A folder of predictions: maps, masks, boxes and overlays, with a record of how they were made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.drawing import save_picture
from sirst5k.errors import OutputError, ParameterError, suggest
from sirst5k.evaluation.boxes import coco_document, detections
from sirst5k.evaluation.overlay import draw_overlay
from sirst5k.evaluation.prediction import Prediction
from sirst5k.imaging import encode_png, write_atomically
from sirst5k.imaging.writable import check_folder_path, check_own_folder

PRODUCTS = ("maps", "masks", "boxes", "overlays")
SETTINGS, JOURNAL, BOXES = "predictions.json", "predictions.jsonl", "boxes.json"
_MEANING = {
    "maps": "maps/ID.png: 16 bit, probability = value / 65535",
    "masks": "masks/ID.png: 8 bit, 255 where the probability exceeds the threshold, else 0",
    "boxes": "boxes.json: COCO; bbox is [left, top, width, height] in pixels, score the largest "
    "probability in the region",
    "overlays": "overlays/ID.png: RGB",
}


@dataclass(frozen=True, slots=True)
class PredictionFolder:
    """Where predictions are stored.

    Frames are recorded in ``predictions.jsonl`` as they are finished, so that an interrupted
    run goes on where it stopped; ``predictions.json`` says how they were made, and
    ``boxes.json`` comes last.

    Attributes
    ----------
    root : Path
    products : tuple of str
        Which of `PRODUCTS` are written.
    """

    root: Path
    products: tuple[str, ...] = PRODUCTS

    def __post_init__(self) -> None:
        for name in self.products:
            if name not in PRODUCTS:
                raise ParameterError(f"There is no product {name!r}.{suggest(name, PRODUCTS)}")
        if not self.products:
            raise ParameterError(f"Expected something to write: {', '.join(PRODUCTS)}.")

    def begin(self, settings: Mapping[str, Any], overwrite: bool = False) -> dict[str, Any]:
        """Make the folder and return the records of frames that the same run finished before.

        Parameters
        ----------
        settings : mapping
            What the predictions depend on; JSON values.
        overwrite : bool
            Replace the predictions of another run.

        Raises
        ------
        OutputError
            If the folder holds something else, or cannot be written.
        """
        wanted = {**settings, "files": {name: _MEANING[name] for name in self.products}}
        before = self._settings()
        if before is not None:
            before.pop("complete", None)
        done: dict[str, Any] = {}
        if before == wanted and not overwrite:
            done = self.records()
        elif before is not None and not overwrite:
            raise OutputError(
                f"Expected an empty folder, but {self.root} holds predictions made otherwise. "
                "Choose another folder, or replace them with --overwrite (overwrite=True)."
            )
        elif before is None:
            check_folder_path(self.root, "a folder for predictions")
            check_own_folder(self.root, "predictions")
        try:
            for name in self.products:
                if name != "boxes":
                    (self.root / name).mkdir(parents=True, exist_ok=True)
            self.root.mkdir(parents=True, exist_ok=True)
            if not done:
                (self.root / JOURNAL).write_text("", encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"Cannot make the output folder {self.root}: {error.strerror}. Name another."
            ) from error
        self._store(SETTINGS, {**wanted, "complete": False})
        return done

    def write(self, prediction: Prediction) -> list[list[float]]:
        """Store one prediction's files and return its boxes, with area and score."""
        for name in ("maps", "masks", "overlays"):
            if name not in self.products:
                continue
            path = self.root / name / f"{prediction.id}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if name == "overlays":
                save_picture(path, draw_overlay(prediction))
            elif name == "masks":
                write_atomically(path, encode_png(prediction.mask))
            else:
                levels = np.rint(prediction.probability.astype(np.float64) * 65535)
                write_atomically(path, encode_png(levels.astype(np.uint16)))
        found = [asdict(one) for one in detections(prediction)]
        keys = ("left", "top", "width", "height", "area", "score")
        return [[one[key] for key in keys] for one in found]

    def has(self, sample_id: str) -> bool:
        """Return whether all files of a frame are there."""
        names = [name for name in self.products if name != "boxes"]
        return all((self.root / name / f"{sample_id}.png").is_file() for name in names)

    def record(self, record: Mapping[str, Any]) -> None:
        """Note a finished frame."""
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            with (self.root / JOURNAL).open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise OutputError(f"Cannot write {self.root / JOURNAL}: {error.strerror}.") from error

    def records(self) -> dict[str, Any]:
        """Return the records of finished frames, by id."""
        return {record["id"]: record for record in self._lines()}

    def finish(self, settings: Mapping[str, Any], records: list[Mapping[str, Any]]) -> None:
        """Write the boxes, and say that the folder is complete."""
        if "boxes" in self.products:
            self._store(BOXES, coco_document(records))
        files = {name: _MEANING[name] for name in self.products}
        self._store(SETTINGS, {**settings, "files": files, "complete": True})

    def _lines(self) -> Iterator[Any]:
        try:
            lines = (self.root / JOURNAL).read_text(encoding="utf-8").splitlines()
        except OSError:
            return
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:  # the last line of an interrupted run
                continue

    def _settings(self) -> dict[str, Any] | None:
        try:
            found = json.loads((self.root / SETTINGS).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise OutputError(
                f"Expected {self.root / SETTINGS} to tell how its predictions were made, but it "
                f"cannot be read: {error}. Choose another folder."
            ) from error
        return found if isinstance(found, dict) else {}

    def _store(self, name: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, ensure_ascii=False, indent=1)
        write_atomically(self.root / name, text.encode())
