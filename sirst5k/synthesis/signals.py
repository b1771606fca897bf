"""Who gets Ctrl-C, and who speaks: the process that decides, and not those that it starts."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from multiprocessing import resource_tracker

from joblib.externals.loky.backend import resource_tracker as loky_tracker


@contextlib.contextmanager
def signals_for_this_process_alone() -> Iterator[None]:
    """Keep Ctrl-C from the workers that are started now: this process decides and ends them.

    A terminal sends it to all of them, a cluster's manager SIGTERM likewise, and each would
    print a traceback of its own. Blocked signals are inherited by new processes.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started with the first worker, both would lift the block again on the way.
    with _without_warnings():
        resource_tracker.ensure_running()
        loky_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Let interpreters that are started now warn of nothing.

    The trackers warn of what stopped workers have left, beside our own sentence, and then clear
    it away, which is what they are for.
    """
    sys.warnoptions.append("ignore")
    try:
        yield
    finally:
        sys.warnoptions.remove("ignore")
