"""Letterboxed frames where batches are made, and the gathering of clips out of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sirst5k.training.clips.store import ClipStore
from sirst5k.training.frames.batch import as_fractions, as_tensor, send, to_device

_SHARE = 0.5  # of a device's free memory that frames may take
_CHUNK = 64  # frames that are copied to the device at a time


class ClipFrames:
    """The frames of a store on a device, at their own depth; or on the host if they are too many.

    Parameters
    ----------
    store : ClipStore
    device : torch.device

    Attributes
    ----------
    reason : str
        Where the frames are, and why.
    """

    def __init__(self, store: ClipStore, device: torch.device) -> None:
        self.device = device
        self._dtype = store.frames.dtype
        host = as_tensor(store.frames)
        if device.type == "cpu":
            self._frames = host
            self.reason = "resident: on a CPU frames are where batches are made"
            return
        free = torch.cuda.mem_get_info(device)[0]
        fits = store.frames.nbytes <= _SHARE * free
        self._frames = _copied(host, device) if fits else host
        self.reason = (
            f"{'resident' if fits else 'on the host'}: frames take "
            f"{store.frames.nbytes / 2**30:.2f} GiB, {'no more' if fits else 'more'} than "
            f"{_SHARE:.0%} of the {free / 2**30:.2f} GiB free on {device}"
        )

    def clips(self, windows: NDArray[np.int64]) -> Tensor:
        """Return clips by the frames that they are made of, in one gather.

        Parameters
        ----------
        windows : (B, T) int64

        Returns
        -------
        (B, T, S, S) float32
            Fractions of full scale.
        """
        if self._frames.device == self.device:
            levels = self._frames[send(windows, self.device)]
        else:
            levels = to_device(self._frames[torch.from_numpy(windows)], self.device)
        return as_fractions(levels, self._dtype)


def _copied(host: Tensor, device: torch.device) -> Tensor:
    frames = torch.empty(host.shape, dtype=host.dtype, device=device)
    for start in range(0, len(host), _CHUNK):
        frames[start : start + _CHUNK] = host[start : start + _CHUNK].to(device)
    return frames


def normalised(clips: Tensor, channels: int, normalisation: Any) -> Tensor:
    """Return grey clips (B, T, S, S) as a network takes them: (B, C, T, S, S)."""
    batch, length = clips.shape[:2]
    grey = clips.flatten(0, 1)[:, None].expand(-1, channels, -1, -1)
    return normalisation(grey).unflatten(0, (batch, length)).transpose(1, 2)
