"""Which entry of a state dict belongs where in a network, or why it does not fit."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from sirst5k.detectors.registry import network_class, networks
from sirst5k.detectors.weights.sources import Source
from sirst5k.errors import ParameterError, Sirst5kError, WeightsError, suggest

# Left by the counter of operations that published training scripts run.
COUNTERS = ("*total_ops", "*total_params", "total_ops", "total_params")
# Torch itself tolerates their absence, and they matter to no output.
_OPTIONAL = "num_batches_tracked"
_SHOWN = 3
_UNREADABLE = (Sirst5kError, LookupError, ValueError, TypeError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Match:
    """Weights that fit a network.

    Attributes
    ----------
    config : dataclass
        Of the network.
    state : dict of str to torch.Tensor
        By the network's own keys.
    keys : {"sirst5k", "published"}
        Whose names they had.
    dead : tuple of str
        Entries that were left out.
    """

    config: Any
    state: dict[str, Any]
    keys: str
    dead: tuple[str, ...] = ()


def match_own(network: Any, source: Source, overrides: Mapping[str, Any]) -> Match:
    """Match a file of our own, which says its configuration."""
    assert source.metadata is not None  # told apart by the caller
    wrote = source.metadata.sirst5k
    try:
        config = make_config(network, {**source.metadata.config})
    except ParameterError as error:
        raise WeightsError(
            f"Expected a configuration of {network.name} in {source.what}, which sirst5k {wrote} "
            f"wrote, but it does not fit: {error}"
        ) from error
    config = override(network, config, overrides)
    own = network.own_shapes(config)
    return Match(config, _fit(network, source, {key: key for key in own}, own), "sirst5k")


def match_foreign(network: Any, source: Source, overrides: Mapping[str, Any]) -> Match:
    """Match entries under published keys, or bare ones under our own."""
    check_fields(network, overrides)
    shapes = source.shapes
    try:
        config = network.read_config(shapes)
    except _UNREADABLE as error:
        bare = _match_bare(network, source, overrides)
        if bare is not None:
            return bare
        raise WeightsError(_foreign(network.name, source, error)) from error
    config = override(network, config, overrides)
    keys = network.published_keys(config)
    patterns = (*network.dead_keys, *COUNTERS)
    unknown = [key for key in shapes if key not in keys]
    dead = tuple(key for key in unknown if any(fnmatchcase(key, p) for p in patterns))
    own = network.own_shapes(config)
    whose = "sirst5k" if all(key == ours for key, ours in keys.items()) else "published"
    return Match(config, _fit(network, source, keys, own, dead), whose, dead)


def make_config(network: Any, values: Mapping[str, Any]) -> Any:
    """Return the network's configuration with these values.

    Raises
    ------
    ParameterError
        If it has no such field, or a value does not fit.
    """
    check_fields(network, values)
    tidy = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    try:
        return network.Config(**tidy)
    except TypeError as error:
        raise ParameterError(f"{network.name} cannot be made with {dict(values)}.") from error


def override(network: Any, config: Any, overrides: Mapping[str, Any]) -> Any:
    """Return a configuration with some values replaced."""
    if not overrides:
        return config
    fields = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    return make_config(network, {**fields, **overrides})


def check_fields(network: Any, values: Iterable[str]) -> None:
    """Raise `ParameterError` for a field that the network's configuration does not have."""
    known = inspect.signature(network.Config).parameters
    for key in values:
        if key not in known:
            raise ParameterError(f"{network.name} has no parameter {key!r}.{suggest(key, known)}")


def fitting_networks(shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return the names of the networks whose published, or own, weights these are."""
    return [name for name in networks() if _fits(network_class(name), shapes)]


def _fits(network: Any, shapes: Mapping[str, tuple[int, ...]]) -> bool:
    own: dict[str, tuple[int, ...]]
    try:
        config = network.read_config(shapes)
        keys = network.published_keys(config)
    except _UNREADABLE:
        own = network.own_shapes(network.Config())
        return shapes.keys() == own.keys()
    own = network.own_shapes(config)
    return all(
        shapes[key] == own[ours] if key in shapes else key.endswith(_OPTIONAL)
        for key, ours in keys.items()
    )


def _match_bare(network: Any, source: Source, overrides: Mapping[str, Any]) -> Match | None:
    """Match our own keys without metadata, as ``torch.save(network.state_dict())`` leaves."""
    config = make_config(network, overrides)
    own = network.own_shapes(config)
    if own.keys() != source.tensors.keys():
        return None
    state = _fit(network, source, {key: key for key in own}, own)
    return Match(config, state, "sirst5k")


def _fit(
    network: Any,
    source: Source,
    keys: Mapping[str, str],
    own: Mapping[str, tuple[int, ...]],
    dead: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the tensors under our keys, or raise `WeightsError` with all that does not fit."""
    shapes = source.shapes
    missing = [key for key in keys if key not in shapes and not key.endswith(_OPTIONAL)]
    unknown = sorted(shapes.keys() - keys.keys() - set(dead))
    misshapen = [
        f"{key} {_size(shapes[key])} instead of {_size(own[ours])}"
        for key, ours in keys.items()
        if key in shapes and shapes[key] != own[ours]
    ]
    faults = [
        _listed(count, kind)
        for count, kind in (
            (missing, "missing"),
            (unknown, "not known"),
            (misshapen, "of another shape"),
        )
        if count
    ]
    if faults:
        raise WeightsError(
            f"Expected weights of {network.name} in {source.what}, which do not fit: "
            f"{'; '.join(faults)}.{_fitting_sentence(shapes, network.name)}"
        )
    return {ours: source.tensors[key] for key, ours in keys.items() if key in shapes}


def _listed(names: list[str], kind: str) -> str:
    shown = ", ".join(names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)} {kind} ({shown}{more})"


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a number"


def _fitting_sentence(shapes: Mapping[str, tuple[int, ...]], but: str) -> str:
    others = [name for name in fitting_networks(shapes) if name != but]
    if not others:
        return " They fit no network here: check the name and the configuration."
    return f" They are weights of {' or '.join(others)}: load them under that name."


def _foreign(name: str, source: Source, error: BaseException) -> str:
    others = _fitting_sentence(source.shapes, name)
    if isinstance(error, Sirst5kError):
        return f"Cannot take {source.what} as weights of {name}: {error}{others}"
    return f"Expected weights of {name} in {source.what}, which holds others.{others}"
