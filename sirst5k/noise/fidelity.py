"""How faithful generated noise fields are to the noise they were made from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ParameterError
from sirst5k.noise.bank import NoiseBank
from sirst5k.noise.fields import FIELDS, resize_field, spectral_field, tile_field
from sirst5k.noise.spectrum import cut_crops, log_spectral_distance, radial_spectrum


@dataclass(frozen=True, slots=True)
class FieldFidelity:
    """What one way of making fields does to the noise.

    Attributes
    ----------
    method : str
        ``resize``, ``spectral`` or ``tile``.
    distance_db : float
        Log-spectral distance from the bank's tiles, in dB.
    skewness, kurtosis : float
        Of the fields' grey levels; kurtosis is 3 for a normal distribution.
    crops : int
        How many crops the spectrum was averaged over.
    """

    method: str
    distance_db: float
    skewness: float
    kurtosis: float
    crops: int


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Fidelity of every way of making fields, beside the bank's own scatter.

    Attributes
    ----------
    tiles : int
        Tiles of the bank that were measured.
    split_half_db : float
        Distance between two halves of the bank's own images: what is no difference.
    skewness, kurtosis : float
        Of the bank's tiles.
    fields : tuple of FieldFidelity
    """

    tiles: int
    split_half_db: float
    skewness: float
    kurtosis: float
    fields: tuple[FieldFidelity, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


def moments(values: NDArray[Any]) -> tuple[float, float]:
    """Return skewness and (not excess) kurtosis of an array's values."""
    centred = values.astype(np.float64).ravel()
    centred -= centred.mean()
    variance = float(np.mean(centred**2))
    if variance <= 0:
        raise ParameterError("Expected values that vary, got a constant.")
    skewness = float(np.mean(centred**3)) / variance**1.5
    return skewness, float(np.mean(centred**4)) / variance**2


def measure_fidelity(
    bank: NoiseBank, fields: int = 100, shape: tuple[int, int] = (256, 256), seed: int = 0
) -> Fidelity:
    """Compare generated fields with the bank they come from.

    Parameters
    ----------
    bank : NoiseBank
    fields : int
        Fields to make with each method.
    shape : (int, int)
        Their height and width in pixels, at least a tile.
    seed : int
        Seed of the fields.

    Returns
    -------
    Fidelity
    """
    if min(shape) < bank.size:
        raise ParameterError(
            f"Expected fields at least as large as a tile, {bank.size}×{bank.size}, got {shape}."
        )
    if fields < 1:
        raise ParameterError(f"Expected at least one field, got {fields}.")
    real = radial_spectrum(bank.tiles)
    skewness, kurtosis = moments(bank.tiles)
    return Fidelity(
        tiles=len(bank),
        split_half_db=_split_half(bank, seed),
        skewness=skewness,
        kurtosis=kurtosis,
        fields=tuple(_measure(bank, method, real, fields, shape, seed) for method in FIELDS),
    )


def _measure(
    bank: NoiseBank,
    method: str,
    real: NDArray[np.float64],
    fields: int,
    shape: tuple[int, int],
    seed: int,
) -> FieldFidelity:
    rng = np.random.default_rng(seed)
    # A stretched tile is one tile: take a different one for each field, as far as there are.
    order = rng.permutation(len(bank))
    made: list[NDArray[Any]] = []
    for index in range(fields):
        if method == "resize":
            made.append(resize_field(bank.tiles[order[index % len(bank)]], shape))
        elif method == "spectral":
            made.append(spectral_field(bank, shape, rng))
        else:
            made.append(tile_field(bank, shape, rng))
    crops = np.concatenate([cut_crops(field, bank.size) for field in made])
    skewness, kurtosis = moments(np.stack(made))
    distance = log_spectral_distance(radial_spectrum(crops), real)
    return FieldFidelity(method, distance, skewness, kurtosis, len(crops))


def _split_half(bank: NoiseBank, seed: int) -> float:
    """Return the distance between halves of the bank, split by image where there are several.

    Windows of one image resemble each other; splitting them at random would measure less
    than two samples of the sensor's noise differ by.
    """
    owner = bank.origin[:, 0]
    owners = np.unique(owner)
    rng = np.random.default_rng(seed)
    if len(owners) >= 2:
        first = np.isin(owner, rng.permutation(owners)[: len(owners) // 2])
    elif len(bank) >= 2:
        first = np.isin(np.arange(len(bank)), rng.permutation(len(bank))[: len(bank) // 2])
    else:
        return float("nan")
    return log_spectral_distance(
        radial_spectrum(bank.tiles[first]), radial_spectrum(bank.tiles[~first])
    )
