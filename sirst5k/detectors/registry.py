"""Detectors by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from sirst5k.detectors.lcm import LocalContrast
from sirst5k.detectors.mpcm import PatchContrast
from sirst5k.detectors.tophat import TopHat
from sirst5k.errors import ParameterError, suggest

CLASSICAL: dict[str, Callable[..., Any]] = {
    "lcm": LocalContrast,
    "mpcm": PatchContrast,
    "tophat": TopHat,
}
DETECTORS: dict[str, Callable[..., Any]] = {**CLASSICAL}


def names() -> list[str]:
    """Return the names that `create` knows, sorted."""
    return sorted(DETECTORS)


def create(name: str, in_channels: int = 1, **config: Any) -> Any:
    """Make a detector.

    Parameters
    ----------
    name : str
        One of `names`.
    in_channels : int
        Channels of its input; classical detectors know one, grey.
    **config
        Its parameters.

    Returns
    -------
    Detector or torch.nn.Module
        A classical detector works on arrays and needs no torch.

    Raises
    ------
    ParameterError
        If there is no such detector, it has no such parameter, or a value does not fit.

    Examples
    --------
    >>> create("tophat", k=8)
    TopHat(k=8, sizes=(9, 17))
    """
    make = DETECTORS.get(name)
    if make is None:
        raise ParameterError(f"There is no detector {name!r}.{suggest(name, DETECTORS)}")
    if name in CLASSICAL and in_channels != 1:
        raise ParameterError(f"The detector {name} takes one channel, got {in_channels}.")
    known = inspect.signature(make).parameters
    for key in config:
        if key not in known:
            raise ParameterError(
                f"The detector {name} has no parameter {key!r}.{suggest(key, known)}"
            )
    if name in CLASSICAL:
        return _checked(name, make, config)
    return make(in_channels=in_channels, **config)


def _checked(name: str, make: Callable[..., Any], config: dict[str, Any]) -> Any:
    """Make a classical detector; a value of a foreign type is a mistake of the user's."""
    tidy = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}
    try:
        return make(**tidy)
    except TypeError as error:
        raise ParameterError(
            f"The detector {name} cannot be made with {config}: {error}."
        ) from error
