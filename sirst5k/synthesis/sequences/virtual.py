"""Synthetic sequences: every variant of every sequence, its frames made when they are asked for."""

from __future__ import annotations

from dataclasses import replace

from sirst5k.clip import Clip
from sirst5k.datasets import Splits
from sirst5k.datasets.sequences import SequenceDataset
from sirst5k.noise import SequenceNoise
from sirst5k.synthesis.recipe import Recipe
from sirst5k.synthesis.sequences.making import (
    FrameMaker,
    MadeFrame,
    output_keys,
    output_sequences,
)
from sirst5k.synthesis.sequences.plan import Frame, FramePlan


class SyntheticSequences(SequenceDataset):
    """The outputs of a recipe over sequences, read as any dataset of sequences is.

    Each variant of a sequence has one draw of noise and one symmetry for each of its tracks.
    Any frame can be made by itself, in any order and by any worker, with the same bytes.

    Parameters
    ----------
    dataset : SequenceDataset
        What to synthesise from; never a test split.
    recipe : Recipe
        As for stills; what has no meaning for sequences is refused.
    bank : SequenceNoise, optional
        Where noise comes from; measured on the dataset by the recipe's rule if none is given
        and one is needed.
    seed : int
        Not negative.

    Attributes
    ----------
    dataset : SequenceDataset
        The source.
    plan : FramePlan

    Raises
    ------
    RecipeError
        If the recipe asks for what sequences cannot have.
    """

    def __init__(
        self,
        dataset: SequenceDataset,
        recipe: Recipe,
        bank: SequenceNoise | None = None,
        seed: int = 0,
    ) -> None:
        self.maker = FrameMaker(dataset, recipe, bank, seed)
        self.dataset = dataset
        super().__init__(
            self.maker,
            output_sequences(self.maker),
            output_keys(self.maker),
            Splits(),
            "synthetic",
            length=dataset.length,
        )

    @property
    def recipe(self) -> Recipe:
        """What is wished for."""
        return self.maker.recipe

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self.maker.seed

    @property
    def plan(self) -> FramePlan:
        """Every frame, in order."""
        return self.maker.plan

    @property
    def bank(self) -> SequenceNoise | None:
        """The noise, measured now if it was not yet; None where none is needed."""
        return self.maker.bank

    def make(self, frame: Frame) -> MadeFrame:
        """Return a finished frame of the plan with the operations that made it."""
        return self.maker.make(frame)

    def get(self, frame_id: str) -> Clip:
        """Return the clip that ends with a frame; its ``meta`` names the key frame's parent."""
        clip = super().get(frame_id)
        parent = self.maker.frame(frame_id).source_id
        return replace(clip, meta={**clip.meta, "parent": parent})
