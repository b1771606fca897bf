"""Attention between the channels of several scales."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class ChannelAttention(nn.Module):
    """Every scale's channels attend to the channels of all scales together.

    First the joint channels attend to one another; what comes out is keys and values for the
    queries of each scale. Channels are compared by their cosine over all pixels, so the cost
    grows with the number of pixels, not with its square. There is one head.

    Parameters
    ----------
    widths : sequence of int
        Channels of the scales, even.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        joint = sum(widths)
        self.query = _projection(joint, joint)
        self.key = _projection(joint, joint)
        self.value = _projection(joint, joint)
        self.scale_queries = nn.ModuleList(_projection(width, width // 2) for width in widths)
        self.outputs = nn.ModuleList(nn.Conv2d(width, width, 1, bias=False) for width in widths)

    def forward(self, scales: Sequence[Tensor], joint: Tensor) -> list[Tensor]:
        """Return what to add to each scale.

        Parameters
        ----------
        scales : sequence of (B, C_i, h, w) floating
        joint : (B, sum C_i, h, w) floating

        Returns
        -------
        list of (B, C_i, h, w) floating
        """
        shape = joint.shape[-2:]
        query, key, value = self.query(joint), self.key(joint), self.value(joint)
        queries = [
            project(scale) for project, scale in zip(self.scale_queries, scales, strict=True)
        ]
        # The entries to be normalised are as small as the constant that keeps the division
        # by their spread finite: below float32 they are noise.
        with torch.autocast(joint.device.type, enabled=False):
            context = _attend(_rows(query), F.normalize(_rows(key), dim=-1), _rows(value))
            attended = [_attend(_rows(each), context, context) for each in queries]
        return [
            output(values.unflatten(-1, shape).to(joint.dtype))
            for output, values in zip(self.outputs, attended, strict=True)
        ]


def _projection(channels: int, groups: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.Conv2d(channels, channels, 3, padding=1, groups=groups, bias=False),
    )


def _rows(maps: Tensor) -> Tensor:
    """Return ``(B, C, h, w)`` as ``(B, C, h w)`` of at least single precision."""
    return maps.flatten(2).to(torch.promote_types(maps.dtype, torch.float32))


def _attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Return ``(B, C, n)`` mixtures of the ``(B, S, n)`` values, one for each query.

    The scores are normalised over the whole matrix of a sample, queries and keys alike.
    """
    similar = F.normalize(queries, dim=-1) @ keys.mT / math.sqrt(keys.shape[1])
    scores = F.layer_norm(similar, similar.shape[-2:], eps=1e-5)
    return scores.softmax(dim=-1) @ values
