"""What was measured on sequences as two banks: levels, windows and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.noise.bank import NoiseBank
from sirst5k.noise.fields import spectral_field
from sirst5k.noise.plane import remove_plane
from sirst5k.noise.sampling import fair_share, outlier_limit
from sirst5k.noise.spectrum import cut_crops
from sirst5k.noise.time_parts import PLANE, TimeParts, sensor_pattern

SIGNIFICANT = 4.0
"""Standard errors above which a fixed pattern is one."""

_FIELD, _FIELDS = 4, 8  # side in windows, and number, of the fields on which a level is set


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """The quiet windows of one sequence.

    Attributes
    ----------
    name : str
    frames : tuple of str
        Ids of the frames that were looked at.
    places : (N, 2) int32
        Row and column of each window.
    parts : TimeParts
        In the sequence's own grey levels.
    scale : float
        What brings them to the grey levels of the first sequence.
    rounding : float
        Variance that rounding to whole grey levels adds.
    """

    name: str
    frames: tuple[str, ...]
    places: NDArray[np.int32]
    parts: TimeParts
    scale: float
    rounding: float


@dataclass(frozen=True, eq=False, slots=True)
class Pattern:
    """What stays in the quiet windows of one sequence, in the grey levels of the first.

    Attributes
    ----------
    name : str
    windows : (N, s, s) float32
    places : (N, 2) int32
        Row and column of each window.
    variance : float
        Of the pattern, without the scene.
    scene : float
        Share of what stays that was taken for scene.
    """

    name: str
    windows: NDArray[np.float32]
    places: NDArray[np.int32]
    variance: float
    scene: float


def pattern_of(measured: Measured) -> Pattern:
    """Return what the sensor adds to the windows of a sequence alike in all frames."""
    parts, scale = measured.parts, measured.scale
    windows, scene = sensor_pattern(parts.first * scale, parts.second * scale)
    common = float(parts.fixed.mean()) * scale**2
    return Pattern(measured.name, windows, measured.places, common * (1 - scene), scene)


def levels_of(kept: Sequence[Measured], patterns: Sequence[Pattern]) -> dict[str, float]:
    """Return the levels of both parts, the rounding of whole grey levels taken off.

    That of the fixed part is the median of the sequences': in a few of them nothing but
    texture may stand still.
    """

    def pooled(name: str) -> float:
        parts = [getattr(each.parts, name) * each.scale**2 for each in kept]
        return float(np.concatenate(parts).mean())

    white = float(
        np.concatenate([(each.parts.white - each.rounding) * each.scale**2 for each in kept]).mean()
    )
    fixed, near = pooled("fixed"), pooled("near")
    # Of products of means that share nothing; up to four windows of the grid share a pixel.
    free = sum(each.parts.first[0].size * len(each.places) / 4 for each in kept)
    halves = min(len(each.frames) // 2 for each in kept)
    error = pooled("white") / halves / float(np.sqrt(free))
    return {
        "white_variance": white,
        "fixed_variance": float(np.median([each.variance for each in patterns])),
        "fixed_variance_error": error,
        "still_scene_share": float(np.median([each.scene for each in patterns])),
        "moved_share": max(0.0, 1 - fixed / near) if near > SIGNIFICANT * error else 0.0,
    }


def white_bank(
    kept: Sequence[Measured], white: float, report: Mapping[str, Any], max_tiles: int
) -> NoiseBank:
    """Return the bank of what is new in every frame.

    Parameters
    ----------
    kept : sequence of Measured
    white : float
        Full scale of the grey levels of the first sequence.
    report : mapping
        With ``white_variance``, the level to set.
    max_tiles : int
        Most windows to keep, as evenly over the sequences as there are some.
    """
    shares = fair_share([each.parts.residuals[:, :, 0, 0].size for each in kept], max_tiles)
    sources = tuple(frame for each in kept for frame in each.frames)
    windows, origin, first = [], [], 0
    for each, share in zip(kept, shares, strict=True):
        place, time = np.divmod(share, len(each.frames))
        windows.append(each.parts.residuals[place, time] * np.float32(each.scale))
        origin.append(np.column_stack([first + time, each.places[place]]))
        first += len(each.frames)
    return _bank(windows, origin, sources, white, report["white_variance"])


def fixed_bank(
    patterns: Sequence[Pattern], white: float, report: Mapping[str, Any], max_tiles: int
) -> NoiseBank | None:
    """Return the bank of what stays, or None if it could be chance; parameters as above.

    Sequences in which far more stays than in the others show texture, and are left out.
    """
    if report["fixed_variance"] <= SIGNIFICANT * report["fixed_variance_error"]:
        return None
    found = [each for each in patterns if each.variance > 0]
    limit = outlier_limit([each.variance for each in found])
    found = [each for each in found if each.variance <= limit]
    shares = fair_share([len(each.places) for each in found], max_tiles)
    windows, origin = [], []
    for number, (each, share) in enumerate(zip(found, shares, strict=True)):
        windows.append(each.windows[share])
        origin.append(np.column_stack([np.full(len(share), number), each.places[share]]))
    names = tuple(each.name for each in found)
    return _bank(windows, origin, names, white, report["fixed_variance"])


def _bank(
    windows: Sequence[NDArray[np.float32]],
    origin: Sequence[NDArray[Any]],
    sources: tuple[str, ...],
    white: float,
    variance: float,
) -> NoiseBank:
    """Return a bank whose fields, measured as these windows were, have a measured variance.

    A plane takes more than three degrees of freedom of noise that is not white in space, as
    two of a window's 32 columns of stripes. So the level is set on fields drawn from the bank.
    """
    stack, places = np.concatenate(windows), np.concatenate(origin).astype(np.int32)
    bank = NoiseBank(stack, white, sources, places)
    rng = np.random.default_rng(0)
    side = _FIELD * bank.size
    crops = np.concatenate(
        [cut_crops(spectral_field(bank, (side, side), rng), bank.size) for _ in range(_FIELDS)]
    )
    level = remove_plane(crops).var(axis=(1, 2), dtype=np.float64).mean()
    free = bank.size**2
    drawn = float(level) * free / (free - PLANE)
    scaled = stack * np.float32(np.sqrt(variance / drawn))
    return NoiseBank(scaled, white, sources, places, {"method": "variance components over time"})
