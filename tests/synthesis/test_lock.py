"""One process a folder, and no lock that outlives its holder."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sirst5k.errors import OutputError
from sirst5k.synthesis import holder, lock
from sirst5k.synthesis.lock import HOLDER, LOCK, FolderLock


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_a_held_folder_is_refused_and_free_afterwards(tmp_path: Path) -> None:
    with FolderLock(tmp_path):
        for _ in range(2):
            with pytest.raises(OutputError) as caught, FolderLock(tmp_path):
                pass
            assert f"process {os.getpid()} on {socket.gethostname()}" in str(caught.value)
            assert str(tmp_path) in str(caught.value)
    assert names(tmp_path) == set()
    with FolderLock(tmp_path):
        assert names(tmp_path) == {LOCK}


def test_what_a_crash_leaves_is_no_lock(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path\n"
        "from sirst5k.synthesis.lock import FolderLock\n"
        "FolderLock(Path(sys.argv[1])).__enter__(); os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, tmp_path]).returncode == 9
    assert names(tmp_path) == {LOCK}
    with FolderLock(tmp_path):
        pass
    assert names(tmp_path) == set()


def test_a_folder_that_was_made_for_nothing_is_removed(tmp_path: Path) -> None:
    new = tmp_path / "a/b"
    with FolderLock(new):
        assert new.is_dir()
    assert not new.exists()
    with FolderLock(new):
        (new / "something").touch()
    assert names(new) == {"something"}


def test_a_lock_on_a_name_that_is_gone_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening the file and locking it, its holder may remove it."""
    real, removed = lock.try_lock, []

    def late(handle: int) -> bool:
        if not removed:
            removed.append((tmp_path / LOCK).unlink())
        return real(handle)

    monkeypatch.setattr(lock, "try_lock", late)
    with FolderLock(tmp_path):
        assert (tmp_path / LOCK).exists()
        with pytest.raises(OutputError), FolderLock(tmp_path):
            pass


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no locks, as Lustre without the option flock."""

    def refuse(handle: int) -> bool:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(lock, "try_lock", refuse)


@pytest.mark.usefixtures("no_locks")
def test_without_locks_a_file_names_the_holder(tmp_path: Path) -> None:
    with FolderLock(tmp_path):
        assert json.loads((tmp_path / HOLDER).read_text())["pid"] == os.getpid()
        with pytest.raises(OutputError) as caught, FolderLock(tmp_path):
            pass
        assert f"process {os.getpid()} on" in str(caught.value)
        assert f"remove {tmp_path / HOLDER}" in str(caught.value)
        assert (tmp_path / HOLDER).exists()
    assert names(tmp_path) == set()


def dead_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


@pytest.mark.usefixtures("no_locks")
@pytest.mark.parametrize(
    "change",
    [
        {"pid": dead_process()},
        {"boot": "another"},
        {"since": "1"},  # the number belongs to another process by now
    ],
    ids=["dead", "rebooted", "reused"],
)
def test_a_holder_that_is_gone_is_taken_over(tmp_path: Path, change: dict[str, object]) -> None:
    if "pid" not in change and not Path("/proc/self/stat").exists():
        pytest.skip("the system does not tell")
    (tmp_path / HOLDER).write_text(json.dumps({**holder._myself(), **change}))
    with FolderLock(tmp_path):
        assert json.loads((tmp_path / HOLDER).read_text()) == holder._myself()
    assert names(tmp_path) == set()


@pytest.mark.usefixtures("no_locks")
@pytest.mark.parametrize("text", ['{"pid": 1, "host": "node7"}', "", "[]"])
def test_a_holder_elsewhere_or_unreadable_stays(tmp_path: Path, text: str) -> None:
    (tmp_path / HOLDER).write_text(text)
    with pytest.raises(OutputError, match="If that process is gone, remove"), FolderLock(tmp_path):
        pass
    assert (tmp_path / HOLDER).read_text() == text


def test_two_who_take_over_at_once_do_not_both_get_it(tmp_path: Path) -> None:
    """One finds the file stale; before it removes it, another has put its own there."""
    path = tmp_path / HOLDER
    stale = {**holder._myself(), "pid": dead_process()}
    path.write_text(json.dumps(holder._myself()))  # the quicker one's
    holder._remove(path, stale)
    assert json.loads(path.read_text()) == holder._myself()
    assert names(tmp_path) == {HOLDER}
