"""A sequence as a whole: scenery, camera and targets, from which every frame follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sirst5k.datasets.demo.canvas import Field
from sirst5k.datasets.demo.optics import Optics
from sirst5k.datasets.demo.sensor import Sensor, read_out
from sirst5k.datasets.demo.targets import MASK_LEVEL, Shape
from sirst5k.datasets.moving.camera import Camera
from sirst5k.datasets.moving.movers import Mover, Sighting, sight, unit_light
from sirst5k.datasets.moving.paths import draw_path
from sirst5k.datasets.moving.scenery import Scenery
from sirst5k.sample import Image

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


@dataclass(frozen=True, slots=True)
class Digits:
    """How readings in fractions of full scale become grey levels: ``base + span * reading``.

    Attributes
    ----------
    dtype : str
        ``uint8``, ``uint16`` or ``float32``.
    base, span : float
        Levels at 0, and how many more there are at 1.
    lowest, highest : float
        Levels are cut there.
    """

    dtype: str = "uint8"
    base: float = 0.0
    span: float = 255.0
    lowest: float = 0.0
    highest: float = 255.0

    @classmethod
    def of_depth(cls, depth: int, sensor: Sensor) -> Digits:
        """Return those of embedded scenes, see `sirst5k.datasets.demo.sensor.digitise`."""
        if depth == 16:
            return cls("uint16", sensor.base, sensor.span, 0.0, 2**14 - 1)
        return cls("float32", 0.0, 1.0, 0.0, 1.0) if depth == 32 else cls()

    def write(self, reading: Field) -> Image:
        """Return a reading as an image; whole levels are rounded."""
        levels = np.clip(self.base + self.span * reading, self.lowest, self.highest)
        return (levels if self.dtype == "float32" else np.rint(levels)).astype(self.dtype)


@dataclass(frozen=True, eq=False)
class MovingScene:
    """Everything that a sequence's frames follow from, but their noise.

    Attributes
    ----------
    scenery : Scenery
    camera : Camera
    movers : tuple of Mover
    brightness : (T, N) float64
        Factor on each target's amplitude in each frame.
    height, width : int
        Of the frame, in pixels.
    digits : Digits
    standing : (h, w) int32, optional
        Targets that stand in the scenery, by numbers from 1 on its pixels, 0 elsewhere.
    """

    scenery: Scenery
    camera: Camera
    movers: tuple[Mover, ...]
    brightness: Field
    height: int
    width: int
    digits: Digits = Digits()
    standing: NDArray[np.int32] | None = None

    @cached_property
    def nbytes(self) -> int:
        """About what it takes in memory."""
        standing = 0 if self.standing is None else self.standing.nbytes
        return self.scenery.nbytes + self.camera.pattern.nbytes + standing

    def background(self, time: int) -> Field:
        """Return a frame without targets and noise, ``(H, W)`` in fractions of full scale."""
        top, left = self.camera.corner(time)
        return self.scenery.seen(top, left, time, self.height, self.width)

    def sightings(self, time: int) -> list[Sighting]:
        """Return what a frame shows of the targets, also of those that do not count."""
        found = []
        for index, mover in enumerate(self.movers):
            row, column = mover.path.at(float(time)) - self.camera.jitter[time]
            seen = sight(
                mover,
                self.camera.optics,
                (float(row), float(column)),
                float(self.brightness[time, index]),
                self.height,
                self.width,
            )
            found += [seen] if seen is not None else []
        return found + self._standing_at(time)

    def _standing_at(self, time: int) -> list[Sighting]:
        """Return the targets of the scenery that a frame shows, by their nearest pixels.

        Their identities follow those of the movers.
        """
        if self.standing is None:
            return []
        top, left = (round(place) for place in self.camera.corner(time))
        window = self.standing[top : top + self.height, left : left + self.width]
        found = []
        for number in np.unique(window[window > 0]).tolist():
            rows, columns = np.nonzero(window == number)
            y1, y2 = int(rows.min()), int(rows.max()) + 1
            x1, x2 = int(columns.min()), int(columns.max()) + 1
            mask = window[y1:y2, x1:x2] == number
            whole = int(np.count_nonzero(self.standing == number))
            found.append(
                Sighting(
                    len(self.movers) + number - 1,
                    np.s_[y1:y2, x1:x2],
                    np.zeros(mask.shape),
                    mask,
                    (x1, y1, x2, y2),
                    counts=bool(2 * np.count_nonzero(mask) >= whole),
                )
            )
        return found

    def shoot(self, rng: np.random.Generator, time: int) -> Image:
        """Return a frame as the sensor reads it; `rng` draws its temporal noise."""
        camera = self.camera
        return self.digits.write(read_out(rng, camera.sensor, self.signal(time), camera.pattern))

    def signal(self, time: int) -> Field:
        """Return a noise-free frame with its targets, ``(H, W)`` in fractions of full scale."""
        picture = np.array(self.background(time))
        for seen in self.sightings(time):
            picture[seen.window] += seen.light
        picture *= self.camera.light
        return picture

    def mask(self, sightings: Sequence[Sighting]) -> NDArray[np.bool_]:
        """Return the pixels of the targets that count, ``(H, W)``."""
        mask = np.zeros((self.height, self.width), np.bool_)
        for seen in sightings:
            if seen.counts:
                mask[seen.window] |= seen.mask
        return mask


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
    """
    frames = len(camera.jitter)
    spread = np.sqrt(
        np.maximum(
            ndimage.uniform_filter(scenery.picture**2, _SURROUND)
            - ndimage.uniform_filter(scenery.picture, _SURROUND) ** 2,
            0.0,
        )
    )
    movers: list[Mover] = []
    meeting = _point(rng, sides), float(rng.uniform(0.2, 0.8) * (frames - 1))
    for track in range(count):
        through, time = meeting if track < 2 else (_point(rng, sides), rng.uniform(0, frames - 1))
        if track == 1:
            row, column = rng.normal(0, _MISS, 2)
            through = through[0] + row, through[1] + column
        speed = float(np.exp(rng.uniform(*np.log(_SPEEDS))))
        path = draw_path(rng, through, float(time), sides, speed)
        mover = Mover(track, _shape(rng, scene), path, 1.0, float(rng.uniform(0.0, 0.08)))
        wanted = scr if scr is not None else float(np.exp(rng.uniform(*np.log(_SCRS))))
        movers.append(_lit(mover, scenery, spread, camera, wanted))
    steps = rng.standard_normal((frames, count))
    share = np.array([mover.scintillation for mover in movers])
    brightness = np.clip(1 + share * steps, 0.5, 1.5)
    return MovingScene(scenery, camera, tuple(movers), brightness, *sides)


def _point(rng: np.random.Generator, sides: tuple[int, int]) -> tuple[float, float]:
    row, column = (float(side * rng.uniform(0.25, 0.75)) for side in sides)
    return row, column


def _shape(rng: np.random.Generator, scene: str) -> Shape:
    kinds = _SHAPES[scene]
    kind = str(rng.choice(list(kinds), p=list(kinds.values())))
    size = float(np.exp(rng.uniform(*np.log(_SIZES))))
    angle = rng.normal(0, 0.08) if kind in ("ship", "lumps") else rng.uniform(0, 2 * np.pi)
    longer = 1.0 if kind == "point" else 0.7  # their lobes are longer than the unit
    return Shape(kind, size * longer, float(angle), float(rng.uniform(1.0, 1.5)))


def _lit(mover: Mover, scenery: Scenery, spread: Field, camera: Camera, scr: float) -> Mover:
    """Return a target as bright as its signal-to-clutter ratio asks for."""
    times = np.arange(len(camera.jitter), dtype=np.float64)
    places = mover.path.at(times) + camera.pan.at(times)
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
