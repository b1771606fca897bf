"""Every example runs, from nothing but embedded data, and leaves what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NEEDS = {  # what an example needs beyond the core, and what it leaves
    "score_predictions": ("", ["predicted/maps", "predicted/boxes.json"]),
    "sixteen_bit": ("", ["first/overlays", "noisier.png"]),
    "synthesise_and_look": ("", ["synthesised/dataset.json", "synthesised.png"]),
    "train_and_compare": ("torch", ["compared/report.html", "compared/results.csv"]),
    "video": ("faster_coco_eval", ["sequences/dataset.json"]),
}
ELSEWHERE = {"augment_albumentations", "augment_pytorch", "augment_torchvision"}


def test_every_example_is_run_somewhere() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(NEEDS) | ELSEWHERE


@pytest.mark.parametrize("name", NEEDS)
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    package, leaves = NEEDS[name]
    if package and find_spec(package) is None:
        pytest.skip(f"needs {package}")
    words = ["demo:n=16,size=64", "12"] if name == "train_and_compare" else []
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert [name for name in leaves if not (tmp_path / name).exists()] == []
    for picture in tmp_path.glob("*.png"):
        assert cv2.imread(str(picture), cv2.IMREAD_UNCHANGED).std() > 0
    if name == "sixteen_bit":
        assert cv2.imread(str(tmp_path / "noisier.png"), cv2.IMREAD_UNCHANGED).dtype == "uint16"
