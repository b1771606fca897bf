"""The frames that a recipe wishes for: every variant of every sequence, frame by frame."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import overload

from sirst5k.synthesis.plan import Plan, Variant
from sirst5k.synthesis.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of an output sequence.

    Attributes
    ----------
    id : str
        ``sequence/frame`` of the output.
    variant : Variant
        The output sequence, and which sequence it is made of.
    source_id : str
        The frame that it is made of.
    number : int
        Its place in the sequence, from 0.
    """

    id: str
    variant: Variant
    source_id: str
    number: int


class FramePlan(Sequence[Frame]):
    """The frames of all output sequences, in order; holds none of them.

    Parameters
    ----------
    sequences : mapping of str to sequence of str
        Frame ids of each source sequence, in the order of time.
    recipe : Recipe

    Attributes
    ----------
    variants : Plan
        The output sequences.

    Examples
    --------
    >>> plan = FramePlan({"a": ["a/0", "a/1"], "b": ["b/0"]}, Recipe(variants=2))
    >>> [frame.id for frame in plan]
    ['a/0', 'a/1', 'a_v0/0', 'a_v0/1', 'a_v1/0', 'a_v1/1', 'b/0', 'b_v0/0', 'b_v1/0']
    """

    def __init__(self, sequences: Mapping[str, Sequence[str]], recipe: Recipe) -> None:
        self.sequences = sequences
        self.variants = Plan(tuple(sequences), recipe)
        self._each = len(self.variants) // max(1, len(sequences))
        lengths = (self._each * len(frames) for frames in sequences.values())
        self._starts = [0, *accumulate(lengths)]

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> list[Frame]: ...
    def __getitem__(self, index: int | slice) -> Frame | list[Frame]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        length = len(self)
        if not -length <= index < length:
            raise IndexError(f"Frame {index} of {length}.")
        index %= length
        source = bisect_right(self._starts, index) - 1
        frames = self.sequences[self.variants.ids[source]]
        which, number = divmod(index - self._starts[source], len(frames))
        return frame_of(self.variants[source * self._each + which], frames, number)

    def frames_of_first(self, variants: int) -> int:
        """Return how many frames the first so many output sequences have."""
        whole, rest = divmod(min(variants, len(self.variants)), self._each)
        if rest == 0:
            return self._starts[whole]
        return self._starts[whole] + rest * len(self.sequences[self.variants.ids[whole]])


def frame_of(variant: Variant, frames: Sequence[str], number: int) -> Frame:
    """Return a frame of a variant.

    Parameters
    ----------
    variant : Variant
    frames : sequence of str
        Frame ids of its source sequence, in the order of time.
    number : int
        The frame's place among them, from 0.
    """
    name = frames[number].rpartition("/")[2]
    return Frame(f"{variant.id}/{name}", variant, frames[number], number)
