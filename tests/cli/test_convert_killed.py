"""A conversion that is killed at random moments and gone on with ends with the same bytes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny import make_tiny

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

SAMPLES = 300


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def files_of(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


def start(line: list[str]) -> subprocess.Popen[bytes]:
    # Idle workers outlive a killed parent by minutes, and must not hold pytest's own pipes; what
    # loky says of the semaphores that it left is no matter here.
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(line, start_new_session=True, **silent)


def kill_in_the_middle(line: list[str], out: Path, goal: float, rng: random.Random) -> bool:
    """Start the command, kill it when so many files are there; return whether it ran still."""
    process = start(line)
    while process.poll() is None and files_of(out) < goal:
        time.sleep(0.005)
    running = process.poll() is None
    if running and rng.random() < 0.5:
        os.killpg(process.pid, signal.SIGKILL)  # its workers too
    else:
        process.kill()
    process.wait()
    return running


@pytest.mark.parametrize(
    ("kills", "target"),
    [
        pytest.param(3, "sirst"),
        *(
            pytest.param(20, target, marks=pytest.mark.slow)
            for target in ("dnanet", "grokcv", "coco", "yolo")
        ),
    ],
)
def test_kills_leave_no_trace(tmp_path: Path, kills: int, target: str) -> None:
    # BMP files are decoded and encoded, which takes longer than copying.
    source = make_tiny(tmp_path / "source", n=SAMPLES, ending=".bmp")
    rng = random.Random(3)

    def command(out: Path) -> list[str]:
        words = ["convert", str(source), str(out), "--to", target, "--jobs", "2", "--quiet"]
        return [sys.executable, "-m", "sirst5k_cli", *words]

    subprocess.run(command(tmp_path / "whole"), check=True)
    out = tmp_path / "out"
    killed, whole = 0, files_of(tmp_path / "whole")
    for left in range(kills, 0, -1):
        there = files_of(out)
        goal = there + (whole - there) * rng.uniform(0, 1.5) / (left + 1)
        killed += kill_in_the_middle(command(out), out, goal, rng)
    print(f"{target}: killed {killed} times")
    assert killed == kills
    assert start(command(out)).wait() == 0
    assert tree(out) == tree(tmp_path / "whole")
