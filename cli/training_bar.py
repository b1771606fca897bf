"""How a training is seen: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from typing import Any

import click

_LOG_EVERY = 10.0  # seconds between two lines of a log


class TrainingBar:
    """Shows loss, IoU, frames a second and the time left.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._total = self._batch = self._first = 0
        self._began = self._said = 0.0

    def started(self, steps: int, done: int, batch: int) -> Any:
        """Begin; returns what is to be called after every step."""
        self._total, self._first, self._batch = steps, done, batch
        self._began = self._said = time.monotonic()
        if self._quiet:
            return None
        if done:
            click.echo(f"going on from step {done} of {steps}", err=True)
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=steps, initial=done, desc="train", unit="step", leave=False)
            return self._on_terminal
        return self._in_log

    def close(self) -> None:
        """Take the bar off the terminal."""
        if self._bar is not None:
            self._bar.close()

    def _on_terminal(self, shown: Mapping[str, float]) -> None:
        self._bar.set_postfix_str(self._text(shown), refresh=False)
        self._bar.update(int(shown["step"]) - self._bar.n)

    def _in_log(self, shown: Mapping[str, float]) -> None:
        now = time.monotonic()
        step = int(shown["step"])
        if now - self._said < _LOG_EVERY and step != self._total:
            return
        self._said = now
        left = (self._total - step) * (now - self._began) / max(1, step - self._first)
        click.echo(f"step {step}/{self._total}  {self._text(shown)}, {_clock(left)} left", err=True)

    def _text(self, shown: Mapping[str, float]) -> str:
        took = max(1e-9, time.monotonic() - self._began)
        rate = (int(shown["step"]) - self._first) * self._batch / took
        forms = {"loss": "loss {:.4f}", "iou": "IoU {:.3f}", "val": "held out {:.3f}"}
        # Neither loss nor IoU is known before the first record, nor IoU without a target.
        known = {key: shown[key] for key in forms if math.isfinite(shown.get(key, math.nan))}
        parts = [forms[key].format(value) for key, value in known.items()]
        return ", ".join([*parts, f"{rate:.0f} images/s"])


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
