"""Our networks computed as their equations read, for benchmarks to compare with.

Every part that the package computes in another way than it is written down is put back: the
gates of DNANet and MSHNet one by one, the deformable convolution by gathering four
neighbours, the central differences as two convolutions, the wavelet as strided convolutions
with fixed filters, scales multiplied into pixels, interpolation before 1×1 convolutions. The
weights stay, and so do the results but for rounding, which whoever uses this checks.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.detectors.networks.attention_block import AttentionBlock
from sirst5k.detectors.networks.central_difference import CentralDifferenceConv
from sirst5k.detectors.networks.cross_scale import Reconstruction
from sirst5k.detectors.networks.deformable import DeformableConv
from sirst5k.detectors.networks.wavelet import HALF, BandConv, WaveletConv


def plain(network: nn.Module) -> nn.Module:
    """Return a copy of the network with its parts computed plainly."""
    copy = deepcopy(network)
    for module in copy.modules():
        forward = PLAIN.get(type(module))
        if forward is not None:
            module.forward = partial(forward, module)
    return copy


def attention_block(block: Any, features: Tensor) -> Tensor:
    """Convolve twice, gate channels, gate pixels, add the shortcut."""
    found = F.relu(block.norm1(block.conv1(features)))
    found = block.norm2(block.conv2(found))
    gate = block.channel_gate

    def vote(pooled: Tensor) -> Tensor:
        votes: Tensor = gate.expand(F.relu(gate.squeeze(pooled)))
        return votes

    mean, most = F.adaptive_avg_pool2d(found, 1), F.adaptive_max_pool2d(found, 1)
    found = torch.sigmoid(vote(mean) + vote(most)) * found
    seen = (found.mean(dim=1, keepdim=True), found.max(dim=1, keepdim=True)[0])
    found = torch.sigmoid(block.spatial_gate.weigh(torch.cat(seen, dim=1))) * found
    return F.relu(found if block.shortcut is None else found + block.shortcut(features))


def deformable(layer: Any, frames: Tensor) -> Tensor:
    """Gather the four neighbours of every tap."""
    steering = layer.steering(frames)
    taps, side = steering.shape[1] // 3, layer.weight.shape[-1]
    shifts = steering[:, : 2 * taps].unflatten(1, (taps, 2))
    height, width = frames.shape[-2:]
    tap = torch.arange(taps, device=frames.device)[:, None, None]
    rows = torch.arange(height, device=frames.device)[:, None] + tap // side - side // 2
    columns = torch.arange(width, device=frames.device) + tap % side - side // 2
    y, x = rows + shifts[:, :, 0], columns + shifts[:, :, 1]
    top, left = y.floor(), x.floor()
    values: Any = 0.0
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        row, column = top + down, left + right
        share = (1 - (y - row).abs()) * (1 - (x - column).abs())
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        place = row.clamp(0, height - 1).long() * width + column.clamp(0, width - 1).long()
        flat = place.flatten(1)[:, None].expand(-1, frames.shape[1], -1)
        taken = frames.flatten(2).gather(2, flat).unflatten(2, place.shape[1:])
        values = values + taken * (share * inside)[:, None]
    values = values * steering[:, 2 * taps :].sigmoid()[:, None]
    mixed = torch.einsum("bcthw,oct->bohw", values, layer.weight.flatten(2))
    return mixed + layer.bias[:, None, None]


def central_difference(layer: Any, frames: Tensor) -> Tensor:
    """Subtract from a convolution a share of one that sees the centre alone."""
    flat = layer.weight.sum(dim=(2, 3), keepdim=True)
    whole = F.conv2d(frames, layer.weight, layer.bias, padding=1)
    return whole - layer.share * F.conv2d(frames, flat, layer.bias)


def band_conv(layer: Any, bands: Tensor) -> Tensor:
    """Apply the scale to what comes out."""
    scaled: Tensor = layer.scale * layer.convolution(bands)
    return scaled


def wavelet(layer: Any, frames: Tensor) -> Tensor:
    """Convolve with the four fixed filters and a stride of two, there and back."""
    signs = [[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]
    bank = HALF * frames.new_tensor(signs).view(4, 1, 2, 2).repeat(frames.shape[1], 1, 1, 1)
    groups, low = frames.shape[1], frames
    sizes, filtered = [], []
    for level in layer.levels:
        sizes.append(low.shape[-2:])
        even = F.pad(low, (0, low.shape[-1] % 2, 0, low.shape[-2] % 2))
        bands = F.conv2d(even, bank, stride=2, groups=groups)
        low = bands[:, ::4]
        filtered.append(level(bands))
    raised: Any = 0.0
    for (height, width), bands in zip(reversed(sizes), reversed(filtered), strict=True):
        four = bands.unflatten(1, (groups, 4))
        four = torch.cat((four[:, :, :1] + _column(raised), four[:, :, 1:]), dim=2)
        raised = F.conv_transpose2d(four.flatten(1, 2), bank, stride=2, groups=groups)
        raised = raised[..., :height, :width]
    result: Tensor = layer.base(frames) + raised
    return result


def _column(raised: Any) -> Any:
    return raised[:, :, None] if isinstance(raised, Tensor) else raised


def reconstruction(layer: Any, tokens: Tensor, size: Any) -> Tensor:
    """Interpolate first, and convolve at full resolution."""
    raised = F.interpolate(tokens, size=tuple(size), mode="bilinear")
    return F.relu(layer.norm(layer.convolution(raised)))


PLAIN: dict[type, Callable[..., Tensor]] = {
    AttentionBlock: attention_block,
    BandConv: band_conv,
    CentralDifferenceConv: central_difference,
    DeformableConv: deformable,
    Reconstruction: reconstruction,
    WaveletConv: wavelet,
}
