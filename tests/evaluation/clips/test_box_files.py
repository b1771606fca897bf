"""Boxes that others saved, in all forms, mean the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sirst5k.errors import DatasetError, DatasetNotFoundError
from sirst5k.evaluation.clips import SavedBoxes, read_box_files

LABELS = {
    "images": [
        {"id": 7, "file_name": "images/test/v1/0.bmp"},
        {"id": 8, "file_name": "images/test/v1/1.bmp"},
    ]
}
RESULTS = [
    {"image_id": 7, "category_id": 1, "bbox": [10, 20, 4, 5], "score": 0.5},
    {"image_id": 7, "category_id": 1, "bbox": [30, 20, 4, 5], "score": 0.75},
]


class Sequences:
    ids = ("v1/0", "v1/1")
    sequences: ClassVar = {"v1": ("v1/0", "v1/1", "v1/2")}
    split = None

    def describe(self) -> str:
        return "a dataset"


def dumped(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def forms(root: Path) -> dict[str, tuple[Path, Path | None]]:
    document = {**LABELS, "annotations": RESULTS}
    lines = root / "found.txt"
    lines.write_text(
        "C:\\my data\\v1\\0.bmp 10,20,14,25,0,0.5 30,20,34,25,0,0.75\nC:\\my data\\v1\\1.bmp\n"
    )
    folder = root / "each"
    (folder / "v1").mkdir(parents=True)
    (folder / "v1" / "0.txt").write_text("target 0.5 10 20 14 25\n0 0.75 30 20 34 25\n")
    (folder / "v1" / "1.txt").write_text("")
    mine = root / "mine"
    mine.mkdir()
    dumped(mine / "boxes.json", document)
    return {
        "results": (dumped(root / "results.json", RESULTS), dumped(root / "gt.json", LABELS)),
        "names": (
            dumped(root / "named.json", [{**one, "image_id": "v1/0"} for one in RESULTS]),
            None,
        ),
        "document": (dumped(root / "document.json", document), None),
        "lines": (lines, None),
        "folder": (folder, None),
        "own folder": (mine, None),
    }


@pytest.mark.parametrize("form", ["results", "names", "document", "lines", "folder", "own folder"])
def test_every_form_means_the_same(form: str, tmp_path: Path) -> None:
    path, images = forms(tmp_path)[form]
    saved = SavedBoxes(path, Sequences(), images)
    found = saved.get("v1/0")
    assert found.boxes.tolist() == [[30, 20, 34, 25], [10, 20, 14, 25]]
    assert found.scores.tolist() == [0.75, 0.5]
    assert found.classes.tolist() == [0, 0]
    assert len(saved.get("v1/1")) == 0
    assert saved.missing == ()
    assert saved.extra == ()


def test_frames_that_a_complete_file_lacks_are_missing(tmp_path: Path) -> None:
    file = tmp_path / "found.txt"
    file.write_text("v1/0 1,1,2,2,0,0.5\nv1/9 1,1,2,2,0,0.5\n")
    saved = SavedBoxes(file, Sequences())
    assert saved.missing == ("v1/1",)
    assert saved.extra == ("v1/9",)
    assert saved.matched == 1


def test_categories_counted_from_zero_are_classes(tmp_path: Path) -> None:
    rows = [
        {"image_id": "v1/0", "category_id": kind, "bbox": [0, 0, 1, 1], "score": 0.5}
        for kind in (0, 1)
    ]
    found = SavedBoxes(dumped(tmp_path / "a.json", rows), Sequences()).get("v1/0")
    assert found.classes.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.json", "{", "Expected JSON"),
        ("a.json", '{"images": []}', "list of COCO results"),
        ("a.json", '[{"image_id": 3}]', "bbox"),
        ("a.json", '[{"image_id": 3, "bbox": [0, 0, 1, 1], "score": 1}]', "--images FILE"),
        ("a.json", '["text"]', "bbox"),
        ("a.txt", "v1/0 1,2,3,4,0", "5 values"),
        ("a.txt", "v1/0 5,2,3,4,0,1", "ends after it begins"),
        ("a.txt", "v1/0 1,2,3,4,0,nan", "finite"),
        ("a.txt", "other/5 1,2,3,4,0,1", "named like those"),
    ],
)
def test_what_is_no_list_of_boxes_gets_a_sentence(
    name: str, text: str, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(DatasetError, match=sentence):
        SavedBoxes(file, Sequences())


def test_no_file_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="there is no"):
        read_box_files(tmp_path / "none.json")
    with pytest.raises(DatasetError, match="holds none"):
        read_box_files(tmp_path)
