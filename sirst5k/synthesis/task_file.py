"""A task on disk, where every worker process finds it; never left behind for good."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sirst5k.errors import OutputError
from sirst5k.synthesis.flock import try_lock

_PREFIX, _FILE = "sirst5k-task-", "task.pickle"
_GRACE = 60  # seconds in which a folder may exist before its task is locked


@contextlib.contextmanager
def stored_task(task: Any) -> Iterator[str]:
    """Pickle a task into a temporary folder; give the file's path, and remove it at the end.

    Once for all workers and not once a chunk: a task may hold an index of a million samples.
    What killed processes left behind is removed on the way.

    Raises
    ------
    OutputError
        If the temporary folder cannot be written to.
    """
    _sweep()
    try:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise _refusal(tempfile.gettempdir(), error) from error
    try:
        path = folder / _FILE
        try:
            path.write_bytes(pickle.dumps(task))
            handle = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise _refusal(str(folder), error) from error
        try:
            # Held as long as this process lives, so that others know whose it is.
            with contextlib.suppress(OSError):
                try_lock(handle)
            yield str(path)
        finally:
            os.close(handle)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refusal(folder: str, error: OSError) -> OutputError:
    return OutputError(
        f"Expected to hand work to other processes through the temporary folder {folder}, but "
        f"cannot write there: {error.strerror}. Make room, name another folder with the "
        f"variable TMPDIR, or use --jobs 1."
    )


def _sweep() -> None:
    """Remove the tasks of processes that were killed: nobody holds their lock any more."""
    if os.name == "nt":  # a lock there would keep workers from reading the file
        return
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_FILE}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime < _GRACE:
                continue
            handle = os.open(path, os.O_RDONLY)
            try:
                if try_lock(handle):
                    shutil.rmtree(path.parent, ignore_errors=True)
            finally:
                os.close(handle)
