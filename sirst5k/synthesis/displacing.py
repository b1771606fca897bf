"""Noise displacement as an operation: draw its parameters, apply them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.noise import (
    NoiseBank,
    add_residual,
    displace,
    move_scr,
    resize_field,
    spectral_field,
    tile_field,
)
from sirst5k.sample import Image, Sample, full_scale
from sirst5k.synthesis.parameters import Displacement, MixupDisplacement, ResidualDisplacement
from sirst5k.synthesis.plan import Variant

Parameters = Mapping[str, Any]

LEVELS = (0.05, 0.95)
"""Which part of a bank's noise levels is drawn from, as quantiles."""


def draw_displacement(
    displacement: Displacement,
    bank: NoiseBank,
    sample: Sample,
    variant: Variant,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Draw the concrete parameters of one displacement: small, and as JSON has them.

    A random field is recorded by its seed, a stretched tile by its number, the noise's
    strength by its standard deviation in the image's grey levels.
    """
    source = draw_source(displacement, bank, rng)
    if isinstance(displacement, MixupDisplacement):
        return mixing(displacement, source, variant.weight)
    return adding(displacement, source, bank, sample.image.dtype, rng)


def draw_source(
    displacement: Displacement, bank: NoiseBank, rng: np.random.Generator
) -> dict[str, Any]:
    """Draw which field it will be: a tile to stretch, or the seed of a random field."""
    if displacement.field == "resize":
        return {"tile": int(rng.integers(len(bank)))}
    return {"field_seed": int(rng.integers(2**63))}


def mixing(
    displacement: MixupDisplacement, source: Parameters, weight: float | None
) -> dict[str, Any]:
    """Return the parameters of mixing a field in with a weight."""
    return {**_kind(displacement), **source, "weight": weight}


def adding(
    displacement: ResidualDisplacement,
    source: Parameters,
    bank: NoiseBank,
    dtype: np.dtype[Any],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Draw how strongly a field is added to an image of some dtype."""
    # Images differ in their noise: a level between those of the bank's windows rather than
    # the typical one, but none of the few in which clutter passed for noise.
    level = bank.level_at(rng.uniform(*LEVELS))
    gain = float(rng.uniform(*displacement.gain_range))
    scale = full_scale(dtype) / bank.full_scale
    scr = None if displacement.scr_range is None else float(rng.uniform(*displacement.scr_range))
    return {
        **_kind(displacement),
        **source,
        "std": level * gain * scale,
        "signal_dependence": displacement.signal_dependence,
        "scr": scr,
    }


def _kind(displacement: Displacement) -> dict[str, Any]:
    return {"op": "displace", "method": displacement.method, "field": displacement.field}


def apply_displacement(
    image: Image, mask: NDArray[np.bool_], parameters: Parameters, bank: NoiseBank
) -> Image:
    """Apply drawn parameters to an image; its mask stays."""
    if parameters["method"] == "mixup":
        return displace(image, _fraction_field(bank, parameters, image.shape), parameters["weight"])
    field = residual_field(bank, parameters, image.shape)
    return add_field(image, mask, parameters, bank, field)


def add_field(
    image: Image,
    mask: NDArray[np.bool_],
    parameters: Parameters,
    bank: NoiseBank,
    field: NDArray[Any],
) -> Image:
    """Add a zero-mean field of the bank's level as strongly as drawn parameters say."""
    gain = parameters["std"] / bank.std if bank.std > 0 else 0.0
    noisy = add_residual(image, field, gain, parameters["signal_dependence"])
    if parameters["scr"] is not None:
        noisy = move_scr(noisy, mask, parameters["scr"])
    return noisy


def noise_alone(image: Image, parameters: Parameters, bank: NoiseBank) -> NDArray[np.float32]:
    """Return what drawn parameters put into an image, in its grey levels and not rounded.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
        Noise may grow with its signal.
    parameters : mapping
        From `draw_displacement`.
    bank : NoiseBank

    Returns
    -------
    (H, W) float32
        ``g·n`` of ``I + g·n``, or ``m·N`` of ``m·N + (1 - m)·I``.
    """
    if parameters["method"] == "mixup":
        field = _fraction_field(bank, parameters, image.shape)
        mixed_in = field * (parameters["weight"] * full_scale(image.dtype))
        noise: NDArray[np.float32] = mixed_in.astype(np.float32)
        return noise
    # A float image is neither rounded nor clipped; and targets are not to be moved here.
    levels = image.astype(np.float32)
    nothing = np.zeros(image.shape, np.bool_)
    return apply_displacement(levels, nothing, {**parameters, "scr": None}, bank) - levels


def residual_field(bank: NoiseBank, parameters: Parameters, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return a zero-mean field of the bank's level, in the bank's grey levels."""
    height, width = shape
    if parameters["field"] == "resize":
        field: NDArray[np.float64] = resize_field(bank.tiles[parameters["tile"]], (height, width))
        field -= field.mean()
        return field
    rng = np.random.default_rng(parameters["field_seed"])
    make = spectral_field if parameters["field"] == "spectral" else tile_field
    return make(bank, (height, width), rng)


def _fraction_field(
    bank: NoiseBank, parameters: Parameters, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return a field as mixing wants it: a noise image, as a fraction of full scale."""
    height, width = shape
    if parameters["field"] == "resize":
        return _stretched(bank, parameters["tile"], (height, width))
    return as_fraction(bank, residual_field(bank, parameters, shape))


def as_fraction(bank: NoiseBank, field: NDArray[Any]) -> NDArray[np.float64]:
    """Return a zero-mean field about the bank's own mean level, as a fraction of full scale."""
    levels = field.astype(np.float64)
    levels += float(bank.windows.mean(dtype=np.float64))
    levels /= bank.full_scale
    return levels


@lru_cache(maxsize=16)
def _stretched(bank: NoiseBank, tile: int, shape: tuple[int, int]) -> NDArray[np.float64]:
    # The same few tiles meet every image of a run.
    field = resize_field(bank.windows[tile] / bank.full_scale, shape)
    field.flags.writeable = False
    return field
