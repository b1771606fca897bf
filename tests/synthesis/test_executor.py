"""Tasks over processes: in order, and with a sentence when a process dies."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor

from sirst5k.errors import OutputError
from sirst5k.synthesis import task_file
from sirst5k.synthesis.executor import WorkerDiedError, run_in_order
from sirst5k.synthesis.task_file import stored_task

HERE = Path(__file__).parent
posix = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch):
    """The module of tasks, for this process and for the workers that it starts."""
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
    import busy

    # Workers of earlier tests would not find it.
    get_reusable_executor().shutdown(kill_workers=True)
    yield busy
    sys.modules.pop("busy")


@pytest.mark.parametrize(("jobs", "chunk"), [(1, 32), (2, 32), (2, 1)])
def test_results_come_in_order(busy, jobs: int, chunk: int) -> None:
    assert list(run_in_order(busy.Busy(), 3, 103, jobs, chunk)) == list(range(3, 103))
    assert list(run_in_order(busy.Busy(), 3, 3, jobs, chunk)) == []


@posix
@pytest.mark.parametrize(
    ("what", "sentence"),
    [("SIGKILL", "killed by SIGKILL"), ("memory", "ran out of memory")],
)
def test_a_worker_that_dies_is_told_of_and_the_next_run_has_new_ones(
    busy, what: str, sentence: str
) -> None:
    with pytest.raises(WorkerDiedError, match=sentence) as caught:
        list(run_in_order(busy.Busy(what, 70), 0, 200, 2))
    assert "run the same command again" in str(caught.value)
    assert list(run_in_order(busy.Busy(), 0, 100, 2)) == list(range(100))


@posix
@pytest.mark.parametrize("kind", ["SIGINT", "SIGTERM"])
def test_workers_leave_interruptions_to_their_parent(busy, kind: str) -> None:
    assert len(list(run_in_order(busy.Busy(kind, 70), 0, 200, 2))) == 200


@posix
def test_workers_stop_when_their_parent_is_killed(busy, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from busy import Busy\n"
        "from sirst5k.synthesis.executor import run_in_order\n"
        "for _ in run_in_order(Busy(where=Path(sys.argv[1])), 0, 100_000, 2, 5_000): pass\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    while parent.poll() is None and len(list(tmp_path.iterdir())) < 20:
        time.sleep(0.02)
    assert parent.poll() is None
    parent.kill()
    parent.wait()
    time.sleep(0.3)
    before = len(list(tmp_path.iterdir()))
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) == before


@posix
def test_workers_that_wait_for_work_end_with_their_parent(busy) -> None:
    program = (
        "import os, signal; from busy import Busy\n"
        "from sirst5k.synthesis.executor import run_in_order\n"
        "print(len(list(run_in_order(Busy(), 0, 100, 2))), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    done, _ = parent.communicate(timeout=30)  # until the last that holds the pipe has ended
    assert (done, parent.returncode) == (b"100\n", -signal.SIGKILL)


@posix
def test_tasks_of_killed_processes_are_swept_and_those_in_use_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    program = (
        "import os, signal, sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from sirst5k.synthesis.task_file import stored_task\n"
        "with stored_task(1): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    dead = subprocess.run([sys.executable, "-c", program, str(tmp_path)])
    assert dead.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    with stored_task("mine") as first:
        assert left.exists()  # it may have been made this moment, and not be locked yet
        monkeypatch.setattr(task_file, "_GRACE", -1)
        with stored_task("mine too"):
            assert not left.exists()
            assert Path(first).exists()
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_folder_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(OutputError, match="TMPDIR"), stored_task(1):
        pass


def test_a_run_that_is_left_early_ends_without_a_word() -> None:
    results = run_in_order(math.factorial, 3000, 6000, jobs=2, chunk=8)
    next(results)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        results.close()
    assert said == []
