"""Which parameters an optimiser gets, and which of them decay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def one_group(network: Any) -> list[dict[str, Any]]:
    """Return all parameters, which all decay as the optimiser is told."""
    return [{"params": list(network.parameters())}]


def yolox_groups(network: Any) -> list[dict[str, Any]]:
    """Return the groups that the published video networks are trained with.

    As ``../shared/networks/video.md`` 9.1 has them: scales of 2-D batch norms do not decay;
    every other ``weight`` does, scales of 3-D batch norms among them; a ``bias`` does not.
    Parameters called otherwise (scalars in a list, gates, packed projections) are in no group:
    they keep their first values, as in the published codes.

    Returns
    -------
    list of dict
        ``params`` and, where they do not decay, ``weight_decay``; groups that would be empty
        are left out.
    """
    from torch import nn

    scales: list[Any] = []
    weights: list[Any] = []
    biases: list[Any] = []
    for module in network.modules():
        own = dict(module.named_parameters(recurse=False))
        if "weight" in own:
            (scales if isinstance(module, nn.BatchNorm2d) else weights).append(own["weight"])
        if "bias" in own:
            biases.append(own["bias"])
    groups: list[dict[str, Any]] = [
        {"params": scales, "weight_decay": 0.0},
        {"params": weights},
        {"params": biases, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


GROUPS: dict[str, Callable[[Any], list[dict[str, Any]]]] = {
    "one": one_group,
    "yolox": yolox_groups,
}
