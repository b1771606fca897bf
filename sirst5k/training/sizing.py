"""How large a batch fits into a GPU, by trying two small ones."""

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


def largest_batch(network: Any, device: torch.device, try_step: TryStep) -> int | None:
    """Return about how many frames a training step can take on a device.

    Memory grows linearly with the batch, from a level that weights and optimiser set; two
    small steps tell both.

    Parameters
    ----------
    network : nn.Module
        Stays as it is: a copy is tried.
    device : torch.device
    try_step : callable
        See `TryStep`.

    Returns
    -------
    int, optional
        0 if not even two frames fit; None where it cannot be measured, as on a CPU.
    """
    if device.type != "cuda":
        return None
    peaks = []
    try:
        for frames in _TRIALS:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
            try_step(deepcopy(network).to(device).train(), frames)
            peaks.append(torch.cuda.max_memory_allocated(device))
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            return 0
        raise
    finally:
        torch.cuda.empty_cache()
    per_frame = (peaks[1] - peaks[0]) / (_TRIALS[1] - _TRIALS[0])
    level = peaks[0] - _TRIALS[0] * per_frame
    free, _ = torch.cuda.mem_get_info(device)
    # An optimiser with two moments will hold twice the weights beside them.
    moments = 2 * sum(p.numel() * p.element_size() for p in network.parameters())
    return max(0, int((_SHARE * free - level - moments) / max(per_frame, 1)))


def low_precision(config: TrainingConfig) -> torch.autocast:
    """Return the context in which a trial step runs on a GPU."""
    return torch.autocast("cuda", torch.bfloat16, enabled=config.precision != "32-true")
