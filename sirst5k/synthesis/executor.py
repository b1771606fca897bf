"""Running a long list of small tasks over processes, results in the order of the list."""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol, TypeVar

import cv2
from joblib import Parallel, delayed
from joblib.parallel import LokyBackend

from sirst5k.errors import Sirst5kError, Sirst5kWarning
from sirst5k.memory import keep_freed_memory
from sirst5k.synthesis.signals import signals_for_this_process_alone
from sirst5k.synthesis.task_file import stored_task
from sirst5k.synthesis.working import Done, end_with, run_chunk

Result = TypeVar("Result")
CHUNK = 32
"""Tasks that a worker takes at a time: enough to hide the hand-over, few enough to balance."""


class InOrder(Protocol):
    """Whatever runs tasks as `run_in_order` does: processes of this machine, or a cluster."""

    def __call__(
        self, task: Callable[[int], Result], start: int, stop: int, *, chunk: int = CHUNK
    ) -> Iterator[Result]:
        """Call ``task(index)`` for every index and yield the results in order."""
        ...


class _Workers(LokyBackend):  # type: ignore[misc]  # joblib has no types
    """Processes of this machine that do not outlive this one; joblib's wait 300 s for work."""

    def configure(self, *args: Any, **options: Any) -> int:
        # `Parallel` itself takes an initializer since joblib 1.5.
        options |= {"initializer": end_with, "initargs": (os.getpid(),)}
        jobs: int = super().configure(*args, **options)
        return jobs


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
            delayed(run_chunk)(stored, first, min(first + chunk, stop), os.getpid())
            for first in range(start, stop, chunk)
        )
        pool = Parallel(
            n_jobs=jobs,
            backend=_Workers(),
            return_as="generator",
            pre_dispatch="2*n_jobs",
            batch_size=1,
        )
        with signals_for_this_process_alone():
            batches = pool(chunks)  # starts the workers
        try:
            yield from unpacked(batches)
        finally:
            # Left to the collector it would be closed at any time, and joblib would then advise
            # on tasks that were cancelled, beside the sentence that says why.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                batches.close()


def unpacked(batches: Iterable[Done]) -> Iterator[Any]:
    """Yield the results of chunks, and give their warnings, each sentence once."""
    said: set[str] = set()
    for results, sentences in batches:
        for sentence in sentences:
            if sentence not in said:
                said.add(sentence)
                warnings.warn(sentence, Sirst5kWarning, stacklevel=3)
        yield from results


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


class _one_thread:  # noqa: N801  (used as a function)
    """Keep OpenCV from splitting small images over threads, which only slows it down."""

    def __enter__(self) -> None:
        self._threads = cv2.getNumThreads()
        cv2.setNumThreads(1)

    def __exit__(self, *_: object) -> None:
        cv2.setNumThreads(self._threads)
