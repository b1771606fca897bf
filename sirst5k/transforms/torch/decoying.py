"""Decoys in batches: clutter that draws a detector's eye, without a label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.negatives import DECOYS, decoy_profile
from sirst5k.synthesis import parameters as recipe
from sirst5k.synthesis.parameters import CountRange, Range
from sirst5k.transforms.torch.batch import (
    as_levels,
    from_levels,
    full_scale,
    image_planes,
    is_whole,
    target_masks,
)
from sirst5k.transforms.torch.documents import check_count, is_nothing
from sirst5k.transforms.torch.module import BatchTransform, Parameters
from sirst5k.transforms.torch.patches import (
    first_free,
    integral,
    put_patches,
    surroundings,
)
from sirst5k.transforms.torch.randomness import below, uniform

Form = tuple[str, int, float]
"""Kind, size in pixels and angle in degrees of a decoy."""

_DEFAULTS = recipe.ClutterDecoys()
_ANGLES = 24  # directions that a form is kept in
_TRIES = 16  # places that are looked at before a decoy is given up
_COUNT, _FORM, _PLACE = 1, 2, 3  # streams of random numbers
_AROUND = 10


class ClutterDecoys(BatchTransform):
    """Add clutter beside the targets of every image of a batch; the masks stay.

    Forms are those of `sirst5k.negatives.decoy_profile` in 24 directions, 15° apart. A place
    is drawn up to 16 times; if a target is too near every time, the decoy is left out. In a
    clip a decoy stands still: it has one place and one strength, measured in the first frame,
    and keeps off what is a target in any.

    Parameters
    ----------
    count_range : (int, int)
        How many a sample gets.
    kinds : sequence of str
        See `sirst5k.negatives.decoy_profile`.
    contrast_range : (float, float)
        Their strength, in standard deviations of their surroundings.
    guard : int
        Free pixels between a decoy and any target.
    p : float
        Probability for each sample.
    seed : int, optional
        See `BatchTransform`.

    Examples
    --------
    >>> images, masks = torch.rand(2, 1, 64, 64), torch.zeros(2, 1, 64, 64)
    >>> decoys = ClutterDecoys(count_range=(1, 1), kinds=["hot_pixel"], p=1.0)
    >>> changed, _ = decoys(images, masks)
    >>> int((changed != images).sum()) in (2, 3, 4)
    True
    """

    def __init__(
        self,
        *,
        count_range: CountRange = _DEFAULTS.count_range,
        kinds: Sequence[str] = _DEFAULTS.kinds,
        contrast_range: Range = _DEFAULTS.contrast_range,
        guard: int = _DEFAULTS.guard,
        p: float = 0.5,
        seed: int | None = None,
    ) -> None:
        super().__init__(p, seed)
        low, high = count_range
        self.settings = recipe.ClutterDecoys(
            (low, high), tuple(kinds), (contrast_range[0], contrast_range[1]), guard
        )
        self._forms, table = _draw_forms(self.settings.kinds)
        self.side = table.shape[-1]
        self.register_buffer("_profiles", torch.from_numpy(table), persistent=False)
        sides = [2 * DECOYS[kind].reach(size) + 1 for kind, size, _ in self._forms]
        self.register_buffer("_sides", torch.tensor(sides), persistent=False)
        signs = torch.tensor([DECOYS[kind].sign for kind, _, _ in self._forms])
        self.register_buffer("_signs", signs, persistent=False)
        spans = [DECOYS[kind].sizes for kind in self.settings.kinds]
        counts = torch.tensor([(high - low + 1) * _ANGLES for low, high in spans])
        self.register_buffer("_counts", counts, persistent=False)
        self.register_buffer("_firsts", counts.cumsum(0) - counts, persistent=False)

    def check(self, images: Tensor, masks: Tensor | None, boxes: Tensor | None) -> None:  # noqa: ARG002
        """Raise an error where decoys could not keep off the targets."""
        if masks is None:
            raise ShapeError("Expected masks: decoys keep off the targets.")

    def draw_for(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,  # noqa: ARG002
        seeds: Tensor,
        applied: Tensor,
    ) -> Parameters:
        """Draw forms, places and strengths."""
        assert masks is not None  # `check` has seen to it
        low, high = self.settings.count_range
        wanted = low + below(uniform(seeds, _COUNT, 1), high - low + 1)
        form, contrast = self._choose_forms(seeds)
        side, sign = self._sides[form], self._signs[form]
        targets = target_masks(masks)
        tries = uniform(seeds, _PLACE, high * _TRIES * 2).view(len(seeds), high, _TRIES, 2)
        guard = self.settings.guard
        place, found = first_free(integral(targets), tries, side, side, guard)
        # Where a pixel is no number, its surroundings still have a level.
        scene = as_levels(image_planes(images)[:, 0]).nan_to_num_()
        mean, std = surroundings(scene, targets, place, side, side, self.side, _AROUND)
        strength = contrast * std
        if is_whole(images.dtype):
            # Half way to full scale at most, where even the strongest still has a form.
            room = torch.where(sign > 0, full_scale(images.dtype) - mean, mean)
            strength = torch.minimum(strength, room / 2)
        number = torch.arange(high, device=images.device)
        return {
            "applied": applied,
            "wanted": wanted[:, 0],
            "added": found & (number < wanted),
            "form": form,
            "place": place,
            "strength": strength,
        }

    def apply_to(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        parameters: Mapping[str, Any],
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Add them, one after the other."""
        if "profile" in parameters:
            profiles, sides = parameters["profile"], parameters["side"]
        else:
            profiles = self._profiles[parameters["form"]].to(torch.float32)
            sides = self._sides[parameters["form"]]
        added = parameters["added"] & parameters["applied"][:, None]
        sides = torch.where(added, sides, 0)
        patches = profiles * parameters["strength"][..., None, None]
        planes = image_planes(images)
        white = full_scale(images.dtype)
        flat = torch.cat([as_levels(planes).flatten(), planes.new_zeros(1, dtype=torch.float32)])
        for place, patch, side in zip(
            parameters["place"].unbind(1), patches.unbind(1), sides.unbind(1), strict=True
        ):
            index, values = put_patches(planes, patch, place, side, side)
            total = flat.gather(0, index.flatten()) + values.flatten()
            if is_whole(images.dtype):
                total = total.clamp_(0, white).round_()
            flat.scatter_(0, index.flatten(), total)
        changed = from_levels(flat[:-1].view(images.shape), images.dtype, white)
        return changed, masks, boxes

    def from_json(self, documents: Sequence[Mapping[str, Any]], images: Tensor) -> Parameters:
        """Return the parameters of a batch from those of single images."""
        check_count(documents, images)
        listed = [() if is_nothing(document) else document["added"] for document in documents]
        count = max([1, *map(len, listed)])
        profiles = [
            [decoy_profile(d["kind"], d["size"], d["angle"]) for d in row] for row in listed
        ]
        side = max([1, *(len(profile) for row in profiles for profile in row)])
        shape = (len(documents), count)
        table = np.zeros((*shape, side, side), np.float32)
        sides, place = np.zeros(shape, np.int64), np.zeros((*shape, 2), np.int64)
        strength = np.zeros(shape, np.float32)
        for row, (added, forms) in enumerate(zip(listed, profiles, strict=True)):
            for column, (decoy, profile) in enumerate(zip(added, forms, strict=True)):
                table[row, column] = _filled(profile, side)
                sides[row, column] = len(profile)
                place[row, column] = decoy["place"]
                strength[row, column] = decoy["strength"]
        reach = place + sides[..., None]
        if (place < 0).any() or (reach > np.array(images.shape[-2:])).any():
            raise ParameterError(
                f"Expected decoys that lie inside images of {tuple(images.shape[-2:])}, got one "
                f"that does not. Draw them for these images."
            )
        arrays = {
            "applied": np.array([not is_nothing(document) for document in documents]),
            "wanted": np.array([0 if is_nothing(d) else d["wanted"] for d in documents]),
            "added": sides > 0,
            "profile": table,
            "side": sides,
            "place": place,
            "strength": strength,
        }
        return {name: torch.from_numpy(array).to(images.device) for name, array in arrays.items()}

    def to_json(
        self,
        parameters: Mapping[str, Any],
        images: Tensor,  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        """Return parameters as the array version has them; waits for the device."""
        names = ("applied", "wanted", "added", "form", "place", "strength")
        columns = (parameters[name].tolist() for name in names)
        documents: list[dict[str, Any]] = []
        for applied, wanted, added, forms, places, strengths in zip(*columns, strict=True):
            if not applied:
                documents.append({"op": "nothing"})
                continue
            decoys = []
            for there, form, place, strength in zip(added, forms, places, strengths, strict=True):
                if there:
                    kind, size, angle = self._forms[form]
                    decoy = {"kind": kind, "size": size, "angle": angle, "place": place}
                    decoys.append({**decoy, "strength": strength})
            head = {"op": "decoys", "method": self.settings.method, "wanted": wanted}
            documents.append({**head, "added": decoys})
        return documents

    def shown(self) -> dict[str, Any]:
        """Return the parameters that `extra_repr` shows first."""
        return asdict(self.settings)

    def _choose_forms(self, seeds: Tensor) -> tuple[Tensor, Tensor]:
        """Draw which form each decoy has, and how much it is to stand out."""
        count = self.settings.count_range[1]
        kind, form, contrast = uniform(seeds, _FORM, 3 * count).view(len(seeds), 3, count).unbind(1)
        kinds = below(kind, len(self._counts))
        number = below(form, self._counts[kinds])
        low, high = self.settings.contrast_range
        return self._firsts[kinds] + number, low + (high - low) * contrast


@lru_cache(maxsize=4)
def _draw_forms(kinds: tuple[str, ...]) -> tuple[list[Form], np.ndarray[Any, Any]]:
    """Return all forms of some kinds, and their profiles in the corners of equal squares."""
    forms = [
        (kind, size, angle * 360 / _ANGLES)
        for kind in kinds
        for size in range(DECOYS[kind].sizes[0], DECOYS[kind].sizes[1] + 1)
        for angle in range(_ANGLES)
    ]
    profiles = [decoy_profile(*form) for form in forms]
    side = max(map(len, profiles))
    # Half precision holds steps of 1/1024 exactly.
    table = np.stack([_filled(profile, side) for profile in profiles]).astype(np.float16)
    return forms, table


def _filled(profile: np.ndarray[Any, Any], side: int) -> np.ndarray[Any, Any]:
    """Return a form in the upper left corner of a square."""
    rest = side - len(profile)
    return np.pad(profile, (0, rest))
