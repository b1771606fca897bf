"""The synthetic dataset: every output of a recipe, computed when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

import cv2
import numpy as np

from sirst5k.components import Target, count_targets, find_targets
from sirst5k.datasets import Dataset
from sirst5k.errors import DatasetError, NoiseError
from sirst5k.noise import NoiseBank
from sirst5k.sample import Image, Mask, Sample
from sirst5k.seeds import rng_for
from sirst5k.synthesis.custom import apply_custom, draw_custom
from sirst5k.synthesis.decoying import apply_decoys, draw_decoys
from sirst5k.synthesis.displacing import apply_displacement, draw_displacement
from sirst5k.synthesis.noise_source import sample_noise
from sirst5k.synthesis.parameters import MixupDisplacement
from sirst5k.synthesis.pasting import apply_paste, draw_paste
from sirst5k.synthesis.plan import Plan, Variant
from sirst5k.synthesis.recipe import Recipe
from sirst5k.synthesis.turning import apply_turns, draw_turns

Operation = Mapping[str, Any]


@dataclass
class _Recent:
    """What the last output was made of: its neighbours in the plan need it again."""

    source: Sample | None = None
    prepared: Sample | None = None
    targets: list[Target] = field(default_factory=list)
    mixed_with: Operation | None = None
    mixed: Sample | None = None


class SyntheticDataset(Sequence[Sample]):
    """The outputs of a recipe over a dataset, as a sequence of finished samples.

    Item *i* depends on the seed, the sample it is made of and its number among that
    sample's variants alone, so any worker can compute any item in any order.

    Parameters
    ----------
    dataset : Dataset
        What to synthesise from; never a test split, see `write_dataset`.
    recipe : Recipe
    bank : NoiseBank, optional
        Where noise comes from; sampled from the dataset by the recipe's rule if none is
        given and one is needed.
    seed : int
        Not negative.

    Examples
    --------
    >>> from sirst5k import open_dataset
    >>> synthetic = SyntheticDataset(open_dataset("demo:n=4", "train"), Recipe.load("sirst5k"))
    >>> len(synthetic), synthetic[1].meta["parent"]
    (27, 'demo_sky_0000')
    """

    def __init__(
        self, dataset: Dataset, recipe: Recipe, bank: NoiseBank | None = None, seed: int = 0
    ) -> None:
        if seed < 0:
            raise DatasetError(f"Expected a seed that is not negative, got {seed}.")
        self.dataset = dataset
        self.recipe = recipe
        self.seed = seed
        self.plan = Plan(dataset.ids, recipe, self.count_targets)
        self._bank = bank
        self._recent = _Recent()

    @property
    def bank(self) -> NoiseBank | None:
        """The noise bank, sampled now if it was not yet; None where none is needed."""
        if self._bank is None and self.recipe.needs_noise:
            self._bank = sample_noise(self.dataset, self.recipe.sampling)
        return self._bank

    def __len__(self) -> int:
        return len(self.plan)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        return self.make(self.plan[index])

    def make(self, variant: Variant) -> Sample:
        """Return the finished sample of one variant of the plan.

        Its ``meta`` holds ``parent`` (the source's id) and ``operations``, their concrete
        parameters, from which `replay` makes the same pixels.
        """
        if variant.is_original:
            source = self._source(variant.source_id)
            return replace(source, meta={"parent": source.id, "operations": []})
        prepared, targets = self._prepared(variant.source_id)
        operations = self.draw(variant, prepared, targets)
        return self._apply(variant.id, prepared, operations)

    def replay(self, output_id: str, source_id: str, operations: Sequence[Operation]) -> Sample:
        """Make a sample again from its recorded operations."""
        if not operations:
            return replace(self._source(source_id), id=output_id)
        return self._apply(output_id, self._prepared(source_id)[0], operations)

    def draw(
        self, variant: Variant, prepared: Sample, targets: Sequence[Target]
    ) -> list[Operation]:
        """Draw the concrete parameters of every operation of one variant.

        Mixing comes first, as published. Then the scene is changed: targets are turned,
        others pasted, decoys added, and other packages' operations applied. Noise as a
        sensor adds it comes last: the sensor sees the finished scene.
        """
        recipe = self.recipe
        rng = rng_for(self.seed, variant.source_id, variant.number)
        noise: list[Operation] = []
        if recipe.displacement is not None:
            bank = self._need_bank()
            noise = [draw_displacement(recipe.displacement, bank, prepared, variant, rng)]
        mixes = isinstance(recipe.displacement, MixupDisplacement)
        operations = noise if mixes else []
        if recipe.negatives is not None:
            operations.append(draw_turns(recipe.negatives, targets, prepared.shape, variant))
        # Where there is room, and how strong things must be, shows in the scene so far.
        if recipe.paste is not None:
            scene = self._run(prepared, operations)
            operations.append(draw_paste(recipe.paste, *scene, rng))
        if recipe.decoys is not None:
            scene = self._run(prepared, operations)
            operations.append(draw_decoys(recipe.decoys, *scene, rng))
        for name, parameters in recipe.custom.items():
            scene = self._run(prepared, operations)
            operations.append(draw_custom(name, parameters, *scene, rng))
        return operations if mixes else [*operations, *noise]

    def _apply(self, output_id: str, prepared: Sample, operations: Sequence[Operation]) -> Sample:
        image, mask = self._run(prepared, operations)
        meta = {"parent": prepared.id, "operations": list(operations)}
        return Sample(output_id, image, mask, meta)

    def _run(self, prepared: Sample, operations: Sequence[Operation]) -> tuple[Image, Mask]:
        image, mask = prepared.image, prepared.mask
        for place, operation in enumerate(operations):
            if operation["op"] == "turn":
                image, mask = apply_turns(image, mask, operation)
            elif operation["op"] == "paste":
                image, mask = apply_paste(image, mask, operation)
            elif operation["op"] == "decoys":
                image = apply_decoys(image, operation)
            elif operation["op"] == "custom":
                parameters = self.recipe.custom[operation["name"]]
                image, mask = apply_custom(image, mask, operation, parameters)
            elif place == 0 and operation["method"] == "mixup":
                image = self._mixed(prepared, operation).image
            else:
                image = apply_displacement(image, mask, operation, self._need_bank())
        return image, mask

    def _mixed(self, prepared: Sample, operation: Operation) -> Sample:
        """Return the mixed image, which all turns of all its targets begin with."""
        recent = self._recent
        if recent.mixed is None or recent.mixed_with != operation:
            image = apply_displacement(prepared.image, prepared.mask, operation, self._need_bank())
            recent.mixed_with, recent.mixed = dict(operation), replace(prepared, image=image)
        return recent.mixed

    def _source(self, source_id: str) -> Sample:
        recent = self._recent
        if recent.source is None or recent.source.id != source_id:
            self._recent = recent = _Recent(source=self.dataset.get(source_id))
        assert recent.source is not None
        return recent.source

    def _prepared(self, source_id: str) -> tuple[Sample, list[Target]]:
        source = self._source(source_id)
        recent = self._recent
        if recent.prepared is None:
            recent.prepared = resize_sample(source, self.recipe.size)
            recent.targets = find_targets(recent.prepared.mask)
        return recent.prepared, recent.targets

    def count_targets(self, source_id: str) -> int:
        """Return how many targets a sample has at the recipe's size."""
        mask = self.dataset.source.read_mask(source_id)
        return count_targets(_resize_mask(mask, self.recipe.size))

    def _need_bank(self) -> NoiseBank:
        bank = self.bank
        if bank is None:
            raise NoiseError("Expected a noise bank: these operations put noise into an image.")
        return bank

    def __getstate__(self) -> dict[str, Any]:
        # A worker needs the bank, not what this process computed last.
        return {**self.__dict__, "_bank": self.bank, "_recent": _Recent()}


def resize_sample(sample: Sample, size: int | None) -> Sample:
    """Bring a sample to ``size × size`` pixels, the image bilinearly, the mask to nearest.

    Both with half-pixel centres, so that mask and image stay on each other.
    """
    if size is None or sample.shape == (size, size):
        return sample
    image = cv2.resize(sample.image, (size, size), interpolation=cv2.INTER_LINEAR)
    return Sample(sample.id, image, _resize_mask(sample.mask, size), sample.meta)


def _resize_mask(mask: Mask, size: int | None) -> Mask:
    if size is None:
        return mask
    levels = mask.view(np.uint8)
    resized: Mask = cv2.resize(levels, (size, size), interpolation=cv2.INTER_NEAREST_EXACT).view(
        np.bool_
    )
    return resized
