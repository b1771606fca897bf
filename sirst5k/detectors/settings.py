"""Settings of a detector from words on a command line, ``KEY=VALUE``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sirst5k.errors import ParameterError
from sirst5k.plain_yaml import YamlError, parse_yaml


def parse_settings(assignments: Sequence[str]) -> dict[str, Any]:
    """Return ``KEY=VALUE`` words as a dict, values read as YAML.

    Examples
    --------
    >>> parse_settings(["k=8", "sizes=[9,17]"])
    {'k': 8, 'sizes': [9, 17]}
    """
    settings: dict[str, Any] = {}
    for word in assignments:
        key, equals, value = word.partition("=")
        if not equals or not key.strip():
            raise ParameterError(f"Expected a setting as KEY=VALUE, got {word!r}.")
        try:
            settings[key.strip()] = parse_yaml(value)
        except YamlError as error:
            raise ParameterError(f"Expected a YAML value in {word!r}, but it is none.") from error
    return settings
