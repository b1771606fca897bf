"""How large a batch fits, by trying some."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch

from sirst5k.training.config import TrainingConfig
from sirst5k.training.failures import is_out_of_memory

_SHARE = 0.85  # of the free memory: fragments and validation need some
_TRIALS = (2, 4)


TryStep = Callable[[Any, int], None]
"""Takes a network and makes a step's forward and backward pass with so many frames."""


def largest_batch(network: Any, device: torch.device, try_step: TryStep, most: int | None) -> int:
    """Return the largest power of two of frames with which a training step is seen to fit.

    On a GPU two small steps tell what to begin with: memory grows linearly with the batch,
    from a level that weights and optimiser set. On a CPU, where the system may end a process
    that takes too much, nothing above `most` is tried. Then it is halved until a step fits.

    Parameters
    ----------
    network : nn.Module
        Stays as it is: a copy is tried.
    device : torch.device
    try_step : callable
        See `TryStep`.
    most : int, optional
        No more than so many; None, on a GPU alone, sets no limit.

    Returns
    -------
    int
        0 if not even one frame fits.
    """
    limits = [most] if most is not None else []
    if device.type == "cuda":
        limits.append(_expected(network, device, try_step))
    frames = _power_below(min(limits))
    while frames and not _fits(network, device, try_step, frames):
        frames //= 2
    return frames


def _power_below(number: int) -> int:
    return 1 << (number.bit_length() - 1) if number > 0 else 0


def _fits(network: Any, device: torch.device, try_step: TryStep, frames: int) -> bool:
    try:
        try_step(deepcopy(network).to(device).train(), frames)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return False
    finally:
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return True


def _expected(network: Any, device: torch.device, try_step: TryStep) -> int:
    """Return how many frames should fit into a GPU; 1 if two or four of them do not."""
    before = torch.cuda.memory_allocated(device)
    peaks = []
    for frames in _TRIALS:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        if not _fits(network, device, try_step, frames):
            return frames // 2
        peaks.append(torch.cuda.max_memory_allocated(device) - before)
    per_frame = (peaks[1] - peaks[0]) / (_TRIALS[1] - _TRIALS[0])
    level = peaks[0] - _TRIALS[0] * per_frame
    free, _ = torch.cuda.mem_get_info(device)
    # An optimiser with two moments will hold twice the weights beside them.
    moments = 2 * sum(p.numel() * p.element_size() for p in network.parameters())
    return max(1, int((_SHARE * free - level - moments) / max(per_frame, 1)))


def trial_precision(config: TrainingConfig, device: torch.device) -> torch.autocast:
    """Return the context in which a trial step runs: that of most runs on a GPU."""
    mixed = device.type == "cuda" and config.precision != "32-true"
    return torch.autocast(device.type, torch.bfloat16, enabled=mixed)
