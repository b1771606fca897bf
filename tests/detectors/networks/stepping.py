"""One training step in float64, under the published names of the parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from detectors.networks.parity import Parity


def take_step(
    parity: Parity, network: Any, keys: str, loss_of: Callable[[Any], Any], warming_up: bool = False
) -> tuple[float, dict[str, Any], dict[str, Any]]:
    """Return the loss, the gradients and the buffers, the last two by published key."""
    own = network.published_keys(network.config)
    network = network.double().train()
    loss = loss_of(network.heads(parity.frames(2, 3, 64, 64).double(), warming_up))
    loss.backward()
    parameters, buffers = dict(network.named_parameters()), dict(network.named_buffers())
    rows = parity.rows(keys)
    gradients = {
        key: None if parameters[own[key]].grad is None else parameters[own[key]].grad.numpy()
        for key, _, kind in rows
        if kind == "parameter"
    }
    after = {key: buffers[own[key]].numpy() for key, _, kind in rows if kind == "buffer"}
    return float(loss.detach()), gradients, after


def watch(network: Any, modules: dict[str, Any], frames: Any) -> dict[str, Any]:
    """Return what each of the named modules gives in one forward pass."""
    seen: dict[str, Any] = {}

    def keep(name: str) -> Any:
        return lambda module, given, result: seen.__setitem__(name, result.detach().numpy())

    handles = [module.register_forward_hook(keep(name)) for name, module in modules.items()]
    import torch

    with torch.no_grad():
        network(frames)
    for handle in handles:
        handle.remove()
    return seen
