"""A network's weights into a file that says what they are."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sirst5k._version import __version__
from sirst5k.detectors.normalisation import Normalisation
from sirst5k.detectors.weights.metadata import KEY, WeightsMetadata, check_extra
from sirst5k.errors import OutputError, ParameterError
from sirst5k.imaging import write_atomically
from sirst5k.optional import require


def save_weights(model: Any, file: str | os.PathLike[str], **extra: str) -> None:
    """Write a network's weights with name, configuration and normalisation.

    The file is safetensors in float32, written in one step: its name never holds half of it.
    The same weights and texts give the same bytes.

    Parameters
    ----------
    model : Network
        Also compiled, or wrapped for several devices.
    file : path
        Ending in ``.safetensors``.
    **extra
        Texts to keep. ``created``, ``source`` and ``source_sha256`` replace what is kept
        under these names; the first is the time of writing by default.

    Raises
    ------
    MissingDependencyError
        If safetensors is not installed.
    OutputError
        If the file cannot be written.
    ParameterError
        If the model is no `Network`, or an extra no text.
    """
    torch = require("torch", "a network")
    library = require("safetensors.torch", "a safetensors file")
    path = Path(file)
    if path.suffix != ".safetensors":
        raise OutputError(f"Expected the name of a .safetensors file, got {path}.")
    network = _bare(model)
    kept = check_extra(extra)
    said = network.describe()
    metadata = WeightsMetadata(
        name=said["name"],
        config=said["config"],
        normalisation=Normalisation.from_dict(said["normalisation"]),
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        sirst5k=__version__,
        created=kept.pop("created", "") or datetime.now(UTC).isoformat(timespec="seconds"),
        source=kept.pop("source", ""),
        source_sha256=kept.pop("source_sha256", ""),
        extra=kept,
    )
    tensors = {key: _plain(torch, value) for key, value in network.state_dict().items()}
    write_atomically(path, library.save(tensors, {KEY: metadata.to_text()}))


def _bare(model: Any) -> Any:
    """Return the network inside what compilers and launchers put around it."""
    network = model
    for wrapper in ("_orig_mod", "module", "_orig_mod"):
        # A compiled module passes other attributes on, so that the order matters.
        network = vars(network).get("_modules", {}).get(wrapper, network)
    if not all(hasattr(network, name) for name in ("describe", "state_dict", "normalisation")):
        raise ParameterError(
            f"Expected a network of sirst5k, got {type(model).__name__}: only those say how they "
            f"are made again."
        )
    return network


def _plain(torch: Any, value: Any) -> Any:
    floating = torch.float32 if value.is_floating_point() else value.dtype
    # A copy, as two entries that share memory cannot be stored.
    return value.detach().to("cpu", floating, copy=True).contiguous()
