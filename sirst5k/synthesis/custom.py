"""Operations that other packages bring: found by entry point, drawn and applied like our own.

A package announces its operations in its ``pyproject.toml``::

    [project.entry-points."sirst5k.operations"]
    vignette = "my_package:Vignette"

and a recipe asks for them by name, with their parameters::

    custom:
      vignette: {strength_range: [0.1, 0.3]}

A recipe can only name what is installed, so that one from a stranger still runs no code of theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, runtime_checkable

import numpy as np

from sirst5k.errors import ParameterError, RecipeError, Sirst5kError, suggest
from sirst5k.sample import Image, Mask, check_pair

GROUP = "sirst5k.operations"
_OURS = ("op", "name", "from")


@runtime_checkable
class CustomOperation(Protocol):
    """What an operation of another package offers.

    It is made once with the recipe's parameters as keyword arguments, so a frozen dataclass
    that checks them in ``__post_init__`` is the natural form. It must pickle, and keep
    nothing between calls.
    """

    def draw(self, image: Image, mask: Mask, rng: np.random.Generator) -> Mapping[str, Any]:
        """Return the concrete parameters of one application: small, values as JSON has them.

        All chance comes from `rng`, so that an output is the same on every machine.
        """
        ...

    def apply(self, image: Image, mask: Mask, drawn: Mapping[str, Any]) -> tuple[Image, Mask]:
        """Return a new image of the same dtype and its mask; `drawn` is what `draw` returned."""
        ...


def available_operations() -> dict[str, EntryPoint]:
    """Return the custom operations that installed packages announce, by name."""
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name)}


def make_operation(name: str, parameters: Mapping[str, Any]) -> CustomOperation:
    """Return an operation with its parameters.

    Raises
    ------
    RecipeError
        If no installed package announces it, it cannot be imported, or it refuses the
        parameters.
    """
    return _made(name, json.dumps(dict(parameters), sort_keys=True, default=repr))


@lru_cache(maxsize=64)
def _made(name: str, parameters: str) -> CustomOperation:
    known = available_operations()
    if name not in known:
        hint = suggest(name, known) if known else " None is installed here."
        raise RecipeError(
            f"custom.{name}: no installed package brings this operation.{hint} Install the "
            f"package that announces it under {GROUP!r}."
        )
    try:
        operation = known[name].load()(**json.loads(parameters))
    except Sirst5kError as error:
        raise RecipeError(f"custom.{name}: {error}") from error
    except (ImportError, AttributeError) as error:
        raise RecipeError(
            f"custom.{name}: expected {known[name].value} to be importable, but: {error}."
        ) from error
    except (TypeError, ValueError) as error:
        raise RecipeError(f"custom.{name}: its parameters do not fit: {error}.") from error
    if not isinstance(operation, CustomOperation):
        raise RecipeError(
            f"custom.{name}: expected {known[name].value} to make something with the methods "
            f"draw and apply, got {type(operation).__name__}."
        )
    return operation


def draw_custom(
    name: str,
    parameters: Mapping[str, Any],
    image: Image,
    mask: Mask,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Draw one custom operation: its record, as the manifest holds it.

    Beside what it drew, the record says which release of which package drew it.

    Raises
    ------
    RecipeError
        If there is no such operation, or it draws what JSON cannot hold.
    """
    drawn = make_operation(name, parameters).draw(image, mask, rng)
    try:
        plain = json.loads(json.dumps(dict(drawn), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise RecipeError(
            f"custom.{name}: expected draw to return plain finite values, as JSON has them, but: "
            f"{error}."
        ) from error
    taken = [key for key in _OURS if key in plain]
    if taken:
        raise RecipeError(f"custom.{name}: draw may not return a value called {taken[0]!r}.")
    return {"op": "custom", "name": name, "from": _release(name), **plain}


def apply_custom(
    image: Image, mask: Mask, record: Mapping[str, Any], parameters: Mapping[str, Any]
) -> tuple[Image, Mask]:
    """Apply what was drawn.

    Raises
    ------
    ParameterError
        If the operation returns another size, dtype, or no pair of image and mask.
    """
    name = str(record["name"])
    drawn = {key: value for key, value in record.items() if key not in _OURS}
    made, new_mask = make_operation(name, parameters).apply(image.copy(), mask.copy(), drawn)
    try:
        check_pair(made, new_mask, f"custom.{name}")
    except (Sirst5kError, AttributeError) as error:
        raise ParameterError(f"custom.{name} returned no image with its mask: {error}") from error
    if made.dtype != image.dtype or made.shape != image.shape:
        raise ParameterError(
            f"custom.{name}: expected an image of {image.shape} {image.dtype} back, got "
            f"{made.shape} {made.dtype}. Round to the image's own depth in apply."
        )
    return made, new_mask


def _release(name: str) -> str:
    package = available_operations()[name].dist
    return f"{package.name} {package.version}" if package is not None else "unknown"
