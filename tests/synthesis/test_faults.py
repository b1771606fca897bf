"""Disks that are full, read-only or slow in the wrong moment: one sentence, nothing half."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny import make_tiny

from sirst5k import Recipe, SyntheticDataset, open_dataset, write_dataset
from sirst5k.errors import OutputError
from sirst5k.synthesis import verify_dataset

FORMS = {"folder": {}, "shards": {"format": "shards", "shard_size": 4}}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def half_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob(".*") if path.name != ".sirst5k.lock"]


@pytest.fixture
def synthetic(tmp_path: Path) -> SyntheticDataset:
    source = make_tiny(tmp_path / "source", n=6, size=(64, 56))
    recipe = Recipe.load("sirst5k").override(["sampling.size=16", "sampling.guard=2", "variants=3"])
    return SyntheticDataset(open_dataset(source, "train"), recipe)


def mount(*arguments: object) -> bool:
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 kB; skipped where we may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or not mount("-t", "tmpfs", "-o", "size=32k", "tmpfs", folder):
        pytest.skip("mounting a small disk takes rights that are not there")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def attempt(synthetic: SyntheticDataset, out: Path, **options: object) -> str:
    """Write a dataset; return the sentence with which that ended, or nothing if it did not."""
    try:
        write_dataset(synthetic, out, **options)
    except OutputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_stops_the_run_until_there_is_room(
    synthetic: SyntheticDataset, disk: Path, tmp_path: Path, form: str
) -> None:
    write_dataset(synthetic, tmp_path / "whole", **FORMS[form])
    stops = 0
    for kilobytes in (*range(32, 200, 20), 10_000):
        assert mount("-o", f"remount,size={kilobytes}k", disk)
        said = attempt(synthetic, disk / "out", jobs=1 + stops % 2, **FORMS[form])
        if said:
            stops += 1
            assert "No space left on device" in said
            assert "\n" not in said
            assert not (disk / "out/dataset.json").exists()
            assert half_files(disk) == []
    assert stops >= 3
    assert tree(disk / "out") == tree(tmp_path / "whole")


def command(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "sirst5k_cli", "synth", str(source), str(out), "-j", "2"]
    sets = ["--set", "sampling.size=16", "--set", "sampling.guard=2"]
    return subprocess.run([*line, *sets], capture_output=True, text=True)


def test_the_command_says_that_a_disk_is_full_or_read_only(
    synthetic: SyntheticDataset, disk: Path
) -> None:
    source = synthetic.dataset.root
    assert source is not None
    assert mount("-o", "remount,size=80k", disk)
    full = command(source, disk / "out")
    assert full.returncode == 2
    assert full.stderr.count("\n") == 1
    assert "No space left on device" in full.stderr
    assert mount("-o", "remount,ro", disk)
    for out in (disk / "out", disk / "other"):
        refused = command(source, out)
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
        assert "is read-only" in refused.stderr
        assert str(out) in refused.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_without_permission_is_refused(
    synthetic: SyntheticDataset, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o555)
    with pytest.raises(OutputError, match="Permission denied"):
        write_dataset(synthetic, out)


class Failing:
    """`os.write` that writes half and then says that the disk is full, at one call."""

    def __init__(self, at: int) -> None:
        self.calls = 0
        self.at = at
        self._write = os.write

    def __call__(self, handle: int, data: bytes) -> int:
        self.calls += 1
        if self.calls == self.at:
            self._write(handle, bytes(data)[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(handle, data)


def test_a_write_that_fails_anywhere_leaves_nothing_half(
    synthetic: SyntheticDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(synthetic, tmp_path / "whole")
    counted = Failing(0)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", counted)
        write_dataset(synthetic, tmp_path / "counted")
    assert counted.calls > 3 * 16
    for at in (2, 3, 4, 5, 6, counted.calls // 2, counted.calls - 1, counted.calls):
        out = tmp_path / f"out{at}"
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", Failing(at))
            with pytest.raises(OutputError, match="No space left"):
                write_dataset(synthetic, out)
        assert not (out / "dataset.json").exists()
        if out.exists():
            assert half_files(out) == []
            manifest = out / "manifest.jsonl"
            lines = manifest.read_text().splitlines() if manifest.exists() else []
            assert all(json.loads(line) for line in lines)
        write_dataset(synthetic, out)
        assert tree(out) == tree(tmp_path / "whole")


def test_files_that_a_power_failure_left_empty_are_made_again(
    synthetic: SyntheticDataset, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    write_dataset(synthetic, out)
    before = tree(out)
    lost = next((out / "images").iterdir())
    lost.write_bytes(b"")
    assert [fault.kind for fault in verify_dataset(out).faults] == ["unreadable"]
    assert write_dataset(synthetic, out).written == 1
    assert tree(out) == before
