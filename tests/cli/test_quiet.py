"""What `--quiet` leaves of every command: what is wrong, or the bare answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import click
import numpy as np
import pytest
from click.testing import CliRunner
from tiny import make_tiny

from sirst5k.datasets.public import CATALOGUE
from sirst5k_cli.main import cli

FAST = "-j 1 --set displacement=null --set negatives=null"
RULE = "--size 8 --guard 2 --quantile 0.5"
NAMES = "".join(f"{name}\n" for name in CATALOGUE)

# The words of a command, and what it prints where all is well. DATA is a tiny dataset, LARGE one
# with room to measure, OUT one that synth made, BANK its noise, MASKS predictions.
WELL = {
    "synth": [
        (f"synth DATA new {FAST}", ""),
        (f"synth DATA new {FAST} --dry-run", "36\n"),
        (f"synth demo:sequences=2,frames=8,size=48 new --dry-run {FAST}", "9\n"),
    ],
    "verify": [("verify OUT -j 1", "")],
    "datasets list": [("datasets list", NAMES), ("datasets list sirst-v1", "sirst-v1\n")],
    "datasets get": [("datasets get sirst-v1 new", "")],
    "inspect": [("inspect DATA -j 1", ""), ("inspect LARGE --quality -j 1 --page a.html", "")],
    "convert": [("convert DATA new --to coco -j 1", "")],
    "preview": [(f"preview DATA -o a.png {FAST.removeprefix('-j 1 ')} -n 1", "")],
    "train": [("train --data DATA -d unet --out new", "")],
    "evaluate": [("evaluate --data DATA --predictions MASKS", "")],
    "predict": [("predict tophat DATA new -j 1 --masks", "")],
    "weights import": [("weights import unet a.pth new.safetensors", "")],
    "weights show": [("weights show BANK", "")],
    "compare": [("compare --data DATA --out new --steps 4", "")],
    "report": [("report OUT", "")],
    "noise sample": [(f"noise sample DATA -o n.npz {RULE}", "")],
    "noise show": [("noise show BANK -o a.png", "")],
    "noise fidelity": [("noise fidelity BANK --fields 2 --field-size 32", "")],
    "doctor": [("doctor", "")],
}


def leaves(command: click.Command, context: click.Context, path: str = "") -> Iterator[str]:
    """Yield the names of all commands, as they are typed."""
    if not isinstance(command, click.Group):
        yield path
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from leaves(inner, click.Context(inner, parent=context), f"{path} {name}".strip())


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("quiet")
    data = make_tiny(root / "data", n=6)
    large = make_tiny(root / "large", n=3, size=(64, 64))
    bank, out = root / "bank.npz", root / "out"
    said = CliRunner().invoke(cli, ["noise", "sample", str(data), "-o", str(bank), *RULE.split()])
    assert said.exit_code == 0, said.output
    said = CliRunner().invoke(cli, ["synth", str(data), str(out), *FAST.split()])
    assert said.exit_code == 0, said.output
    return {
        "DATA": str(data),
        "OUT": str(out),
        "BANK": str(bank),
        "MASKS": str(data / "masks"),
        "LARGE": str(large),
    }


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let what is slow, or needs a network, be done at once; the printing is the real thing."""
    if name in ("train", "compare", "report", "weights import"):
        pytest.importorskip("torch")
    if name == "noise show":
        picture = np.zeros((4, 4, 3), np.uint8)
        monkeypatch.setattr("sirst5k.synthesis.noise_sheet.draw_noise_bank", lambda _: picture)
    if name == "datasets get":
        report = SimpleNamespace(samples=7, layout="sirst", notes=())
        monkeypatch.setattr("sirst5k.datasets.public.get_dataset", lambda *_, **__: report)
    if name == "train":
        report = SimpleNamespace(
            folder=Path("new"), steps=4, seconds=1.0, best=0.5, best_step=4, validation={},
            best_weights=Path("b"), last_weights=Path("l"),
        )  # fmt: skip
        monkeypatch.setattr("sirst5k.training.fit", lambda *_, **__: report)
    if name in ("compare", "report"):
        written = {"report": "new/report.html"}
        done = SimpleNamespace(status="there", message="", cell=None)
        whole = SimpleNamespace(cells=lambda: [None])
        monkeypatch.setattr("sirst5k.comparison.run", lambda *_, **__: [done])
        monkeypatch.setattr("sirst5k.comparison.write_report", lambda *_, **__: written)
        monkeypatch.setattr("sirst5k.comparison.Experiment.load", lambda *_: whole)
    if name == "weights import":
        info = SimpleNamespace(normalisation_from="file", sha256="", extra={}, dead=["a"])
        facts = {"parameters": 1, "config": {}, "normalisation": {"mean": [0], "std": [1]}}
        facts |= {"sirst5k": "1", "created": "now", "source": "", "extra": {}}
        model = SimpleNamespace(weights_info=info)
        monkeypatch.setattr("sirst5k.detectors.load_weights", lambda *_, **__: model)
        monkeypatch.setattr("sirst5k.detectors.save_weights", lambda *_, **__: None)
        told = SimpleNamespace(to_dict=lambda: facts)
        monkeypatch.setattr("sirst5k.detectors.read_metadata", lambda *_: told)
    if name == "weights show":
        facts = {"tensors": 3, "wrappers": [], "networks": []}
        monkeypatch.setattr("sirst5k.detectors.weights.describing.describe_file", lambda *_: facts)


def test_every_command_is_here() -> None:
    assert set(leaves(cli, click.Context(cli))) == set(WELL)


@pytest.mark.parametrize(("words", "printed"), [case for cases in WELL.values() for case in cases])
def test_quiet_prints_what_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    places: dict[str, str],
    words: str,
    printed: str,
) -> None:
    if "--page" in words:
        pytest.importorskip("jinja2")
    monkeypatch.chdir(tmp_path)
    name = next(name for name, cases in WELL.items() if (words, printed) in cases)
    stand_in(monkeypatch, name)
    line = re.sub("|".join(places), lambda found: places[found[0]], words).split()
    done = CliRunner().invoke(cli, [*line, "--quiet"])
    # The output is both streams, in every version of click.
    assert (done.exit_code, done.output) == (0, printed), done.exception
    loud = CliRunner().invoke(cli, [*line, *(["--overwrite"] if name == "convert" else [])])
    assert len(loud.output) > len(printed), "there is nothing to be quiet about"


def test_what_is_wrong_is_still_said(
    places: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    broken = make_tiny(tmp_path / "broken", n=6)
    damaged = sorted((broken / "images").iterdir())[0]
    damaged.write_bytes(damaged.read_bytes()[:60])
    for words in (
        f"synth {broken} new {FAST} --on-error skip",
        f"convert {broken} coco --to coco -j 1 --on-error skip",
        f"predict tophat {broken} found --masks -j 1 --on-error skip",
        f"inspect {broken} -j 1",
    ):
        done = CliRunner().invoke(cli, [*words.split(), "--quiet"])
        assert damaged.stem in done.stdout, words
