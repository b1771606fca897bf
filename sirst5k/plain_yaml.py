"""YAML from anybody's hand: plain values, no code, and one kind of error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

_LONGEST = 200  # characters of a parser's own words that a message repeats
_MOST_CHARACTERS = 1_000_000
_MOST_VALUES = 100_000  # with aliases followed: a few lines of them stand for billions


class YamlError(ValueError):
    """A text that is no YAML document of plain values."""


class _Loader(yaml.SafeLoader):
    """The safe loader, which also takes ``1e-3`` for a number, as YAML 1.2 does."""


class _Dumper(yaml.SafeDumper):
    """Writes what the loader reads back, lists of plain values in one line as a person would."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


for _kind in (_Loader, _Dumper):  # the dumper must quote the name "1e3", since the loader reads it
    _kind.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$"),
        list("-+.0123456789"),
    )


def _represent_list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    in_line = not any(isinstance(part, Mapping) for part in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, in_line)


def _represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    # Only in double quotes are line ends of other alphabets (U+0085, U+2028) written as escapes.
    style = None if value.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(str, _represent_text)


def format_yaml(document: Mapping[str, Any]) -> str:
    """Return plain values as a YAML document, in their order, that `parse_yaml` reads back.

    Parameters
    ----------
    document : mapping
        Of text, numbers, booleans, None, and lists and mappings of these.

    Examples
    --------
    >>> print(format_yaml({"name": "1e3", "sizes": [3, 5]}), end="")
    name: '1e3'
    sizes: [3, 5]
    """
    text: str = yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


def parse_yaml(text: str) -> Any:
    """Return what a YAML document says.

    The loader is the safe one: it makes plain values and calls nothing. Values are counted
    before they are made, because a few lines of aliases to aliases stand for billions of them,
    which a mere message would write out.

    Raises
    ------
    YamlError
        If it is no YAML, is longer than anybody's document, or says of a value what it is not
        (``!!int x``, a thirteenth month), for which PyYAML lets several kinds of error through.
    """
    if len(text) > _MOST_CHARACTERS:
        raise YamlError(
            f"it has {len(text):,} characters, and at most {_MOST_CHARACTERS:,} are read"
        )
    try:
        return _load(text)
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
        reason = " ".join(_reason(error).split())
        raise YamlError(reason[:_LONGEST] or type(error).__name__) from error


def _reason(error: Exception) -> str:
    """Return what is wrong and where, without the parser's drawing of it."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem and error.problem_mark:
        mark = error.problem_mark
        return f"{error.problem} in line {mark.line + 1}, column {mark.column + 1}"
    return str(error)


def _load(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _count(node, {}) > _MOST_VALUES:
            raise YamlError(f"it holds more than {_MOST_VALUES:,} values")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _count(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many values a node stands for, those behind aliases counted each time."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = _MOST_VALUES + 1  # what is met again within itself has no end
    parts = node.value if isinstance(node, yaml.CollectionNode) else []
    inner = [part for pair in parts for part in (pair if isinstance(pair, tuple) else (pair,))]
    known[id(node)] = 1 + sum(_count(part, known) for part in inner)
    return known[id(node)]
