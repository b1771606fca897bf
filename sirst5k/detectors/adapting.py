"""Whatever can detect, as a `Detector`."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors.detector import Detector, Maps, check_batch
from sirst5k.detectors.network import NetworkDetector
from sirst5k.detectors.registry import create, networks
from sirst5k.detectors.weights import load_weights
from sirst5k.detectors.weights.sources import looks_like_weights
from sirst5k.errors import ParameterError, ShapeError, suggest


class CallableDetector:
    """A function from a ``(B, 1, H, W)`` batch to probabilities of the same shape.

    Parameters
    ----------
    function : callable
    name : str
        For reports.
    multiple : int
        Height and width must be multiples of it.
    support : int, optional
        Pixels around a place that can change its value, where that is known.
    """

    in_processes = False  # not every function can be sent to another process

    def __init__(
        self,
        function: Callable[[NDArray[Any]], NDArray[Any]],
        name: str,
        multiple: int = 1,
        support: int | None = None,
    ) -> None:
        self.function, self.name, self.multiple, self.support = function, name, multiple, support

    def respond(self, batch: NDArray[Any]) -> Maps:
        """Return what the function returns, after a look at it."""
        levels = check_batch(batch)
        found = np.asarray(self.function(levels))
        if found.shape != levels.shape:
            raise ShapeError(
                f"Expected probabilities of shape {levels.shape} from {self.name}, got "
                f"{found.shape}."
            )
        if not bool(((found >= 0) & (found <= 1)).all()):  # false for NaN as well
            raise ParameterError(
                f"Expected probabilities in 0…1 from {self.name}, got {found.min()} to "
                f"{found.max()}. Apply a sigmoid to logits."
            )
        return found.astype(np.float32, copy=False)

    def probabilities(self, responses: Maps) -> Maps:
        """Return the responses, which are probabilities already."""
        return responses

    def scores(self, batch: NDArray[Any]) -> Maps:
        """Return the probabilities for a ``(B, 1, H, W)`` batch."""
        return self.respond(batch)


def as_detector(
    thing: Any, weights: str | os.PathLike[str] | None = None, **options: Any
) -> Detector:
    """Return a detector for a name, weights, a detector, a torch network, or a function.

    Parameters
    ----------
    thing : str, path, Detector, torch.nn.Module, object with ``scores``, or callable
        The name of a classical detector; that of a network, with `weights`; a file of
        weights that says its network. A function takes and returns ``(B, 1, H, W)`` arrays;
        it returns probabilities. Attributes `name`, `multiple` and `support` are respected.
    weights : path, optional
        Trained weights for the network of that name, as of `load_weights`; None in place of
        the name where they say it.
    **options
        Of the detector for a name, of `NetworkDetector` for a network.

    Raises
    ------
    ParameterError
        If it is none of these, or the name of a network comes without weights.
    WeightsError
        If the weights do not fit, or the file cannot be read.
    """
    if weights is None and _is_file(thing):
        thing, weights = None, thing
    if weights is not None:
        if not (thing is None or isinstance(thing, str)):
            raise ParameterError(f"Expected the name of a network for the weights, got {thing!r}.")
        thing = load_weights(thing, weights, options.pop("normalisation", None))
    elif isinstance(thing, str):
        if thing in networks():
            raise ParameterError(
                f"Expected trained weights for the network {thing}, got its name alone. Give "
                f"their file: --weights FILE on the command line, weights=FILE in Python."
            )
        thing, options = create(thing, **options), {}
    if _is_network(thing):
        return NetworkDetector(thing, **_known(options))
    if options:
        raise ParameterError(f"Options {', '.join(options)} do not apply to {thing!r}.")
    if isinstance(thing, Detector):
        return thing
    function = getattr(thing, "scores", thing)
    if not callable(function) or isinstance(thing, type):
        raise ParameterError(
            f"Expected a detector, its name, a torch network or a function, got {thing!r}."
        )
    name = getattr(thing, "name", None) or getattr(thing, "__name__", type(thing).__name__)
    multiple, support = getattr(thing, "multiple", 1), getattr(thing, "support", None)
    return CallableDetector(function, str(name), int(multiple), support)


def _is_file(thing: Any) -> bool:
    return isinstance(thing, os.PathLike) or (isinstance(thing, str) and looks_like_weights(thing))


def _known(options: dict[str, Any]) -> dict[str, Any]:
    known = inspect.signature(NetworkDetector).parameters
    for key in options:
        if key not in known:
            raise ParameterError(f"A network takes no option {key!r}.{suggest(key, known)}")
    return options


def _is_network(thing: Any) -> bool:
    torch = sys.modules.get("torch")  # a network cannot exist where torch was never imported
    return torch is not None and isinstance(thing, torch.nn.Module)
