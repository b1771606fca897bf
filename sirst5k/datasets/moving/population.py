"""Who is in a scene: moving targets, and decoys that stand still among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sirst5k.datasets.demo.canvas import Field
from sirst5k.datasets.demo.optics import Optics
from sirst5k.datasets.demo.targets import MASK_LEVEL, Shape
from sirst5k.datasets.moving.camera import Camera
from sirst5k.datasets.moving.movers import Mover, unit_light
from sirst5k.datasets.moving.paths import Path, draw_path, stay
from sirst5k.datasets.moving.scene import MovingScene
from sirst5k.datasets.moving.scenery import Scenery

_SHAPES: dict[str, dict[str, float]] = {
    "sky": {"point": 0.6, "streak": 0.15, "aircraft": 0.25},
    "sea": {"point": 0.6, "ship": 0.25, "streak": 0.15},
    "ground": {"point": 0.6, "lumps": 0.2, "streak": 0.2},
    "urban": {"point": 0.65, "aircraft": 0.2, "streak": 0.15},
}
_SIZES = (0.8, 2.0)
"""Least and largest unit of a target's lobes in pixels: boxes of 3 to 10 pixels a side."""

_COUNT_SHARES = (0.4, 0.35, 0.25)
_SPEEDS = (0.25, 2.0)
_SCRS = (3.0, 12.0)
_MISS = 2.0  # how far two targets that meet pass each other, in pixels (1 sd an axis)
_SURROUND = 41
_BRIGHTEST = 1.1  # background and peak of a target, in fractions of full scale


def draw_count(rng: np.random.Generator) -> int:
    """Draw the number of targets of a sequence: 1 to 3."""
    return 1 + int(rng.choice(len(_COUNT_SHARES), p=_COUNT_SHARES))


def populate(
    rng: np.random.Generator,
    scene: str,
    scenery: Scenery,
    camera: Camera,
    sides: tuple[int, int],
    count: int,
    scr: float | None,
    speed: float | None = None,
) -> MovingScene:
    """Add moving targets to a scene.

    The first two targets of several meet: they pass within a few pixels of each other.

    Parameters
    ----------
    rng : numpy.random.Generator
    scene : str
        Key of `sirst5k.datasets.demo.scene.SCENES`.
    scenery, camera
    sides : (int, int)
        Height and width of the frame.
    count : int
        Number of targets.
    scr : float, optional
        Signal-to-clutter ratio of every target; by default each is drawn, evenly on a log
        scale, from 3 to 12. It is the mean over the target's pixels above its surroundings,
        divided by the standard deviation of what surrounds it (41×41 pixels, clutter and
        noise), in the median over the sequence. A target that would outshine full scale is
        dimmed.
    speed : float, optional
        Of every target, in pixels a frame; by default each is drawn, evenly on a log scale, from
        0.25 to 2.
    """
    frames = len(camera.jitter)
    times = np.arange(frames, dtype=np.float64)
    spread = _spread(scenery)
    movers: list[Mover] = []
    meeting = _point(rng, sides), float(rng.uniform(0.2, 0.8) * (frames - 1))
    for track in range(count):
        through, time = meeting if track < 2 else (_point(rng, sides), rng.uniform(0, frames - 1))
        if track == 1:
            row, column = rng.normal(0, _MISS, 2)
            through = through[0] + row, through[1] + column
        drawn = float(np.exp(rng.uniform(*np.log(_SPEEDS))))
        path = draw_path(rng, through, float(time), sides, drawn if speed is None else speed)
        mover = _mover(rng, scene, track, path)
        places = path.at(times) + camera.pan.at(times)
        movers.append(_lit(mover, places, scenery, spread, camera, _ratio(rng, scr)))
    brightness = _scintillate(rng, movers, frames)
    return MovingScene(scenery, camera, tuple(movers), brightness, *sides)


def add_decoys(
    rng: np.random.Generator, made: MovingScene, scene: str, count: int, scr: float | None
) -> MovingScene:
    """Add lights that look like targets in a single frame, but stand still in the scene.

    Lamps, chimneys, glints and hot rocks: what a detector that looks at one frame takes for
    targets. Their shapes, contrasts and flicker are drawn as those of targets, so that only
    motion tells them apart. In the middle of the sequence each lies in the frame.

    Parameters
    ----------
    rng : numpy.random.Generator
    made : MovingScene
        From `populate`.
    scene : str
        Key of `sirst5k.datasets.demo.scene.SCENES`.
    count : int
    scr : float, optional
        As for `populate`.
    """
    frames = len(made.camera.jitter)
    spread = _spread(made.scenery)
    corner = made.camera.pan.at((frames - 1) / 2)
    decoys = []
    for number in range(count):
        row, column = (corner + rng.uniform(0.1, 0.9, 2) * (made.height, made.width)).tolist()
        decoy = _mover(rng, scene, number, stay((row, column)))
        places = np.tile([row, column], (frames, 1))
        decoys.append(_lit(decoy, places, made.scenery, spread, made.camera, _ratio(rng, scr)))
    return replace(made, decoys=tuple(decoys), flicker=_scintillate(rng, decoys, frames))


def _spread(scenery: Scenery) -> Field:
    """Return the standard deviation of what surrounds each pixel of the scenery."""
    from scipy import ndimage  # slow to import, and only embedded sequences need it

    squares = ndimage.uniform_filter(scenery.picture**2, _SURROUND)
    means = ndimage.uniform_filter(scenery.picture, _SURROUND)
    return np.asarray(np.sqrt(np.maximum(squares - means**2, 0.0)))


def _ratio(rng: np.random.Generator, scr: float | None) -> float:
    return scr if scr is not None else float(np.exp(rng.uniform(*np.log(_SCRS))))


def _scintillate(rng: np.random.Generator, movers: Sequence[Mover], frames: int) -> Field:
    """Draw a factor on each one's amplitude in each frame, ``(T, N)``."""
    steps = rng.standard_normal((frames, len(movers)))
    share = np.array([mover.scintillation for mover in movers])
    return np.asarray(np.clip(1 + share * steps, 0.5, 1.5))


def _point(rng: np.random.Generator, sides: tuple[int, int]) -> tuple[float, float]:
    row, column = (float(side * rng.uniform(0.25, 0.75)) for side in sides)
    return row, column


def _mover(rng: np.random.Generator, scene: str, number: int, path: Path) -> Mover:
    """Draw what goes along a path: its shape and flicker; its brightness is still to be set."""
    return Mover(number, _shape(rng, scene), path, 1.0, float(rng.uniform(0.0, 0.08)))


def _shape(rng: np.random.Generator, scene: str) -> Shape:
    kinds = _SHAPES[scene]
    kind = str(rng.choice(list(kinds), p=list(kinds.values())))
    size = float(np.exp(rng.uniform(*np.log(_SIZES))))
    angle = rng.normal(0, 0.08) if kind in ("ship", "lumps") else rng.uniform(0, 2 * np.pi)
    longer = 1.0 if kind == "point" else 0.7  # their lobes are longer than the unit
    return Shape(kind, size * longer, float(angle), float(rng.uniform(1.0, 1.5)))


def _lit(
    mover: Mover, places: Field, scenery: Scenery, spread: Field, camera: Camera, scr: float
) -> Mover:
    """Return a mover as bright as its signal-to-clutter ratio asks for.

    ``places`` in the scenery are where it is in each frame, ``(T, 2)``.
    """
    height, width = spread.shape
    rows = np.clip(np.rint(places[:, 0]), 0, height - 1).astype(np.intp)
    columns = np.clip(np.rint(places[:, 1]), 0, width - 1).astype(np.intp)
    level = float(np.median(scenery.picture[rows, columns]))
    noise = camera.noise(level)
    clutter = float(np.median(np.hypot(spread[rows, columns], noise)))
    amplitude = scr * clutter / _filling(mover, camera.optics)
    return replace(mover, amplitude=min(amplitude, max(_BRIGHTEST - level, 0.1)))


def _filling(mover: Mover, optics: Optics) -> float:
    """Return the mean over a target's pixels as a share of its peak."""
    light = unit_light(mover, optics)
    return float(light[light >= MASK_LEVEL * light.max()].mean())
