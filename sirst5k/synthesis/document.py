"""Frozen dataclasses from plain documents and back, refusing what they do not know."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from sirst5k.errors import RecipeError, suggest

Built = TypeVar("Built")
_LARGEST = 1 << 63  # no count or size is larger, and NumPy would not hold it
Sections = Mapping[str, Mapping[str, type]]


def from_document(
    kind: type[Built], document: Mapping[str, Any], sections: Sections, path: str = ""
) -> Built:
    """Build a dataclass from a mapping, each value checked against its annotation.

    Parameters
    ----------
    kind : type
        A dataclass.
    document : mapping
        Plain values, as YAML gives them.
    sections : mapping
        Key -> (method name -> dataclass) for keys that hold a document of their own.
    path : str
        Dotted prefix for messages.

    Raises
    ------
    RecipeError
        Naming the key, what was expected and what came.
    """
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in known:
            raise RecipeError(f"unknown key '{path}{shown(key, str)}'.{suggest(str(key), known)}")
        if key in sections:
            values[key] = _section(key, value, sections, optional=_optional(hints[key]))
        elif is_dataclass(hints[key]):
            values[key] = _nested(hints[key], value, f"{path}{key}")
        else:
            values[key] = _convert(value, hints[key], f"{path}{key}")
    missing = [
        name
        for name, item in known.items()
        if item.default is MISSING and item.default_factory is MISSING and name not in values
    ]
    if missing:
        raise RecipeError(f"missing key '{path}{missing[0]}'.")
    return kind(**values)


def to_document(value: Any, sections: Sections) -> dict[str, Any]:
    """Return a dataclass as plain values, its sections with their method first."""
    document: dict[str, Any] = {}
    order = sorted(fields(value), key=lambda item: item.name != "version")
    for item in order:
        part = getattr(value, item.name)
        if item.name in sections and part is not None:
            document[item.name] = {"method": part.method, **to_document(part, {})}
        elif is_dataclass(part):
            document[item.name] = to_document(part, {})
        else:
            document[item.name] = list(part) if isinstance(part, tuple) else part
    return document


def shown(value: Any, form: Callable[[Any], str] = repr, most: int = 60) -> str:
    """Return a value as a message shows it: what a stranger wrote may be megabytes."""
    try:
        text = form(value)
    except ValueError:  # Python refuses to print numbers of thousands of digits
        text = f"a {type(value).__name__} too long to print"
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _section(key: str, value: Any, sections: Sections, optional: bool) -> Any:
    methods = sections[key]
    if value is None and optional:
        return None
    if not isinstance(value, Mapping):
        raise RecipeError(f"{key}: expected a mapping of keys to values, got {shown(value)}.")
    # Where there is no choice of method, it need not be named.
    method = value.get("method", next(iter(methods)) if len(methods) == 1 else None)
    if not isinstance(method, str) or method not in methods:
        raise RecipeError(
            f"{key}.method: no such method {shown(method)}.{suggest(str(method), methods)}"
        )
    rest = {name: part for name, part in value.items() if name != "method"}
    for name in rest:
        owners = [other for other, kind in methods.items() if name in _keys(kind)]
        if owners and str(method) not in owners:
            raise RecipeError(
                f"key '{key}.{name}' belongs to method {owners[0]!r}, not {str(method)!r}. "
                f"Choose it with: --set {key}.method={owners[0]}"
            )
    return from_document(methods[str(method)], rest, {}, f"{key}.")


def _nested(kind: Any, value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise RecipeError(f"{path}: expected a mapping of keys to values, got {shown(value)}.")
    return from_document(kind, value, {}, f"{path}.")


def _keys(kind: type) -> list[str]:
    return [item.name for item in fields(kind)]


def _optional(hint: Any) -> bool:
    return type(None) in get_args(hint)


def _convert(value: Any, hint: Any, path: str) -> Any:
    """Return a plain value as its annotation wants it, or say that it does not fit."""
    if hint is Any:
        return value
    origin = get_origin(hint)
    if origin is dict and isinstance(value, Mapping):
        return dict(value)
    if origin in (Union, types.UnionType):
        if value is None and _optional(hint):
            return None
        return _convert(value, next(h for h in get_args(hint) if h is not type(None)), path)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise RecipeError(f"{path}: expected a list, got {shown(value)}.")
        inner = get_args(hint)[0]
        return tuple(_convert(part, inner, path) for part in value)
    # bool is an int to Python, but `variants: true` is a mistake.
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            number = float(value)
            if number - number == 0:
                return number
    elif type(value) is hint and not (hint is int and abs(value) >= _LARGEST):
        return value
    names = {int: "a whole number", float: "a finite number", bool: "true or false", str: "a name"}
    raise RecipeError(f"{path}: expected {names.get(hint, hint)}, got {shown(value)}.")
