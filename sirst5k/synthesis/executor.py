"""Running a long list of small tasks over processes, results in the order of the list."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, TypeVar

import cv2
from joblib import Parallel, delayed
from joblib.externals.loky.backend import resource_tracker as loky_tracker

from sirst5k.errors import Sirst5kError, Sirst5kWarning
from sirst5k.memory import keep_freed_memory
from sirst5k.synthesis.task_file import stored_task

Result = TypeVar("Result")
CHUNK = 32
"""Tasks that a worker takes at a time: enough to hide the hand-over, few enough to balance."""

_parent: int | None = None  # in a worker: the process that it works for


class WorkerDiedError(Sirst5kError, RuntimeError):
    """A worker process was killed, or ran out of memory."""


def run_in_order(
    task: Callable[[int], Result], start: int, stop: int, jobs: int = 1, chunk: int = CHUNK
) -> Iterator[Result]:
    """Call ``task(index)`` for every index and yield the results in order.

    Memory does not grow with the number of tasks: results are handed on as they come, and
    no more than a few chunks a worker are under way.

    Parameters
    ----------
    task : callable
        Pickled once, not once a chunk; its result should be small.
    start, stop : int
        The indices, half-open.
    jobs : int
        Worker processes; 1 stays in this one, -1 takes every core.
    chunk : int
        Tasks that a worker takes at a time.

    Raises
    ------
    WorkerDiedError
        If a worker is killed or runs out of memory.
    """
    if jobs == 1 or stop - start <= 1:
        keep_freed_memory()
        with _one_thread():
            for index in range(start, stop):
                yield task(index)
        return
    with stored_task(task) as stored, _sentences_for_deaths():
        chunks = (
            delayed(_run_chunk)(stored, first, min(first + chunk, stop), os.getpid())
            for first in range(start, stop, chunk)
        )
        pool = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="2*n_jobs", batch_size=1)
        with _signals_for_this_process_alone():
            batches = pool(chunks)  # starts the workers
        said: set[str] = set()
        for results, sentences in batches:
            for sentence in sentences:
                if sentence not in said:
                    said.add(sentence)
                    warnings.warn(sentence, Sirst5kWarning, stacklevel=2)
            yield from results


def stop_if_orphaned() -> None:
    """End this process if it is a worker whose parent has died.

    A killed parent cannot stop its workers, and what they still wrote could get among the
    files of the run that comes next. Called before anything gets its final name.
    """
    if _parent is not None and os.getppid() != _parent:
        os._exit(1)


def _run_chunk(stored: str, start: int, stop: int, parent: int) -> tuple[list[Any], list[str]]:
    """Return results, and the warnings that the user should see in the parent's words."""
    global _parent
    _parent = parent
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
    return results, [str(w.message) for w in caught if issubclass(w.category, Sirst5kWarning)]


@lru_cache(maxsize=1)
def _load(stored: str) -> Callable[[int], Any]:
    # The name of a temporary folder is as good as a key: it is never used twice.
    task: Callable[[int], Any] = pickle.loads(Path(stored).read_bytes())
    return task


@contextlib.contextmanager
def _sentences_for_deaths() -> Iterator[None]:
    """Turn what the pool raises when a worker dies into one sentence."""
    try:
        yield
    except BrokenProcessPool as error:
        found = re.search(r"\b(SIG[A-Z]+)\(-\d+\)|EXIT\((\d+)\)", str(error))
        how = "died" if found is None else "was killed by " + (found[1] or f"exit {found[2]}")
        raise WorkerDiedError(
            f"A worker process {how}, as happens when memory runs out. What is finished is "
            f"kept: run the same command again to go on, with fewer --jobs if memory is short."
        ) from error
    except MemoryError as error:
        raise WorkerDiedError(
            "A worker process ran out of memory. What is finished is kept: run the same "
            "command again to go on, with fewer --jobs."
        ) from error


@contextlib.contextmanager
def _signals_for_this_process_alone() -> Iterator[None]:
    """Keep Ctrl-C from the workers that are started now: this process decides and ends them.

    A terminal sends it to all of them, a cluster's manager SIGTERM likewise, and each would
    print a traceback of its own. Blocked signals are inherited by new processes.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started with the first worker, both would lift the block again on the way.
    resource_tracker.ensure_running()
    loky_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _one_thread:  # noqa: N801  (used as a function)
    """Keep OpenCV from splitting small images over threads, which only slows it down."""

    def __enter__(self) -> None:
        self._threads = cv2.getNumThreads()
        cv2.setNumThreads(1)

    def __exit__(self, *_: object) -> None:
        cv2.setNumThreads(self._threads)
