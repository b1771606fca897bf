"""Text: it stays where it was measured to be, with either kind of font."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sirst5k.drawing import blank, draw_text, shorten, text_width
from sirst5k.drawing import text as module

LINE = "Misc_7 · 256 × 256 px, σ 1.27 (±3σ) gjpq"


@pytest.fixture(params=["outline", "strokes"])
def font(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "strokes":
        monkeypatch.setattr(module, "_face", lambda: None)
    elif not hasattr(cv2, "FontFace"):
        pytest.skip("OpenCV has outline fonts since 5.0")
    return str(request.param)


@pytest.mark.parametrize("size", [12, 17, 34])
@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("align", ["left", "centre", "right"])
def test_ink_lies_within_the_measured_line(font: str, size: int, bold: bool, align: str) -> None:
    picture = blank(120, 1800)
    width = text_width(LINE, size, bold=bold)
    end = draw_text(picture, LINE, 900, 60, size, bold=bold, align=align)  # type: ignore[arg-type]
    start = {"left": 900, "centre": 900 - width / 2, "right": 900 - width}[align]
    inked = np.argwhere((picture != blank(120, 1800)).any(axis=2))
    assert abs(end - start - width) <= 1
    assert start - 2 <= inked[:, 1].min() < start + 0.2 * size + 2
    assert end - 0.3 * size - 2 <= inked[:, 1].max() <= end + 2
    assert 60 - 1.1 * size <= inked[:, 0].min()
    assert inked[:, 0].max() <= 60 + 0.5 * size


def test_ink_has_its_colour_and_soft_edges(font: str) -> None:
    picture = blank(60, 300, (0, 0, 0))
    draw_text(picture, "Target", 10, 40, 30, (250, 120, 0), bold=True)
    assert (picture[..., 0].max(), picture[..., 2].max()) == (250, 0)
    assert len(np.unique(picture[..., 0])) > 5


def test_a_picture_too_small_is_no_error(font: str) -> None:
    picture = blank(5, 5)
    draw_text(picture, LINE, -20, 3, 17)
    draw_text(picture, LINE, 300, 300, 17)
    assert draw_text(picture, "", 3, 3, 17) == 3


@pytest.mark.parametrize("width", [0, 5, 40, 150, 10_000])
def test_shortened_text_fits(font: str, width: int) -> None:
    short = shorten(LINE, width, 17)
    assert short == "…" or text_width(short, 17) <= width
    if width == 10_000:
        assert short == LINE
    if width == 150:
        assert short.startswith("Misc")
        assert short.endswith("pq")
        assert "…" in short


def test_names_in_other_scripts_are_no_error(font: str) -> None:
    assert text_width("目标_№7 𝛔\n\t", 17) > 0
    draw_text(blank(30, 200), "目标_№7 𝛔\n\t", 5, 20, 17)
