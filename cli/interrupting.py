"""Ctrl-C, and a cluster's request to stop, as one line and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

INTERRUPTED = 130
_PATIENCE = 1.5  # seconds after which a program that does not stop is ended


@contextmanager
def interruptible(go_on: str) -> Iterator[None]:
    """Stop at Ctrl-C or SIGTERM within two seconds, with one line and exit code 130.

    Parameters
    ----------
    go_on : str
        The sentence that says how to go on.
    """
    stop = _Stop(f"sirst5k: interrupted. {go_on}")
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not for us
        return
    before = {kind: signal.signal(kind, stop) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        stop.say()
        raise click.exceptions.Exit(INTERRUPTED) from None
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


class Interrupted(KeyboardInterrupt):
    """An interruption that is reported by the exit code.

    Of its own class, because Python ends a process by SIGINT, whatever its exit code, once a
    plain KeyboardInterrupt has come out of code that was compiled from a text, as named tuples
    are.
    """


class _Stop:
    """Raises KeyboardInterrupt at the first signal, and sees to it that the program ends."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._said = False
        self._timer: threading.Timer | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self._timer is not None:
            self._end()  # asked for a second time
        # Other people's code may swallow the exception, sit in a long computation, or take its
        # time to clean up.
        self._timer = threading.Timer(_PATIENCE, self._end)
        self._timer.daemon = True
        self._timer.start()
        raise Interrupted

    def say(self) -> None:
        """Print the line, once."""
        if not self._said:
            self._said = True
            if sys.stderr.isatty():
                click.echo(err=True)  # after the ^C that the terminal shows
            click.echo(self._line, err=True)

    def _end(self) -> None:
        # The workers notice that this process is gone; locks and temporary files are taken
        # care of at the next start, as after a crash.
        self.say()
        os._exit(INTERRUPTED)
