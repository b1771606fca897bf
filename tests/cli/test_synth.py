"""`sirst5k synth` and `sirst5k noise` as a user types them, right and wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny import make_tiny

from sirst5k import NoiseBank, Recipe, open_dataset
from sirst5k_cli import main

SETS = ["--set", "sampling.size=16", "--set", "sampling.guard=2", "--set", "variants=2"]


@pytest.fixture
def sirst5k(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command line in this process: (exit code, standard output, standard error)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sirst5k", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        out, err = capsys.readouterr()
        return int(stopped.value.code or 0), out, err

    return run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_tiny(tmp_path / "source", n=6, size=(64, 56))


def test_a_folder_becomes_a_dataset(sirst5k, source: Path, tmp_path: Path) -> None:
    code, out, err = sirst5k("synth", source, tmp_path / "out", "--jobs", 1, *SETS)
    assert (code, err) == (0, "")
    assert "12 training images by recipe sirst5k" in out
    assert "2 test images untouched, from 50_50/test" in out
    assert len(open_dataset(tmp_path / "out", "train")) == 12


def test_demo_becomes_a_dataset_without_any_file(sirst5k, tmp_path: Path) -> None:
    code, out, _ = sirst5k(
        "synth", "demo:n=4,size=96", tmp_path / "out", "--jobs", 1, "--set", "variants=1"
    )
    assert code == 0
    assert "6 training images" in out
    assert len(open_dataset(tmp_path / "out", "test")) == 1


def test_json_is_one_document(sirst5k, source: Path, tmp_path: Path) -> None:
    code, out, _ = sirst5k("synth", source, tmp_path / "out", "-j", 1, "--json", *SETS)
    report = json.loads(out)
    assert code == 0
    assert (report["train"], report["test"], report["written"]) == (12, 2, 14)


def test_quiet_says_nothing_and_again_says_it_was_there(
    sirst5k, source: Path, tmp_path: Path
) -> None:
    arguments = ["synth", source, tmp_path / "out", "-j", 1, *SETS]
    assert sirst5k(*arguments, "--quiet") == (0, "", "")
    code, out, _ = sirst5k(*arguments)
    assert code == 0
    assert "0 made now, the others were there" in out


def test_dry_run_makes_nothing(sirst5k, source: Path, tmp_path: Path) -> None:
    code, out, _ = sirst5k("synth", source, tmp_path / "out", "--dry-run", "--recipe", "reference")
    assert code == 0
    first = open_dataset(source, "train").ids[0]
    assert f"{first}, {first}_w0.1_p3_k0_j0, {first}_w0.1_p3_k1_j0" in out
    assert not (tmp_path / "out").exists()
    code, out, _ = sirst5k("synth", source, tmp_path / "out", "--dry-run", "--json", *SETS)
    assert json.loads(out)["outputs"] == 12


def test_reference_takes_one_noise_tile(sirst5k, source: Path, tmp_path: Path) -> None:
    tile = np.random.default_rng(0).integers(90, 110, (16, 16)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "noise.png"), tile)
    code, _, _ = sirst5k(
        "synth", source, tmp_path / "out", "-r", "reference", "--noise", tmp_path / "noise.png",
        "-j", 1, "--set", "negatives.patch_sizes=[3,32]",
    )  # fmt: skip
    assert code == 0
    np.testing.assert_array_equal(NoiseBank.load(tmp_path / "out/noise.npz").windows[0], tile)
    train = open_dataset(tmp_path / "out", "train")
    assert train[1].shape == (256, 256)
    assert train.ids[1].endswith("_w0.1_p3_k0_j0")
    assert train[0].shape == (64, 56)  # the untouched original


def test_a_recipe_file_and_seed_give_the_same_bytes(sirst5k, source: Path, tmp_path: Path) -> None:
    recipe = Recipe.load("sirst5k").override([*SETS[1::2], "displacement.field=tile"])
    recipe.save(tmp_path / "mine.yaml")
    for name in ("a", "b"):
        arguments = ["--recipe", tmp_path / "mine.yaml", "--seed", 7, "-j", 1]
        assert sirst5k("synth", source, tmp_path / name, *arguments)[0] == 0
    a, b = ((tmp_path / name / "manifest.jsonl").read_bytes() for name in "ab")
    assert a == b


def refuse(result: tuple[int, str, str], *parts: str) -> None:
    """Check for one clear sentence and exit code 2."""
    code, out, err = result
    assert code == 2, (out, err)
    assert out == ""
    assert "Traceback" not in err
    for part in parts:
        assert part in err


def test_bad_sources_are_refused(sirst5k, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    refuse(sirst5k("synth", tmp_path / "nowhere", out), "nowhere")
    refuse(sirst5k("synth", source, out, "--split", "trian"), "Did you mean 'train'?")
    refuse(sirst5k("synth", source, out, "--split", "test"), "never synthesised from")
    refuse(sirst5k("synth", "demo:m=3", out), "m")
    plain = make_tiny(tmp_path / "plain", layout="plain", n=3, size=(64, 56))
    refuse(sirst5k("synth", plain, out), "--split", "all")
    (source / "masks" / f"{open_dataset(source).ids[0]}.png").unlink()
    refuse(sirst5k("synth", source, out), "mask")
    assert not out.exists()


def test_split_all_is_taken_when_said(sirst5k, tmp_path: Path) -> None:
    plain = make_tiny(tmp_path / "plain", layout="plain", n=3, size=(64, 56))
    code, out, _ = sirst5k("synth", plain, tmp_path / "out", "--split", "all", "-j", 1, *SETS)
    assert code == 0
    assert "9 training images" in out
    assert not (tmp_path / "out/50_50/test.txt").exists()


def test_bad_recipes_are_refused(sirst5k, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    refuse(sirst5k("synth", source, out, "-r", "sirst5"), "Did you mean 'sirst5k'?")
    refuse(sirst5k("synth", source, out, "--set", "negative.margin=2"), "'negatives'")
    refuse(sirst5k("synth", source, out, "--set", "variants=0"), "variants", "got 0")
    refuse(sirst5k("synth", source, out, "--set", "variants"), "KEY=VALUE")
    refuse(sirst5k("synth", source, out, "--jobs", 0), "--jobs")
    refuse(sirst5k("synth", source, out, "--seed", -1), "--seed")
    refuse(sirst5k("synth", source), "OUT")
    refuse(sirst5k("synt", source, out), "Did you mean 'synth'?")
    assert not out.exists()


def test_bad_noise_is_refused(sirst5k, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    refuse(sirst5k("synth", source, out, "--noise", tmp_path / "none"), "No noise at")
    (tmp_path / "empty").mkdir()
    refuse(sirst5k("synth", source, out, "--noise", tmp_path / "empty"), "holds no image")
    (tmp_path / "bad.npz").write_bytes(b"no")
    refuse(sirst5k("synth", source, out, "--noise", tmp_path / "bad.npz"), "not a noise bank")
    refuse(sirst5k("synth", source, out, "--set", "sampling.size=60"), "No noise window", "60×60")
    refuse(
        sirst5k("synth", source, out, "-r", "reference", "--set", "sampling.max_variance=0.001"),
        "the nearest has variance",
        "--set sampling.max_variance",
    )
    assert not out.exists()


@pytest.mark.parametrize("recipe", ["sirst5k", "reference"])
def test_a_damaged_file_stops_or_is_skipped(
    sirst5k, source: Path, tmp_path: Path, recipe: str
) -> None:
    lost = open_dataset(source, "train").ids[2]
    image = source / "images" / f"{lost}.png"
    image.write_bytes(image.read_bytes()[:-30])
    arguments = ["synth", source, tmp_path / "out", "-j", 1, "-r", recipe]
    sets = SETS if recipe == "sirst5k" else ["--set", "sampling.max_variance=500"]
    arguments += [*sets, "--set", "sampling.size=16"]
    refuse(sirst5k(*arguments), image.name)
    assert not (tmp_path / "out").exists()
    code, out, _ = sirst5k(*arguments, "--on-error", "skip")
    assert code == 0
    assert f"1 sources left out: {lost}" in out
    assert lost not in (tmp_path / "out/50_50/train.txt").read_text().split()


def test_another_run_in_the_folder_is_refused(sirst5k, source: Path, tmp_path: Path) -> None:
    arguments = ["synth", source, tmp_path / "out", "-j", 1, *SETS]
    assert sirst5k(*arguments)[0] == 0
    refuse(sirst5k(*arguments, "--seed", 1), "seed: 0 there, 1 now", "--overwrite")
    assert sirst5k(*arguments, "--seed", 1, "--overwrite")[0] == 0


def installed(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, where warnings are shown as to a user."""
    command = [sys.executable, "-m", "sirst5k_cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_grey_mask_is_reported_once_with_its_threshold(source: Path, tmp_path: Path) -> None:
    for path in sorted((source / "masks").iterdir()):
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(path), (mask * 0.8 + 3).astype(np.uint8))
    done = installed("synth", source, tmp_path / "out", "-j", 1, *SETS)
    assert done.returncode == 0
    assert done.stderr.count("sirst5k: warning:") == 1
    assert "--mask-threshold" in done.stderr
    done = installed("synth", source, tmp_path / "other", "-j", 1, "--mask-threshold", 99, *SETS)
    assert (done.returncode, done.stderr) == (0, "")


def test_noise_is_sampled_shown_and_measured(sirst5k, source: Path, tmp_path: Path) -> None:
    bank = tmp_path / "bank.npz"
    sampling = ["--size", 16, "--guard", 2]
    code, out, _ = sirst5k("noise", "sample", source, "-o", bank, *sampling)
    assert code == 0
    assert "variance thresholds" in out
    loaded = NoiseBank.load(bank)
    assert f"{len(loaded)} kept" in out
    code, out, _ = sirst5k("noise", "show", bank, "-o", tmp_path / "bank.png")
    assert code == 0
    assert cv2.imread(str(tmp_path / "bank.png")).size > 0
    code, out, _ = sirst5k("noise", "fidelity", bank, "--fields", 8, "--field-size", 64, "--json")
    measured = json.loads(out)
    assert [f["method"] for f in measured["fields"]] == ["resize", "spectral", "tile"]
    assert measured["fields"][1]["distance_db"] < measured["fields"][0]["distance_db"]
    code, out, _ = sirst5k("noise", "fidelity", bank, "--fields", 8, "--field-size", 64)
    assert [line.split()[0] for line in out.splitlines()[2:]] == [
        "real", "resize", "spectral", "tile",
    ]  # fmt: skip


def test_noise_commands_refuse_bad_input(sirst5k, source: Path, tmp_path: Path) -> None:
    refuse(sirst5k("noise", "sample", source, "-o", tmp_path / "bank.png"), ".npz")
    refuse(
        sirst5k("noise", "sample", source, "-o", tmp_path / "b.npz", "--max-variance", 0.001),
        "variance",
    )
    refuse(sirst5k("noise", "show", tmp_path / "none.npz", "-o", tmp_path / "x.png"), "none.npz")
    assert list(tmp_path.glob("*.npz")) == []


def test_the_installed_command_says_interrupted(source: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from sirst5k_cli import main\n"
        "import sirst5k.datasets as d\n"
        "def stop(*a, **k): raise KeyboardInterrupt\n"
        "d.open_dataset = stop\n"
        f"sys.argv = ['sirst5k', 'synth', {str(source)!r}, {str(tmp_path / 'out')!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 130
    assert "interrupted" in done.stderr
    assert "Traceback" not in done.stderr
