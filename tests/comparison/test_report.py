"""The files of a report: figures, tables, and a page that stands alone."""

from __future__ import annotations

import base64
import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("jinja2")

from comparison.faking import experiment, fake_training

from sirst5k.comparison import gather, run, write_report
from sirst5k.comparison.cells import CURVE, read_rows
from sirst5k.comparison.report.verdict import verdicts, worth
from sirst5k.drawing.svg import COLOURS, page_style
from sirst5k.errors import OutputError, ParameterError
from sirst5k.evaluation.bootstrap import Bootstrap

VOID = {"meta", "link", "img", "br", "circle", "line", "polyline", "polygon"}


class Page(HTMLParser):
    """Notes elements; complains about tags that are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1:] == [tag], f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        tag, attributes = self.elements[-1] if self.elements else ("", {})
        key = attributes.get("id") or tag
        self.texts[key] = self.texts.get(key, "") + data


@pytest.fixture(scope="module")
def results(finished: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((finished / "results.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def page(finished: Path) -> Page:
    return Page((finished / "report.html").read_text(encoding="utf-8"))


def test_the_page_is_well_formed_and_alone(finished: Path, page: Page) -> None:
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    labels = {a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a}
    assert labels <= set(ids)
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith("data:"), (tag, value)
    text = (finished / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|https?://", text)


def test_pictures_and_charts_have_words(page: Page) -> None:
    images = [a for tag, a in page.elements if tag == "img"]
    assert images, "no picture in the gallery"
    for image in images:
        assert image["alt"]
        png = base64.b64decode(str(image["src"]).split(",")[1])
        assert png.startswith(b"\x89PNG")
    charts = [a for tag, a in page.elements if tag == "svg" and a.get("role") == "img"]
    assert len(charts) == 5  # curve, size, SCR, labels, noise
    assert all(chart["aria-label"] for chart in charts)
    assert sum(tag == "title" for tag, _ in page.elements) == len(charts) + 1


def test_the_page_holds_the_results(page: Page, results: dict[str, Any]) -> None:
    assert json.loads(page.texts["results"]) == results


def test_figures_are_those_of_the_runs(finished: Path, results: dict[str, Any]) -> None:
    for fraction, block in results["detectors"]["unet"].items():
        share = "" if fraction == "1" else f"fraction{fraction}/"
        for arm, found in block["arms"].items():
            folders = [finished / f"runs/unet/{arm}/{share}seed{seed}" for seed in (0, 1)]
            for folder, value in zip(
                folders, found["scores"]["last"]["miou"]["values"], strict=True
            ):
                rows = read_rows(folder)
                mine = sum(r.intersection for r in rows) / sum(r.union for r in rows)
                assert value == pytest.approx(mine)
                scores = json.loads((folder / "scores.json").read_text())
                assert scores["test"]["last"]["corrected"]["miou"] == pytest.approx(mine)
            assert set(found["axes"]) == {"shift/0", "shift/2", "also/demo:n=3,size=48,seed=8"}
            assert set(found["profiles"]) == {"corrected", "dnanet"}
            unshifted = found["axes"]["shift/0"]["miou"]["values"]
            assert unshifted == pytest.approx(found["scores"]["last"]["miou"]["values"])
            assert found["steps_to_reach"]["0.3"] == [3, 3]
            assert found["steps_to_reach"]["0.7"] == [None, None]


def test_differences_are_between_arms(results: dict[str, Any]) -> None:
    block = results["detectors"]["unet"]["1"]
    means = {arm: found["scores"]["last"]["miou"]["mean"] for arm, found in block["arms"].items()}
    assert list(block["differences"]) == ["reference", "sirst5k"]
    for arm, gaps in block["differences"].items():
        gap = gaps["last"]["miou"]
        assert gap["value"] == pytest.approx(means[arm] - means["none"])
        assert gap["low"] <= gap["value"] <= gap["high"]


def test_pd_by_size_counts_every_target_once(results: dict[str, Any], finished: Path) -> None:
    found = results["detectors"]["unet"]["1"]["arms"]["none"]
    rows = read_rows(finished / "runs/unet/none/seed0")
    assert sum(part["targets"] for part in found["pd_by_size"]) == sum(r.targets for r in rows)


def test_csv_and_latex(finished: Path, results: dict[str, Any]) -> None:
    with (finished / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = next(
        r
        for r in rows
        if (r["fraction"], r["arm"], r["weights"], r["figure"]) == ("1", "sirst5k", "last", "miou")
    )
    block = results["detectors"]["unet"]["1"]
    mean = block["arms"]["sirst5k"]["scores"]["last"]["miou"]["mean"]
    assert float(chosen["mean"]) == pytest.approx(mean)
    assert float(chosen["low"]) == block["differences"]["sirst5k"]["last"]["miou"]["low"]
    assert {r["weights"] for r in rows} == {"last", "best_validation", "best_on_test"}
    tex = (finished / "table.tex").read_text(encoding="utf-8")
    assert tex.count("{") == tex.count("}")
    assert f"{mean * 100:.2f}" in tex
    assert {line.count("&") for line in tex.splitlines() if "&" in line} == {5}


def test_several_experiments_in_one_report(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_training(monkeypatch)
    run(experiment(seeds=(0,)), tmp_path / "two", jobs=1)
    written = write_report(
        [finished, tmp_path / "two"], tmp_path / "both", rule=Bootstrap(100), pictures=1
    )
    both = json.loads(Path(written["json"]).read_text(encoding="utf-8"))
    assert list(both["detectors"]) == ["unet", "unet (2)"]
    assert [row["detector"] for row in both["gallery"]] == ["unet", "unet (2)"]
    assert len(both["runs"]) == 12 + 3
    Page(Path(written["report"]).read_text(encoding="utf-8"))
    run(experiment(seeds=(0,), steps=5), tmp_path / "three", jobs=1)
    with pytest.raises(ParameterError, match="steps"):
        write_report([finished, tmp_path / "three"], tmp_path / "no", rule=Bootstrap(100))


def test_nothing_finished_is_told(tmp_path: Path) -> None:
    experiment().save(tmp_path)
    with pytest.raises(OutputError, match="no"):
        gather(tmp_path)
    with pytest.raises(OutputError, match="experiment"):
        gather(tmp_path / "nowhere")


def test_names_that_are_html_are_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sirst5k.comparison.arms import Arm, parse_arm

    fake_training(monkeypatch)
    nasty = Arm("<b>&'\"", "recipe", parse_arm("sirst5k").recipe)
    run(experiment(arms=(parse_arm("none"),), seeds=(0,)), tmp_path, jobs=1)
    experiment(arms=(parse_arm("none"), nasty), seeds=(0,)).save(tmp_path)
    written = write_report([tmp_path], tmp_path, rule=Bootstrap(100))
    assert "<b>" not in Path(written["report"]).read_text(encoding="utf-8")


def block_of(
    value: float, low: float, high: float, seeds: int = 3, level: float = 0.5
) -> dict[str, Any]:
    clear = low > 0 or high < 0
    gap = {"value": value, "low": low, "high": high, "clear": clear}
    still = {"value": 0.0, "low": -0.1, "high": 0.1, "clear": False}
    arm = {"seeds": list(range(seeds)), "scores": {"last": {"miou": {"mean": level}}}}
    gaps = {"miou": gap, "pd": still, "fa": {**still, "clear": clear, "value": 2e-5}}
    return {"arms": {"none": arm, "a": arm}, "differences": {"a": {"last": gaps}}}


@pytest.mark.parametrize(
    ("values", "begins", "holds"),
    [
        ((0.02, 0.01, 0.03), "a helped: it gains 2.0 points", "false alarms rise by 20.0"),
        ((-0.02, -0.03, -0.01), "a hurt: it loses 2.0 points", "interval −3.0 to −1.0, 3 seeds"),
        ((0.0, -0.01, 0.02), "a made no clear difference", "A gain of 2.0 and a loss of 1.0"),
        ((0.02, 0.01, 0.03, 1), "a helped", "One seed"),
        ((0.02, 0.01, 0.03, 2), "a helped", "Fewer than 3 seeds"),
        ((0.0, 0.0, 0.0, 3, 0.002), "Neither a nor none has learned yet: mIoU is", "Train longer"),
    ],
)
def test_verdicts(values: tuple[Any, ...], begins: str, holds: str) -> None:
    (sentence,) = verdicts(block_of(*values))
    assert sentence.startswith(begins)
    assert holds in sentence


def fractions_of(none: list[float], other: list[float]) -> dict[str, Any]:
    def arm(value: float) -> dict[str, Any]:
        return {"scores": {"last": {"miou": {"mean": value}}}}

    return {
        share: {"arms": {"none": arm(one), "a": arm(two)}}
        for share, one, two in zip(("1", "0.5", "0.25"), none, other, strict=True)
    }


def test_what_data_was_worth_in_labels() -> None:
    (sentence,) = worth(fractions_of([0.6, 0.5, 0.4], [0.7, 0.6, 0.3]))
    assert "less than 1.0 times at 25%" in sentence
    assert "2.0 times at 50%" in sentence
    assert "more than 1.0 times at 100%" in sentence
    (sentence,) = worth(fractions_of([0.4, 0.5, 0.4], [0.7, 0.6, 0.3]))
    assert "cannot be read" in sentence
    assert worth({"1": fractions_of([1, 1, 1], [1, 1, 1])["1"]}) == []


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    parts = np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: str, two: str) -> float:
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_reach_aa() -> None:
    style = page_style()
    names = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", style))
    (biased,) = re.findall(r"\.biased \{ background: (#\w+)", style)
    (axis,) = re.findall(r"svg text \{[^}]*fill: (#\w+)", style)
    for text in (names["ink"], names["muted"], names["link"], axis):
        for ground in (names["page"], names["soft"], biased):
            assert contrast(text, ground) >= 4.5, (text, ground)
    for line in COLOURS:
        assert contrast(line, names["page"]) >= 4.5, line
    assert contrast("#777", "#fff") < 4.5 < contrast("#757575", "#fff")  # the measure itself


def test_every_curve_has_every_figure(results: dict[str, Any]) -> None:
    curve = results["detectors"]["unet"]["1"]["arms"]["none"]["curve"]
    assert set(curve) == {"steps", *CURVE}
