"""What can go wrong in the middle of a training, said in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.errors import TrainingError


def diverged(
    step: int,
    ids: Sequence[str],
    folder: Path,
    batch: dict[str, Any],
    expected: str = "a finite loss in step",
    process: int | None = None,
) -> TrainingError:
    """Save the batch whose loss is not finite; return the error that names it.

    Parameters
    ----------
    step : int
        From 0.
    ids : sequence of str
        Frames of the batch.
    folder : Path
        Of the run.
    batch : dict
        Name -> array to save.
    expected : str
        What was not, with the number of the step after it.
    process : int, optional
        Which of several this is: each saves its own share.
    """
    share = "" if process is None else f"-process-{process}"
    file = folder / f"diverged-step-{step}{share}.npz"
    shown = ", ".join(ids[:6]) + (", …" if len(ids) > 6 else "")
    try:
        np.savez_compressed(file, ids=np.array(ids), **batch)
        where = f"The batch is saved in {file}"
    except OSError as error:
        where = f"The batch could not be saved ({error.strerror})"
    return TrainingError(
        f"Expected {expected} {step}, got NaN or infinity, on {shown}. {where}; look for "
        "broken images in it, or lower the learning rate (--set optimizer.lr=…)."
    )


def diverged_elsewhere(step: int) -> TrainingError:
    """Return the error for a loss that is finite here, but not in another process."""
    return TrainingError(
        f"Expected a finite loss in step {step}, got NaN or infinity in another process of this "
        "run, which has said and saved its share of the batch."
    )


def stopped_elsewhere() -> TrainingError:
    """Return the error for a run of which another process has ended."""
    return TrainingError(
        "Expected every process of this run to go on, but another one has stopped, and has said "
        "why. After that is mended, the same command goes on from the last saved state."
    )


def is_lost_process(error: BaseException) -> bool:
    """Return whether an error says that another process does not answer any more."""
    text = str(error).lower()
    named = type(error).__name__ in ("DistBackendError", "DistNetworkError")
    return named or "gloo" in text or "connection closed by peer" in text


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out, on a GPU or off it."""
    text = str(error).lower()
    named = type(error).__name__ == "OutOfMemoryError" or isinstance(error, MemoryError)
    return named or "out of memory" in text or "not enough memory" in text


def out_of_memory(batch_size: int, fits: int) -> TrainingError:
    """Return the error for a batch that is too large.

    Parameters
    ----------
    batch_size : int
    fits : int
        With how many a step was seen to fit; 0 if with none.
    """
    if fits < 1:
        advice = "No smaller batch fits either: make the crop smaller (--size)"
    else:
        advice = f"{fits} would fit: --batch-size {fits}"
    return TrainingError(
        f"Expected a batch of {batch_size} frames to fit, but the memory ran out. {advice}."
    )
