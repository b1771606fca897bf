"""What a program may rest on: every public name, with how it is called, as `public_api.txt` says.

`python tests/test_public_api.py` writes the list anew; it needs torch.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from sirst5k.errors import MissingDependencyError

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_name("public_api.txt")
CHANGE = "If the change is meant, run `python tests/test_public_api.py` and say it in CHANGELOG.md."


@cache
def rooms() -> list[str]:
    """Return the packages that say what they export, by name."""
    files = (ROOT / "sirst5k").rglob("__init__.py")
    return sorted(
        ".".join(file.parent.relative_to(ROOT).parts)
        for file in files
        if "__all__" in file.read_text(encoding="utf-8")
    )


def call_of(value: Any) -> str:
    """Return how a value is called: names and defaults, no annotations; of what is not, nothing."""
    if not (callable(value) and (inspect.isclass(value) or inspect.isroutine(value))):
        return ""  # a constant, a property, an alias of a type
    if inspect.isclass(value) and not any(map(inspect.isfunction, (value.__init__, value.__new__))):
        return "(...)"  # as a base written in C decides: each Python tells of that in its own way
    signature = inspect.signature(value)
    bare = [part.replace(annotation=part.empty) for part in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def methods_of(kind: type) -> Iterator[str]:
    """Yield the public methods and properties of a class that this package wrote."""
    for name in dir(kind):
        owner = next((base for base in kind.__mro__ if name in vars(base)), object)
        value = inspect.getattr_static(kind, name)
        written = inspect.isroutine(value) or isinstance(value, property)
        if not name.startswith("_") and written and owner.__module__.startswith("sirst5k"):
            yield name + call_of(value if isinstance(value, property) else getattr(kind, name))


def exported(room: str) -> list[str]:
    """Return a line for every name that a room exports, and for every method of its classes."""
    module = import_module(room)
    lines = []
    for name in module.__all__:
        value = getattr(module, name)
        lines.append(f"{room}.{name}{call_of(value)}")
        if inspect.isclass(value):
            lines += [f"{room}.{name}.{method}" for method in methods_of(value)]
    return sorted(lines)


def room_of(line: str) -> str:
    """Return the innermost room that a line of the list lies in."""
    return max((room for room in rooms() if line.startswith(f"{room}.")), key=len)


def listed() -> list[str]:
    return LIST.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("room", rooms())
def test_a_room_exports_what_is_listed(room: str) -> None:
    try:
        found = exported(room)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    frozen = [line for line in listed() if room_of(line) == room]
    gone, new = sorted({*frozen} - {*found}), sorted({*found} - {*frozen})
    assert not gone + new, f"gone or changed: {gone}; new or changed: {new}. {CHANGE}"


def test_the_list_is_in_order_and_has_every_room() -> None:
    assert listed() == sorted(set(listed())), CHANGE
    assert {room_of(line) for line in listed()} == set(rooms()), CHANGE
    assert not any(" at 0x" in line for line in listed())  # an address differs at every start


if __name__ == "__main__":
    text = sorted(line for room in rooms() for line in exported(room))
    LIST.write_text("\n".join(text) + "\n", encoding="utf-8")
