"""The specification of embedded sequences: ``demo:sequences=8,frames=40,size=128,scr=5``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sirst5k.datasets.demo import settings
from sirst5k.datasets.demo.scene import SCENES
from sirst5k.errors import DatasetError, suggest

_RANGES = {
    "sequences": (1, 100_000),
    "frames": (1, 100_000),
    "seed": (0, 2**63 - 1),
    "targets": (0, 20),
    "decoys": (0, 50),
}
_KEYS = (*_RANGES, "size", "depth", "scene", "scr", "speed", "camera")
_CAMERAS = ("drifting", "staring")


@dataclass(frozen=True, slots=True)
class MovingSpec:
    """Which embedded sequences a dataset holds.

    Attributes
    ----------
    sequences : int
        Number of sequences.
    frames : int
        Of each.
    seed : int
        Another seed gives other sequences.
    width, height : int
        In pixels.
    depth : int
        8 (``uint8``), 16 (``uint16`` holding 14-bit counts) or 32 (``float32`` in 0 … 1).
    scene : str or None
        The only scene, or None for all of them in turn.
    targets : int or None
        Of each sequence; None for 1 to 3, drawn.
    scr : float or None
        Signal-to-clutter ratio of every target and decoy; None for 3 to 12, drawn.
    decoys : int
        Of each sequence: lights that look like targets in a single frame, but stand still in the
        scene, and are not labelled.
    speed : float or None
        Of every target, in pixels a frame; None for 0.25 to 2, drawn.
    camera : str
        ``drifting``, which shakes too, or ``staring``, which does neither.
    """

    sequences: int = 8
    frames: int = 40
    seed: int = 0
    width: int = 128
    height: int = 128
    depth: int = 8
    scene: str | None = None
    targets: int | None = None
    scr: float | None = None
    decoys: int = 0
    speed: float | None = None
    camera: str = "drifting"

    def scene_of(self, index: int) -> str:
        """Return the scene of the sequence of that number."""
        names = list(SCENES)
        return self.scene or names[index % len(names)]

    def name_of(self, index: int) -> str:
        """Return the name of the sequence of that number: ``demo_sky_0004``."""
        return f"demo_{self.scene_of(index)}_{index:04d}"

    def held_out(self, index: int) -> bool:
        """Return whether a sequence is for testing.

        One of every four, another scene's each time; of two or three sequences the last one.
        """
        if self.sequences < 4:
            return 0 < index == self.sequences - 1
        return index % 4 == 3 - index // 4 % 4


def is_moving(text: str) -> bool:
    """Return whether a specification of embedded scenes asks for sequences."""
    rest = text.partition(":")[2].split(",")
    return any(pair.partition("=")[0].strip() in ("sequences", "frames") for pair in rest)


def parse_moving(text: str) -> MovingSpec:
    """Read a specification.

    Parameters
    ----------
    text : str
        ``demo:`` and ``key=value`` pairs with commas between: ``sequences`` (8), ``frames``
        (of each, 40), ``size`` (``128``, or width x height as in ``160x128``), ``seed`` (0),
        ``depth`` (8, 16 or 32), ``scene`` (``sky``, ``sea``, ``ground`` or ``urban``; all in
        turn), ``targets`` (of each sequence; 1 to 3), ``scr`` (of every target; 3 to 12),
        ``decoys`` (of each sequence, lights that stand still; 0), ``speed`` (of every target,
        in pixels a frame; 0.25 to 2), ``camera`` (``drifting`` or ``staring``).

    Raises
    ------
    DatasetError
        If a key is unknown or twice there, or a value is out of range.

    Examples
    --------
    >>> parse_moving("demo:sequences=2,frames=10,scr=4.5").scr
    4.5
    """
    values: dict[str, int | float | str] = {}
    for key, value in settings.pairs(text, text.partition(":")[2], _KEYS, "Demo sequences"):
        if key == "size":
            values["width"], values["height"] = settings.size(value)
        elif key == "scene":
            values["scene"] = settings.scene(value)
        elif key == "depth":
            values["depth"] = settings.depth(value)
        elif key == "scr":
            values["scr"] = parse_ratio(value)
        elif key == "speed":
            values["speed"] = _speed(value)
        elif key == "camera":
            values["camera"] = _camera(value)
        else:
            values[key] = settings.whole(key, value, *_RANGES[key])
    return MovingSpec(**values)  # type: ignore[arg-type]  # the types follow from the keys


def parse_ratio(value: str) -> float:
    """Return a signal-to-clutter ratio, or raise `DatasetError`."""
    number = _decimal(value)
    if number is None or not 0.1 <= number <= 200:
        raise DatasetError(
            f"Expected scr, a signal-to-clutter ratio, from 0.1 to 200, got {value!r}."
        )
    return number


def _speed(value: str) -> float:
    number = _decimal(value)
    if number is None or number > 20:
        raise DatasetError(f"Expected speed, in pixels a frame, from 0 to 20, got {value!r}.")
    return number


def _camera(value: str) -> str:
    if value not in _CAMERAS:
        raise DatasetError(f"There is no camera {value!r}.{suggest(value, _CAMERAS)}")
    return value


def _decimal(value: str) -> float | None:
    """Return a plain decimal number, or None if it is none."""
    return float(value) if re.fullmatch(r"\d{1,3}(\.\d{1,6})?", value, re.ASCII) else None
