"""A torch network as a detector on arrays."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirst5k.detectors.detector import Maps, check_batch
from sirst5k.detectors.normalisation import Normalisation
from sirst5k.errors import ParameterError, ShapeError, Sirst5kWarning, suggest
from sirst5k.optional import require

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("float32", "bfloat16", "float16")


class NetworkDetector:
    """Wraps a network that maps ``(B, C, H, W)`` to logits ``(B, 1, H, W)``.

    Responses are logits; probabilities are their sigmoid. The network is put on the device
    and into evaluation mode here, and handed frames that its normalisation went over.

    Parameters
    ----------
    module : torch.nn.Module
        Its attributes `multiple`, `in_channels` and `normalisation` are respected where it
        has them.
    multiple : int, optional
        Height and width must be multiples of it; by default what the network says, or 32.
    in_channels : int, optional
        The grey frame is repeated into so many; by default what the network says, or 1.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` …; ``auto`` takes a GPU where there is one.
    precision : {"float32", "bfloat16", "float16"}
        Lower ones by autocast; logits come back as float32.
    normalisation : Normalisation, optional
        Of frames in 0…1; by default what the network says, or none.
    name : str, optional
        By default the class's name in lower case.

    Warns
    -----
    Sirst5kWarning
        If the network's weights were loaded without anything telling their normalisation.

    Raises
    ------
    MissingDependencyError
        If torch is not installed.
    ParameterError
        If the device or precision is not known, or not there.
    """

    support = None
    in_processes = False  # threads and devices belong to one process

    def __init__(
        self,
        module: Any,
        *,
        multiple: int | None = None,
        in_channels: int | None = None,
        device: str = "auto",
        precision: str = "float32",
        normalisation: Normalisation | None = None,
        name: str | None = None,
    ) -> None:
        self.torch = require("torch", "a network")
        if precision not in PRECISIONS:
            raise ParameterError(
                f"There is no precision {precision!r}.{suggest(precision, PRECISIONS)}"
            )
        self.device = self._device(device)
        self.precision = precision
        self.multiple = int(multiple or getattr(module, "multiple", 0) or 32)
        self.in_channels = int(in_channels or getattr(module, "in_channels", 0) or 1)
        self.name = name or str(getattr(module, "name", "") or type(module).__name__.lower())
        self.normalisation = _normalisation(module, normalisation, self.in_channels)
        self.module = module.to(self.device).eval()

    def respond(self, batch: NDArray[Any]) -> Maps:
        """Return the logits of a ``(B, 1, H, W)`` batch as float32 arrays."""
        levels = check_batch(batch)
        frames = self.torch.from_numpy(levels).to(self.device)
        frames = self.normalisation(frames.expand(-1, self.in_channels, -1, -1))
        with self.running():
            logits = self.module(frames)
        if tuple(logits.shape) != levels.shape:
            raise ShapeError(
                f"Expected logits of shape {levels.shape} from {self.name}, got "
                f"{tuple(logits.shape)}."
            )
        found: Maps = logits.float().cpu().numpy()
        return found

    @contextmanager
    def running(self) -> Iterator[None]:
        """Give what the network is to run in: no gradients, and its precision."""
        torch, low = self.torch, self.precision != "float32"
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, getattr(torch, self.precision), enabled=low),
        ):
            yield

    def probabilities(self, responses: Maps) -> Maps:
        """Return the sigmoid of logits."""
        logits = np.asarray(responses, np.float64)
        half = np.tanh(0.5 * logits)  # the same function, which cannot overflow
        probability: Maps = (0.5 + 0.5 * half).astype(np.float32)
        return probability

    def scores(self, batch: NDArray[Any]) -> Maps:
        """Return the probabilities for a ``(B, 1, H, W)`` batch."""
        return self.probabilities(self.respond(batch))

    def __repr__(self) -> str:
        facts = [self.name, str(self.device), self.precision]
        if self.normalisation != Normalisation():
            facts.append(repr(self.normalisation))
        weights = getattr(self.module, "weights_info", None)
        if weights is not None and weights.sha256:
            # Predictions of other weights are other predictions, also under the same name.
            facts.append(f"weights {weights.sha256[:16]}")
        return f"NetworkDetector({', '.join(facts)})"

    def _device(self, wanted: str) -> Any:
        torch = self.torch
        if wanted == "auto":
            wanted = "cuda" if torch.cuda.is_available() else "cpu"
        if wanted.partition(":")[0] not in DEVICES:
            raise ParameterError(f"There is no device {wanted!r}.{suggest(wanted, DEVICES)}")
        if wanted.startswith("cuda") and not torch.cuda.is_available():
            raise ParameterError("Expected a GPU for the device cuda, but torch finds none.")
        return torch.device(wanted)


def _normalisation(module: Any, given: Normalisation | None, channels: int) -> Normalisation:
    """Return what frames go through before the network, given or told by it."""
    if given is None:
        told = getattr(module, "normalisation", None)
        # A module may have a layer of that name.
        given = told if isinstance(told, Normalisation) else Normalisation()
        weights = getattr(module, "weights_info", None)
        if weights is not None and weights.normalisation_from == "unknown":
            warnings.warn(
                f"Nothing tells the normalisation that the weights {weights.source} were trained "
                "with; none is applied. Give it: --normalisation on the command line, "
                "normalisation= in Python.",
                Sirst5kWarning,
                stacklevel=3,
            )
    if len(given.mean) not in (1, channels):
        raise ParameterError(
            f"Expected a normalisation of 1 or {channels} channels, got {len(given.mean)}."
        )
    return given
