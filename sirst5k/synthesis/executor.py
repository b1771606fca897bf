"""Running a long list of small tasks over processes, results in the order of the list."""

from __future__ import annotations

import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import cv2
from joblib import Parallel, delayed

from sirst5k.errors import Sirst5kWarning
from sirst5k.memory import keep_freed_memory

Result = TypeVar("Result")
CHUNK = 32
"""Tasks that a worker takes at a time: enough to hide the hand-over, few enough to balance."""


def run_in_order(
    task: Callable[[int], Result], start: int, stop: int, jobs: int = 1
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
    """
    if jobs == 1 or stop - start <= 1:
        keep_freed_memory()
        with _one_thread():
            for index in range(start, stop):
                yield task(index)
        return
    with tempfile.TemporaryDirectory(prefix="sirst5k-") as folder:
        stored = Path(folder) / "task.pickle"
        stored.write_bytes(pickle.dumps(task))
        chunks = (
            delayed(_run_chunk)(str(stored), first, min(first + CHUNK, stop))
            for first in range(start, stop, CHUNK)
        )
        pool = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="2*n_jobs", batch_size=1)
        said: set[str] = set()
        for results, sentences in pool(chunks):
            for sentence in sentences:
                if sentence not in said:
                    said.add(sentence)
                    warnings.warn(sentence, Sirst5kWarning, stacklevel=2)
            yield from results


def _run_chunk(stored: str, start: int, stop: int) -> tuple[list[Any], list[str]]:
    """Return results, and the warnings that the user should see in the parent's words."""
    task = _load(stored)
    cv2.setNumThreads(1)
    keep_freed_memory()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", Sirst5kWarning)
        results = [task(index) for index in range(start, stop)]
    return results, [str(w.message) for w in caught if issubclass(w.category, Sirst5kWarning)]


@lru_cache(maxsize=1)
def _load(stored: str) -> Callable[[int], Any]:
    # The name of a temporary folder is as good as a key: it is never used twice.
    task: Callable[[int], Any] = pickle.loads(Path(stored).read_bytes())
    return task


class _one_thread:  # noqa: N801  (used as a function)
    """Keep OpenCV from splitting small images over threads, which only slows it down."""

    def __enter__(self) -> None:
        self._threads = cv2.getNumThreads()
        cv2.setNumThreads(1)

    def __exit__(self, *_: object) -> None:
        cv2.setNumThreads(self._threads)
