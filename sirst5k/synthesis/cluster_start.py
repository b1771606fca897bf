"""Reaching a scheduler, or starting one, without waiting for ever."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from typing import TypeVar

from sirst5k.errors import ClusterError
from sirst5k.synthesis.signals import signals_for_this_process_alone

Result = TypeVar("Result")
_SECONDS = 10.0  # in which a server answers
_LONGEST_GREETING = 1 << 20


def knock(address: str) -> None:
    """Refuse an address where no scheduler listens, sooner and more plainly than Dask would.

    Raises
    ------
    ClusterError
        If the address is none, or nobody or somebody else answers.
    """
    from distributed.comm.addressing import get_address_host_port, parse_address

    try:
        host, port = get_address_host_port(address)
        kind = parse_address(address)[0]
    except ValueError as error:
        raise ClusterError(
            f"Expected the address of a Dask scheduler, as tcp://10.0.0.1:8786, got {address!r}: "
            f"{error}."
        ) from error
    try:
        with socket.create_connection((host, port), timeout=_SECONDS) as line:
            # A scheduler speaks first: the length of its greeting, then that. With others Dask
            # may wait for ever.
            if kind == "tcp" and not _length(line.recv(8, socket.MSG_WAITALL)) > 0:
                raise TimeoutError("what answers there is no scheduler")
    except (OSError, OverflowError, UnicodeError) as error:
        raise ClusterError(
            f"Expected a Dask scheduler at {address}, but cannot talk to one: {error}. Start one "
            "with `dask scheduler`, or leave out --scheduler to use this machine alone."
        ) from error


def apart(function: Callable[[], Result], seconds: float) -> Result:
    """Call a function in a thread where signals are blocked, for so long at most.

    What is started there inherits that, so Ctrl-C reaches this process alone; and it does so
    while a cluster is slow to start, because the caller's thread is free for it.

    Raises
    ------
    ClusterError
        If it takes longer.
    """
    done: queue.Queue[tuple[Result | None, BaseException | None]] = queue.Queue()

    def work() -> None:
        try:
            with signals_for_this_process_alone():
                done.put((function(), None))
        except BaseException as error:
            done.put((None, error))

    # A daemon: a start that hangs must not keep the program from ending.
    threading.Thread(target=work, daemon=True).start()
    try:
        result, error = done.get(timeout=seconds)
    except queue.Empty:
        raise ClusterError(
            f"Expected Dask to start or answer within {seconds:g} s, but it did not. Look at the "
            "scheduler's log, or leave out --scheduler to use this machine alone."
        ) from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def _length(eight: bytes) -> int:
    """Return the length that a greeting begins with, or 0 if that is none."""
    length = int.from_bytes(eight, "little") if len(eight) == 8 else 0
    return length if length < _LONGEST_GREETING else 0
