"""Names are matched leniently, and never silently to the wrong image."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirst5k.errors import PairingError
from sirst5k.evaluation.naming import Matching, match_names

ROOT = Path("/predictions")


def match(ids: list[str], names: list[str], others: list[str] | None = None) -> Matching:
    return match_names(ids, [ROOT / name for name in names], ROOT, others or [])


@pytest.mark.parametrize(
    ("name", "liberty"),
    [
        ("Misc_7.png", None),
        ("misc_7.PNG", "case"),
        ("Misc_7_pred.png", "suffix"),
        ("Misc_7_pixels0.npy", "suffix"),
        ("MISC_7_pred_mask.png", "suffix"),
        ("Misc_007.png", "zero padding"),
        ("run1/maps/Misc_7.png", "folders"),
        ("out/misc_07-prob.png", "zero padding and folders"),
    ],
)
def test_liberties(name: str, liberty: str | None) -> None:
    found = match(["Misc_7", "Misc_8"], [name])
    assert found.files == {"Misc_7": ROOT / name}
    assert found.lenient == ({} if liberty is None else {"Misc_7": liberty})
    assert found.missing == ("Misc_8",)
    assert found.extra == ()


def test_ids_in_folders() -> None:
    ids = ["44/1(814)", "45/1(814)"]
    found = match(ids, ["x/44/1(814).png", "x/45/1(814).png"])
    assert [file.parent.name for file in found.files.values()] == ["44", "45"]
    assert match(ids[:1], ["1(814).png"]).lenient == {"44/1(814)": "folders"}
    with pytest.raises(PairingError, match="fits '44"):
        match(ids, ["1(814).png"])


def test_the_strictest_fit_wins() -> None:
    found = match(["a_1", "a_01"], ["a_01.png", "a_1.png"])
    assert found.files == {"a_1": ROOT / "a_1.png", "a_01": ROOT / "a_01.png"}
    assert not found.lenient


def test_ids_outside_the_split_keep_their_files() -> None:
    """Without them, the file of a training image would be taken for a test image's."""
    found = match(["Misc_1"], ["Misc_01.png"], others=["Misc_01"])
    assert found.missing == ("Misc_1",)
    assert found.extra == ("Misc_01.png",)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["a.png", "a.npy"], "Remove one"),
        (["maps/a.png", "masks/a.png"], "--predictions /predictions/maps"),
        (["A.png", "a_pred.png"], None),
        (["a_pred.png", "a_mask.png"], "fit alike"),
    ],
)
def test_two_files_for_one_image(names: list[str], sentence: str | None) -> None:
    if sentence is None:
        assert match(["a"], names).files["a"].name == "A.png"
        return
    with pytest.raises(PairingError, match="Expected one prediction") as raised:
        match(["a"], names)
    assert sentence in str(raised.value)


@given(st.lists(st.text("abAB01_/", min_size=1, max_size=6), unique=True, max_size=8))
def test_nothing_is_lost_or_used_twice(ids: list[str]) -> None:
    ids = [i for i in ids if i.strip("/") == i and "//" not in i]
    found = match(ids, [f"{i}.png" for i in ids])
    assert found.files == {i: ROOT / f"{i}.png" for i in ids}
    assert (found.missing, found.extra, found.lenient) == ((), (), {})
