"""A worker's side: it loads the task, runs a part of it, and stops when nobody wants it more."""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2

from sirst5k._version import __version__
from sirst5k.errors import ClusterError, Sirst5kError, Sirst5kWarning
from sirst5k.memory import keep_freed_memory

Watch = Callable[[], None]
Done = tuple[list[Any], list[str]]

_watch: Watch | None = None  # in a worker: ends its work for a run that is over
_one_at_a_time = threading.Lock()


class RunOverError(Sirst5kError, RuntimeError):
    """In a cluster's worker: the run that it worked for has ended. No user sees it."""


class Order(NamedTuple):
    """What a cluster's worker must know to take part in a run.

    Attributes
    ----------
    path : str
        The task's file, on a file system that all workers share.
    folder : str
        Where the command was started: relative paths begin there.
    version : str
        Of sirst5k.
    """

    path: str
    folder: str
    version: str


def stop_if_orphaned() -> None:
    """Stop working for a run that has ended, in whatever way.

    A killed parent cannot stop its workers, and what they still wrote could get among the
    files of the run that comes next. Called before anything gets its final name.
    """
    if _watch is not None:
        _watch()


def end_with(parent: int) -> None:
    """Let this process, whose start this is, end a second after its parent, however that ends.

    A worker that waits for work would not notice that there is nobody to give it any.
    """
    threading.Thread(target=_watch_over, args=(parent,), daemon=True).start()


def _watch_over(parent: int) -> None:
    while True:
        _exit_without(parent)
        time.sleep(1)


def run_chunk(stored: str, start: int, stop: int, parent: int) -> Done:
    """Run the tasks ``start … stop - 1`` in a process that was started for it by `parent`.

    Returns
    -------
    results : list
    sentences : list of str
        The warnings that the user should see, in the parent's words.
    """
    return _run(stored, start, stop, partial(_exit_without, parent))


def run_chunk_on_cluster(order: Order, start: int, stop: int) -> Done:
    """Run the tasks ``start … stop - 1`` in a worker of a cluster; see `run_chunk`.

    One chunk at a time in a process, whatever its threads: neither a task nor the record of
    warnings is made for several.

    Raises
    ------
    ClusterError
        If this worker has another version, or does not find the task.
    """
    host = socket.gethostname()
    if order.version != __version__:
        raise ClusterError(
            f"Expected sirst5k {order.version} on every worker, but {host} has {__version__}. "
            "Install the same version there."
        )
    with _one_at_a_time, _in_folder(order.folder):
        try:
            _load(order.path)
        except FileNotFoundError as error:
            raise ClusterError(
                f"Expected an output folder that all workers share, but {host} does not find "
                f"{order.path}. Name one that every worker reaches under the same path."
            ) from error
        return _run(order.path, start, stop, partial(_raise_without, order.path))


def _run(stored: str, start: int, stop: int, watch: Watch) -> Done:
    global _watch
    _watch = watch
    try:
        stop_if_orphaned()
        task = _load(stored)
        cv2.setNumThreads(1)
        keep_freed_memory()
        results = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Sirst5kWarning)
            for index in range(start, stop):
                stop_if_orphaned()
                results.append(task(index))
    finally:
        _watch = None
    return results, [str(w.message) for w in caught if issubclass(w.category, Sirst5kWarning)]


@lru_cache(maxsize=1)
def _load(stored: str) -> Callable[[int], Any]:
    # The name of a task's file is as good as a key: it is never used twice.
    task: Callable[[int], Any] = pickle.loads(Path(stored).read_bytes())
    return task


def _exit_without(parent: int) -> None:
    if os.getppid() != parent:
        os._exit(1)


def _raise_without(path: str) -> None:
    # Opened rather than looked up: only so a network file system asks its server.
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError as error:
        raise RunOverError("The run that this worker worked for has ended.") from error


@contextlib.contextmanager
def _in_folder(folder: str) -> Iterator[None]:
    """Work in a folder, if it is there; what else this worker does finds its own again."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            stack.enter_context(contextlib.chdir(folder))
        yield
