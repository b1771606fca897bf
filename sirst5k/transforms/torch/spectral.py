"""New noise fields by a Fourier transform, with the bank's spectrum and distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr
from torch import Tensor

from sirst5k.noise import NoiseBank
from sirst5k.noise.marginal import LEVELS, REACH
from sirst5k.noise.shaping import Shaping
from sirst5k.transforms.torch.fields import FieldSource, Shape
from sirst5k.transforms.torch.randomness import derive_many, random_bytes


class SpectralFields(FieldSource):
    """Random phases under the bank's power spectrum, mapped onto its distribution.

    As `sirst5k.noise.spectral_field`, but that the map is the same for all fields. There, each
    field's own ranks decide, so that every one has exactly the bank's distribution; here a
    field has it on average, as two windows of real noise do. That map is a table.

    Amplitudes for an image size are computed when it is first seen: call the transform once
    before a graph is captured or compiled.

    Parameters
    ----------
    bank : NoiseBank
    """

    def __init__(self, bank: NoiseBank) -> None:
        super().__init__()
        self.shaping = bank.shaping
        turn = np.exp(2j * np.pi * np.arange(256) / 256).astype(np.complex64)
        self.register_buffer("_phases", torch.from_numpy(turn), persistent=False)
        table = torch.from_numpy(expected_lookup(self.shaping))
        self.register_buffer("_lookup", table, persistent=False)

    def draw(self, seeds: Tensor, frames: int, shape: Shape) -> dict[str, Tensor]:  # noqa: ARG002
        """Draw a seed for each field."""
        return {"field_seed": derive_many(seeds, frames)}

    def make(self, drawn: Mapping[str, Any], shape: Shape) -> Tensor:
        """Synthesise the fields."""
        seeds: Tensor = drawn["field_seed"]
        amplitude, (tall, wide) = self.prepare(shape, seeds.device)
        phases = random_bytes(seeds.flatten(), amplitude.numel()).flatten()
        spectrum = self._phases.index_select(0, phases).view(-1, *amplitude.shape)
        steps = self.steps(spectrum.mul_(amplitude), (tall, wide))[:, : shape[0], : shape[1]]
        index = steps.clamp_(0, LEVELS - 1).to(torch.int32).flatten()
        return self._lookup.index_select(0, index).view(*seeds.shape, *shape)

    def steps(self, spectrum: Tensor, size: Shape) -> Tensor:
        """Return fields of ``(N, wide // 2 + 1, tall)`` spectra, in steps of the table."""
        tall, wide = size
        # The mean of the fields is the middle of the table.
        spectrum[:, 0, 0] = LEVELS / 2 * tall * wide
        # What irfft2 does, in two thirds of its time: both transforms along what is contiguous.
        columns = torch.fft.ifft(spectrum, dim=2).transpose(1, 2).contiguous()
        return torch.fft.irfft(columns, n=wide, dim=2)

    def prepare(self, shape: Shape, device: torch.device) -> tuple[Tensor, Shape]:
        """Return amplitudes for fields of a shape, computed now if it is a new one.

        Returns
        -------
        amplitude : (wide // 2 + 1, tall) float32
            Such that the fields' standard deviation is that of the table's steps.
        size : (int, int)
            ``(tall, wide)`` of the transform, not below `shape`.
        """
        name = f"_amplitude_{shape[0]}x{shape[1]}"
        if name not in self._buffers:
            amplitude, _, deviation = self.shaping.amplitude(shape)
            scaled = amplitude.T * np.float32(LEVELS / (2 * REACH * deviation))
            on_device = torch.from_numpy(np.ascontiguousarray(scaled)).to(device)
            self.register_buffer(name, on_device, persistent=False)
        kept: Tensor = self._buffers[name]
        return kept, (kept.shape[1], 2 * (kept.shape[0] - 1))


def expected_lookup(shaping: Shaping) -> NDArray[np.float32]:
    """Return the grey level of each step of a normally distributed field.

    The mean of the distribution over the share of a normal one that falls into the step: what
    `sirst5k.noise.marginal.Marginal.match` has on average.

    Returns
    -------
    (LEVELS,) float32
        Zero-mean under that share.
    """
    table = shaping.quantiles
    inner = (np.arange(1, LEVELS) - LEVELS / 2) * (2 * REACH / LEVELS)
    edges = np.concatenate([[0.0], ndtr(inner), [1.0]])
    integral = np.concatenate([[0.0], np.cumsum(table)]) / table.size
    reached = np.interp(edges, np.linspace(0, 1, integral.size), integral)
    share = np.diff(edges)
    lookup = np.diff(reached) / share
    centred: NDArray[np.float32] = (lookup - lookup @ share).astype(np.float32)
    return centred
