"""From a recipe of the synthesis to the transform that does the same at every step."""

from __future__ import annotations

from pathlib import Path

from sirst5k.errors import NoiseError, ParameterError
from sirst5k.synthesis import Recipe
from sirst5k.synthesis.parameters import Displacement, Negatives
from sirst5k.transforms.banks import BankLike
from sirst5k.transforms.compose import Compose
from sirst5k.transforms.decoys import ClutterDecoys
from sirst5k.transforms.displacement import NoiseDisplacement
from sirst5k.transforms.operation import plain_values
from sirst5k.transforms.paste import TargetPaste
from sirst5k.transforms.rotation import NegativeRotation
from sirst5k.transforms.transform import Transform


def from_recipe(
    recipe: Recipe | str | Path,
    bank: BankLike | None = None,
    *,
    canvas: int = 4,
    p: float = 1.0,
    seed: int | None = None,
) -> Compose:
    """Return the operations of a recipe as one transform, in the recipe's order.

    Mixing comes first, as published. Then targets are turned, others pasted, decoys added;
    and noise as a sensor adds it comes last. Each is applied at every call. What the recipe
    says of outputs (``size``, ``originals``, ``variants``, ``sampling``) concerns files,
    not this: bring images to the recipe's size beforehand if it has one. Where the
    synthesis makes an output for each choice, as of mixing weights, one is drawn.

    Parameters
    ----------
    recipe : Recipe, str or path
        A recipe, the name of one that comes with the package, or a YAML file.
    bank : NoiseBank, str or path, optional
        Where noise comes from; needed by recipes that put some in.
    canvas : int
        See `NoiseDisplacement`.
    p : float
        Probability that a call changes anything.
    seed : int, optional
        See `Transform`.

    Examples
    --------
    >>> [part.name for part in from_recipe("sirst5k", "demo:n=4").transforms]
    ['NegativeRotation', 'NoiseDisplacement']
    """
    if isinstance(recipe, str | Path):
        recipe = Recipe.load(recipe)
    if not isinstance(recipe, Recipe):
        raise ParameterError(
            f"recipe: expected a Recipe, its name or its file, got {type(recipe).__name__}."
        )
    refuse_custom(recipe)
    scene: list[Transform] = []
    if recipe.negatives is not None:
        scene.append(_rotation(recipe.negatives))
    if recipe.paste is not None:
        scene.append(TargetPaste(**plain_values(recipe.paste), p=1.0))
    if recipe.decoys is not None:
        scene.append(ClutterDecoys(**plain_values(recipe.decoys), p=1.0))
    if recipe.displacement is None:
        return Compose(scene, p=p, seed=seed)
    if bank is None:
        raise NoiseError(
            f"Expected a noise bank for the recipe {recipe.name!r}, got none. Make one: "
            f"NoiseBank.sample(dataset), or NoiseBank.load(file)."
        )
    noise = _displacement(recipe.displacement, bank, canvas)
    mixes = recipe.displacement.method == "mixup"
    return Compose([noise, *scene] if mixes else [*scene, noise], p=p, seed=seed)


def refuse_custom(recipe: Recipe) -> None:
    """Refuse operations of other packages, which know no boxes, points or batches.

    Raises
    ------
    ParameterError
        If the recipe has some.
    """
    if recipe.custom:
        raise ParameterError(
            f"The recipe {recipe.name!r} asks for {', '.join(recipe.custom)}, which transforms do "
            "not apply. Train on a SyntheticDataset of it, or leave that out of the recipe."
        )


def _rotation(negatives: Negatives) -> NegativeRotation:
    return NegativeRotation(negatives.method, **plain_values(negatives), p=1.0)


def _displacement(displacement: Displacement, bank: BankLike, canvas: int) -> NoiseDisplacement:
    values = plain_values(displacement)
    return NoiseDisplacement(bank, displacement.method, **values, canvas=canvas, p=1.0)
