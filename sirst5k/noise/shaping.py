"""What a spectral field is shaped with: a corrected power spectrum and a distribution."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sirst5k.noise.marginal import Marginal, quantile_table
from sirst5k.noise.spectrum import cut_crops, frequency_radius, periodogram, radial_mean, ring_means

_CACHED_SHAPES = 32
_FIT_ROUNDS = 6
_FIT_FIELDS = 24


class Shaping:
    """Power spectrum and distribution from which `spectral_field` draws.

    Parameters
    ----------
    power : (s, s) float64
        Power at ``scipy.fft.fftfreq(s)`` along both axes, up to a factor.
    quantiles : (K,) float64
        Distribution of grey levels, from `quantile_table`.
    """

    def __init__(self, power: NDArray[np.float64], quantiles: NDArray[np.float64]) -> None:
        self.power = power
        self.quantiles = quantiles
        self.marginal = Marginal(quantiles)
        self._cache: OrderedDict[tuple[int, int], tuple[NDArray[np.float32], float]] = OrderedDict()

    @classmethod
    def fit(cls, tiles: NDArray[np.float32]) -> Shaping:
        """Find the power spectrum whose fields, measured as tiles are, look like the tiles.

        What a tile's windowed spectrum shows is the true one smeared by the window, with
        the lowest frequencies gone with the plane; and matching the distribution whitens a
        field a little. All three are undone by a few rounds of: draw fields, measure them
        as the tiles were measured, and correct the power by the ratio, ring by ring.

        Parameters
        ----------
        tiles : (N, s, s) float32
            Plane removed.
        """
        measured = periodogram(tiles)
        target = ring_means(measured)
        shaping = cls(_fill_lowest(measured), quantile_table(tiles))
        size = tiles.shape[-1]
        rings = np.arange(target.size)
        for _ in range(_FIT_ROUNDS):
            drawn = ring_means(periodogram(shaping._draw_crops(size)))
            ratio = np.interp(frequency_radius(size), rings, target / drawn)
            shaping = cls(shaping.power * ratio, shaping.quantiles)
        return shaping

    def amplitude(
        self, shape: tuple[int, int]
    ) -> tuple[NDArray[np.float32], tuple[int, int], float]:
        """Return amplitudes for a field at least as large as `shape`.

        Returns
        -------
        amplitude : (tall, wide // 2 + 1) float32
            Modulus of each coefficient of a real transform.
        size : (int, int)
            ``(tall, wide)`` of that transform, a fast size not below `shape`; what is cut
            off also breaks the transform's periodicity.
        deviation : float
            Standard deviation of the fields that it gives.
        """
        tall, wide = (_fast_length(side) for side in shape)
        if (tall, wide) not in self._cache:
            self._cache[tall, wide] = self._interpolate(tall, wide)
            if len(self._cache) > _CACHED_SHAPES:
                self._cache.popitem(last=False)
        amplitude, deviation = self._cache[tall, wide]
        return amplitude, (tall, wide), deviation

    def _interpolate(self, tall: int, wide: int) -> tuple[NDArray[np.float32], float]:
        """Interpolate the log power on the frequencies of a ``(tall, wide)`` transform."""
        size = self.power.shape[0]
        wrapped = np.pad(np.log(self.power), (0, 1), mode="wrap").astype(np.float32)
        y = (np.arange(tall) / tall * size).astype(np.float32)
        x = (np.arange(wide // 2 + 1) / wide * size).astype(np.float32)
        grid_x, grid_y = np.meshgrid(x, y)
        power = np.exp(cv2.remap(wrapped, grid_x, grid_y, cv2.INTER_LINEAR).astype(np.float64))
        # Below one cycle a tile nothing was measured: hold the lowest ring's power there,
        # and let no constant through.
        power[0, 0] = 0.0
        amplitude = np.sqrt(power)
        # A real transform keeps one of each pair of conjugate columns. The two columns that
        # are their own partners would lose half their power to the unused imaginary part.
        alone = [0, wide // 2] if wide % 2 == 0 else [0]
        variance = 2 * power.sum() - power[:, alone].sum()
        amplitude[:, alone] *= np.sqrt(2.0)
        deviation = float(np.sqrt(variance)) / (tall * wide)
        return amplitude.astype(np.float32), deviation

    def _draw_crops(self, size: int) -> NDArray[np.float32]:
        """Draw fields, always the same ones, and cut them into crops of a tile's size."""
        rng = np.random.default_rng(0)
        side = 4 * size
        amplitude, shape, deviation = self.amplitude((side, side))
        crops = []
        for _ in range(_FIT_FIELDS):
            turn = rng.integers(256, size=amplitude.shape) * (2 * np.pi / 256)
            field = scipy.fft.irfft2(amplitude * np.exp(1j * turn), s=shape).astype(np.float32)
            matched = self.marginal.match(field[:side, :side], deviation)
            crops.append(cut_crops(matched, size))
        return np.concatenate(crops)

    def __getstate__(self) -> dict[str, Any]:
        return {"power": self.power, "quantiles": self.quantiles}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Shaping.__init__(self, **state)


def _fill_lowest(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace the power at zero frequency, which plane removal took, by its neighbours'."""
    filled: NDArray[np.float64] = np.maximum(power, power.max() * 1e-12)
    filled[0, 0] = radial_mean(power)[0]
    return filled


def _fast_length(side: int) -> int:
    """Return a fast even transform length, in coarse steps so that shapes share a cache."""
    steps = -(-side // 16)
    return 16 * int(scipy.fft.next_fast_len(steps, real=True))
