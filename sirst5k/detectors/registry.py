"""Detectors by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from sirst5k.detectors.lcm import LocalContrast
from sirst5k.detectors.mpcm import PatchContrast
from sirst5k.detectors.tophat import TopHat
from sirst5k.detectors.values import check_values
from sirst5k.errors import ParameterError, suggest
from sirst5k.optional import require

CLASSICAL: dict[str, Callable[..., Any]] = {
    "lcm": LocalContrast,
    "mpcm": PatchContrast,
    "tophat": TopHat,
}
# Where each network's class is: importing it imports torch, which takes a second.
NETWORKS: dict[str, str] = {
    "dnanet": "sirst5k.detectors.networks.dnanet:DNANet",
    "dstransnet": "sirst5k.detectors.networks.dstransnet:DSTransNet",
    "mshnet": "sirst5k.detectors.networks.mshnet:MSHNet",
    "unet": "sirst5k.detectors.networks.unet:UNet",
}
# Those that take a clip and return boxes of its last frame.
VIDEO: dict[str, str] = {
    "sstnet": "sirst5k.detectors.networks.sstnet:SSTNet",
    "stmenet": "sirst5k.detectors.networks.stmenet:STMENet",
}
DETECTORS: dict[str, Any] = {**CLASSICAL, **NETWORKS, **VIDEO}


def networks() -> dict[str, str]:
    """Return where the class of every network is, of frames and of clips."""
    return {**NETWORKS, **VIDEO}


def task_of(name: str) -> str:
    """Return what a detector finds: ``"masks"`` in a frame, or ``"boxes"`` in a clip.

    Raises
    ------
    ParameterError
        If there is no such detector.

    Examples
    --------
    >>> task_of("tophat"), task_of("sstnet")
    ('masks', 'boxes')
    """
    if name not in DETECTORS:
        raise ParameterError(f"There is no detector {name!r}.{suggest(name, DETECTORS)}")
    return "boxes" if name in VIDEO else "masks"


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
        Its parameters: the fields of a network's configuration.

    Returns
    -------
    Detector or torch.nn.Module
        A classical detector works on arrays and needs no torch. A network has fresh
        weights; see `load_weights` for trained ones.

    Raises
    ------
    MissingDependencyError
        If torch is not installed, for a network.
    ParameterError
        If there is no such detector, it has no such parameter, or a value does not fit.

    Examples
    --------
    >>> create("tophat", k=8)
    TopHat(k=8, sizes=(9, 17))
    """
    if name not in DETECTORS:
        raise ParameterError(f"There is no detector {name!r}.{suggest(name, DETECTORS)}")
    if name in networks():
        network = network_class(name)
        _check_keys(name, config, network.Config)
        return network(_made(name, network.Config, {"in_channels": in_channels, **config}))
    if in_channels != 1:
        raise ParameterError(f"The detector {name} takes one channel, got {in_channels}.")
    _check_keys(name, config, CLASSICAL[name])
    return _made(name, CLASSICAL[name], config)


def network_class(name: str) -> Any:
    """Return the class of a network by its name.

    Raises
    ------
    MissingDependencyError
        If torch is not installed.
    ParameterError
        If there is no such network.
    """
    known = networks()
    if name not in known:
        raise ParameterError(f"There is no network {name!r}.{suggest(name, known)}")
    require("torch", f"the network {name}")
    module, _, attribute = known[name].partition(":")
    return getattr(import_module(module), attribute)


def check_network(name: str, config: Mapping[str, Any]) -> None:
    """Raise unless a network can be configured so; none is made.

    Raises
    ------
    MissingDependencyError
        If torch is not installed.
    ParameterError
        If there is no such network, it has no such parameter, or a value does not fit.
    """
    network = network_class(name)
    _check_keys(name, config, network.Config)
    _made(name, network.Config, config)


def _check_keys(name: str, config: Mapping[str, Any], make: Callable[..., Any]) -> None:
    known = inspect.signature(make).parameters
    for key in config:
        if key not in known:
            raise ParameterError(
                f"The detector {name} has no parameter {key!r}.{suggest(key, known)}"
            )


def _made(name: str, make: Callable[..., Any], config: Mapping[str, Any]) -> Any:
    """Call it; a value of a foreign type is a mistake of the user's."""
    check_values(name, make, config)
    tidy = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}
    try:
        return make(**tidy)
    except TypeError as error:
        raise ParameterError(
            f"The detector {name} cannot be made with {config}: {error}."
        ) from error
