"""How things move: smooth paths whose place at any time follows from a few numbers.

A path swings along each axis, ``p(t) = p0 + a (sin(w (t - t0) + b) - sin b)``: nearly straight
over short times, with the gentle turns of an aircraft over long ones, and it never runs away.
Its speed along an axis is at most ``a w``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets.demo.canvas import Field


@dataclass(frozen=True, slots=True)
class Path:
    """A smooth path in the picture, (row, column) each.

    Attributes
    ----------
    through : (float, float)
        A point that it passes, in pixels.
    time : float
        When, in frames.
    swing : (float, float)
        Amplitude ``a`` in pixels, positive.
    speed : (float, float)
        ``a w`` in pixels a frame, signed.
    phase : (float, float)
        ``b`` in radians.
    """

    through: tuple[float, float]
    time: float
    swing: tuple[float, float]
    speed: tuple[float, float]
    phase: tuple[float, float]

    def at(self, times: NDArray[np.float64] | float) -> Field:
        """Return the places at some times, in frames: (..., 2)."""
        since = np.asarray(times, np.float64)[..., None] - self.time
        swing, phase = np.array(self.swing), np.array(self.phase)
        angle = np.array(self.speed) / swing * since + phase
        return np.asarray(self.through + swing * (np.sin(angle) - np.sin(phase)))


def stay(at: tuple[float, float]) -> Path:
    """Return the path of what does not move."""
    return Path(at, 0.0, (1.0, 1.0), (0.0, 0.0), (0.0, 0.0))


def draw_path(
    rng: np.random.Generator,
    through: tuple[float, float],
    time: float,
    sides: tuple[int, int],
    speed: float,
    swing: tuple[float, float] = (0.15, 0.38),
) -> Path:
    """Draw a path through a point.

    Parameters
    ----------
    rng : numpy.random.Generator
    through, time
        As in `Path`.
    sides : (int, int)
        Height and width of the picture.
    speed : float
        In pixels a frame.
    swing : (float, float)
        Least and largest amplitude as a share of the sides.
    """
    heading = rng.uniform(0, 2 * np.pi)
    low, high = swing
    amplitude = [float(side * rng.uniform(low, high)) for side in sides]
    phase = rng.uniform(-0.7, 0.7, 2)
    return Path(
        through,
        time,
        (amplitude[0], amplitude[1]),
        (float(speed * np.sin(heading)), float(speed * np.cos(heading))),
        (float(phase[0]), float(phase[1])),
    )


def draw_jitter(rng: np.random.Generator, frames: int, deviation: float) -> Field:
    """Draw the shaking of a platform.

    A stationary first-order autoregression with the factor 0.5 from frame to frame: the
    vibration of a mount has a spectrum that falls off, and no memory beyond a few frames.

    Parameters
    ----------
    rng : numpy.random.Generator
    frames : int
    deviation : float
        Standard deviation along each axis in pixels.

    Returns
    -------
    (frames, 2) float64
        Cut at 3 standard deviations.
    """
    white = rng.standard_normal((frames, 2)) * np.sqrt(1 - 0.5**2)
    white[:1] /= np.sqrt(1 - 0.5**2)
    axes = [list(accumulate(along, _shaken)) for along in white.T.tolist()]
    return np.asarray(np.clip(np.array(axes).T, -3, 3) * deviation)


def _shaken(last: float, new: float) -> float:
    return new + 0.5 * last  # scipy.signal has it, and takes half a second to import
