"""From a protocol and a user's wishes to the one complete configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from sirst5k.detectors.registry import task_of
from sirst5k.errors import ParameterError
from sirst5k.synthesis.document import to_document
from sirst5k.training.config import TrainingConfig, assigned
from sirst5k.training.protocols import protocol as protocol_values


def resolve(
    detector: str,
    protocol: str = "fair",
    assignments: Iterable[str] = (),
    **wishes: Any,
) -> TrainingConfig:
    """Return the configuration of a run.

    Parameters
    ----------
    detector : str
    protocol : str
        Where the values begin; see `sirst5k.training.PROTOCOLS`.
    assignments : iterable of str
        ``dotted.key=value`` words, as ``--set`` gives them.
    **wishes
        Fields of `TrainingConfig`; None leaves the protocol's. A mapping changes only the
        values that it names. Naming `steps` puts `epochs` out of force, and the reverse.

    Raises
    ------
    ParameterError
        If there is no such protocol or field, or a value does not fit.
    """
    document: dict[str, Any] = {"detector": detector, "protocol": protocol}
    document = _merged(document, protocol_values(protocol, task_of(detector)))
    wanted = {key: value for key, value in wishes.items() if value is not None}
    if wanted.keys() & {"steps", "epochs"}:
        document.pop("steps", None)
        document.pop("epochs", None)
    document = _merged(document, wanted)
    words = list(assignments)
    if lengths := [word for word in words if word.startswith(("steps=", "epochs="))]:
        if named := wanted.keys() & {"steps", "epochs"}:
            key = min(named)
            raise ParameterError(
                f"Expected how long to train said once, got --{key} {wanted[key]} and --set "
                f"{lengths[0]}. Leave one out."
            )
        document.pop("steps", None)
        document.pop("epochs", None)
    # A section that nobody named is absent so far, and a word may set one value of it.
    for item in fields(TrainingConfig):
        if any(word.startswith(f"{item.name}.") for word in words):
            document.setdefault(item.name, {})
    return TrainingConfig.from_dict(assigned(document, words))


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with another laid over it, sections value by value."""
    merged = dict(base)
    for key, value in changes.items():
        plain = to_document(value, {}) if is_dataclass(value) else value
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(plain, Mapping):
            merged[key] = {**below, **plain}
        else:
            merged[key] = plain
    return merged
