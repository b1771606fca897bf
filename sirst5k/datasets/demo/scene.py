"""A whole frame: paint, expose, place targets, read out.

The order is that of the light: radiance of the scene, the camera's blur and vignetting, the
targets (blurred by the same camera, in closed form), then noise, stripes and digits. Three
generators, each addressed by the frame's name, draw the scene, the targets and the noise, so
that a frame can be had twice with different noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets.demo.canvas import Canvas, Field, Painting
from sirst5k.datasets.demo.ground import paint_ground
from sirst5k.datasets.demo.optics import MARGIN, Optics, draw_optics, expose, scene_canvas
from sirst5k.datasets.demo.placement import Placed, add, place
from sirst5k.datasets.demo.sea import paint_sea
from sirst5k.datasets.demo.sensor import Sensor, digitise, draw_sensor, read_out, stripes
from sirst5k.datasets.demo.sky import paint_sky
from sirst5k.datasets.demo.targets import (
    SMALLEST_AREA,
    Shape,
    Stamp,
    draw_area,
    draw_count,
    sharpest_blur,
    stamp,
)
from sirst5k.datasets.demo.urban import paint_urban
from sirst5k.memory import keep_freed_memory
from sirst5k.sample import Mask
from sirst5k.seeds import rng_for

Painter = Callable[[np.random.Generator, Canvas], Painting]

SCENES: dict[str, Painter] = {
    "sky": paint_sky,
    "sea": paint_sea,
    "ground": paint_ground,
    "urban": paint_urban,
}
"""Scenes by name, in the order in which a dataset takes them."""

_SHAPES: dict[str, dict[str, float]] = {
    "sky": {"point": 0.55, "streak": 0.2, "aircraft": 0.15, "plume": 0.1},
    "sea": {"point": 0.3, "ship": 0.6, "streak": 0.1},
    "ground": {"point": 0.5, "lumps": 0.3, "streak": 0.2},
    "urban": {"point": 0.55, "aircraft": 0.2, "lumps": 0.15, "streak": 0.1},
}
_ON_THE_SURFACE = ("ship", "lumps")


@dataclass(frozen=True, slots=True)
class Frame:
    """A rendered frame before the sensor.

    Attributes
    ----------
    background, signal : (H, W) float64
        Noise-free picture without and with the targets, in fractions of full scale.
    mask : (H, W) bool
    targets : tuple of Placed
    optics : Optics
    sensor : Sensor
    pattern : (H, W) float64
        The sensor's stripes.
    kind : str
        What the painter chose to paint.
    """

    background: Field
    signal: Field
    mask: Mask
    targets: tuple[Placed, ...]
    optics: Optics
    sensor: Sensor
    pattern: Field
    kind: str

    def describe(self) -> dict[str, Any]:
        """Return what is known of the frame, as JSON-like values for a sample's meta."""
        return {
            "kind": self.kind,
            "blur": round(self.optics.blur, 4),
            "targets": [target.describe() for target in self.targets],
        }


def render(scene: str, name: str, seed: int, height: int, width: int) -> Frame:
    """Render a frame up to its noise.

    Parameters
    ----------
    scene : str
        Key of `SCENES`.
    name : str
        The frame's id, which addresses its randomness.
    seed : int
    height, width : int
        In pixels, at least 16.
    """
    keep_freed_memory()
    rng = rng_for(seed, name, 0)
    kinds = _SHAPES[scene]
    kind = str(rng.choice(list(kinds), p=list(kinds.values())))
    areas = _draw_areas(rng, height, width)
    optics = draw_optics(rng, sharpest=min(sharpest_blur(area) for area in areas))
    sensor = draw_sensor(rng)
    pattern = stripes(rng, sensor, height, width)
    canvas = scene_canvas(height, width)
    painting = SCENES[scene](rng, canvas)
    background = gain_control(rng, expose(painting.radiance, optics, height, width))
    surface = int(painting.surface * canvas.short) - MARGIN if kind in _ON_THE_SURFACE else 0

    rng = rng_for(seed, name, 1)
    noise = float(sensor.deviation(np.full((1, 1), background.mean()))[0, 0])
    signal = background.copy()
    mask = np.zeros(background.shape, dtype=np.bool_)
    placed: list[Placed] = []
    for area in areas:
        near = _centre(placed[0]) if placed and rng.random() < 0.4 else None
        found = place(rng, background, noise, _stamp(rng, kind, optics, area), mask, near, surface)
        while found is None and not placed:  # the first one must fit
            area = max(area / 2, SMALLEST_AREA)
            found = place(rng, background, noise, _stamp(rng, "point", optics, area), mask)
        if found is not None:
            add(signal, mask, found)
            placed.append(found)
    return Frame(background, signal, mask, tuple(placed), optics, sensor, pattern, painting.kind)


def shoot(frame: Frame, name: str, seed: int, depth: int, shot: int = 0) -> NDArray[Any]:
    """Return one digital reading of a frame.

    Parameters
    ----------
    frame : Frame
    name, seed : str, int
        As in `render`.
    depth : int
        One of `sensor.DEPTHS`.
    shot : int
        Which reading: same scene, same stripes, other noise.
    """
    rng = rng_for(seed, name, 2 + shot)
    return digitise(read_out(rng, frame.sensor, frame.signal, frame.pattern), frame.sensor, depth)


def gain_control(rng: np.random.Generator, picture: Field) -> Field:
    """Return the picture as a camera's automatic gain shows it: some stretch the contrast."""
    gain = rng.uniform(1.3, 2.5) if rng.random() < 0.3 else 1.0
    level = float(picture.mean())
    shown = min(max(level + 0.04, 0.12), 0.75)
    return np.asarray((picture - level) * gain + shown)


def _draw_areas(rng: np.random.Generator, height: int, width: int) -> list[float]:
    """Draw the targets' areas, none too large for the frame."""
    most = max(0.015 * height * width, SMALLEST_AREA)
    count = draw_count(rng) if height * width >= 64 * 64 else 1
    return [min(draw_area(rng), most) for _ in range(count)]


def _stamp(rng: np.random.Generator, kind: str, optics: Optics, area: float) -> Stamp:
    # Ships and cars keep level; what flies points anywhere.
    level = kind in _ON_THE_SURFACE
    angle = rng.normal(0, 0.08) if level else rng.uniform(0, 2 * np.pi)
    aspect = rng.uniform(1.0, 1.6) if kind in ("point", "streak") else 1.0
    shift = (rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5))
    return stamp(Shape(kind, 1.0, angle, aspect), optics, shift, area)


def _centre(target: Placed) -> tuple[float, float]:
    side = target.stamp.mask.shape[0]
    return target.top + side / 2, target.left + side / 2
