"""The arms of a comparison: what each trains on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sirst5k.detectors.registry import task_of
from sirst5k.errors import ParameterError, RecipeError, did_you_mean
from sirst5k.synthesis import Recipe, built_in_recipes
from sirst5k.synthesis.sequences import check_recipe

BASELINE = "none"


@dataclass(frozen=True)
class Arm:
    """What a detector is trained on.

    Attributes
    ----------
    name : str
        In tables and folder names.
    kind : str
        ``none`` (the training images as they are), ``recipe`` (their variants, computed on
        the fly) or ``folder`` (a dataset made elsewhere, of the same training images).
    recipe : Recipe, optional
    folder : str, optional
    """

    name: str
    kind: str
    recipe: Recipe | None = None
    folder: str | None = None

    def __post_init__(self) -> None:
        if not self.name or any(sign in self.name for sign in "/\\\0:"):
            raise ParameterError(f"Expected a name that can name a folder, got {self.name!r}.")
        fits = {
            "none": self.recipe is None and self.folder is None,
            "recipe": self.recipe is not None and self.folder is None,
            "folder": self.recipe is None and self.folder is not None,
        }
        if not fits.get(self.kind, False):
            raise ParameterError(f"Expected an arm with what its kind needs, got {self!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that `from_dict` turns into the same arm."""
        recipe = None if self.recipe is None else self.recipe.to_dict()
        return {"name": self.name, "kind": self.kind, "recipe": recipe, "folder": self.folder}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Arm:
        """Build it from what `to_dict` returns."""
        recipe = None if values["recipe"] is None else Recipe.from_dict(values["recipe"])
        return cls(values["name"], values["kind"], recipe, values["folder"])


def parse_arm(word: str, assignments: Sequence[str] = ()) -> Arm:
    """Return the arm that a word on the command line names.

    Parameters
    ----------
    word : str
        ``none``, the name of a recipe, a recipe's YAML file, or a dataset folder; before it
        may stand a name of its own: ``noise-only=sirst5k``.
    assignments : sequence of str
        ``KEY=VALUE`` words for the recipe.

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    name, equals, wish = word.partition("=")
    if not equals:
        wish = name
    if wish == BASELINE:
        _refuse_assignments(word, assignments)
        return Arm(name, "none")
    path = Path(wish)
    if wish not in built_in_recipes() and path.is_dir():
        _refuse_assignments(word, assignments)
        return Arm(name if equals else path.name, "folder", folder=wish)
    try:
        recipe = Recipe.load(wish)
    except RecipeError as error:
        if path.exists() or wish in built_in_recipes():
            raise
        known = [BASELINE, *built_in_recipes()]
        raise ParameterError(
            f"Expected an arm: one of {', '.join(known)}, a recipe file or a dataset folder, got "
            f"{wish!r}.{did_you_mean(wish, known)}"
        ) from error
    if assignments:
        recipe = recipe.override(assignments)
    return Arm(name if equals else path.stem, "recipe", recipe)


def why_not(arm: Arm, detector: str) -> str:
    """Return why an arm does not apply to a detector; an empty text if it does.

    Recipes for single images may ask for what sequences cannot have.
    """
    if arm.recipe is None or task_of(detector) == "masks":
        return ""
    try:
        check_recipe(arm.recipe)
    except RecipeError as error:
        return str(error)
    return ""


def check_arms(arms: Sequence[Arm]) -> None:
    """Raise `ParameterError` unless there are arms, each of another name."""
    names = [arm.name for arm in arms]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not arms:
        raise ParameterError("Expected at least one arm, got none. Name some, as none,sirst5k.")
    if twice:
        raise ParameterError(
            f"Expected arms of different names, got {', '.join(names)}. Name one yourself: "
            "NAME=RECIPE."
        )


def _refuse_assignments(word: str, assignments: Sequence[str]) -> None:
    if assignments:
        raise ParameterError(f"Expected a recipe for {list(assignments)}, but {word!r} is none.")
