"""Whether the machines of a cluster run the same versions: outputs must not depend on where."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from sirst5k._version import __version__
from sirst5k.errors import ClusterError

Versions = Mapping[str, str]
PACKAGES = ("numpy", "scipy", "joblib", "dask", "distributed")


def check_versions(client: Any, address: str, ours: Versions, patience: float) -> None:
    """Wait for a first worker, and compare its versions and those of all others with ours.

    Parameters
    ----------
    client : distributed.Client
    address : str
        Of the scheduler, for messages.
    ours : mapping of str to str
        From `versions`, here.
    patience : float
        Seconds to wait for a worker.

    Raises
    ------
    ClusterError
        If none comes, if one cannot import sirst5k, or if versions differ.
    """
    of_scheduler = client.get_versions()["scheduler"]["packages"]
    _compare("the scheduler", {key: of_scheduler[key] for key in ("dask", "distributed")}, ours)
    try:
        # A task and not a question, because a cluster that adapts starts workers for tasks.
        client.submit(versions, pure=False).result(timeout=patience)
        found = client.run(versions, on_error="return")
    except TimeoutError as error:
        raise ClusterError(
            f"Expected workers at the Dask scheduler {address}, but it had none for "
            f"{patience:g} s. Start some with `dask worker {address} --nthreads 1`."
        ) from error
    except Exception as error:  # whatever a worker's own import raised
        raise _unfit("the first worker", error) from error
    for worker, theirs in found.items():
        if isinstance(theirs, BaseException):
            raise _unfit(f"the worker {worker}", theirs)
        _compare(f"the worker {worker}", theirs, ours)


def versions() -> dict[str, str]:
    """Return the versions that outputs, or talk between machines, may depend on."""
    found = {"sirst5k": __version__, "Python": ".".join(platform.python_version_tuple()[:2])}
    return found | {name: import_module(name).__version__ for name in PACKAGES}


def _compare(who: str, theirs: Versions, ours: Versions) -> None:
    for name, version in theirs.items():
        if version != ours[name]:
            raise ClusterError(
                f"Expected {name} {ours[name]} on the whole cluster, as here, but {who} has "
                f"{version}. Install the same versions there."
            )


def _unfit(who: str, error: BaseException) -> ClusterError:
    return ClusterError(
        f"Expected sirst5k {__version__} with all it needs on every worker, but {who} cannot run "
        f"it ({type(error).__name__}: {error}). Install the same versions there."
    )
