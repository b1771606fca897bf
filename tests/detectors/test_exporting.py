"""ONNX files: what is in them, and what can go wrong; every network's are in the contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

from sirst5k.detectors import create  # noqa: E402
from sirst5k.detectors.exporting import export_onnx  # noqa: E402
from sirst5k.detectors.normalisation import IMAGENET  # noqa: E402
from sirst5k.errors import MissingDependencyError, OutputError, ParameterError  # noqa: E402


def test_a_file_says_what_it_needs(tmp_path: Path) -> None:
    network = create("unet", in_channels=3, widths=(2, 4)).train()
    network.normalisation = IMAGENET
    file = export_onnx(network, tmp_path / "new" / "unet.onnx", (10, 13))
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    said = {entry.key: json.loads(entry.value) for entry in model.metadata_props}["sirst5k"]
    assert said["normalisation"] == IMAGENET.to_dict()
    assert said["config"] == {"in_channels": 3, "widths": [2, 4], "deep_supervision": False}
    (given,) = model.graph.input
    assert [d.dim_param or d.dim_value for d in given.type.tensor_type.shape.dim] == [
        "batch",
        3,
        10,
        13,
    ]
    assert network.training
    assert [path.name for path in file.parent.iterdir()] == ["unet.onnx"]


def test_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = create("unet", widths=(2, 4))
    with pytest.raises(ParameterError, match="Expected a network .* got Conv2d"):
        export_onnx(torch.nn.Conv2d(1, 1, 1), tmp_path / "x.onnx")
    with pytest.raises(ParameterError, match="positive height and width, got 0 × 8"):
        export_onnx(network, tmp_path / "x.onnx", (0, 8))
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Cannot write the ONNX file"):
        export_onnx(network, tmp_path / "file" / "x.onnx", (8, 8))
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'sirst5k\[export\]'"):
        export_onnx(network, tmp_path / "x.onnx")
