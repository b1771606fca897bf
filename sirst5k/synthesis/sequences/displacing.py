"""Noise in sequences as an operation: drawn once a sequence, applied to each frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sirst5k.noise import MovingField, SequenceNoise, add_residual
from sirst5k.sample import Image, full_scale
from sirst5k.synthesis.displacing import LEVELS
from sirst5k.synthesis.parameters import ResidualDisplacement

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DrawnNoise:
    """What is drawn for one sequence.

    Attributes
    ----------
    seed : int
        Of its field.
    strength : float
        How many times stronger than the bank's both parts of the noise are.
    """

    seed: int
    strength: float


def draw_noise(
    displacement: ResidualDisplacement, noise: SequenceNoise, rng: np.random.Generator
) -> DrawnNoise:
    """Draw the noise of a sequence.

    A level between those of the bank's windows, times a gain. Both parts grow alike: it is
    the noise of one camera, stronger or weaker.

    Parameters
    ----------
    displacement : ResidualDisplacement
        With the range of gains.
    noise : SequenceNoise
    rng : numpy.random.Generator
        Of the sequence's variant; three numbers are drawn.
    """
    seed = int(rng.integers(2**63))
    level = noise.white.level_at(rng.uniform(*LEVELS)) / noise.white_std
    return DrawnNoise(seed, level * float(rng.uniform(*displacement.gain_range)))


def frame_noise(
    displacement: ResidualDisplacement,
    noise: SequenceNoise,
    drawn: DrawnNoise,
    frame: int,
    dtype: np.dtype[Any],
) -> dict[str, Any]:
    """Return the concrete parameters for one frame: small, and as JSON has them.

    Parameters
    ----------
    displacement : ResidualDisplacement
    noise : SequenceNoise
    drawn : DrawnNoise
        Of the frame's sequence.
    frame : int
        Its place in the sequence, from 0.
    dtype : numpy.dtype
        Of the image: ``white_std`` and ``fixed_std``, the standard deviations of what is new in
        each frame and of what stays, are in its grey levels.
    """
    scale = full_scale(dtype) / noise.full_scale * drawn.strength
    return {
        "op": "displace",
        "method": displacement.method,
        "field": displacement.field,
        "field_seed": drawn.seed,
        "frame": frame,
        "white_std": noise.white_std * scale,
        "fixed_std": noise.fixed_std * scale,
        "signal_dependence": displacement.signal_dependence,
    }


def apply_noise(
    image: Image, parameters: Parameters, noise: SequenceNoise, field: MovingField
) -> Image:
    """Apply concrete parameters to a frame.

    What is new in the frame may grow with the signal, as photon noise does; what stays is an
    offset of each pixel, and does not.

    Parameters
    ----------
    image : (H, W) uint8 | uint16 | float32
    parameters : mapping
        From `frame_noise`.
    noise : SequenceNoise
    field : MovingField
        Of the image's shape and the parameters' seed.

    Returns
    -------
    (H, W) array
        Of the image's dtype; integers are rounded half to even and clipped to full scale.
    """
    levels = image.astype(np.float32)
    if noise.fixed is not None:
        levels += field.fixed * np.float32(parameters["fixed_std"] / noise.fixed_std)
    gain = parameters["white_std"] / noise.white_std
    white = field.white(parameters["frame"])
    noisy = add_residual(levels, white, gain, parameters["signal_dependence"])
    if image.dtype.kind == "f":
        return noisy
    np.clip(noisy, 0, full_scale(image.dtype), out=noisy)
    rounded: Image = np.rint(noisy, out=noisy).astype(image.dtype)
    return rounded
