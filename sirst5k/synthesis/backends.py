"""Who makes the outputs: processes of this machine, or a Dask cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sirst5k.errors import ParameterError, suggest
from sirst5k.synthesis.cluster import open_cluster
from sirst5k.synthesis.executor import InOrder, run_in_order

BACKENDS = ("loky", "dask")


def check_backend(backend: str, scheduler: str | None, jobs: int) -> None:
    """Refuse a back end that there is not, a scheduler for one that has none, and odd `jobs`.

    Raises
    ------
    ParameterError
    """
    if jobs == 0 or jobs < -1:
        raise ParameterError(f"Expected jobs of at least 1, or -1 for every core, got {jobs}.")
    if backend not in BACKENDS:
        raise ParameterError(f"There is no back end {backend!r}.{suggest(backend, BACKENDS)}")
    if scheduler is not None and backend != "dask":
        raise ParameterError(f"Expected the back end dask for a scheduler, got {backend}.")


@contextlib.contextmanager
def open_backend(
    root: Path, jobs: int = 1, backend: str = "loky", scheduler: str | None = None
) -> Iterator[InOrder]:
    """Give what runs the tasks of a run.

    Parameters
    ----------
    root : Path
        The output folder; it need not be there yet.
    jobs : int
        Worker processes on this machine; -1 takes every core.
    backend : str
        ``loky`` or ``dask``.
    scheduler : str, optional
        Of the cluster; see `sirst5k.synthesis.cluster.open_cluster`.
    """
    if backend == "dask":
        with open_cluster(root, jobs, scheduler) as cluster:
            yield cluster.run_in_order
    else:
        yield partial(run_in_order, jobs=jobs)
