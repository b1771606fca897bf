"""How the published weights of DNANet are named, and what their shapes say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sirst5k.detectors.networks.attention_block import PUBLISHED_PARTS
from sirst5k.detectors.networks.published import Shapes, count_numbered, kernel_shape, renamed
from sirst5k.errors import WeightsError


def published_key(key: str, deep_supervision: bool) -> str:
    """Return what an entry of our `DNANet` is called in published weights.

    Examples
    --------
    >>> published_key("nodes.1_2.0.channel_gate.squeeze.weight", True)
    'conv1_2.0.ca.fc1.weight'
    >>> published_key("narrow.3.bias", True), published_key("outputs.0.bias", False)
    ('conv0_4_1x1.bias', 'final.bias')
    """
    key = re.sub(r"^narrow\.(\d)", lambda found: f"conv0_{int(found[1]) + 1}_1x1", key)
    head = "final{}" if deep_supervision else "final"
    key = re.sub(r"^outputs\.(\d)", lambda found: head.format(int(found[1]) + 1), key)
    return renamed(key, ((r"^nodes\.", "conv"), (r"^merge\.", "conv0_4_final."), *PUBLISHED_PARTS))


def read_options(
    shapes: Shapes,
    channels: Mapping[str, tuple[int, ...]],
    backbones: Mapping[str, tuple[int, ...]],
) -> dict[str, Any]:
    """Return the fields of a `DNANetConfig` that published weights have.

    Parameters
    ----------
    shapes : mapping of str to shape
        By published key.
    channels, backbones : mapping of str to tuple of int
        The presets.

    Raises
    ------
    WeightsError
        If they are not weights of a DNANet with one of the backbones.
    """
    levels = range(5)
    kernels = [kernel_shape(shapes, f"conv{i}_0.0.conv1.weight", "DNANet") for i in levels]
    widths = tuple(kernel[0] for kernel in kernels)
    blocks = tuple(count_numbered(shapes, f"conv{i}_0.{{}}.conv1.weight") for i in levels[1:])
    family = "resnet" if any(".shortcut." in key for key in shapes) else "vgg"
    backbone = [n for n, b in backbones.items() if b == blocks and n.startswith(family)]
    if not backbone:
        raise WeightsError(
            f"Expected weights of a DNANet with the backbone {' or '.join(backbones)}, got nodes "
            f"of {list(blocks)} {family} blocks."
        )
    kernel_shape(shapes, "final.weight" if "final.weight" in shapes else "final4.weight", "DNANet")
    return {
        "in_channels": kernels[0][1],
        "channels": next((name for name, known in channels.items() if known == widths), widths),
        "backbone": backbone[0],
        "deep_supervision": "final.weight" not in shapes,
    }
