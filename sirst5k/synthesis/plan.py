"""A plan: the complete list of outputs that a recipe wishes for, computed on demand."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import overload

from sirst5k.errors import DatasetError
from sirst5k.synthesis.parameters import MixupDisplacement, PatchNegatives
from sirst5k.synthesis.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Variant:
    """One output: which sample it is made of, and which of the recipe's choices it takes.

    Attributes
    ----------
    id : str
        Name of the output.
    source_id : str
        The sample it is made of.
    number : int
        Its place among the sample's variants, from 0; the address of its randomness.
        -1 for the untouched original.
    repeat : int
        Which drawing of the same choices it is.
    weight : float, optional
        Mixing weight.
    patch_size, quarter_turns, target : int, optional
        Published patch size, quarter turns, and which target is turned.
    """

    id: str
    source_id: str
    number: int
    repeat: int = 0
    weight: float | None = None
    patch_size: int | None = None
    quarter_turns: int | None = None
    target: int | None = None

    @property
    def is_original(self) -> bool:
        """Whether it is the sample itself."""
        return self.number < 0


class Plan(Sequence[Variant]):
    """The outputs of a recipe over samples, in order; holds none of them.

    The samples come in their order; of each, the original if it is wanted, then the
    variants: mixing weights, patch sizes, targets, quarter turns and repeats, the last
    varying fastest.

    Parameters
    ----------
    ids : sequence of str
        The samples.
    recipe : Recipe
    count_targets : callable, optional
        Returns the number of targets of a sample. Needed, and called once a sample when
        the plan's length is first asked for, only by recipes that make outputs for each
        target; the others are planned without looking at a mask.

    Examples
    --------
    >>> plan = Plan(["a", "b"], Recipe.load("sirst5k"))
    >>> len(plan), plan[0].id, plan[1].id, plan[-1].id
    (18, 'a', 'a_v0', 'b_v7')
    """

    def __init__(
        self,
        ids: Sequence[str],
        recipe: Recipe,
        count_targets: Callable[[str], int] | None = None,
    ) -> None:
        self.ids = ids
        self.recipe = recipe
        self._count_targets = count_targets
        self._starts: list[int] | None = None
        displacement, negatives = recipe.displacement, recipe.negatives
        self._weights: tuple[float | None, ...] = (
            displacement.weights if isinstance(displacement, MixupDisplacement) else (None,)
        )
        self._sizes: tuple[int | None, ...] = (None,)
        self._turns: tuple[int | None, ...] = (None,)
        self._per_target = isinstance(negatives, PatchNegatives)
        if isinstance(negatives, PatchNegatives):
            self._sizes, self._turns = negatives.patch_sizes, negatives.quarter_turns

    def __len__(self) -> int:
        if not self._per_target:
            return len(self.ids) * self._outputs(1)
        return self._ensure_starts()[-1]

    @overload
    def __getitem__(self, index: int) -> Variant: ...
    @overload
    def __getitem__(self, index: slice) -> list[Variant]: ...
    def __getitem__(self, index: int | slice) -> Variant | list[Variant]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        length = len(self)
        if not -length <= index < length:
            raise IndexError(f"Output {index} of {length}.")
        index %= length
        if self._per_target:
            starts = self._ensure_starts()
            place = bisect_right(starts, index) - 1
            targets = self._targets_between(starts[place], starts[place + 1])
            return self._variant(self.ids[place], index - starts[place], targets)
        place, local = divmod(index, self._outputs(1))
        return self._variant(self.ids[place], local, 1)

    @property
    def sources(self) -> int:
        """Number of samples that the outputs are made of."""
        return len(self.ids)

    @property
    def needs_counts(self) -> bool:
        """Whether the number of targets of every sample has yet to be found out."""
        return self._per_target and self._starts is None

    def set_counts(self, counts: Iterable[int]) -> None:
        """Take the number of targets of each sample, in the order of `ids`."""
        self._starts = [0, *accumulate(self._outputs(count) for count in counts)]

    def check_names(self, reserved: Sequence[str] = ()) -> None:
        """Raise `DatasetError` if an output would take the name of another image.

        Parameters
        ----------
        reserved : sequence of str
            Further names that are taken, as those of the test images.
        """
        taken = set(self.ids) | set(reserved)
        for name in taken:
            # Only what looks like a variant of another sample can clash with one.
            stem = _VARIANT_SUFFIX.sub("", name)
            if stem != name and stem in taken:
                raise DatasetError(
                    f"The sample {name!r} bears the name that a variant of {stem!r} would "
                    f"take. Rename it, or synthesise from the originals alone."
                )

    def _outputs(self, targets: int) -> int:
        """Return how many outputs a sample with so many targets gives."""
        combinations = len(self._weights) * len(self._sizes) * len(self._turns)
        return int(self.recipe.originals) + combinations * targets * self.recipe.variants

    def _targets_between(self, start: int, stop: int) -> int:
        return (stop - start - int(self.recipe.originals)) // (self._outputs(1) - self._outputs(0))

    def _ensure_starts(self) -> list[int]:
        if self._starts is None:
            if self._count_targets is None:
                raise DatasetError("A recipe that turns one target at a time needs the masks.")
            self.set_counts(self._count_targets(name) for name in self.ids)
        assert self._starts is not None
        return self._starts

    def _variant(self, source_id: str, local: int, targets: int) -> Variant:
        number = local - int(self.recipe.originals)
        if number < 0:
            return Variant(source_id, source_id, -1)
        rest, repeat = divmod(number, self.recipe.variants)
        rest, turn = divmod(rest, len(self._turns))
        rest, target = divmod(rest, targets)
        place, size = divmod(rest, len(self._sizes))
        weight, patch, turns = self._weights[place], self._sizes[size], self._turns[turn]
        name = source_id
        if weight is not None:
            name += f"_w{weight:g}"
        if self._per_target:
            name += f"_p{patch}_k{turns}_j{target}"
        if self.recipe.variants > 1 or name == source_id:
            name += f"_v{repeat}"
        return Variant(
            id=name,
            source_id=source_id,
            number=number,
            repeat=repeat,
            weight=weight,
            patch_size=patch,
            quarter_turns=turns,
            target=target if self._per_target else None,
        )


_VARIANT_SUFFIX = re.compile(r"(_w[\d.e+-]+)?(_p\d+_k\d_j\d+)?(_v\d+)?$")
