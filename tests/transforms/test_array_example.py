"""The example on plain PyTorch runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_plain_pytorch_loop(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    example = ROOT / "examples" / "augment_pytorch.py"
    done = subprocess.run(
        [sys.executable, example, "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("epoch 0: loss 0.")
    assert list(tmp_path.iterdir()) == []
