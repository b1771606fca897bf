"""State dicts as published codes leave them, of small networks; needs torch."""

from __future__ import annotations

from typing import Any

SMALL: dict[str, dict[str, Any]] = {
    "mshnet": {"in_channels": 3, "widths": (4, 6, 8), "blocks": (1, 1, 2)},
    "unet": {"widths": (3, 5)},
}


def small(name: str, seed: int = 0, **config: Any) -> Any:
    """A small network, no two numbers of which are alike, in evaluation mode."""
    import torch

    from sirst5k.detectors import create

    network = create(name, **{**SMALL[name], **config})
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, values in network.state_dict().items():
            if values.is_floating_point():
                values.copy_(torch.rand(values.shape, generator=generator) + 0.1)
            else:
                values.fill_(seed + len(key))
    return network.eval()


def published_state(network: Any) -> dict[str, Any]:
    """Its state dict under the published keys."""
    own = network.state_dict()
    keys = type(network).published_keys(network.config)
    return {theirs: own[ours].clone() for theirs, ours in keys.items()}
