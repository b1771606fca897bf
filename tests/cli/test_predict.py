"""`sirst5k predict`: what is written, what is said, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tiny import make_tiny, write
from wrong_calls import refusal

from sirst5k_cli.predict import command


def run(*arguments: object) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(command, [*words, "--jobs", "1"])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tiny(tmp_path, n=6)


def test_everything_by_default(data: Path, tmp_path: Path) -> None:
    result = run("tophat", data, tmp_path / "out", "--split", "test")
    assert result.exit_code == 0, result.output
    assert "maps, masks, boxes, overlays of 2 images by tophat" in result.output
    assert "misses" in result.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"maps", "masks", "boxes.json", "overlays"} <= names
    again = run("tophat", data, tmp_path / "out", "--split", "test")
    assert "0 made now, the others were there" in again.output


def test_only_what_is_asked_for(data: Path, tmp_path: Path) -> None:
    run("mpcm", data / "images", tmp_path / "out", "--maps", "--set", "k=4", "--quiet")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "maps",
        "predictions.json",
        "predictions.jsonl",
    }
    facts = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert facts["complete"]
    assert facts["files"] == {"maps": "maps/ID.png: 16 bit, probability = value / 65535"}
    assert "k=4" in facts["configuration"]


def test_json(data: Path, tmp_path: Path) -> None:
    result = run("lcm", data / "images" / "000001.png", tmp_path / "out", "--masks", "--json")
    document = json.loads(result.stdout)
    assert (document["frames"], document["hits"]) == (1, None)


def test_large_frames_in_tiles(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (250, 700), dtype=np.uint8)
    write(tmp_path / "wide.png", image)
    for tile in (0, 200):
        result = run("tophat", tmp_path / "wide.png", tmp_path / f"{tile}", "--tile", tile)
        assert result.exit_code == 0, result.output
    whole, tiled = ((tmp_path / f"{t}" / "masks" / "wide.png").read_bytes() for t in (0, 200))
    assert whole == tiled


def test_damaged_files_are_skipped_on_wish(data: Path, tmp_path: Path) -> None:
    (data / "images" / "000002.png").write_bytes(b"")
    result = run("tophat", data / "images", tmp_path / "out", "--on-error", "skip")
    assert "1 image left out: 000002" in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tophap", "{data}", "{out}"], "Did you mean 'tophat'?"),
        (["tophat", "{out}", "{out}"], "there is no"),
        (["tophat", "{data}", "{data}"], "something else"),
        (["tophat", "{data}/images", "{out}", "--split", "test"], "is none"),
        (["tophat", "{data}", "{out}", "--threshold", "1"], "in [0, 1)"),
        (["tophat", "{data}", "{out}", "--set", "sizes=[4]"], "odd"),
        (["tophat", "{data}", "{out}", "--tile", "-5"], "--tile"),
        (["tophat", "{data}"], "OUT"),
        (["tophat", "{data}", "{data}/images/000001.png"], "is a file"),
    ],
)
def test_mistakes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    data: Path,
    tmp_path: Path,
    arguments: list[str],
    sentence: str,
) -> None:
    words = [word.format(data=data, out=tmp_path / "out") for word in arguments]
    line = " ".join(["predict", *words, "--jobs", "1"])
    assert sentence in refusal(monkeypatch, capsys, line)
    assert not (tmp_path / "out" / "boxes.json").exists()
