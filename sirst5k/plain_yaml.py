"""YAML from anybody's hand: plain values, no code, and one kind of error."""

from __future__ import annotations

from typing import Any

import yaml

_LONGEST = 200  # characters of a parser's own words that a message repeats


class YamlError(ValueError):
    """A text that is no YAML document of plain values."""


def parse_yaml(text: str) -> Any:
    """Return what a YAML document says.

    The loader is the safe one: it makes plain values and calls nothing.

    Raises
    ------
    YamlError
        If it is no YAML, or says of a value what it is not (``!!int x``, a thirteenth
        month), for which PyYAML lets several kinds of error through.
    """
    try:
        return yaml.safe_load(text)
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        OverflowError,
        RecursionError,
    ) as error:
        reason = " ".join(str(error).split())
        raise YamlError(reason[:_LONGEST] or type(error).__name__) from error
