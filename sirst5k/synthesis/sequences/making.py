"""Making any frame of any variant of a sequence, directly."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sirst5k.datasets.sequences import FrameLabels, SequenceDataset, sequence_of
from sirst5k.errors import DatasetError, NoiseError
from sirst5k.negatives import box_windows, link_boxes, open_symmetries
from sirst5k.noise import MovingField, SequenceNoise
from sirst5k.sample import Image
from sirst5k.seeds import rng_for
from sirst5k.synthesis.identity import bank_identity
from sirst5k.synthesis.plan import Variant
from sirst5k.synthesis.recipe import Recipe
from sirst5k.synthesis.sequences.displacing import (
    DrawnNoise,
    apply_noise,
    draw_noise,
    frame_noise,
)
from sirst5k.synthesis.sequences.fitting import (
    check_recipe,
    displacement_of,
    negatives_of,
    sampling_of,
)
from sirst5k.synthesis.sequences.noise import sample_sequence_noise
from sirst5k.synthesis.sequences.plan import Frame, FramePlan, frame_of
from sirst5k.synthesis.sequences.turning import (
    choose_symmetries,
    frame_turns,
    turn_image,
    turn_labels,
)

Operation = dict[str, Any]
_KEPT = 16  # variants whose field stays at hand


@dataclass(frozen=True, eq=False, slots=True)
class MadeFrame:
    """A finished frame.

    Attributes
    ----------
    id, parent : str
        Its id, and that of the frame that it is made of.
    image : (H, W) array
    labels : FrameLabels
    operations : list of dict
        What was done, with concrete parameters; JSON-like.
    """

    id: str
    parent: str
    image: Image
    labels: FrameLabels
    operations: list[Operation]


@dataclass(frozen=True, eq=False, slots=True)
class _Tracks:
    """The targets of a source sequence over time."""

    names: Mapping[str, tuple[int, ...]]
    open_to: Mapping[int, tuple[int, ...]]


@dataclass(eq=False, slots=True)
class _Drawn:
    """What is drawn for one variant of a sequence."""

    symmetries: Mapping[int, int]
    noise: DrawnNoise | None
    field: MovingField | None = None


class FrameMaker:
    """Makes frames by their ids: the source of `SyntheticSequences`.

    A frame depends on the seed, the sequence, the number of the variant and its own place in
    the sequence alone.

    Parameters
    ----------
    dataset : SequenceDataset
    recipe : Recipe
    bank : SequenceNoise, optional
        Measured on the dataset when it is needed, if none is given.
    seed : int
        Not negative.
    """

    def __init__(
        self, dataset: SequenceDataset, recipe: Recipe, bank: SequenceNoise | None, seed: int
    ) -> None:
        if seed < 0:
            raise DatasetError(f"Expected a seed that is not negative, got {seed}.")
        check_recipe(recipe)
        self.dataset = dataset
        self.recipe = recipe
        self.seed = seed
        self.plan = FramePlan(dataset.sequences, recipe)
        self.plan.variants.check_names()
        self._bank = bank
        # Noise that is measured follows from the sequences; noise that is given does not.
        given = None if bank is None else bank_identity(bank)
        self._made_by = _digest(json.dumps([recipe.to_dict(), seed, given]))
        self._forget()

    def _forget(self) -> None:
        self._variants: dict[str, Variant] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        self._tracks: dict[str, _Tracks] = {}
        self._drawn: OrderedDict[str, _Drawn] = OrderedDict()

    @property
    def bank(self) -> SequenceNoise | None:
        """The noise, measured now if it was not yet; None where none is needed."""
        if self._bank is None and self.recipe.needs_noise:
            self._bank = sample_sequence_noise(self.dataset, sampling_of(self.recipe))
        return self._bank

    @property
    def has_masks(self) -> bool:
        """Whether the pixels of targets are known."""
        return self.dataset.source.has_masks

    def frame(self, frame_id: str) -> Frame:
        """Return the place in the plan of a frame.

        Raises
        ------
        DatasetError
            If the plan has none of that id.
        """
        if not self._variants:
            self._variants = {variant.id: variant for variant in self.plan.variants}
        name, _, end = frame_id.rpartition("/")
        variant = self._variants.get(name)
        if variant is not None:
            frames = self.dataset.sequences[variant.source_id]
            if variant.source_id not in self._numbers:
                self._numbers[variant.source_id] = {
                    frame.rpartition("/")[2]: number for number, frame in enumerate(frames)
                }
            number = self._numbers[variant.source_id].get(end)
            if number is not None:
                return frame_of(variant, frames, number)
        raise DatasetError(f"The recipe makes no frame {frame_id!r} of {self.dataset.describe()}.")

    def make(self, frame: Frame) -> MadeFrame:
        """Return a finished frame with its labels and the operations that made it."""
        image = self.dataset.read_frame(frame.source_id)
        labels = self.dataset.labels(frame.source_id)
        operations: list[Operation] = []
        if frame.variant.is_original:
            return MadeFrame(frame.id, frame.source_id, image, labels, operations)
        turns = self._turns(frame, labels, (image.shape[0], image.shape[1]))
        if turns is not None:
            operations.append(turns)
            image, labels = turn_image(image, turns), turn_labels(labels, turns)
        displacement = displacement_of(self.recipe)
        drawn = self._draw(frame.variant)
        if displacement is not None and drawn.noise is not None:
            noise = self._need_bank()
            operations.append(
                frame_noise(displacement, noise, drawn.noise, frame.number, image.dtype)
            )
            field = self._field(drawn, displacement.field, image)
            image = apply_noise(image, operations[-1], noise, field)
        return MadeFrame(frame.id, frame.source_id, image, labels, operations)

    def read(self, frame_id: str) -> Image:
        """Return a frame's pixels, as an array of its own."""
        return np.array(self.make(self.frame(frame_id)).image)

    def labels(self, frame_id: str, with_mask: bool) -> FrameLabels:
        """Return the targets of a frame, without making it."""
        frame = self.frame(frame_id)
        turned = not frame.variant.is_original and self.recipe.negatives is not None
        labels = self.dataset.labels(frame.source_id, with_mask=with_mask or turned)
        if turned:
            turns = self._turns(frame, labels, self.shape(frame_id))
            if turns is not None:
                labels = turn_labels(labels, turns)
        if with_mask or labels.mask is None:
            return labels
        return FrameLabels(labels.boxes, labels.classes, labels.tracks)

    def shape(self, frame_id: str) -> tuple[int, int]:
        """Return height and width of a frame."""
        return self.dataset.source.shape(self.frame(frame_id).source_id)

    def file(self, frame_id: str) -> Path | None:  # noqa: ARG002
        """Return None: a frame that is made has no file."""
        return None

    def stamp(self, frame_id: str) -> str:
        """Return what identifies a frame's content: its source, recipe, seed and noise."""
        frame = self.frame(frame_id)
        stamp = self.dataset.source.stamp(frame.source_id)
        return f"{stamp} variant={frame.variant.number} {self._made_by}"

    def _turns(self, frame: Frame, labels: FrameLabels, shape: tuple[int, int]) -> Operation | None:
        negatives = negatives_of(self.recipe)
        if negatives is None:
            return None
        names = self._tracks_of(frame.variant.source_id).names[frame.source_id]
        symmetries = self._draw(frame.variant).symmetries
        return frame_turns(negatives, labels, names, symmetries, shape)

    def _draw(self, variant: Variant) -> _Drawn:
        """Return what is drawn for a variant, which all of its frames share."""
        drawn = self._drawn.get(variant.id)
        if drawn is not None:
            self._drawn.move_to_end(variant.id)
            return drawn
        rng = rng_for(self.seed, variant.source_id, variant.number)
        displacement, negatives = displacement_of(self.recipe), negatives_of(self.recipe)
        noise = None
        if displacement is not None:
            noise = draw_noise(displacement, self._need_bank(), rng)
        symmetries: Mapping[int, int] = {}
        if negatives is not None:
            tracks = self._tracks_of(variant.source_id)
            symmetries = choose_symmetries(negatives, tracks.open_to, variant.number)
        self._drawn[variant.id] = drawn = _Drawn(symmetries, noise)
        if len(self._drawn) > _KEPT:
            self._drawn.popitem(last=False)
        return drawn

    def _field(self, drawn: _Drawn, method: str, image: Image) -> MovingField:
        shape = (image.shape[0], image.shape[1])
        if drawn.field is None or drawn.field.shape != shape:
            assert drawn.noise is not None
            drawn.field = MovingField(self._need_bank(), shape, drawn.noise.seed, method)
        return drawn.field

    def _tracks_of(self, sequence: str) -> _Tracks:
        """Return the targets of a source sequence over time: by its labels, or linked."""
        if sequence not in self._tracks:
            frames = self.dataset.sequences[sequence]
            every = [self.dataset.labels(frame, with_mask=False) for frame in frames]
            names = _known_tracks(every)
            if names is None:
                names = link_boxes([labels.boxes for labels in every])
            negatives = negatives_of(self.recipe)
            assert negatives is not None
            windows = [
                box_windows(
                    labels.boxes,
                    self.dataset.source.shape(frame),
                    negatives.margin,
                    negatives.margin_ratio,
                )
                for frame, labels in zip(frames, every, strict=True)
            ]
            self._tracks[sequence] = _Tracks(
                dict(zip(frames, names, strict=True)), open_symmetries(names, windows)
            )
        return self._tracks[sequence]

    def _need_bank(self) -> SequenceNoise:
        bank = self.bank
        if bank is None:
            raise NoiseError("Expected the noise of sequences: the recipe adds it to frames.")
        return bank

    def __getstate__(self) -> dict[str, Any]:
        # A worker needs the noise, not what this process has at hand.
        state = {**self.__dict__, "_bank": self.bank}
        for name in ("_variants", "_numbers", "_tracks", "_drawn"):
            del state[name]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


def _known_tracks(every: Sequence[FrameLabels]) -> list[tuple[int, ...]] | None:
    """Return the identities of all targets, if they are known in every frame."""
    names = [labels.tracks if len(labels) else () for labels in every]
    known = [name for name in names if name is not None]
    return known if len(known) == len(names) else None


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def output_sequences(maker: FrameMaker) -> dict[str, tuple[str, ...]]:
    """Return the frame ids of each output sequence, in the order of the plan."""
    found = {}
    for variant in maker.plan.variants:
        frames = maker.dataset.sequences[variant.source_id]
        found[variant.id] = tuple(
            frame_of(variant, frames, number).id for number in range(len(frames))
        )
    return found


def output_keys(maker: FrameMaker) -> tuple[str, ...]:
    """Return the key frames of the outputs: those made of key frames, in the order of time."""
    keys = set(maker.dataset.ids)
    found = []
    for variant in maker.plan.variants:
        frames = maker.dataset.sequences[variant.source_id]
        found += [
            frame_of(variant, frames, number).id
            for number, frame in enumerate(frames)
            if frame in keys and sequence_of(frame) == variant.source_id
        ]
    return tuple(found)
