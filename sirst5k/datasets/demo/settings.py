"""The settings of embedded datasets, as they are written: ``key=value`` with commas between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sirst5k.datasets.demo.scene import SCENES
from sirst5k.datasets.demo.sensor import DEPTHS
from sirst5k.errors import DatasetError, suggest

SMALLEST_SIDE = 16
LARGEST_SIDE = 8192


def pairs(
    text: str, rest: str, known: Sequence[str], what: str = "Demo scenes"
) -> Iterator[tuple[str, str]]:
    """Yield the settings of a specification.

    Parameters
    ----------
    text : str
        The whole of it, for messages.
    rest : str
        What follows the colon.
    known : sequence of str
        The settings that there are.
    what : str
        Whose they are, to begin a sentence with.

    Raises
    ------
    DatasetError
        If one is unknown, twice there, or has no value.
    """
    seen = set()
    for pair in filter(None, rest.split(",")):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals:
            raise DatasetError(f"Expected key=value in {text!r}, got {pair!r}.")
        if key not in known:
            raise DatasetError(f"{what} have no setting {key!r}.{suggest(key, known)}")
        if key in seen:
            raise DatasetError(f"Expected each setting once in {text!r}, got {key!r} twice.")
        seen.add(key)
        yield key, value


def whole(key: str, value: str, low: int, high: int) -> int:
    """Return a whole number within bounds, or raise `DatasetError`."""
    number = int(value) if re.fullmatch(r"\d{1,19}", value, re.ASCII) else None
    if number is None or not low <= number <= high:
        raise DatasetError(
            f"Expected {key} to be a whole number from {low} to {high}, got {value!r}."
        )
    return number


def depth(value: str) -> int:
    """Return one of `sensor.DEPTHS`, or raise `DatasetError`."""
    if value not in map(str, DEPTHS):
        raise DatasetError(f"Expected depth=8, depth=16 or depth=32, got depth={value}.")
    return int(value)


def size(value: str) -> tuple[int, int]:
    """Return width and height of ``256`` or ``320x256``, or raise `DatasetError`."""
    match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", value, re.ASCII)
    sides = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise DatasetError(
            f"Expected size=256 or size=320x256 (width x height, each from {SMALLEST_SIDE} to "
            f"{LARGEST_SIDE} pixels), got size={value}."
        )
    return sides


def scene(value: str) -> str:
    """Return the name of a scene, or raise `DatasetError`."""
    if value not in SCENES:
        raise DatasetError(f"There is no demo scene {value!r}.{suggest(value, SCENES)}")
    return value
