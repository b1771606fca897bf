"""The picture of a noise bank: its tiles, fields made of it, and how well they match."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from sirst5k._version import __version__
from sirst5k.drawing import (
    Curve,
    Picture,
    Plot,
    Stretch,
    blank,
    draw_plot,
    draw_text,
    grey_picture,
    place,
)
from sirst5k.drawing.theme import BODY, HEAD, MUTED, SERIES, SMALL, TITLE
from sirst5k.noise import (
    NoiseBank,
    log_spectral_distance,
    radial_spectrum,
    resize_field,
    spectral_field,
    tile_field,
)
from sirst5k.noise.fidelity import moments
from sirst5k.noise.spectrum import cut_crops

_WIDTH, _MARGIN, _GAP = 1920, 46, 20
_INSIDE = _WIDTH - 2 * _MARGIN
_TILES, _TILE_SIDE, _TILE_GAP = 32, 96, 18
_STRIP = 240  # height of the drawn fields
_PLOT = 430
_MEASURED, _SIDE = 32, 256  # fields that a curve averages over, and their side
_DEVIATIONS = 4.0
_THICK = 7  # the curve that others should lie on
_METHODS = {
    "spectral": "random phases, the bank's spectrum and distribution",
    "tile": "overlapping tiles, blended",
    "resize": "one tile stretched, as published",
}

Fields = dict[str, list[NDArray[np.float32]]]


def draw_noise_bank(bank: NoiseBank, title: str = "Noise bank") -> Picture:
    """Draw a bank: tiles, fields, radial spectra and distributions of grey levels.

    Tiles and fields are shown at one magnification and one stretch, so that they can be
    compared by eye.

    Parameters
    ----------
    bank : NoiseBank
    title : str
        What to call it.

    Returns
    -------
    (H, W, 3) uint8
        Red, green, blue.

    Raises
    ------
    NoiseError
        If the bank's windows are constant.
    """
    factor = max(1, _TILE_SIDE // bank.size)
    fields = _make_fields(bank)
    tiles, shown = _tile_grid(bank, factor)
    strip = -(-_STRIP // factor) * factor
    tops = [150, 150 + tiles.shape[0] + 90]
    tops.append(tops[1] + strip + 84)
    picture = blank(tops[2] + _PLOT + 84, _WIDTH)
    _draw_title(picture, bank, title)
    _head(picture, _MARGIN, tops[0] - 20, "Real tiles", f"{shown} of {len(bank):,}, plane removed")
    place(picture, tiles, tops[0], _MARGIN)
    _draw_fields(picture, bank, fields, factor, strip, tops[1])
    _draw_plots(picture, bank, fields, tops[2])
    foot = f"Tiles and fields enlarged {factor}× and shown alike, black to white ±{_DEVIATIONS:g}σ."
    draw_text(picture, foot, _MARGIN, picture.shape[0] - 30, SMALL, MUTED)
    right = _WIDTH - _MARGIN
    draw_text(
        picture, f"sirst5k {__version__}", right, picture.shape[0] - 30, SMALL, MUTED, align="right"
    )
    return picture


def _make_fields(bank: NoiseBank) -> Fields:
    """Return some fields of each method, large enough to be measured and shown."""
    shape = (max(_SIDE, bank.size),) * 2
    order = np.random.default_rng(0).permutation(len(bank))
    rngs = {method: np.random.default_rng(0) for method in _METHODS}
    return {
        "spectral": [spectral_field(bank, shape, rngs["spectral"]) for _ in range(_MEASURED)],
        "tile": [tile_field(bank, shape, rngs["tile"]) for _ in range(_MEASURED)],
        "resize": [
            resize_field(bank.tiles[order[k % len(bank)]], shape).astype(np.float32)
            for k in range(_MEASURED)
        ],
    }


def _draw_title(picture: Picture, bank: NoiseBank, title: str) -> None:
    end = draw_text(picture, title, _MARGIN, 66, TITLE, bold=True)
    sources = f"{len(bank.sources)} image{'s' if len(bank.sources) != 1 else ''}"
    what = (
        f"{len(bank):,} window{'s' if len(bank) != 1 else ''} of {bank.size} × {bank.size} pixels "
        f"from {sources} · σ {bank.std:.3g} of {bank.full_scale:g} grey levels"
    )
    draw_text(picture, what, end + 22, 66, HEAD, MUTED)


def _head(picture: Picture, left: int, y: int, name: str, what: str) -> None:
    end = draw_text(picture, name, left, y, BODY, bold=True)
    draw_text(picture, what, end + 14, y, SMALL, MUTED)


def _stretch(bank: NoiseBank) -> Stretch:
    reach = _DEVIATIONS * bank.std
    return Stretch(-reach, reach)


def _tile_grid(bank: NoiseBank, factor: int) -> tuple[Picture, int]:
    """Return up to 32 tiles, spread evenly over the bank, in two rows, and how many."""
    side = bank.size * factor
    columns = min(_TILES // 2, max(1, (_INSIDE + _TILE_GAP) // (side + _TILE_GAP)))
    count = min(len(bank), 2 * columns)
    columns = min(columns, count)
    gap = (
        _TILE_GAP if columns < 2 else min(_TILE_GAP + 4, (_INSIDE - columns * side) / (columns - 1))
    )
    grid = blank(-(-count // columns) * (side + _TILE_GAP) - _TILE_GAP, _INSIDE)
    for number, index in enumerate(np.linspace(0, len(bank) - 1, count).round().astype(int)):
        row, column = divmod(number, columns)
        shown = _enlarged(_stretch(bank).apply(bank.tiles[index]), factor)
        place(grid, grey_picture(shown), row * (side + _TILE_GAP), round(column * (side + gap)))
    return grid, count


def _draw_fields(
    picture: Picture, bank: NoiseBank, fields: Fields, factor: int, strip: int, top: int
) -> None:
    """Draw a part of one field of each method beside each other."""
    width = (_INSIDE - 2 * _GAP) // 3
    for place_number, (method, what) in enumerate(_METHODS.items()):
        left = _MARGIN + place_number * (width + _GAP)
        field = fields[method][0][: strip // factor, : -(-width // factor)]
        part = _enlarged(_stretch(bank).apply(field), factor)[:strip, :width]
        _head(picture, left, top - 20, f"Field: {method}", what)
        place(picture, grey_picture(part), top, left)


def _enlarged(levels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    size = (levels.shape[1] * factor, levels.shape[0] * factor)
    large: NDArray[np.uint8] = cv2.resize(levels, size, interpolation=cv2.INTER_NEAREST).astype(
        np.uint8
    )
    return large


def _draw_plots(picture: Picture, bank: NoiseBank, fields: Fields, top: int) -> None:
    width = (_INSIDE - _GAP) // 2
    right = _MARGIN + width + _GAP
    _head(picture, _MARGIN, top, "Radial power spectrum", "of tiles and of crops of the fields")
    draw_plot(picture, _spectra(bank, fields), top + 12, _MARGIN, _PLOT, width)
    _head(picture, right, top, "Distribution of grey levels", "without the planes, at one level")
    draw_plot(picture, _distribution(bank, fields["spectral"]), top + 12, right, _PLOT, width)


def _spectra(bank: NoiseBank, fields: Fields) -> Plot:
    """Return the radial spectra in dB: 0 dB is white noise of the same variance."""
    size = bank.size
    white = float(np.sum(np.outer(np.hanning(size), np.hanning(size)) ** 2))
    real = radial_spectrum(bank.tiles)
    frequency = np.arange(1, len(real) + 1) / size
    curves = [Curve(frequency, _decibels(real / white), "real tiles", SERIES[0], _THICK)]
    for method, colour in zip(_METHODS, SERIES[1:], strict=True):
        crops = np.concatenate([cut_crops(field, size) for field in fields[method]])
        power = radial_spectrum(crops)
        name = f"{method}, {log_spectral_distance(power, real):.1f} dB from them"
        curves.append(Curve(frequency, _decibels(power / white), name, colour))
    levels = np.concatenate([curve.y for curve in curves])
    low, high = float(levels.min()), float(levels.max())
    return Plot(
        tuple(curves),
        "spatial frequency, cycles per pixel",
        "power in dB, white noise = 0",
        (0.0, 0.5),
        (max(low, high - 80) - 3, high + 3),
    )


def _decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-30))
    return levels


def _distribution(bank: NoiseBank, fields: list[NDArray[np.float32]]) -> Plot:
    """Return how often each grey level occurs, in units of the bank's deviation."""
    reach = 7.0
    edges = np.linspace(-reach, reach, 57)
    middle = (edges[1:] + edges[:-1]) / 2
    curves = []
    for name, values, colour, width in (
        ("real tiles", bank.tiles, SERIES[0], _THICK),
        ("spectral fields", np.stack(fields), SERIES[1], 3),
    ):
        counts, _ = np.histogram(values / bank.std, edges)
        density = counts / (values.size * (edges[1] - edges[0]))
        with np.errstate(divide="ignore"):
            curves.append(
                Curve(middle, np.log10(density), f"{name}, {_shape(values)}", colour, width)
            )
    normal = -(middle**2) / 2 / math.log(10) - math.log10(math.sqrt(2 * math.pi))
    curves.append(Curve(middle, normal, "normal distribution", MUTED, 2, dashed=True))
    return Plot(
        tuple(curves),
        "grey level / σ",
        "probability density",
        (-reach, reach),
        (-6.0, 1.6),
        y_powers=True,
    )


def _shape(values: NDArray[np.float32]) -> str:
    skewness, kurtosis = moments(values)
    return f"skewness {skewness:.2f}, kurtosis {kurtosis:.2f}".replace("-", "−")
