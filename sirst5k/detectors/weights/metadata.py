"""What our own files of weights say about themselves, readable without torch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sirst5k.detectors.normalisation import Normalisation
from sirst5k.detectors.weights.header import Header, read_header
from sirst5k.errors import ParameterError, WeightsError

KEY = "sirst5k"
"""The one entry of a file's metadata: several would be written in an order that varies."""

VERSION = 1


@dataclass(frozen=True, slots=True)
class WeightsMetadata:
    """What is needed to make the same network again, and where it comes from.

    Attributes
    ----------
    name : str
        Of the network in the registry.
    config : mapping
        Its configuration as plain values.
    normalisation : Normalisation
        What frames in 0…1 go through first.
    parameters : int
        How many numbers were trained or may be.
    sirst5k : str
        Version that wrote the file.
    created : str
        When, in ISO 8601.
    source, source_sha256 : str
        Name and hash of the file that the weights were imported from; empty if none.
    extra : mapping of str to str
        Whatever else was to be kept.
    """

    name: str
    config: Mapping[str, Any]
    normalisation: Normalisation
    parameters: int
    sirst5k: str
    created: str
    source: str = ""
    source_sha256: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "name": self.name,
            "config": dict(self.config),
            "normalisation": self.normalisation.to_dict(),
            "parameters": self.parameters,
            "sirst5k": self.sirst5k,
            "created": self.created,
            "source": self.source,
            "source_sha256": self.source_sha256,
            "extra": dict(self.extra),
        }

    def to_text(self) -> str:
        """Return the text that stands in a file."""
        return json.dumps({"version": VERSION, **self.to_dict()}, sort_keys=True)


def read_metadata(file: str | os.PathLike[str]) -> WeightsMetadata:
    """Return what one of our own files says about itself; neither loads torch nor the weights.

    Parameters
    ----------
    file : path
        Written by `save_weights`.

    Raises
    ------
    WeightsError
        If it cannot be read, is damaged, or was not written by sirst5k.
    """
    path = Path(file)
    found = metadata_of(read_header(path), path)
    if found is None:
        raise WeightsError(
            f"Expected weights that sirst5k wrote, but {path} does not say of which network it "
            f"is. Convert it: sirst5k weights import NAME {path.name} OUT.safetensors."
        )
    return found


def metadata_of(header: Header, path: Path) -> WeightsMetadata | None:
    """Return the metadata in a header, or None if sirst5k did not write it."""
    if KEY not in header.metadata:
        return None
    try:
        document = json.loads(header.metadata[KEY])
        version = document.pop("version")
        if version != VERSION:
            raise WeightsError(
                f"Expected weights in version {VERSION} of the format, but {path} is in version "
                f"{version}. Use the sirst5k that wrote it, or a newer one."
            )
        normalisation = Normalisation.from_dict(document.pop("normalisation"))
        found = WeightsMetadata(normalisation=normalisation, **document)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, WeightsError):
            raise
        raise WeightsError(_unreadable(path)) from error
    texts = (found.name, found.sirst5k, found.created, found.source, found.source_sha256)
    if not (
        all(isinstance(text, str) for text in texts)
        and isinstance(found.config, dict)
        and isinstance(found.extra, dict)
        and all(isinstance(text, str) for text in found.extra.values())
        and type(found.parameters) is int
    ):
        raise WeightsError(_unreadable(path))
    return found


def check_extra(extra: Mapping[str, str]) -> dict[str, str]:
    """Return what a user wants kept, or raise `ParameterError` if it is no text."""
    for key, value in extra.items():
        if not isinstance(value, str):
            raise ParameterError(f"Expected the metadata {key} to be a text, got {value!r}.")
    return dict(extra)


def _unreadable(path: Path) -> str:
    return (
        f"Expected metadata as sirst5k writes them, but those of {path} cannot be understood. "
        f"Save or convert the weights again."
    )
