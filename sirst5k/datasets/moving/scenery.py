"""What stands behind moving targets: a scene that the camera drifts over, and clouds before it.

The scene is one of `sirst5k.datasets.demo.scene.SCENES`, painted larger than the frame and
seen through the camera once; each frame is a window of it at a sub-pixel place. Before it
drifts a veil of thin cloud or haze with the wind. Of the scene's radiance ``L`` it lets pass
``exp(-τ)`` and adds its own ``Lc (1 - exp(-τ))`` (a grey absorber, as in
`sirst5k.datasets.demo.sky`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirst5k.datasets.demo.canvas import Field
from sirst5k.datasets.demo.optics import MARGIN, Optics, expose, scene_canvas
from sirst5k.datasets.demo.scene import SCENES, gain_control
from sirst5k.datasets.demo.textures import Spectrum
from sirst5k.datasets.moving.spline import Surface, surface


@dataclass(frozen=True, eq=False, slots=True)
class Veil:
    """A drifting layer of thin cloud.

    Attributes
    ----------
    thickness : Surface
        Optical thickness before it is cut at 0; periodic.
    level : float
        Its own radiance in fractions of full scale.
    wind : (float, float)
        Pixels a frame, down and right.
    """

    thickness: Surface
    level: float
    wind: tuple[float, float]

    def cover(self, picture: Field, top: float, left: float, time: float) -> Field:
        """Return a picture seen through the veil."""
        height, width = picture.shape
        down, right = self.wind
        window = self.thickness.window(top - down * time, left - right * time, height, width)
        passing = np.exp(-np.maximum(window, 0.0))
        return np.asarray(self.level + (picture - self.level) * passing)


@dataclass(frozen=True, eq=False, slots=True)
class Scenery:
    """A background, wider than the frame.

    Attributes
    ----------
    picture : (h, w) float64
        Blurred and noise-free, in fractions of full scale.
    view : Surface
        The same, to look at between its pixels.
    veil : Veil, optional
    kind : str
        What the painter chose to paint.
    """

    picture: Field
    view: Surface
    veil: Veil | None
    kind: str

    def seen(self, top: float, left: float, time: float, height: int, width: int) -> Field:
        """Return what a frame shows of it.

        Parameters
        ----------
        top, left : float
            Where the frame's first pixel lies in the picture.
        time : float
            In frames: how far the clouds have drifted.
        height, width : int
            Of the frame.
        """
        window = self.view.window(top, left, height, width)
        return window if self.veil is None else self.veil.cover(window, top, left, time)


def paint_scenery(
    rng: np.random.Generator, scene: str, optics: Optics, height: int, width: int
) -> Scenery:
    """Paint a background.

    Parameters
    ----------
    rng : numpy.random.Generator
    scene : str
        Key of `SCENES`.
    optics : Optics
        Without its falloff, which belongs to the frame and not to the scene.
    height, width : int
        Of the background, in pixels.
    """
    canvas = scene_canvas(height, width)
    painting = SCENES[scene](rng, canvas)
    picture = gain_control(rng, expose(painting.radiance, optics, height, width))
    return Scenery(picture, surface(picture), _draw_veil(rng, scene, picture), painting.kind)


def _draw_veil(rng: np.random.Generator, scene: str, picture: Field) -> Veil:
    height, width = picture.shape
    canvas = scene_canvas(height - 2 * MARGIN, width - 2 * MARGIN)
    field = Spectrum(rng, canvas).turbulence(
        rng.uniform(3.6, 4.2), rng.uniform(1.0, 2.5), rng.uniform(1.0, 2.5)
    )
    thick = rng.uniform(0.1, 0.5) if scene == "sky" else rng.uniform(0.0, 0.12)
    thickness = thick * (field + rng.uniform(-0.8, 0.3))
    level = float(np.clip(picture.mean() + rng.normal(0, 0.15), 0.1, 0.85))
    heading = rng.choice([0.0, np.pi]) + rng.normal(0, 0.3)
    speed = rng.uniform(0.05, 0.5)
    wind = float(speed * np.sin(heading)), float(speed * np.cos(heading))
    return Veil(surface(thickness, periodic=True), level, wind)
