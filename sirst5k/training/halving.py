"""Scoring held-out images in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Callable
from traceback import clear_frames
from typing import TypeVar

from sirst5k.errors import TrainingError
from sirst5k.training.failures import is_out_of_memory

Result = TypeVar("Result")


def in_batches_that_fit(
    batch_size: int, score: Callable[[int], Result], what: str, remedy: str
) -> tuple[Result, int]:
    """Return what `score` makes of the largest batches that fit, and how large they are.

    Parameters
    ----------
    batch_size : int
        Tried first; halved as long as the memory runs out.
    score : callable
        Called with a batch size, from the beginning each time.
    what : str
        What does not fit even alone, for the message.
    remedy : str
        How less of it could be asked for.

    Raises
    ------
    TrainingError
        If not even one at a time fits.
    """
    while True:
        try:
            return score(batch_size), batch_size
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            clear_frames(error.__traceback__)  # they hold the batch and what was made of it
            if batch_size == 1:
                raise TrainingError(
                    f"Expected {what} to fit one by one when they are scored, but the memory ran "
                    f"out. Free some and run the same command again, which goes on from the last "
                    f"saved state, if need be with --device cpu; or {remedy}."
                ) from error
        batch_size //= 2
