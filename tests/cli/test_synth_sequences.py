"""`sirst5k synth`, `verify` and `noise` on sequences, as a user types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import pytest

from sirst5k.noise import SequenceNoise
from sirst5k_cli import main

SOURCE = "demo:sequences=4,frames=8,size=64,seed=1"
SETS = ["--set", "sampling.size=16", "--set", "sampling.guard=2", "--set", "variants=1"]
ONE = ["--jobs", 1]


@pytest.fixture
def sirst5k(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sirst5k", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        out, err = capsys.readouterr()
        return int(stopped.value.code or 0), out, err

    return run


def test_sequences_become_a_dataset_of_sequences(sirst5k, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text, err = sirst5k("synth", SOURCE, out, *SETS, *ONE)
    assert (code, err) == (0, "")
    assert "6 training sequences (48 frames) by recipe sirst5k" in text
    assert "SequenceNoise(white std" in text
    assert "1 test sequences (8 frames) untouched, from test" in text
    code, text, _ = sirst5k("verify", out, *ONE)
    assert (code, "56 samples as they were written, 8 made again and equal" in text) == (0, True)
    code, text, _ = sirst5k("synth", SOURCE, out, *SETS, *ONE, "--json")
    assert json.loads(text)["written"] == 0


def test_frames_without_originals_are_verified_with_the_source(sirst5k, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sirst5k("synth", SOURCE, out, *SETS, *ONE, "--set", "originals=false", "--limit", 2)
    code, text, _ = sirst5k("verify", out, *ONE, "--source", SOURCE, "--json")
    report = json.loads(text)
    assert (code, report["recomputed"], report["samples"]) == (0, 8, 24)
    code, _, err = sirst5k("verify", out, *ONE, "--source", SOURCE.replace("seed=1", "seed=2"))
    assert code == 2
    assert "holds others" in err


def test_a_dry_run_says_what_would_be_made(sirst5k, tmp_path: Path) -> None:
    code, text, _ = sirst5k("synth", SOURCE, tmp_path / "out", *SETS, "--dry-run")
    assert code == 0
    assert "6 sequences of 48 frames, from 3" in text
    assert "demo_sky_0000_v0" in text
    code, text, _ = sirst5k("synth", SOURCE, tmp_path / "o", *SETS, "--dry-run", "--json")
    assert json.loads(text)["frames"] == 48
    assert not list(tmp_path.iterdir())


def test_noise_of_sequences_is_sampled_shown_and_used(sirst5k, tmp_path: Path) -> None:
    bank = tmp_path / "noise.npz"
    sampling = ("--size", 16, "--guard", 2)
    code, text, err = sirst5k("noise", "sample", SOURCE, "-o", bank, *sampling)
    assert (code, err) == (0, "")
    assert "white in time: von Neumann's ratio" in text
    noise = SequenceNoise.load(bank)
    assert noise.patterns
    code, text, _ = sirst5k("noise", "sample", SOURCE, "-o", bank, *sampling, "--json")
    assert json.loads(text)["fixed_std"] == noise.fixed_std
    code, text, _ = sirst5k("noise", "show", bank, "-o", tmp_path / "noise.png")
    assert code == 0
    assert "what stays below" in text
    assert (tmp_path / "noise.png").is_file()
    out = tmp_path / "out"
    code, _, _ = sirst5k("synth", SOURCE, out, *SETS, *ONE, "--noise", bank, "--limit", 2, "-q")
    assert code == 0
    assert (out / "noise.npz").read_bytes() == bank.read_bytes()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--recipe", "reference"], "not for sequences"),
        (["--format", "shards"], "Shards are for still images"),
        (["--on-error", "skip"], "tear its sequence apart"),
        (["--noise", "noise.png"], "as an .npz file"),
        (["--split", "test"], "is a test split"),
    ],
)
def test_what_sequences_cannot_have_is_refused(
    sirst5k, tmp_path: Path, options: list[str], sentence: str
) -> None:
    code, _, err = sirst5k("synth", SOURCE, tmp_path / "out", *options)
    assert code == 2
    assert sentence in err
    assert not list(tmp_path.iterdir())


def test_a_filmstrip_shows_sequences_and_their_variants(sirst5k, tmp_path: Path) -> None:
    words = ["-o", tmp_path / "a.png", "--samples", 2, "--variants", 1, *SETS]
    code, text, err = sirst5k("preview", SOURCE, *words, "--json")
    assert (code, err) == (0, "")
    assert json.loads(text)["shown"] == {
        "demo_sky_0000": ["demo_sky_0000_v0"],
        "demo_ground_0002": ["demo_ground_0002_v0"],
    }
    height, width, _ = cv2.imread(str(tmp_path / "a.png")).shape
    assert width == 1920
    out = tmp_path / "out"
    assert sirst5k("synth", SOURCE, out, *SETS, *ONE, "--seed", 0, "-q")[0] == 0
    # What is stored looks as what is made for the picture alone; only its name differs.
    code, text, _ = sirst5k("preview", out, "-o", tmp_path / "b.png", "--samples", 2)
    assert code == 0
    assert "of demo_sky_0000, demo_ground_0002" in text
    one, other = (cv2.imread(str(tmp_path / name)) for name in ("a.png", "b.png"))
    assert one.shape == other.shape
    assert (one == other).all()
    code, _, err = sirst5k("preview", out, "-o", tmp_path / "c.png", "--ids", "demo_sky_0009")
    assert code == 2
    assert "demo_sky_0000" in err
    code, _, err = sirst5k("preview", out, "-o", tmp_path / "c.png", "--recipe", "reference")
    assert code == 2
    assert "cannot change" in err


def test_a_filmstrip_of_boxes_alone_without_originals(sirst5k, tmp_path: Path) -> None:
    from synthesis.sequences.clips import clips, recipe

    from sirst5k.drawing import save_picture
    from sirst5k.synthesis.contact_sheet import SheetTitle
    from sirst5k.synthesis.output_folder import OutputFolder
    from sirst5k.synthesis.sequences import SyntheticSequences, write_sequence_dataset
    from sirst5k.synthesis.sequences.film import strips_of_output
    from sirst5k.synthesis.sequences.filmstrip import draw_filmstrip

    source = clips(masks=False, tracks=False, depth=32)
    rule = recipe("originals=false", "sampling.max_variance=1")
    write_sequence_dataset(SyntheticSequences(source, rule, seed=1), tmp_path / "out")
    strips = strips_of_output(OutputFolder(tmp_path / "out"), 5, 2)
    assert [[row.name for row in strip.rows] for strip in strips] == [
        ["a_v0", "a_v1", "noise of a_v0"],
        ["long/b_v0", "long/b_v1", "noise of long/b_v0"],
    ]
    words = [frame.words[1] for strip in strips for row in strip.rows for frame in row.frames]
    assert "at rest" in words
    assert "turned 90°" in words
    save_picture(tmp_path / "b.png", draw_filmstrip(strips, SheetTitle("x", "y", 0, "z")))
    assert (tmp_path / "b.png").is_file()
