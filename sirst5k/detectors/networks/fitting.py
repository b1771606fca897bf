"""Frames of any size through graphs that halve them several times."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (the name that torch users read)


def pad_to_multiple(frames: Tensor, multiple: int) -> Tensor:
    """Repeat the right and bottom border until both sides are multiples.

    Repeating adds no edge, which a detector of small things could take for one.

    Parameters
    ----------
    frames : (B, C, H, W) floating
    multiple : int

    Returns
    -------
    (B, C, H', W') floating
        The frames themselves where they fit.
    """
    height, width = frames.shape[-2:]
    below, right = -height % multiple, -width % multiple
    if below == 0 and right == 0:
        return frames
    return F.pad(frames, (0, right, 0, below), mode="replicate")


def crop_heads(
    maps: Sequence[Tensor], padded: Sequence[int], wanted: Sequence[int]
) -> list[Tensor]:
    """Cut from each map what belongs to the frame before it was padded.

    Parameters
    ----------
    maps : sequence of (B, 1, H'/2^k, W'/2^k) tensors
    padded, wanted : sequence of int
        Shapes of the frames after and before padding, ending in height and width.

    Returns
    -------
    list of (B, 1, ceil(H/2^k), ceil(W/2^k)) tensors
    """
    cropped = []
    for values in maps:
        step = padded[-2] // values.shape[-2]
        height, width = -(-wanted[-2] // step), -(-wanted[-1] // step)
        cropped.append(values[..., :height, :width])
    return cropped
