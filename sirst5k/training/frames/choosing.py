"""Whether frames stay on the device or are streamed to it."""

from __future__ import annotations

from typing import Any

from sirst5k.errors import ParameterError
from sirst5k.training.frames.resident import ResidentFrames
from sirst5k.training.frames.store import FrameStore
from sirst5k.training.frames.streamed import StreamedFrames


def choose_frames(
    store: FrameStore, device: Any, limit_fraction: float = 0.5, workers: int = 2
) -> ResidentFrames | StreamedFrames:
    """Return the frames of a store for a device: resident where they fit, else streamed.

    Both give the same batches. What was chosen, and why, stands in its ``reason``.

    Parameters
    ----------
    store : FrameStore
    device : torch.device or str
    limit_fraction : float
        Share of the device's free memory that frames may take.
    workers : int
        Processes that read, if frames are streamed.

    Raises
    ------
    ParameterError
        If the share is not between 0 and 1.
    """
    import torch

    if not 0 <= limit_fraction <= 1:
        raise ParameterError(f"Expected a limit_fraction in [0, 1], got {limit_fraction}.")
    kind = torch.device(device)
    if kind.type == "cpu":
        frames: ResidentFrames | StreamedFrames = ResidentFrames(store, kind)
        frames.reason = "resident: on a CPU frames are where batches are made"
        return frames
    needed, free = len(store.images) * store.dtype.itemsize + len(store.masks), _free(kind)
    fits = needed <= limit_fraction * free
    frames = ResidentFrames(store, kind) if fits else StreamedFrames(store, kind, workers)
    frames.reason = (
        f"{'resident' if fits else 'streamed'}: frames take {needed / 2**30:.2f} GiB, "
        f"{'no more' if fits else 'more'} than {limit_fraction:.0%} of the {free / 2**30:.2f} GiB "
        f"free on {kind}"
    )
    return frames


def _free(device: Any) -> int:
    import torch

    if device.type != "cuda":
        return 0  # unknown
    free: int = torch.cuda.mem_get_info(device)[0]
    return free
