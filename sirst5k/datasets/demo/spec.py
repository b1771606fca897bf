"""The specification of a demo dataset: ``demo:n=64,seed=1,size=320x256,depth=16,scene=sea``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sirst5k.datasets.demo.scene import SCENES
from sirst5k.datasets.demo.sensor import DEPTHS
from sirst5k.errors import DatasetError, suggest

SMALLEST_SIDE = 16
LARGEST_SIDE = 8192


@dataclass(frozen=True, slots=True)
class DemoSpec:
    """Which embedded scenes a dataset holds.

    Attributes
    ----------
    n : int
        Number of frames.
    seed : int
        Another seed gives other scenes.
    width, height : int
        In pixels.
    depth : int
        8 (``uint8``), 16 (``uint16`` holding 14-bit counts) or 32 (``float32`` in 0 … 1).
    scene : str or None
        The only scene, or None for all of them in turn.
    """

    n: int = 64
    seed: int = 0
    width: int = 256
    height: int = 256
    depth: int = 8
    scene: str | None = None

    def scene_of(self, index: int) -> str:
        """Return the scene of the frame of that number."""
        names = list(SCENES)
        return self.scene or names[index % len(names)]

    def id_of(self, index: int) -> str:
        """Return the id of the frame of that number: ``demo_sky_0004``."""
        return f"demo_{self.scene_of(index)}_{index:04d}"


def parse_spec(text: str) -> DemoSpec:
    """Read a specification.

    Parameters
    ----------
    text : str
        ``demo``, or ``demo:`` and ``key=value`` pairs with commas between: ``n`` (frames,
        64), ``seed`` (0), ``size`` (``256``, or width x height as in ``320x256``), ``depth``
        (8, 16 or 32), ``scene`` (``sky``, ``sea``, ``ground`` or ``urban``; all in turn).

    Raises
    ------
    DatasetError
        If a key is unknown or twice there, or a value is out of range.

    Examples
    --------
    >>> parse_spec("demo:n=8,size=320x256")
    DemoSpec(n=8, seed=0, width=320, height=256, depth=8, scene=None)
    """
    name, _, rest = text.partition(":")
    if name != "demo":
        raise DatasetError(f"Expected 'demo' or 'demo:n=64,seed=1,size=256,depth=8', got {text!r}.")
    values: dict[str, int | str] = {}
    for pair in filter(None, rest.split(",")):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals:
            raise DatasetError(f"Expected key=value in {text!r}, got {pair!r}.")
        if key not in _KEYS:
            raise DatasetError(f"Demo scenes have no setting {key!r}.{suggest(key, _KEYS)}")
        if key in values or (key == "size" and "width" in values):
            raise DatasetError(f"Expected each setting once in {text!r}, got {key!r} twice.")
        if key == "size":
            values["width"], values["height"] = _size(value)
        elif key == "scene":
            values["scene"] = _scene(value)
        else:
            values[key] = _whole(key, value)
    return DemoSpec(**values)  # type: ignore[arg-type]  # the types follow from the keys


_KEYS = ("n", "seed", "size", "depth", "scene")
_RANGES = {"n": (1, 10_000_000), "seed": (0, 2**63 - 1)}


def _whole(key: str, value: str) -> int:
    number = int(value) if re.fullmatch(r"\d{1,19}", value, re.ASCII) else None
    if key == "depth":
        if number not in DEPTHS:
            raise DatasetError(f"Expected depth=8, depth=16 or depth=32, got depth={value}.")
        return number
    low, high = _RANGES[key]
    if number is None or not low <= number <= high:
        raise DatasetError(
            f"Expected {key} to be a whole number from {low} to {high}, got {value!r}."
        )
    return number


def _size(value: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", value, re.ASCII)
    sides = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise DatasetError(
            f"Expected size=256 or size=320x256 (width x height, each from {SMALLEST_SIDE} to "
            f"{LARGEST_SIDE} pixels), got size={value}."
        )
    return sides


def _scene(value: str) -> str:
    if value not in SCENES:
        raise DatasetError(f"There is no demo scene {value!r}.{suggest(value, SCENES)}")
    return value
