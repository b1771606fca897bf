"""What a file of weights holds, whoever wrote it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sirst5k.detectors.weights.header import read_header
from sirst5k.detectors.weights.matching import fitting_networks
from sirst5k.detectors.weights.metadata import metadata_of
from sirst5k.detectors.weights.sources import is_safetensors, read_source


def describe_file(file: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a file of weights says about itself, or what its shapes tell.

    Parameters
    ----------
    file : path

    Returns
    -------
    dict
        Always ``tensors``, their number, and ``networks``, the names of those that have such
        weights. For a file of our own, read without torch, besides that everything in its
        `WeightsMetadata`; for others ``wrappers``, what was around the state dict.

    Raises
    ------
    WeightsError
        If the file cannot be read or holds code.
    """
    path = Path(file)
    if is_safetensors(path):
        header = read_header(path)
        metadata = metadata_of(header, path)
        if metadata is not None:
            networks = [metadata.name]
            return {**metadata.to_dict(), "tensors": len(header.shapes), "networks": networks}
    source = read_source(path)
    from sirst5k.detectors.weights.drawing import NothingDrawn

    with NothingDrawn():
        networks = fitting_networks(source.shapes)
    wrappers = list(source.wrappers)
    return {"tensors": len(source.tensors), "networks": networks, "wrappers": wrappers}
