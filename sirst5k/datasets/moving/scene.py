"""A sequence as a whole: scenery, camera and targets, from which every frame follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sirst5k.datasets.demo.canvas import Field
from sirst5k.datasets.demo.sensor import Sensor, read_out
from sirst5k.datasets.moving.camera import Camera
from sirst5k.datasets.moving.movers import Mover, Sighting, sight
from sirst5k.datasets.moving.scenery import Scenery
from sirst5k.sample import Image


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
    decoys : tuple of Mover
        Lights that nothing but their standing still in the scenery tells from movers; their paths
        are in the scenery's pixels. They are no targets.
    flicker : (T, M) float64
        Factor on each decoy's amplitude in each frame.
    """

    scenery: Scenery
    camera: Camera
    movers: tuple[Mover, ...]
    brightness: Field
    height: int
    width: int
    digits: Digits = Digits()
    standing: NDArray[np.int32] | None = None
    decoys: tuple[Mover, ...] = ()
    flicker: Field = field(default_factory=lambda: np.ones((0, 0)))

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
        shaken = self._sight(self.movers, self.brightness, self.camera.jitter[time], time)
        return shaken + self._standing_at(time)

    def _sight(
        self, movers: Sequence[Mover], brightness: Field, corner: Field, time: int
    ) -> list[Sighting]:
        """Return what a frame whose first pixel is at `corner` of their paths shows of movers."""
        found = []
        for mover, bright in zip(movers, brightness[time].tolist(), strict=True):
            row, column = (mover.path.at(float(time)) - corner).tolist()
            seen = sight(mover, self.camera.optics, (row, column), bright, self.height, self.width)
            found += [seen] if seen is not None else []
        return found

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
        """Return a noise-free frame with its lights, ``(H, W)`` in fractions of full scale."""
        picture = np.array(self.background(time))
        lights = self.sightings(time)
        if self.decoys:
            corner = np.array(self.camera.corner(time))
            lights += self._sight(self.decoys, self.flicker, corner, time)
        for seen in lights:
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
