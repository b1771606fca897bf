"""The real command, killed again and again, ends with the same bytes as if left alone."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny import make_tiny

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

SETS = ["--set", "sampling.size=16", "--set", "sampling.guard=2"]
SOURCES = 8  # of 12 frames, two thirds


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def command(source: Path, out: Path, outputs: int, jobs: int, *more: str) -> list[str]:
    variants = outputs // SOURCES - 1
    return [
        sys.executable, "-m", "sirst5k_cli", "synth", str(source), str(out), "--jobs", str(jobs),
        "--quiet", *SETS, "--set", f"variants={variants}", *more,
    ]  # fmt: skip


def start(line: list[str], errors: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def wait_for_a_moment(
    process: subprocess.Popen[bytes], manifest: Path, rng: random.Random, step: float
) -> None:
    """Wait for a random time while the command starts, or for the manifest to grow a bit."""
    if rng.random() < 0.15:
        time.sleep(rng.uniform(0, 1.5))
        return
    goal = size_of(manifest) + rng.uniform(0, 2 * step)
    while process.poll() is None and size_of(manifest) < goal:
        time.sleep(0.001)
    time.sleep(rng.uniform(0, 0.02))


def kill(process: subprocess.Popen[bytes], rng: random.Random) -> bool:
    """Kill the command, with its workers or without; return whether it was still running."""
    running = process.poll() is None
    if running and rng.random() < 0.5:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    return running


def kill_often(source: Path, out: Path, outputs: int, kills: int, size: int, *more: str) -> int:
    """Run the command to its end, killing it on the way; return how often that was."""
    rng = random.Random(5)
    killed = 0
    for number in range(kills):
        line = command(source, out, outputs, rng.choice([1, 2]), *more)
        process = start(line, subprocess.DEVNULL)
        step = (size - size_of(out / "manifest.jsonl")) / (kills - number)
        wait_for_a_moment(process, out / "manifest.jsonl", rng, step)
        killed += kill(process, rng)
        if (out / "dataset.json").exists():
            assert len((out / "manifest.jsonl").read_bytes().splitlines()) == outputs + 4
    last = start(command(source, out, outputs, 2, *more))
    _, errors = last.communicate()
    assert (last.returncode, errors) == (0, b"")
    return killed


def check_survival(folder: Path, outputs: int, kills: int, *more: str) -> int:
    source = make_tiny(folder / "source", n=12, size=(64, 56))
    whole, out = folder / "whole", folder / "out"
    subprocess.run(command(source, whole, outputs, 2, *more), check=True)
    size = size_of(whole / "manifest.jsonl")
    killed = kill_often(source, out, outputs, kills, size, *more)
    assert tree(out) == tree(whole)
    ids = [json.loads(line)["id"] for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert len(ids) == len(set(ids)) == outputs + 4
    return killed


SHARDS = ("--format", "shards", "--shard-size", "16")


@pytest.mark.parametrize(("kills", "more"), [(4, ()), (2, SHARDS)], ids=["folder", "shards"])
def test_a_few_kills_leave_no_trace(tmp_path: Path, kills: int, more: tuple[str, ...]) -> None:
    assert check_survival(tmp_path, 200, kills, *more) >= kills - 1


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), SHARDS], ids=["folder", "shards"])
def test_fifty_kills_leave_no_trace(tmp_path: Path, more: tuple[str, ...]) -> None:
    killed = check_survival(tmp_path, 2000, 50, *more)
    print(f"killed {killed} times of 50")
    assert killed >= 45


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[str], Path]]:
    """A run with two workers in the middle of its work, with its command and its folder."""
    source = make_tiny(tmp_path / "source", n=12, size=(64, 56))
    out = tmp_path / "out"
    line = command(source, out, 80_000, 2)
    process = start(line)
    while process.poll() is None and size_of(out / "manifest.jsonl") < 50_000:
        time.sleep(0.005)
    yield process, line, out
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [
        int(pid) for pid in children if "popen_loky" in Path(f"/proc/{pid}/cmdline").read_text()
    ]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers in /proc")
def test_a_killed_worker_ends_the_run_with_a_sentence(running) -> None:
    process, _, out = running
    os.kill(workers_of(process)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert b"A worker process was killed by SIGKILL" in errors
    assert b"run the same command again" in errors
    assert b"Traceback" not in errors
    assert not (out / "dataset.json").exists()


@pytest.mark.parametrize(
    ("kind", "to_all"),
    [(signal.SIGINT, False), (signal.SIGINT, True), (signal.SIGTERM, True)],
    ids=["command", "terminal", "cluster"],
)
def test_an_interrupted_run_stops_at_once_and_says_how_to_go_on(
    running, kind: signal.Signals, to_all: bool
) -> None:
    process, _, out = running
    (os.killpg if to_all else os.kill)(process.pid, kind)
    _, errors = process.communicate(timeout=20)  # all 80,000 would take longer; 0.9 s when quiet
    assert process.returncode == 130
    assert errors == b"sirst5k: interrupted. Run the same command again to go on.\n"
    assert not (out / "dataset.json").exists()
    assert not (out / ".sirst5k.lock").exists()


def test_a_second_process_is_refused_and_a_third_may_come_after_a_crash(running) -> None:
    process, line, out = running
    second = subprocess.run(line, capture_output=True)
    assert second.returncode == 2
    assert f"Another process (process {process.pid} on ".encode() in second.stderr
    process.kill()
    process.wait()
    third = start(line)
    before = size_of(out / "manifest.jsonl")
    while third.poll() is None and size_of(out / "manifest.jsonl") <= before:
        time.sleep(0.005)
    assert third.poll() is None
    third.kill()
    third.communicate(timeout=60)  # its workers, even one that had no work yet, let go of the pipe


def test_what_a_killed_command_leaves_is_cleared_away_without_a_word(running) -> None:
    process, _, _ = running
    process.kill()
    _, errors = process.communicate(timeout=20)  # until its workers and trackers are gone
    assert errors == b""
