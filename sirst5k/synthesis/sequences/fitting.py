"""Whether a recipe fits sequences: what has a meaning for stills alone is refused."""

from __future__ import annotations

from typing import NoReturn

from sirst5k.errors import RecipeError
from sirst5k.synthesis.parameters import (
    AdaptiveNegatives,
    AdaptiveSampling,
    MixupDisplacement,
    PatchNegatives,
    PublishedSampling,
    ResidualDisplacement,
)
from sirst5k.synthesis.recipe import Recipe


def check_recipe(recipe: Recipe) -> None:
    """Refuse a recipe that asks for what sequences cannot have.

    Raises
    ------
    RecipeError
        With the reason, and how to change the recipe.
    """
    if recipe.size is not None:
        _refuse("size", "sequences keep their size", "size=null")
    _check_noise(recipe)
    if isinstance(recipe.negatives, PatchNegatives):
        _refuse(
            "negatives.method: patch",
            "it makes one output for each target of an image, and targets of sequences come and go",
            "negatives.method=adaptive",
        )
    if recipe.custom:
        _refuse(
            "custom",
            "an operation of another package changes one image, and knows no others",
            "custom={}",
        )
    for section in ("paste", "decoys"):
        if getattr(recipe, section) is not None:
            _refuse(
                section,
                "what it puts into an image would neither move with the scene nor like a target",
                f"{section}=null",
            )


def negatives_of(recipe: Recipe) -> AdaptiveNegatives | None:
    """Return how the targets of a recipe that fits are turned, if they are."""
    negatives = recipe.negatives
    assert not isinstance(negatives, PatchNegatives)
    return negatives


def displacement_of(recipe: Recipe) -> ResidualDisplacement | None:
    """Return how noise of a recipe that fits is added, if it is."""
    displacement = recipe.displacement
    assert not isinstance(displacement, MixupDisplacement)
    return displacement


def sampling_of(recipe: Recipe) -> AdaptiveSampling:
    """Return where the noise of a recipe that fits comes from."""
    sampling = recipe.sampling
    assert not isinstance(sampling, PublishedSampling)
    return sampling


def _check_noise(recipe: Recipe) -> None:
    displacement = recipe.displacement
    if displacement is None:
        return
    if isinstance(displacement, MixupDisplacement):
        _refuse(
            "displacement.method: mixup",
            "it would mix the same still window into every frame; a sensor adds its noise",
            "displacement.method=residual",
        )
    if displacement.field == "resize":
        _refuse(
            "displacement.field: resize",
            "a stretched tile does not change from frame to frame",
            "displacement.field=spectral",
        )
    if displacement.scr_range is not None:
        _refuse(
            "displacement.scr_range",
            "moved to it frame by frame, a target would flicker",
            "displacement.scr_range=null",
        )
    if isinstance(recipe.sampling, PublishedSampling):
        _refuse(
            "sampling.method: published",
            "its one window does not say which part of the noise stays in time",
            "sampling.method=adaptive",
        )


def _refuse(what: str, why: str, remedy: str) -> NoReturn:
    raise RecipeError(f"{what} is not for sequences: {why}. Change it with --set {remedy}")
