"""Weights from wherever they are: a state dict, a safetensors file, a torch checkpoint."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sirst5k.detectors.registry import DETECTORS
from sirst5k.detectors.weights.checkpoints import ZIP, load_checkpoint
from sirst5k.detectors.weights.header import read_header
from sirst5k.detectors.weights.metadata import WeightsMetadata, metadata_of
from sirst5k.detectors.weights.unwrapping import unwrap
from sirst5k.errors import ParameterError, WeightsError
from sirst5k.optional import require

# What published checkpoints and ours are called; also files of any other name are taken.
ENDINGS = (".safetensors", ".pt", ".pth", ".tar", ".pkl", ".ckpt", ".bin")


def looks_like_weights(text: str) -> bool:
    """Return whether a word is the name of a file of weights rather than of a detector."""
    return text not in DETECTORS and (text.lower().endswith(ENDINGS) or Path(text).is_file())


@dataclass(frozen=True, slots=True)
class Source:
    """Tensors by name, and where they come from.

    Attributes
    ----------
    what : str
        For messages.
    tensors : dict of str to torch.Tensor
    wrappers : tuple of str
        What was around them, outermost first.
    sha256 : str
        Of the file; empty if there is none.
    metadata : WeightsMetadata, optional
        What a file of our own says.
    """

    what: str
    tensors: dict[str, Any]
    wrappers: tuple[str, ...] = ()
    sha256: str = ""
    metadata: WeightsMetadata | None = None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each tensor."""
        return {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}


def read_source(weights: Any) -> Source:
    """Return the tensors of a state dict or a file.

    The kind of a file is told by its content, whatever its name ends in.

    Raises
    ------
    WeightsError
        If the file cannot be read, holds code, or no state dict is in it.
    ParameterError
        If it is neither a mapping nor a path.
    """
    if isinstance(weights, Mapping):
        tensors, wrappers = unwrap(weights, "the dictionary")
        return Source("the dictionary", tensors, wrappers)
    if not isinstance(weights, str | os.PathLike):
        raise ParameterError(
            f"Expected a state dict or the name of a file, got {type(weights).__name__}."
        )
    path = Path(weights)
    digest = _digest(path)
    if not is_safetensors(path):
        tensors, wrappers = unwrap(load_checkpoint(path), str(path))
        return Source(str(path), tensors, wrappers, digest)
    metadata = metadata_of(read_header(path), path)
    stored = _tensors(path)
    if metadata is not None:
        return Source(str(path), stored, (), digest, metadata)
    tensors, wrappers = unwrap(stored, str(path))
    return Source(str(path), tensors, wrappers, digest)


def is_safetensors(path: Path) -> bool:
    """Return whether a file begins as a safetensors file: a length, then a JSON object."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except FileNotFoundError as error:
        raise WeightsError(_missing(path)) from error
    except IsADirectoryError as error:
        raise WeightsError(_folder(path)) from error
    except OSError as error:
        raise WeightsError(f"Cannot read the weights {path}: {error.strerror}.") from error
    # A torch checkpoint cannot: its first bytes would be the length of a header of terabytes.
    if start[5:] == b"\0\0\0{":
        return True
    return path.suffix == ".safetensors" and not start.startswith(ZIP)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise WeightsError(_missing(path)) from error
    except IsADirectoryError as error:
        raise WeightsError(_folder(path)) from error
    except OSError as error:
        raise WeightsError(f"Cannot read the weights {path}: {error.strerror}.") from error


def _tensors(path: Path) -> dict[str, Any]:
    """Return all tensors, mapped from the file; its header has been checked before."""
    require("torch", "a network")
    library = require("safetensors", "a safetensors file")
    try:
        with library.safe_open(path, framework="pt", device="cpu") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (library.SafetensorError, OSError, RuntimeError, ValueError) as error:
        raise WeightsError(
            f"Expected a safetensors file, but {path} cannot be read as one: {error}."
        ) from error


def _missing(path: Path) -> str:
    return f"Expected a file of weights, but there is no {path}. Check the path."


def _folder(path: Path) -> str:
    return (
        f"Expected a file of weights, but {path} is a folder. Name a file in it, as "
        "checkpoints/last.safetensors of a run."
    )
