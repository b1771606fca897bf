"""From a recipe, or a transform of arrays, to the transform of batches that does the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sirst5k import transforms as single
from sirst5k.errors import ParameterError
from sirst5k.synthesis import Recipe
from sirst5k.transforms.banks import BankLike
from sirst5k.transforms.torch.composing import Compose, OneOf
from sirst5k.transforms.torch.decoying import ClutterDecoys
from sirst5k.transforms.torch.displacing import NoiseDisplacement
from sirst5k.transforms.torch.module import BatchTransform
from sirst5k.transforms.torch.pasting import TargetPaste
from sirst5k.transforms.torch.turning import NegativeRotation


def from_recipe(
    recipe: Recipe | str | Path,
    bank: BankLike | None = None,
    *,
    canvas: int = 4,
    p: float = 1.0,
    seed: int | None = None,
) -> Compose:
    """Return the operations of a recipe as one transform of batches, in the recipe's order.

    As `sirst5k.transforms.from_recipe`, which also says what of a recipe counts.

    Examples
    --------
    >>> from_recipe("sirst5k", "demo:n=4").transforms[0].settings.seam
    'feather'
    """
    made = batched(single.from_recipe(recipe, bank, canvas=canvas, p=p, seed=seed))
    assert isinstance(made, Compose)
    return made


def batched(transform: single.Transform, **limits: int) -> BatchTransform:
    """Return the transform of batches that does what a transform of arrays does.

    Parameters
    ----------
    transform : sirst5k.transforms.Transform
    **limits : int
        ``max_targets``, ``max_area``, ``passes``, ``max_size``: how much there is to be room
        for; see the modules.

    Examples
    --------
    >>> turn = single.NegativeRotation(seam="hard", p=0.3)
    >>> batched(turn, max_targets=8).p
    0.3
    """
    known = {name for names in _LIMITS.values() for name in names}
    if wrong := set(limits) - known:
        raise ParameterError(f"Expected limits among {sorted(known)}, got {sorted(wrong)}.")
    return _batched(transform, limits)


def _batched(transform: single.Transform, limits: dict[str, int]) -> BatchTransform:
    if isinstance(transform, single.Compose | single.OneOf):
        kind = Compose if isinstance(transform, single.Compose) else OneOf
        parts = [_batched(part, limits) for part in transform.transforms]
        return kind(parts, p=transform.p, seed=transform.seed)
    for one, many in _MODULES.items():
        if isinstance(transform, one):
            own = {name: limits[name] for name in _LIMITS.get(many, ()) if name in limits}
            values: dict[str, Any] = asdict(transform.settings)
            if isinstance(transform, single.NoiseDisplacement):
                values |= {"bank": transform.bank, "canvas": transform.canvas}
                values["weight_range"] = transform.weight_range
            if one in (single.NoiseDisplacement, single.NegativeRotation):
                values["method"] = transform.method
            return many(**values, p=transform.p, seed=transform.seed, **own)
    raise ParameterError(
        f"Expected a transform of sirst5k.transforms, got {type(transform).__name__}."
    )


_MODULES: dict[type[Any], Callable[..., BatchTransform]] = {
    single.NoiseDisplacement: NoiseDisplacement,
    single.NegativeRotation: NegativeRotation,
    single.TargetPaste: TargetPaste,
    single.ClutterDecoys: ClutterDecoys,
}
_LIMITS: dict[Callable[..., BatchTransform], tuple[str, ...]] = {
    NoiseDisplacement: ("max_targets",),
    NegativeRotation: ("max_targets", "max_area", "passes"),
    TargetPaste: ("max_targets", "max_size"),
}
