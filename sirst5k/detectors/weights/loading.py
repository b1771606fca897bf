"""From weights to a network that is ready to be used."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sirst5k.detectors.normalisation import Normalisation
from sirst5k.detectors.registry import network_class, networks
from sirst5k.detectors.weights.info import WeightsInfo
from sirst5k.detectors.weights.matching import Match, fitting_networks, match_foreign, match_own
from sirst5k.detectors.weights.normalisations import parse_normalisation
from sirst5k.detectors.weights.sources import Source, read_source
from sirst5k.errors import ParameterError, WeightsError, suggest
from sirst5k.optional import require


def load_weights(
    name: str | None,
    weights: Mapping[str, Any] | str | os.PathLike[str],
    normalisation: Normalisation | str | None = None,
    **overrides: Any,
) -> Any:
    """Return a network with trained weights, in evaluation mode, on the CPU in float32.

    The configuration is read off the weights. Published checkpoints are taken with their
    published keys, and looked for inside what training scripts put around a state dict. A
    file is never trusted: nothing in it runs, and no entry may claim more than it holds.

    Parameters
    ----------
    name : str or None
        Of the network; None for a file of our own, which says it.
    weights : mapping or path
        A state dict of tensors or NumPy arrays, or a file: safetensors, or a torch checkpoint
        that holds no code.
    normalisation : Normalisation or str, optional
        What frames in 0…1 go through first; a name or ``MEAN/STD`` as of
        `parse_normalisation`. By default what the file says, or what the network was
        published with.
    **overrides
        Fields of the network's configuration to change.

    Returns
    -------
    torch.nn.Module
        A `Network` with the attribute `weights_info`, a `WeightsInfo`.

    Raises
    ------
    MissingDependencyError
        If torch is not installed, or safetensors for such a file.
    ParameterError
        If there is no such network, or a parameter does not fit.
    WeightsError
        If the file cannot be read or holds code, or the weights are not of that network; the
        message says of which they are, if they are known.
    """
    torch = require("torch", "a network")
    if name is not None:
        network_class(name)  # a wrong name is told before a large file is read
    source = read_source(weights)
    from sirst5k.detectors.weights.drawing import NothingDrawn

    with NothingDrawn(), torch.random.fork_rng(devices=[]):
        network = network_class(_name(name, source))
        find = match_own if source.metadata is not None else match_foreign
        match = find(network, source, overrides)
        model = network(match.config)
    model.load_state_dict({**model.state_dict(), **match.state})
    model.normalisation, told_by = _normalisation(normalisation, source, network, match)
    model.weights_info = WeightsInfo(
        source=source.what,
        sha256=source.sha256,
        keys=match.keys,
        wrappers=source.wrappers,
        dead=match.dead,
        normalisation_from=told_by,
        extra={} if source.metadata is None else source.metadata.extra,
    )
    return model.eval()


def _name(name: str | None, source: Source) -> str:
    """Return the network's name, given or told by the file."""
    if source.metadata is not None:
        told = source.metadata.name
        if told not in networks():
            raise WeightsError(
                f"Expected weights of a network that is known here, but {source.what} is of "
                f"{told!r}.{suggest(told, networks())}"
            )
        if name not in (None, told):
            raise WeightsError(
                f"Expected weights of {name}, but {source.what} is of {told}. Load it under that "
                f"name."
            )
        return told
    if name is not None:
        return name
    fitting = fitting_networks(source.shapes)
    hint = f"; it is of {' or '.join(fitting)}" if fitting else ""
    raise WeightsError(
        f"Expected the name of the network, as {source.what} does not say it{hint}. Name it: "
        f"--detector NAME on the command line, the first argument of load_weights in Python."
    )


def _normalisation(
    given: Normalisation | str | None, source: Source, network: Any, match: Match
) -> tuple[Normalisation, str]:
    """Return the normalisation, and who told it."""
    channels = int(match.config.in_channels)
    if given is not None:
        chosen = parse_normalisation(given) if isinstance(given, str) else given
        if len(chosen.mean) not in (1, channels):
            raise ParameterError(
                f"Expected a normalisation of 1 or {channels} channels for these weights of "
                f"{network.name}, got {len(chosen.mean)}."
            )
        return chosen, "given"
    if source.metadata is not None:
        return source.metadata.normalisation, "file"
    published: Normalisation = network.published_normalisation
    fits = match.keys == "published" and len(published.mean) in (1, channels)
    if fits and published != Normalisation():
        return published, "published"
    return Normalisation(), "unknown"
