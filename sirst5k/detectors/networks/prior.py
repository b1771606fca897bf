"""Where fresh heads begin: the probability of target that they give everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from sirst5k.errors import ParameterError


@torch.no_grad()
def begin_at(probability: float, heads: Iterable[nn.Conv2d], fusions: Iterable[nn.Conv2d]) -> None:
    """Set the biases of fresh heads so that they begin at a probability of target.

    Targets are a few pixels of thousands. From one half, an overlap loss has to put down the
    whole background first: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017,
    section 3.3, begin at 0.01. Weights stay as they are.

    Parameters
    ----------
    probability : float
        Between 0 and 1.
    heads : iterable of Conv2d
        From features to logits.
    fusions : iterable of Conv2d
        From the logits of heads to logits; where all of those begin at one level, so does
        what is fused from them.

    Raises
    ------
    ParameterError
        If the probability is not between 0 and 1.
    """
    if not 0 < probability < 1:
        raise ParameterError(f"Expected a prior between 0 and 1, got {probability}.")
    level = math.log(probability / (1 - probability))
    for head in heads:
        nn.init.constant_(head.bias, level)
    for fusion in fusions:
        nn.init.constant_(fusion.bias, level * (1 - float(fusion.weight.sum())))
