"""What is found in sequences, and what is found wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sirst5k import open_dataset
from sirst5k.datasets import SequenceDataset
from sirst5k.datasets.moving import open_moving
from sirst5k.datasets.sequences.inspection import SequenceInspection, inspect_sequences
from sirst5k.imaging import encode_png
from sirst5k_cli import cli


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, numbers in (("a", range(6)), ("b", range(4))):
        for number in numbers:
            path = tmp_path / f"images/{name}/{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_png(np.full((12, 16), number, np.uint8)))
    lines = [f"/x/images/a/{k}.bmp 3,2,7,8,0" for k in range(6)]
    (tmp_path / "train.txt").write_text("\n".join(lines))
    (tmp_path / "test.txt").write_text("/x/images/b/0.bmp\n/x/images/b/1.bmp 0,0,16,12,0")
    return tmp_path


def found(folder: Path) -> SequenceInspection:
    data = open_dataset(folder, on_error="skip")
    assert isinstance(data, SequenceDataset)
    return inspect_sequences(data)


def test_a_sound_folder(folder: Path) -> None:
    findings = found(folder)
    assert findings.problems == ()
    assert (findings.sequences, findings.frames, findings.key_frames) == (2, 10, 8)
    assert (findings.boxes, findings.without_target) == (7, 1)
    assert findings.boxes_per_frame == {0: 1, 1: 7}
    assert (findings.widths[0.0], findings.heights[1.0]) == (4, 12)
    assert findings.sizes == {"16x12": 10}
    assert findings.splits == {"test": 2, "train": 6}
    assert not findings.with_masks


def test_everything_that_is_wrong_is_named(folder: Path) -> None:
    (folder / "images/a/2.png").unlink()
    (folder / "images/b/3.png").write_bytes(encode_png(np.zeros((12, 15), np.uint8)))
    (folder / "images/b/2.png").write_bytes(b"no picture")
    with (folder / "train.txt").open("a") as file:
        file.write("\n/x/images/a/1.bmp 3,2,7,8,0\n/x/images/b/3.bmp 14,2,17,3,0 14,2,17,3,0")
    kinds = {problem.kind for problem in found(folder).problems}
    assert kinds == {
        "left out",
        "duplicate lines",
        "missing frames",
        "sizes differ",
        "unreadable",
        "box outside",
        "duplicate box",
        "overlap",
    }


def test_embedded_sequences() -> None:
    findings = inspect_sequences(open_moving("demo:sequences=4,frames=5,size=48"))
    assert findings.problems == ()
    assert findings.with_masks
    assert findings.tracks >= 4
    assert findings.lengths[0.5] == 5


def test_the_command(folder: Path) -> None:
    shown = CliRunner().invoke(cli, ["inspect", str(folder)])
    assert shown.exit_code == 0
    assert "targets per frame" in shown.output
    (folder / "images/a/2.png").unlink()
    told = CliRunner().invoke(cli, ["inspect", str(folder), "--json"])
    assert told.exit_code == 1
    kinds = {problem["kind"] for problem in json.loads(told.output)["problems"]}
    assert kinds == {"left out", "missing frames"}
