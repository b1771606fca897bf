"""What every detector offers, whether a filter or a network."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sirst5k.errors import ShapeError

Maps = NDArray[np.float32]
"""``(B, 1, H, W)`` array of ``float32``."""


@runtime_checkable
class Detector(Protocol):
    """A detector of small targets in frames of any size.

    It works in two steps, so that large frames can be taken in tiles: `respond` is local and
    may be applied to parts of a frame whose seams are then blended; `probabilities` may look
    at the whole frame, as the adaptive thresholds of classical detectors do.

    Attributes
    ----------
    name : str
        For reports and messages.
    multiple : int
        Height and width must be multiples of it.
    support : int or None
        Pixels around a place that can change its response; None if not known.
    in_processes : bool
        Whether copies may run in several processes at once.
    """

    @property
    def name(self) -> str:
        """For reports and messages."""
        ...

    @property
    def multiple(self) -> int:
        """Height and width must be multiples of it."""
        ...

    @property
    def support(self) -> int | None:
        """Pixels around a place that can change its response."""
        ...

    @property
    def in_processes(self) -> bool:
        """Whether copies may run in several processes."""
        ...

    def respond(self, batch: NDArray[Any]) -> Maps:
        """Return the local response to a ``(B, 1, H, W)`` batch, in the detector's own unit.

        Levels of the batch are fractions of the full scale, 0 to 1.
        """
        ...

    def probabilities(self, responses: Maps) -> Maps:
        """Turn the responses of whole frames into probabilities in [0, 1], pixel by pixel."""
        ...

    def scores(self, batch: NDArray[Any]) -> Maps:
        """Return the probabilities for a ``(B, 1, H, W)`` batch of whole frames."""
        ...


def check_batch(batch: NDArray[Any]) -> Maps:
    """Return a batch as ``float32``.

    Raises
    ------
    ShapeError
        If it is not ``(B, 1, H, W)`` of floats.
    """
    if batch.ndim != 4 or batch.shape[1] != 1 or batch.dtype.kind != "f" or 0 in batch.shape[2:]:
        raise ShapeError(
            f"Expected a batch (B, 1, H, W) of floats in 0…1, got {batch.shape} of "
            f"{batch.dtype}. Divide grey levels by their full scale."
        )
    return np.ascontiguousarray(batch, np.float32)
