"""What a terminal shows and a pipe does not: colours and bars; what a full disk says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import make_tiny

pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
termios = pytest.importorskip("termios")
COMMAND = [sys.executable, "-m", "sirst5k_cli"]


def on_a_terminal(*words: object) -> str:
    """Run a command with all its output on a pseudo-terminal; return what it shows."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))  # a bar of no width is no bar
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**environment, "TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    process.wait(timeout=60)
    return shown.decode("utf-8", "replace")


def in_a_pipe(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a dataset with a problem: inspect has something to colour and a bar to draw."""
    data = make_tiny(tmp_path_factory.mktemp("pipes") / "data", n=6)
    sorted((data / "masks").iterdir())[0].unlink()
    return data


def test_colours_and_bars_are_for_terminals(faulty: Path) -> None:
    words = ("inspect", faulty, "-j", 1)
    shown = on_a_terminal(*words)
    assert "\x1b[1m" in shown  # the heading, bold
    assert "pair" in shown  # the bar's unit
    assert "\r" in shown.replace("\r\n", "\n")
    piped = in_a_pipe(*words)
    assert piped.returncode == 1
    assert str(faulty) in piped.stdout
    assert "\x1b" not in piped.stdout + piped.stderr
    assert "\r" not in piped.stdout + piped.stderr
    assert piped.stderr == ""


@pytest.mark.parametrize(
    "words",
    [
        "synth demo:n=8,size=64 OUT -j 1",
        "predict tophat demo:n=4,size=48 OUT --masks -j 1",
        "convert demo:n=4,size=48 OUT --to coco -j 1",
    ],
)
def test_json_is_all_that_is_written(tmp_path: Path, words: str) -> None:
    def into(name: str) -> list[str]:
        return words.replace("OUT", str(tmp_path / name)).split()

    piped = in_a_pipe(*into("piped"), "--json")
    assert piped.returncode == 0, piped.stderr
    assert isinstance(json.loads(piped.stdout), dict)
    assert piped.stdout.count("\n") == len(piped.stdout.strip().splitlines())
    assert piped.stderr == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
def test_a_full_disk_under_the_output_is_a_sentence() -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [*COMMAND, "datasets", "list"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("sirst5k: Expected to write what the command makes or prints")
    assert "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1
