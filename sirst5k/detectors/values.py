"""Whether values are of the kinds that a detector's configuration is annotated with."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from numbers import Integral, Real
from typing import Any, Union, get_args, get_origin, get_type_hints

from sirst5k.errors import ParameterError

_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a name"}
_MANY = {int: "whole numbers", float: "numbers", str: "names"}


def check_values(name: str, make: Callable[..., Any], config: Mapping[str, Any]) -> None:
    """Raise unless every value is of its parameter's kind; ranges are the detector's to check.

    Parameters
    ----------
    name : str
        The detector's name, for the message.
    make : callable
        A dataclass; of anything else nothing is known, and nothing checked.
    config : mapping
        Parameters of `make`.

    Raises
    ------
    ParameterError
        Naming the parameter, what was expected, as by default, and what came.
    """
    if not isinstance(make, type) or not is_dataclass(make):
        return
    hints = get_type_hints(make)
    defaults = {item.name: item.default for item in fields(make)}
    for key, value in config.items():
        if key in hints and not _fits(value, hints[key]):
            default = defaults.get(key, MISSING)
            example = "" if default is MISSING else f", as {key}={_written(default)}"
            raise ParameterError(
                f"Expected {_kind(hints[key])} for {key} of the detector {name}{example}; got "
                f"{value!r}."
            )


def _fits(value: Any, hint: Any) -> bool:
    if _is_union(hint):
        return any(_fits(value, part) for part in get_args(hint))
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return isinstance(value, list | tuple) and all(_fits(part, inner) for part in value)
    if hint in (int, float):  # NumPy's as well; bool is a number to Python, but a mistake here
        return isinstance(value, Integral if hint is int else Real) and not isinstance(value, bool)
    return not isinstance(hint, type) or isinstance(value, hint)


def _kind(hint: Any) -> str:
    if _is_union(hint):
        return " or ".join(_kind(part) for part in get_args(hint))
    if get_origin(hint) is tuple:
        return f"a list of {_MANY.get(get_args(hint)[0], 'values')}"
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))


def _written(default: Any) -> str:
    """Return a default as one types it on a command line, in YAML."""
    if isinstance(default, tuple):
        return f"[{','.join(map(str, default))}]"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)
