"""What a network costs: parameters, and multiplications of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sirst5k.detectors.modes import evaluating
from sirst5k.errors import ShapeError
from sirst5k.optional import require


def count_parameters(network: Any, trainable: bool = True) -> int:
    """Return how many numbers a network has learnt.

    Parameters
    ----------
    network : torch.nn.Module
    trainable : bool
        Leave out those that no gradient may change.
    """
    return sum(
        values.numel() for values in network.parameters() if values.requires_grad or not trainable
    )


def count_macs(network: Any, shape: Sequence[int], heads: bool = False) -> int:
    """Return the multiply-accumulate operations of a forward pass.

    Those of convolutions and matrix products, whether they are modules or function calls;
    normalisation, interpolation, pooling and the products of gates are not counted, which
    tools like thop do in part. Nothing is computed and no memory for features is needed, so
    2048 × 2048 is as quick as anything else.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode for the count, and put back.
    shape : sequence of four or five int
        Of the frames, ``(B, C, H, W)``, or of the clips, ``(B, C, T, H, W)``; a network of this
        package pads H and W to its multiple.
    heads : bool
        Count what training evaluates, every supervised head or the motion branch, not only
        the prediction.

    Raises
    ------
    ShapeError
        If the shape is not of four or five positive numbers.

    Examples
    --------
    ::

        count_macs(create("mshnet", in_channels=3), (1, 3, 256, 256))  # 6,001,539,200
    """
    torch = require("torch", "a network")
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.utils.flop_counter import FlopCounterMode

    if len(shape) not in (4, 5) or min(shape) < 1:
        raise ShapeError(
            f"Expected a shape (B, C, H, W) or (B, C, T, H, W) of positive numbers, got "
            f"{tuple(shape)}."
        )
    where = next((values.device for values in network.parameters()), torch.device("cpu"))
    counter = FlopCounterMode(display=False)
    with evaluating(network), torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True), counter:
        frames = torch.empty(tuple(shape), device=where)
        if heads:
            network.supervise(frames) if len(shape) == 5 else network.heads(frames)
        else:
            network(frames)
    return int(counter.get_total_flops()) // 2
