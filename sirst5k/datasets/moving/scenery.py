"""What stands behind moving targets: a scene that the camera drifts over, and clouds before it.

The scene is one of `sirst5k.datasets.demo.scene.SCENES`, painted larger than the frame and
seen through the camera once; each frame is a window of it at a sub-pixel place. Before it
drifts a veil of thin cloud or haze with the wind. Of the scene's radiance ``L`` it lets pass
``exp(-τ)`` and adds its own ``Lc (1 - exp(-τ))`` (a grey absorber, as in
`sirst5k.datasets.demo.sky`). Water moves: two trains of waves run over it against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirst5k.datasets.demo.canvas import Field
from sirst5k.datasets.demo.optics import MARGIN, Optics, expose, scene_canvas
from sirst5k.datasets.demo.scene import SCENES, gain_control
from sirst5k.datasets.demo.textures import Spectrum, smoothstep
from sirst5k.datasets.moving.spline import Surface, surface

_SHOWN = (0.04, 0.8)
"""What a scene may take of full scale; the rest is for targets."""


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
class Waves:
    """Water in motion: two trains of waves that run through each other.

    Attributes
    ----------
    trains : (Surface, Surface)
        Periodic, zero mean, unit variance.
    drifts : ((float, float), (float, float))
        Pixels a frame, down and right, of each.
    strength : Surface
        What they add to the scene at one standard deviation, in fractions of full scale.
    """

    trains: tuple[Surface, Surface]
    drifts: tuple[tuple[float, float], tuple[float, float]]
    strength: Surface

    def seen(self, top: float, left: float, time: float, height: int, width: int) -> Field:
        """Return what they add to a frame."""
        total = np.zeros((height, width))
        for train, (down, right) in zip(self.trains, self.drifts, strict=True):
            total += train.window(top - down * time, left - right * time, height, width)
        total *= np.sqrt(0.5) * self.strength.window(top, left, height, width)
        return total


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
    waves : Waves, optional
    """

    picture: Field
    view: Surface
    veil: Veil | None
    kind: str
    waves: Waves | None = None

    @property
    def nbytes(self) -> int:
        """About what it takes in memory."""
        layers = [self.view]
        layers += [self.veil.thickness] if self.veil is not None else []
        layers += [*self.waves.trains, self.waves.strength] if self.waves is not None else []
        return self.picture.nbytes + sum(layer.coefficients.nbytes for layer in layers)

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
        if self.waves is not None:
            window += self.waves.seen(top, left, time, height, width)
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
    picture = within_range(picture)
    veil = _draw_veil(rng, scene, picture)
    waves = None
    if scene == "sea":
        waves = _draw_waves(rng, optics, height, width, painting.surface * canvas.short - MARGIN)
    return Scenery(picture, surface(picture), veil, painting.kind, waves)


def within_range(picture: Field) -> Field:
    """Return a picture as a camera shows it whose gain follows the scene.

    Where its brightest two hundredth would leave room for no target, or its darkest would be
    cut, it is scaled and shifted so that these lie at `_SHOWN`.
    """
    low, high = (float(level) for level in np.quantile(picture, (0.005, 0.995)))
    least, most = _SHOWN
    gain = min((most - least) / max(high - low, 1e-6), 1.0)
    shift = np.clip(low * gain, least, most - (high - low) * gain) - low * gain
    return np.asarray(picture * gain + shift)


def _draw_waves(
    rng: np.random.Generator, optics: Optics, height: int, width: int, horizon: float
) -> Waves:
    """Draw waves on the water below a row; farther ones are lower and, here, no shorter."""
    canvas = scene_canvas(height - 2 * MARGIN, width - 2 * MARGIN)
    heading, speed = rng.normal(np.pi / 2, 0.5), rng.uniform(0.15, 0.8)
    trains, drifts = [], []
    for turn in (1.0, -1.0):
        # Waves that the camera's blur would take away are not there.
        length = max(rng.uniform(0.02, 0.06) * canvas.short, 6 * optics.blur)
        band = Spectrum(rng, canvas).band(canvas.short / length, 1.5, rng.uniform(2.0, 4.0))
        trains.append(surface(band, periodic=True))
        own = turn * speed * rng.uniform(0.6, 1.4)
        drifts.append((float(own * np.sin(heading)), float(own * np.cos(heading))))
    rows = np.arange(height, dtype=np.float64)[:, None] - horizon
    near = smoothstep(rows, 0.0, max(0.6 * (height - horizon), 1.0))
    strength = rng.uniform(0.004, 0.016) * (rows > 0) * (0.3 + 0.7 * near)
    spread = surface(np.broadcast_to(strength, (height, width)))
    return Waves((trains[0], trains[1]), (drifts[0], drifts[1]), spread)


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
