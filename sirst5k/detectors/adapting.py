"""Whatever can detect, as a `Detector`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors.detector import Detector, Maps, check_batch
from sirst5k.detectors.network import NetworkDetector
from sirst5k.detectors.registry import create
from sirst5k.errors import ParameterError, ShapeError


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


def as_detector(thing: Any, **options: Any) -> Detector:
    """Return a detector for a name, a detector, a torch network, or a function.

    Parameters
    ----------
    thing : str, Detector, torch.nn.Module, object with ``scores``, or callable
        A function takes and returns ``(B, 1, H, W)`` arrays; it returns probabilities.
        Attributes `name`, `multiple` and `support` are respected.
    **options
        Of the detector for a name, of `NetworkDetector` for a network.

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    if isinstance(thing, str):
        thing, options = create(thing, **options), {}
    if _is_network(thing):
        return NetworkDetector(thing, **options)
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


def _is_network(thing: Any) -> bool:
    torch = sys.modules.get("torch")  # a network cannot exist where torch was never imported
    return torch is not None and isinstance(thing, torch.nn.Module)
