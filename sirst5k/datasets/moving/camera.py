"""The camera of a sequence: its lens, its path over the scene, and its sensor's fixed pattern.

What is fixed to the sensor stays where it is while the scene moves: stripes of columns and
rows, an offset of each pixel that the non-uniformity correction has left, a few pixels that
are warm or cold beyond it, and the falloff of the lens. What is new in every frame is white
noise. The two parts are the temporal and the spatial noise of EMVA standard 1288.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirst5k.datasets.demo.canvas import Field
from sirst5k.datasets.demo.optics import Optics, draw_optics, illumination
from sirst5k.datasets.demo.sensor import Sensor, draw_sensor, stripes
from sirst5k.datasets.moving.paths import Path, draw_jitter, draw_path, stay

_BAD_PIXELS = 8e-5
"""Mean share of pixels that stand out of the fixed pattern."""


@dataclass(frozen=True, eq=False, slots=True)
class Camera:
    """How frames of a sequence are taken.

    Attributes
    ----------
    optics : Optics
        Without falloff.
    light : (H, W) float64 or float
        Relative illumination of the frame.
    sensor : Sensor
    pattern : (H, W) float64
        Fixed-pattern noise, in fractions of full scale.
    pan : Path
        Where the frame's first pixel lies in the scene without shaking.
    jitter : (T, 2) float64
        Shaking of each frame in pixels, down and right.
    """

    optics: Optics
    light: Field | float
    sensor: Sensor
    pattern: Field
    pan: Path
    jitter: Field

    def corner(self, time: int) -> tuple[float, float]:
        """Return where in the scene a frame's first pixel lies."""
        row, column = self.pan.at(float(time)) + self.jitter[time]
        return float(row), float(column)

    def noise(self, level: float) -> float:
        """Return the standard deviation of temporal and fixed noise at a level."""
        temporal = float(self.sensor.deviation(np.full((1, 1), level))[0, 0])
        return float(np.hypot(temporal, np.median(np.abs(self.pattern)) * 1.4826))


def draw_camera(
    rng: np.random.Generator,
    frames: int,
    height: int,
    width: int,
    border: float,
    *,
    staring: bool = False,
) -> Camera:
    """Draw a camera.

    Parameters
    ----------
    rng : numpy.random.Generator
    frames : int
        Of the sequence.
    height, width : int
        Of the frame.
    border : float
        Pixels of scene beyond the frame on each side, which pan and jitter stay within.
    staring : bool
        Neither drift nor shake. All else is that of the camera that does.
    """
    drawn = draw_optics(rng, sharpest=1.1)
    optics = Optics(drawn.blur, drawn.sharpening, drawn.halo)
    light = illumination(height, width, drawn.falloff) if drawn.falloff else 1.0
    sensor = draw_sensor(rng)
    pattern = fixed_pattern(rng, sensor, height, width)
    jitter = draw_jitter(rng, frames, rng.choice([0.05, 0.2, 0.45]))
    pan = draw_pan(rng, frames, border)
    if staring:
        pan, jitter = stay((border, border)), np.zeros_like(jitter)
    return Camera(optics, light, sensor, pattern, pan, jitter)


def draw_pan(rng: np.random.Generator, frames: int, border: float) -> Path:
    """Draw the path of a frame's first pixel over a scene `border` pixels larger on each side."""
    # At most 1.65 amplitudes away from the middle, see `Path`; 1.35 pixels are the shaking's.
    reach = (border - 1.4) / 1.65
    speed = float(rng.choice([0.05, 0.25, 0.6]) * rng.uniform(0.5, 1.5))
    middle = rng.uniform(0, frames)
    return draw_path(rng, (border, border), middle, (1, 1), speed, (reach, reach))


def fixed_pattern(
    rng: np.random.Generator, sensor: Sensor, height: int, width: int, share: float | None = None
) -> Field:
    """Draw what a sensor adds to every frame alike, ``(H, W)`` in fractions of full scale.

    Parameters
    ----------
    rng : numpy.random.Generator
    sensor : Sensor
    height, width : int
    share : float, optional
        Standard deviation of the pixels' offsets over that of the temporal noise; by default
        drawn from 0.2 to 0.7.
    """
    total = float(sensor.deviation(np.full((1, 1), 0.5))[0, 0])
    pattern = stripes(rng, sensor, height, width)
    share = rng.uniform(0.2, 0.7) if share is None else share
    pattern = pattern + total * share * rng.standard_normal((height, width))
    count = int(rng.poisson(_BAD_PIXELS * height * width))
    rows, columns = rng.integers(0, height, count), rng.integers(0, width, count)
    pattern[rows, columns] += total * rng.uniform(4, 12, count) * rng.choice([-1.0, 1.0], count)
    return np.asarray(pattern)
