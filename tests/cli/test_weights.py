"""`sirst5k weights`, and what takes weights: predict, evaluate."""

from __future__ import annotations

import json
import pickle
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import published_state, small
from click.testing import CliRunner, Result
from tiny import make_tiny

from sirst5k_cli import main
from sirst5k_cli.evaluate import command as evaluate
from sirst5k_cli.predict import command as predict
from sirst5k_cli.weights import command as weights

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from sirst5k.detectors import load_weights, read_metadata, save_weights  # noqa: E402
from sirst5k.detectors.normalisation import IMAGENET  # noqa: E402


def run(command: Any, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the real command, check exit code 2 and a single sentence, and return it."""

    def run_main(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["sirst5k", *words])
        monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # main replaces it
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert left.value.code == 2, said.err
        assert said.out == ""
        return said.err

    return run_main


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    state = {"module." + key: value for key, value in published_state(small("mshnet")).items()}
    state["module.total_ops"] = torch.zeros(1)
    torch.save({"net": state, "iou": np.float64(0.6)}, tmp_path / "weight.pth")
    return tmp_path / "weight.pth"


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    save_weights(small("unet"), tmp_path / "unet.safetensors")
    return tmp_path / "unet.safetensors"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_tiny(tmp_path, n=6)


def test_import(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "mshnet.safetensors"
    result = run(weights, "import", "mshnet", checkpoint, out)
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"{out}: mshnet, ")
    assert "widths [4, 6, 8]" in result.output
    assert "left out: 1 entries without use, as total_ops" in result.output
    said = read_metadata(out)
    assert said.source == "weight.pth"
    assert len(said.source_sha256) == 64
    assert said.normalisation == IMAGENET
    one, two = (m.state_dict() for m in (load_weights(None, out), small("mshnet")))
    assert all(torch.equal(one[key], two[key]) for key in two)
    assert "already" in run(weights, "import", "mshnet", checkpoint, out).output
    again = run(weights, "import", "mshnet", checkpoint, out, "--overwrite", "--quiet")
    assert (again.exit_code, again.output) == (0, "")


def test_import_as_json(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.safetensors"
    words = ["--json", "--normalisation", "nuaa-sirst", "--set", "deep_supervision=false"]
    document = json.loads(run(weights, "import", "mshnet", checkpoint, out, *words).stdout)
    assert document["file"] == str(out)
    assert document["wrappers"] == ["net", "module."]
    assert document["dead"] == ["total_ops"]
    assert document["config"]["deep_supervision"] is False
    assert document["normalisation"] == {"mean": [0.442], "std": [0.111]}


def test_import_asks_for_a_normalisation_that_nothing_tells(tmp_path: Path) -> None:
    file, out = tmp_path / "grey.pth", tmp_path / "o.safetensors"
    torch.save(published_state(small("mshnet", in_channels=1)), file)
    result = run(weights, "import", "mshnet", file, out)
    assert result.exit_code == 2
    assert "--normalisation" in result.output
    assert not out.exists()
    assert run(weights, "import", "mshnet", file, out, "--normalisation", "none").exit_code == 0


def test_import_again_keeps_what_is_known(ours: Path, tmp_path: Path) -> None:
    network = load_weights(None, ours)
    save_weights(network, ours, step="3")
    out = tmp_path / "again.safetensors"
    assert run(weights, "import", "unet", ours, out).exit_code == 0
    assert read_metadata(out).extra == {"step": "3"}


def test_show(ours: Path, checkpoint: Path, tmp_path: Path) -> None:
    result = run(weights, "show", ours)
    assert result.exit_code == 0
    assert "unet, " in result.output
    assert "normalisation: mean 0; std 1" in result.output
    document = json.loads(run(weights, "show", ours, "--json").stdout)
    assert (document["name"], document["networks"]) == ("unet", ["unet"])
    foreign = run(weights, "show", checkpoint)
    assert "inside net module., weights of mshnet" in foreign.output
    assert f"sirst5k weights import mshnet {checkpoint} OUT.safetensors" in foreign.output
    torch.save({"w": torch.ones(3)}, tmp_path / "w.pt")
    assert "no network that is known here" in run(weights, "show", tmp_path / "w.pt").output
    assert run(weights, "show", ours, "--quiet").output == ""


def test_predict_with_weights(ours: Path, checkpoint: Path, data: Path, tmp_path: Path) -> None:
    words = [data / "images", tmp_path / "out", "--maps", "--jobs", "1", "--device", "cpu"]
    result = run(predict, ours, *words)
    assert result.exit_code == 0, result.output
    assert f"by unet, {ours}" in result.output
    assert "0 made now" in run(predict, ours, *words).output
    save_weights(small("unet", seed=1), ours)
    other = run(predict, ours, *words)
    assert "made otherwise" in str(other.exception)
    words[1] = tmp_path / "published"
    result = run(predict, checkpoint, *words, "--detector", "mshnet", "--precision", "bfloat16")
    assert result.exit_code == 0, result.output
    facts = json.loads((tmp_path / "published" / "predictions.json").read_text())
    assert facts["detector"] == "mshnet"
    assert "bfloat16, Normalisation(mean=(0.485" in facts["configuration"]


def test_evaluate_with_weights(ours: Path, checkpoint: Path, data: Path) -> None:
    words = ["--data", data, "--device", "cpu", "--json"]
    scores = json.loads(run(evaluate, *words, "--weights", ours).stdout)
    assert scores["images"] == 2
    published = run(evaluate, *words, "--weights", checkpoint, "--detector", "mshnet")
    assert published.exit_code == 0, published.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("weights import mshnett {pth} {out}", "Did you mean 'mshnet'"),
        ("weights import unet {pth} {out}", "They are weights of mshnet"),
        ("weights import mshnet {none}.pth {out}", "there is no"),
        ("weights import mshnet {evil} {out}", "holds code"),
        ("weights import mshnet {pth} {out}.pth", "a .safetensors file"),
        ("weights import mshnet {pth} {out} --normalisation imagnet", "Did you mean 'imagenet'"),
        ("weights import mshnet {pth} {out} --set depth=3", "no parameter 'depth'"),
        ("weights show {none}.safetensors", "there is no"),
        ("weights show {evil}", "holds code"),
        ("predict unet {data} {out}", "sirst5k predict FILE INPUT OUT --detector unet"),
        ("predict {pth} {data} {out}", "it is of mshnet. Name it: --detector NAME"),
        ("predict {none}.safetensors {data} {out}", "there is no"),
        ("predict {ours} {data} {out} --detector mshnet", "is of unet"),
        ("predict tophat {data} {out} --device cpu", "--device belongs to networks"),
        ("predict {ours} {data} {out} --device tpu", "There is no device 'tpu'"),
        ("evaluate --data {data} --detector unet", "--weights FILE"),
        ("evaluate --data {data} --detector tophat --weights {ours}", "no network 'tophat'"),
        ("evaluate --data {data} --weights {pth}", "--detector NAME"),
        ("evaluate --data {data}", "--predictions DIR or --detector NAME"),
        ("evaluate --data {data} --predictions x --weights {ours}", "got both"),
        ("evaluate --data {data} --predictions x --device cpu", "saved predictions have none"),
    ],
)
def test_mistakes(
    arguments: str,
    sentence: str,
    refused: Any,
    checkpoint: Path,
    ours: Path,
    data: Path,
    tmp_path: Path,
) -> None:
    evil = tmp_path / "evil.pth"
    torch.save({"state_dict": Payload()}, evil)
    places = {"pth": checkpoint, "ours": ours, "data": data, "evil": evil}
    out, none = tmp_path / "out.safetensors", tmp_path / "none"
    words = arguments.format(**places, out=out, none=none).split()
    assert sentence in refused(*words)
    assert not out.exists()
    assert not (tmp_path / "ran").exists()


class Payload:
    def __reduce__(self) -> Any:
        return pickle.loads, (b"N.",)
