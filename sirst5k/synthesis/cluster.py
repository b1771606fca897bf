"""Running a long list of small tasks on a Dask cluster, results in the order of the list."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import secrets
import signal
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from joblib import Parallel, delayed, parallel_config

from sirst5k._version import __version__
from sirst5k.errors import ClusterError, Sirst5kError
from sirst5k.imaging import write_atomically
from sirst5k.optional import require
from sirst5k.synthesis.cluster_start import apart, knock
from sirst5k.synthesis.cluster_versions import check_versions, versions
from sirst5k.synthesis.executor import CHUNK, WorkerDiedError, unpacked
from sirst5k.synthesis.state import OutputState
from sirst5k.synthesis.working import Order, run_chunk_on_cluster

Result = TypeVar("Result")
PATIENCE = 60.0
"""Seconds that Dask has to start, or to answer."""
WORKER_PATIENCE = 60.0
"""Seconds that a scheduler has to come by its first worker."""

_ROUND = 64  # chunks a worker before the cluster is counted anew, and no result waits longer


class Cluster:
    """Runs tasks on the workers of a Dask scheduler, through joblib's back end for it.

    A worker that dies loses nothing: Dask gives its chunks to others. Workers that join later
    take part from the next round on.

    Parameters
    ----------
    client : distributed.Client
    root : Path
        The output folder, which all workers share.
    """

    def __init__(self, client: Any, root: Path) -> None:
        self.client = client
        self.root = root

    def run_in_order(
        self, task: Callable[[int], Result], start: int, stop: int, *, chunk: int = CHUNK
    ) -> Iterator[Result]:
        """Call ``task(index)`` for every index and yield the results in order.

        Parameters and results as of `sirst5k.synthesis.executor.run_in_order`.

        Raises
        ------
        ClusterError
            If a worker is not fit for it, or the scheduler is lost.
        WorkerDiedError
            If a chunk kills every worker that it is given to.
        """
        if start >= stop:
            return
        with self._stored(task) as path, _one_sentence(self.client.scheduler.address):
            order = Order(path, os.getcwd(), __version__)  # noqa: PTH109  (a string is enough)
            while start < stop:
                length = chunk * _ROUND * max(1, len(self.client.ncores()))
                end = min(stop, start + length)
                with parallel_config("dask", client=self.client):
                    pool = Parallel(return_as="generator", batch_size=1, pre_dispatch="2*n_jobs")
                yield from unpacked(
                    pool(
                        delayed(run_chunk_on_cluster)(order, first, min(first + chunk, end))
                        for first in range(start, end, chunk)
                    )
                )
                start = end
        OutputState(self.root).sweep()  # what workers that died were in the middle of

    @contextlib.contextmanager
    def _stored(self, task: Any) -> Iterator[str]:
        """Write a task where all workers find it; they stop working for it once it is gone.

        The next start sweeps up what a killed run left, by its name, and so ends its work.
        """
        path = self.root.absolute() / f".sirst5k-task-{secrets.token_hex(8)}.tmp"
        try:
            write_atomically(path, pickle.dumps(task))
            yield str(path)
        finally:
            with contextlib.suppress(OSError):
                path.unlink()


@contextlib.contextmanager
def open_cluster(root: Path, jobs: int = -1, scheduler: str | None = None) -> Iterator[Cluster]:
    """Connect to a Dask scheduler, or start a cluster of this machine's own for the time.

    Parameters
    ----------
    root : Path
        A folder that all workers share; it need not be there yet.
    jobs : int
        Worker processes of a cluster that is started; -1 takes every core.
    scheduler : str, optional
        Address of an existing one: ``tcp://10.0.0.1:8786``.

    Raises
    ------
    MissingDependencyError
        If Dask is not installed.
    ClusterError
        If the scheduler cannot be reached, has no worker, or runs other versions.
    """
    require("distributed", "the back end dask", "cluster")
    with _quiet(), contextlib.ExitStack() as stack:
        if scheduler is None:
            local = apart(partial(_start_local, jobs), PATIENCE)
            stack.callback(_stop_local, local)
            scheduler = str(local.scheduler_address)
        else:
            knock(scheduler)
        client = apart(partial(_connect, scheduler), PATIENCE)
        stack.callback(client.close)
        check_versions(client, scheduler, versions(), WORKER_PATIENCE)
        yield Cluster(client, root)


def _start_local(jobs: int) -> Any:
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=jobs if jobs > 0 else os.cpu_count(),
        threads_per_worker=1,
        memory_limit=None,  # as with the other back end, the system's own limits hold
        dashboard_address="127.0.0.1:0",  # any free port, also for a second one here
        silence_logs=logging.CRITICAL,
    )


def _stop_local(local: Any) -> None:
    """End a cluster of our own at once: to ask its workers takes longer than Ctrl-C may."""
    for worker in local.workers.values():
        worker.auto_restart = False
        with contextlib.suppress(OSError, TypeError):  # it has ended, or never begun
            os.kill(worker.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    local.close()


def _connect(address: str) -> Any:
    from distributed import Client
    from distributed.versions import VersionMismatchWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VersionMismatchWarning)  # they are checked below
        try:
            return Client(address, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"Expected a Dask scheduler at {address}, but what answers there is none, or of "
                f"another version ({error})."
            ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from telling of every worker that comes and goes; what ends a run is raised."""
    known = [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]
    names = ["distributed", *known]  # some have a level of their own
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def _one_sentence(address: str) -> Iterator[None]:
    """Turn what Dask raises into one sentence."""
    from distributed import CancelledError
    from distributed.comm import CommClosedError
    from distributed.scheduler import KilledWorker

    try:
        yield
    except Sirst5kError:
        raise
    except KilledWorker as error:
        raise WorkerDiedError(
            "Worker after worker died over the same outputs, as happens when memory runs out. "
            "What is finished is kept: run the same command again to go on, with more memory "
            "for each worker."
        ) from error
    except (CancelledError, CommClosedError, TimeoutError) as error:
        raise ClusterError(
            f"The Dask scheduler at {address} was lost. What is finished is kept: run the same "
            "command again to go on, with the address of a scheduler that runs."
        ) from error
