"""Pictures as files: the same pixels, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sirst5k.drawing import blank, check_picture_path, save_picture
from sirst5k.errors import OutputError, ShapeError


def test_round_trip(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (7, 9, 3)).astype(np.uint8)
    save_picture(tmp_path / "a.PNG", picture)
    with Image.open(tmp_path / "a.PNG") as read:
        np.testing.assert_array_equal(np.asarray(read), picture)
    assert [path.name for path in tmp_path.iterdir()] == ["a.PNG"]


@pytest.mark.parametrize(
    ("name", "says"),
    [("a.jpg", "ends with .png"), ("a", "ends with .png"), ("no/a.png", "no folder")],
)
def test_wrong_names_are_refused(tmp_path: Path, name: str, says: str) -> None:
    for attempt in (check_picture_path, lambda path: save_picture(path, blank(2, 2))):
        with pytest.raises(OutputError, match=says):
            attempt(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        save_picture(tmp_path / "a.png", blank(2, 2))


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))]
)
def test_other_arrays_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="picture"):
        save_picture(tmp_path / "a.png", array)
    assert list(tmp_path.iterdir()) == []
