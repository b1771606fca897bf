"""Transforms as documents: plain values, YAML, files."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path

from sirst5k.errors import OutputError, ParameterError, suggest
from sirst5k.plain_yaml import YamlError, format_yaml, parse_yaml
from sirst5k.transforms.banks import BankLike, recall_bank
from sirst5k.transforms.checking import check_choice
from sirst5k.transforms.compose import Compose, OneOf
from sirst5k.transforms.decoys import ClutterDecoys
from sirst5k.transforms.displacement import NoiseDisplacement
from sirst5k.transforms.paste import TargetPaste
from sirst5k.transforms.rotation import NegativeRotation
from sirst5k.transforms.transform import Transform

VERSION = 1

TRANSFORMS: dict[str, type[Transform]] = {
    "NoiseDisplacement": NoiseDisplacement,
    "NegativeRotation": NegativeRotation,
    "TargetPaste": TargetPaste,
    "ClutterDecoys": ClutterDecoys,
    "Compose": Compose,
    "OneOf": OneOf,
}
"""The transforms by the name that documents have for them."""


def from_dict(document: object, bank: BankLike | None = None) -> Transform:
    """Make a transform from what `Transform.to_dict` returned.

    Parameters
    ----------
    document : mapping
        ``transform`` and its parameters; those left out take their defaults.
    bank : NoiseBank, str or path, optional
        Takes the place of every bank in the document. Needed where the transform was made
        with a `NoiseBank` rather than with the path of one; it must then be the same one.

    Raises
    ------
    ParameterError
        If there is no such transform, or it has no such parameter.
    NoiseError
        If a bank is missing, or another one.

    Examples
    --------
    >>> made = from_dict({"transform": "NegativeRotation", "seam": "hard"})
    >>> made.to_dict() == from_dict(made.to_dict()).to_dict()
    True
    """
    if not isinstance(document, Mapping):
        raise ParameterError(f"Expected a mapping with the key 'transform', got {document!r:.80}.")
    values = dict(document)
    if values.pop("version", VERSION) != VERSION:
        raise ParameterError(
            f"version: this sirst5k reads transforms of version {VERSION}, got "
            f"{document['version']!r}."
        )
    name = check_choice(values.pop("transform", None), TRANSFORMS, "transform")
    kind = TRANSFORMS[name]
    known = list(inspect.signature(kind).parameters)
    for key in values:
        if key not in known:
            raise ParameterError(f"{name}: unknown key {key!r}.{suggest(str(key), known)}")
    if "transforms" in known:
        values["transforms"] = _parts(name, values.get("transforms"), bank)
    if "bank" in known:
        values["bank"] = recall_bank(values.get("bank"), bank)
    return kind(**values)


def from_text(text: str, bank: BankLike | None = None) -> Transform:
    """Make a transform from a YAML document; see `from_dict`."""
    try:
        document = parse_yaml(text)
    except YamlError as error:
        raise ParameterError(f"No valid YAML: {' '.join(str(error).split())}") from error
    return from_dict(document, bank)


def load(path: str | Path, bank: BankLike | None = None) -> Transform:
    """Make a transform from a YAML file; see `from_dict`."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"Cannot read the transform {path}: {error}.") from error
    try:
        return from_text(text, bank)
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from error


def to_text(transform: Transform) -> str:
    """Return a transform as a YAML document."""
    document = {"version": VERSION, **transform.to_dict()}
    return format_yaml(document)


def save(transform: Transform, path: str | Path) -> None:
    """Write a transform to a YAML file."""
    try:
        Path(path).write_text(to_text(transform), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"Cannot write the transform {path}: {error.strerror}.") from error


def _parts(name: str, parts: object, bank: BankLike | None) -> list[Transform]:
    if not isinstance(parts, list | tuple):
        raise ParameterError(
            f"{name}.transforms: expected a list of transforms, got {parts!r:.80}."
        )
    return [from_dict(part, bank) for part in parts]
