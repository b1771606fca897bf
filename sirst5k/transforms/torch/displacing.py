"""Noise displacement of batches: noise of a real sensor put into every image."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sirst5k.errors import ShapeError
from sirst5k.noise import NoiseBank
from sirst5k.synthesis.displacing import LEVELS
from sirst5k.synthesis.parameters import MixupDisplacement, Range, ResidualDisplacement
from sirst5k.transforms import displacement as single
from sirst5k.transforms.banks import BankLike
from sirst5k.transforms.torch.batch import (
    as_levels,
    check_images,
    from_levels,
    full_scale,
    is_whole,
)
from sirst5k.transforms.torch.contrast import move_scr
from sirst5k.transforms.torch.displace_json import noise_from_json, noise_to_json
from sirst5k.transforms.torch.fields import CanvasFields, FieldSource, StretchedTiles, TileFields
from sirst5k.transforms.torch.finding import TargetFinder
from sirst5k.transforms.torch.module import BatchTransform, Parameters
from sirst5k.transforms.torch.processor import on_processor
from sirst5k.transforms.torch.processor.adding import DTYPES, add_windows
from sirst5k.transforms.torch.processor.compiled import kernels
from sirst5k.transforms.torch.processor.namespaces import Array, integers, namespace
from sirst5k.transforms.torch.randomness import below, derive, uniform
from sirst5k.transforms.torch.spectral import SpectralFields

_STRENGTH, _FIELD = 1, 2  # streams of random numbers
# Images whose fields are made at once on a processor: spectra and fields stay in its cache, and
# in memory that the process has already.
_TOGETHER = 8
_RESIDUAL, _MIXUP = ResidualDisplacement(), MixupDisplacement()


class NoiseDisplacement(BatchTransform):
    """Put noise of a real sensor into every image of a batch; the masks stay.

    The frames of a clip get noise of one level, but each its own, as a sensor's does; all
    channels of a frame get the same, for they are copies of one grey image.

    Parameters
    ----------
    bank : NoiseBank, str or path
    method : {"residual", "mixup"}
    field : {"spectral", "tile", "resize"}, optional
    gain_range, signal_dependence, scr_range
        Of ``residual``.
    weights, weight_range
        Of ``mixup``.
    canvas : int
        How many times an image's longer side a field measures that is made once, and that
        windows are cut out of; 0 makes new fields at every call.
    p : float
        Probability for each sample.
    seed : int, optional
        See `BatchTransform`.
    max_targets : int
        With `scr_range`: for how many targets of an image there is room.

    See Also
    --------
    sirst5k.transforms.NoiseDisplacement : the same for arrays; explains the parameters.

    Examples
    --------
    >>> from sirst5k import NoiseBank, open_dataset
    >>> bank = NoiseBank.sample(open_dataset("demo:n=4", "train"))
    >>> displace = NoiseDisplacement(bank, p=1.0)
    >>> images = torch.full((2, 1, 64, 64), 0.5)
    >>> noisy, _ = displace(images, generator=torch.Generator().manual_seed(0))
    >>> bool((noisy[0] != noisy[1]).any()), abs(float(noisy.mean()) - 0.5) < 1e-6
    (True, True)
    """

    def __init__(
        self,
        bank: BankLike,
        method: str = "residual",
        field: str | None = None,
        *,
        gain_range: Range = _RESIDUAL.gain_range,
        signal_dependence: float = _RESIDUAL.signal_dependence,
        scr_range: Range | None = _RESIDUAL.scr_range,
        weights: Sequence[float] = _MIXUP.weights,
        weight_range: Range | None = None,
        canvas: int = 4,
        p: float = 0.5,
        seed: int | None = None,
        max_targets: int = 32,
    ) -> None:
        super().__init__(p, seed)
        # The array version checks all of it, and knows the settings from then on.
        self.single = single.NoiseDisplacement(
            bank,
            method,
            field,
            gain_range=gain_range,
            signal_dependence=signal_dependence,
            scr_range=scr_range,
            weights=tuple(weights),
            weight_range=weight_range,
            canvas=canvas,
            p=p,
        )
        settings = self.settings = self.single.settings
        self.mixes = isinstance(settings, MixupDisplacement)
        self.fresh = _fresh_fields(self.bank, settings.field, self.mixes)
        self.cut: CanvasFields | None = None
        if settings.field != "resize" and self.single.canvas:
            self.cut = CanvasFields(self.bank, settings.field, self.single.canvas)
        levels = torch.from_numpy(np.sort(self.bank.levels).astype(np.float32))
        self.register_buffer("_levels", levels, persistent=False)
        shares = torch.tensor(getattr(settings, "weights", (0.0,)), dtype=torch.float32)
        self.register_buffer("_weights", shares, persistent=False)
        moves = isinstance(settings, ResidualDisplacement) and settings.scr_range is not None
        self.finder = TargetFinder(max_targets) if moves else None
        self._mean = float(self.bank.windows.mean(dtype=np.float64)) / self.bank.full_scale

    @property
    def bank(self) -> NoiseBank:
        """Where the noise comes from."""
        return self.single.bank

    def check(self, images: Tensor, masks: Tensor | None, boxes: Tensor | None) -> None:  # noqa: ARG002
        """Raise an error where targets are to be moved and are not known."""
        if self.finder is not None and masks is None:
            raise ShapeError("Expected masks: with scr_range, targets' contrast is moved.")

    def draw_for(
        self,
        images: Tensor,
        masks: Tensor | None,  # noqa: ARG002
        boxes: Tensor | None,  # noqa: ARG002
        seeds: Tensor,
        applied: Tensor,
    ) -> Parameters:
        """Draw how much noise each sample gets, and which."""
        frames = images.shape[2] if images.ndim == 5 else 1
        shape = (images.shape[-2], images.shape[-1])
        source = self._source(shape).draw(derive(seeds, _FIELD), frames, shape)
        drawn = {"applied": applied, **source}
        uniforms = uniform(seeds, _STRENGTH, 3)
        if isinstance(self.settings, MixupDisplacement):
            return {**drawn, "weight": self._draw_weight(uniforms[:, 0])}
        unit = full_scale(images.dtype) / self.bank.full_scale
        drawn["std"] = self._draw_levels(uniforms, self.settings.gain_range, unit)
        if self.settings.scr_range is not None:
            low, high = self.settings.scr_range
            drawn["scr"] = low + (high - low) * uniforms[:, 2]
        return drawn

    def apply_to(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        parameters: Mapping[str, Any],
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Put the noise in."""
        if self._adds_windows(images) and "place" in parameters:
            return self._add_windows(images, parameters), masks, boxes
        if not on_processor(images):
            return self._add_fields(images, masks, parameters), masks, boxes
        noisy = torch.empty_like(images, memory_format=torch.contiguous_format)
        for first in range(0, len(images), _TOGETHER):
            few = slice(first, first + _TOGETHER)
            marks = None if masks is None else masks[few]
            drawn = {name: part[few] for name, part in parameters.items()}
            noisy[few] = self._add_fields(images[few], marks, drawn)
        return noisy, masks, boxes

    def from_json(self, documents: Sequence[Mapping[str, Any]], images: Tensor) -> Parameters:
        """Return the parameters of a batch from those of single images.

        The fields are made as the array version makes them, on the host, and are part of the
        parameters: seeds mean something else to a device.
        """
        return noise_from_json(documents, images, self.single)

    def to_json(self, parameters: Mapping[str, Any], images: Tensor) -> list[dict[str, Any]]:
        """Return parameters as the array version has them; waits for the device.

        Only of windows of the canvas and of stretched tiles: a new field that was made from a
        seed on a device cannot be made again elsewhere.
        """
        return noise_to_json(parameters, images, self.single)

    def shown(self) -> dict[str, Any]:
        """Return the parameters that `extra_repr` shows first."""
        document = self.single.to_dict()
        return {key: value for key, value in document.items() if key not in _SHOWN_ELSEWHERE}

    def prepare(self, images: Tensor) -> None:
        """Compute now what the first batch of such images would."""
        check_images(images)
        shape = (images.shape[-2], images.shape[-1])
        if self.cut is not None and self._adds_windows(images):
            self.cut.coded(shape, images.dtype)
        else:
            self._source(shape).prepare(shape, images.device)

    def _source(self, shape: tuple[int, int]) -> FieldSource:
        return self.cut if self.cut is not None and self.cut.side(shape) else self.fresh

    def _field(self, parameters: Mapping[str, Any], shape: tuple[int, int]) -> Tensor:
        """Return the fields that parameters name, of mean zero unless they are to be mixed in."""
        if "field" in parameters:
            given: Tensor = parameters["field"]
            return given.clone()
        source = self.cut if self.cut is not None and "place" in parameters else self.fresh
        field = source.make(parameters, shape)
        if self.mixes and self.settings.field == "resize":
            return field
        field = field.sub_(field.mean((-2, -1), keepdim=True))
        return field.div_(self.bank.full_scale).add_(self._mean) if self.mixes else field

    def _adds_windows(self, images: Tensor) -> bool:
        """Return whether a processor adds windows of the canvas to images as they are."""
        settings = self.settings
        if self.cut is None or not isinstance(settings, ResidualDisplacement):
            return False
        plain = settings.scr_range is None and settings.signal_dependence == 0
        fits = self.cut.side((images.shape[-2], images.shape[-1])) > 0
        return plain and fits and images.dtype in DTYPES and on_processor(images)

    def _add_windows(self, images: Tensor, parameters: Mapping[str, Any]) -> Tensor:
        """Return ``I + g·n`` as the array version does it, to the pixel."""
        assert self.cut is not None
        shape = (images.shape[-2], images.shape[-1])
        codes, sums, step = self.cut.coded(shape, images.dtype)
        std, applied, place = (parameters[name].numpy() for name in ("std", "applied", "place"))
        # In the array version's order, and its precision; a bank without noise has nothing to add.
        typical = self.bank.std if self.bank.std > 0 else math.inf
        gain = std.astype(np.float64) / typical * step * applied
        return add_windows(images, codes.numpy(), sums.numpy(), place, gain)

    def _add_fields(
        self, images: Tensor, masks: Tensor | None, parameters: Mapping[str, Any]
    ) -> Tensor:
        """Make the fields that parameters name, and put them in."""
        field = self._field(parameters, (images.shape[-2], images.shape[-1]))
        if images.ndim == 5:
            field = field[:, None]
        mixed = self._mix if self.mixes else self._add
        return mixed(images, masks, field, parameters)

    def _add(
        self, images: Tensor, masks: Tensor | None, field: Tensor, parameters: Mapping[str, Any]
    ) -> Tensor:
        """Return ``I + g·n``."""
        assert isinstance(self.settings, ResidualDisplacement)
        white = full_scale(images.dtype)
        applied = parameters["applied"]
        gain = torch.where(applied, parameters["std"] / self.bank.std, 0.0)
        gain = gain.view(-1, *[1] * (images.ndim - 1))
        levels = as_levels(images)
        share = self.settings.signal_dependence
        noise = field * _growth(levels, share) if share > 0 else field
        levels = (
            levels.addcmul_(noise, gain) if levels.shape == noise.shape else levels + noise * gain
        )
        if "scr" in parameters and self.finder is not None and masks is not None:
            if is_whole(images.dtype):
                levels = levels.clamp_(0, white).round_()
            levels = move_scr(levels, masks, parameters["scr"], applied, self.finder)
        return from_levels(levels, images.dtype, white)

    def _mix(
        self,
        images: Tensor,
        masks: Tensor | None,  # noqa: ARG002
        field: Tensor,
        parameters: Mapping[str, Any],
    ) -> Tensor:
        """Return ``clip(m·N + (1 - m)·I, 0, 1)``."""
        white = full_scale(images.dtype)
        weight = parameters["weight"].view(-1, *[1] * (images.ndim - 1))
        mixed = as_levels(images).div_(white).mul_(1 - weight)
        mixed = (mixed + field * weight).clamp_(0, 1).mul_(white)
        applied = parameters["applied"].view_as(weight)
        return torch.where(applied, from_levels(mixed, images.dtype, white), images)

    def _draw_weight(self, uniforms: Tensor) -> Tensor:
        if self.single.weight_range is None:
            chosen: Tensor = self._weights[below(uniforms, len(self._weights))]
            return chosen
        low, high = self.single.weight_range
        return low + (high - low) * uniforms

    def _draw_levels(self, uniforms: Tensor, gains: Range, unit: float) -> Tensor:
        """Return levels of the bank, as its `level_at` does, times gains, in an image's unit."""
        ways = (LEVELS[0], LEVELS[1] - LEVELS[0]), (gains[0], gains[1] - gains[0])
        if not on_processor(uniforms, self._levels):
            levels: Tensor = _between(uniforms, self._levels, *ways, unit)
            return levels
        compiled = kernels("displacing")
        between = compiled.draw_levels if compiled else _between
        return torch.from_numpy(between(uniforms.numpy(), self._levels.numpy(), *ways, unit))


_SHOWN_ELSEWHERE = ("transform", "p", "seed")


def _fresh_fields(bank: NoiseBank, field: str, mixes: bool) -> FieldSource:
    if field == "spectral":
        return SpectralFields(bank)
    if field == "tile":
        return TileFields(bank)
    return StretchedTiles(bank.windows / bank.full_scale if mixes else bank.tiles)


def _between(uniforms: Array, ordered: Array, shares: Range, gains: Range, unit: float) -> Array:
    """Return what lies at shares of the way through ordered numbers, times gains."""
    most = len(ordered) - 1
    place = (shares[0] + shares[1] * uniforms[:, 0]) * most
    floor = namespace(place).floor(place)
    lower = integers(floor)
    least = ordered[lower]
    level = least + (ordered[(lower + 1).clip(max=most)] - least) * (place - floor)
    return level * (gains[0] + gains[1] * uniforms[:, 1]) * unit


def _growth(levels: Tensor, share: float) -> Tensor:
    """Return the factor on the noise where its variance follows the signal.

    A pixel that is no number counts for nothing in the mean, and stays one.
    """
    signal = levels.clamp(min=0)
    mean = signal.nan_to_num(0.0).mean((-2, -1), keepdim=True)
    grown = (signal * (share / mean) + (1 - share)).sqrt_()
    return torch.where(mean > 0, grown, 1.0)
