"""The specification of a demo dataset: ``demo:n=64,seed=1,size=320x256,depth=16,scene=sea``."""

from __future__ import annotations

from dataclasses import dataclass

from sirst5k.datasets.demo import settings
from sirst5k.datasets.demo.scene import SCENES
from sirst5k.errors import DatasetError


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
    for key, value in settings.pairs(text, rest, _KEYS):
        if key == "size":
            values["width"], values["height"] = settings.size(value)
        elif key == "scene":
            values["scene"] = settings.scene(value)
        elif key == "depth":
            values["depth"] = settings.depth(value)
        else:
            values[key] = settings.whole(key, value, *_RANGES[key])
    return DemoSpec(**values)  # type: ignore[arg-type]  # the types follow from the keys


_KEYS = ("n", "seed", "size", "depth", "scene")
_RANGES = {"n": (1, 10_000_000), "seed": (0, 2**63 - 1)}
