"""Importing is cheap: no torch, no matplotlib, and no wait."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

LIMIT = 0.3  # seconds, interpreter start included
TRIES = 10  # the best counts: another process may hold the core
HEAVY = {"torch", "matplotlib", "PIL", "pandas", "dask"}
SLOW = {"scipy.ndimage", "scipy.optimize", "scipy.signal", "scipy.stats"}  # together half a second
HELP = "import sys; sys.argv = ['sirst5k', '--help']; import sirst5k_cli; sirst5k_cli.main()"
ROOMS = [
    "datasets",
    "detectors",
    "evaluation",
    "metrics",
    "negatives",
    "noise",
    "synthesis",
    "tracking",
    "transforms",
]


def modules_after(program: str, cwd: Path) -> set[str]:
    """Run a program in a fresh interpreter; return the packages it has loaded, scipy's by part."""
    tail = "import atexit, sys; atexit.register(lambda: print('\\n' + ' '.join(sys.modules)))\n"
    done = subprocess.run(
        [sys.executable, "-c", tail + program], cwd=cwd, capture_output=True, text=True, check=True
    )
    names = done.stdout.splitlines()[-1].split()
    parts = {name for name in names if name.startswith("scipy.") and name.count(".") == 1}
    return {name.partition(".")[0] for name in names} | parts


@pytest.mark.parametrize("program", ["import sirst5k", HELP], ids=["import", "help"])
def test_start_loads_no_heavy_module(program: str, tmp_path: Path) -> None:
    loaded = modules_after(program, tmp_path)
    assert "sirst5k" in loaded
    assert not loaded & (HEAVY | {"numpy", "scipy", "cv2", "joblib"})


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_of_synthesis_load_neither_torch_nor_matplotlib(room: str, tmp_path: Path) -> None:
    loaded = modules_after(f"import sirst5k.{room}", tmp_path)
    assert "numpy" in loaded
    assert not loaded & (HEAVY | SLOW)


@pytest.mark.parametrize("program", ["import sirst5k", HELP], ids=["import", "help"])
def test_start_takes_no_wait(program: str, tmp_path: Path) -> None:
    best = float("inf")
    for _ in range(TRIES):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.DEVNULL, check=True
        )
        best = min(best, time.perf_counter() - start)
        if best < LIMIT:
            return
    pytest.fail(f"the fastest of {TRIES} starts took {best:.2f} s, the limit is {LIMIT} s")
