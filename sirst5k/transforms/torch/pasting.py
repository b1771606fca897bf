"""Targets of a batch pasted elsewhere in their images, with matched contrast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.synthesis.parameters import CountRange, MatchedPaste, Range
from sirst5k.transforms.torch.batch import as_levels, from_levels, full_scale, is_whole
from sirst5k.transforms.torch.boxes import check_boxes
from sirst5k.transforms.torch.contrast import measure
from sirst5k.transforms.torch.documents import check_count, is_nothing
from sirst5k.transforms.torch.finding import TargetFinder, Targets, label_map
from sirst5k.transforms.torch.matching import describe, matching_gain
from sirst5k.transforms.torch.module import BatchTransform, Parameters
from sirst5k.transforms.torch.patches import free_places, integral, put_patches
from sirst5k.transforms.torch.randomness import below, uniform
from sirst5k.transforms.torch.stamps import Stamps, lift_targets, turn_stamps

_DEFAULTS = MatchedPaste()
_TRIES = 8  # places that are looked at before a target is given up
_COUNT, _CHOICE, _PLACE = 1, 2, 3  # streams of random numbers


class TargetPaste(BatchTransform):
    """Paste targets of every image elsewhere in it, as strong there as its surroundings ask for.

    What a target adds to its background and how strong it must be are those of
    `sirst5k.negatives.lift_target` and `matching_gain`. For each paste one target is drawn, and
    eight places for it; if none of them will do, that paste is left out. Only for images: in a
    clip a target moves, and another one beside it would have to move too.

    Boxes that come with the batch get one more for each pasted target, in rows that are empty;
    without an empty row nothing is pasted.

    Parameters
    ----------
    count_range : (int, int)
        How many targets a sample gets.
    scr_range : (float, float), optional
        Signal-to-clutter ratio to give them; each target's own by default.
    symmetries : sequence of int
        Of which each is turned by one.
    guard : int
        Free pixels to any other target.
    halo : int
        Pixels around a target over which it fades.
    max_stretch : float
        How many times stronger or weaker the new place may make a target.
    p : float
        Probability for each sample.
    seed : int, optional
        See `BatchTransform`.
    max_targets : int
        For how many targets of an image there is room.
    max_size : int
        Longest side of a target that is pasted, in pixels.

    Examples
    --------
    >>> images, masks = torch.rand(1, 1, 64, 64), torch.zeros(1, 1, 64, 64, dtype=torch.bool)
    >>> images[:, :, 20:23, 20:23], masks[:, :, 20:23, 20:23] = 4.0, True
    >>> paste = TargetPaste(count_range=(1, 1), p=1.0)
    >>> pasted, pasted_masks = paste(images, masks, seeds=torch.tensor([0]))
    >>> int(pasted_masks.sum())
    18
    """

    def __init__(
        self,
        *,
        count_range: CountRange = _DEFAULTS.count_range,
        scr_range: Range | None = _DEFAULTS.scr_range,
        symmetries: Sequence[int] = _DEFAULTS.symmetries,
        guard: int = _DEFAULTS.guard,
        halo: int = _DEFAULTS.halo,
        max_stretch: float = _DEFAULTS.max_stretch,
        p: float = 0.5,
        seed: int | None = None,
        max_targets: int = 32,
        max_size: int = 32,
    ) -> None:
        super().__init__(p, seed)
        low, high = count_range
        scrs = None if scr_range is None else (scr_range[0], scr_range[1])
        self.settings = MatchedPaste((low, high), scrs, tuple(symmetries), guard, halo, max_stretch)
        if max_size < 1:
            raise ParameterError(f"Expected max_size of at least 1 pixel, got {max_size}.")
        self.max_size = max_size
        self.finder = TargetFinder(max_targets)
        choices = torch.tensor(self.settings.symmetries)
        self.register_buffer("_symmetries", choices, persistent=False)

    def check(self, images: Tensor, masks: Tensor | None, boxes: Tensor | None) -> None:
        """Raise an error for clips, and without masks."""
        if images.ndim != 4:
            raise ShapeError(
                f"Expected images (B, 1, H, W) to paste targets into, got {tuple(images.shape)}: "
                f"in a clip, targets move. Leave TargetPaste out for clips."
            )
        if masks is None:
            raise ShapeError("Expected masks: they show which pixels a target to paste has.")
        if boxes is not None:
            check_boxes(images, boxes)

    def draw_for(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        seeds: Tensor,
        applied: Tensor,
    ) -> Parameters:
        """Draw targets, symmetries and places one paste after the other."""
        assert masks is not None  # `check` has seen to it
        low, high = self.settings.count_range
        high = max(high, 1)  # a place for none
        planes, owned = as_levels(images[:, 0]), masks[:, 0] > 0
        targets = self.finder(owned)
        wanted = low + below(
            uniform(seeds, _COUNT, 1)[:, 0], self.settings.count_range[1] - low + 1
        )
        # A box for every pasted target needs an empty row.
        most = wanted if boxes is None else torch.minimum(wanted, _empty_rows(boxes).sum(1))
        target, symmetry, scr, own_scr = self._choose(planes, owned, targets, seeds)
        stamps = turn_stamps(self._lift(planes, targets, target), symmetry)
        tries = uniform(seeds, _PLACE, high * _TRIES * 2).view(len(seeds), high, _TRIES, 2)
        white = full_scale(images.dtype) if is_whole(images.dtype) else None
        drawn: list[tuple[Tensor, Tensor, Tensor]] = []
        for number in range(high):
            stamp, scrs = stamps.pick(number), (scr[:, number], own_scr[:, number])
            where, gain, found = self._place(planes, owned, stamp, tries[:, number], scrs, white)
            drawn.append((where, gain, found & (number < most)))
            # Of several, each is pasted into what the ones before have left.
            planes, owned = _paste(planes, owned, stamp, *drawn[-1], white)
        places, gains, pasted = zip(*drawn, strict=True)
        return {
            "applied": applied,
            "wanted": wanted,
            "pasted": torch.stack(pasted, dim=1),
            "target": target,
            "symmetry": symmetry,
            "place": torch.stack(places, dim=1),
            "gain": torch.stack(gains, dim=1),
            "scr": scr,
        }

    def apply_to(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        parameters: Mapping[str, Any],
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Paste the targets."""
        assert masks is not None  # `check` has seen to it
        owned = masks[:, 0] > 0
        targets = self.finder(owned)
        white = full_scale(images.dtype) if is_whole(images.dtype) else None
        pasted = parameters["pasted"] & parameters["applied"][:, None]
        levels, changed = as_levels(images), owned
        first = planes = levels[:, 0]
        stamps = turn_stamps(
            self._lift(first, targets, parameters["target"]), parameters["symmetry"]
        )
        for number in range(pasted.shape[1]):
            how = (parameters["place"][:, number], parameters["gain"][:, number], pasted[:, number])
            planes, changed = _paste(planes, changed, stamps.pick(number), *how, white)
        # All channels are copies of one grey image, and get the same.
        levels = planes[:, None] if images.shape[1] == 1 else levels + (planes - first)[:, None]
        new = (changed & ~owned)[:, None]
        marked = torch.where(new, masks.amax((-2, -1), keepdim=True), masks)
        if boxes is not None:
            boxes = _add_boxes(boxes, stamps, parameters["place"], pasted)
        return from_levels(levels, images.dtype, full_scale(images.dtype)), marked, boxes

    def from_json(self, documents: Sequence[Mapping[str, Any]], images: Tensor) -> Parameters:
        """Return the parameters of a batch from those of single images."""
        check_count(documents, images)
        listed = [() if is_nothing(document) else document["pasted"] for document in documents]
        for document in documents:
            if not is_nothing(document) and document.get("halo") != self.settings.halo:
                raise ParameterError(
                    f"Expected a paste with halo {self.settings.halo}, as the transform has it, "
                    f"got {document.get('halo')!r}."
                )
        count = max([1, *map(len, listed)])
        whole = torch.zeros(len(documents), count, 5, dtype=torch.int64)
        gain = torch.zeros(len(documents), count, dtype=torch.float64)
        for row, pasted in enumerate(listed):
            for column, one in enumerate(pasted):
                numbers = [1, one["target"], one["symmetry"], *one["place"]]
                whole[row, column] = torch.tensor(numbers)
                gain[row, column] = one["gain"]
        wanted = [0 if is_nothing(document) else document["wanted"] for document in documents]
        tensors = {
            "applied": torch.tensor([not is_nothing(document) for document in documents]),
            "wanted": torch.tensor(wanted),
            "pasted": whole[..., 0] > 0,
            "target": whole[..., 1],
            "symmetry": whole[..., 2],
            "place": whole[..., 3:],
            "gain": gain,
            "scr": torch.full_like(gain, torch.nan),
        }
        return {name: tensor.to(images.device) for name, tensor in tensors.items()}

    def to_json(
        self,
        parameters: Mapping[str, Any],
        images: Tensor,  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        """Return parameters as the array version has them; waits for the device."""
        names = ("pasted", "target", "symmetry", "place", "gain", "scr")
        columns = zip(*(parameters[name].tolist() for name in names), strict=True)
        rows = zip(
            parameters["applied"].tolist(), parameters["wanted"].tolist(), columns, strict=True
        )
        documents: list[dict[str, Any]] = []
        for applied, wanted, column in rows:
            if not applied:
                documents.append({"op": "nothing"})
                continue
            pasted = [
                dict(zip(names[1:], [*values[:4], _finite(values[4])], strict=True))
                for there, *values in zip(*column, strict=True)
                if there
            ]
            head = {"op": "paste", "method": self.settings.method, "halo": self.settings.halo}
            documents.append({**head, "wanted": wanted, "pasted": pasted})
        return documents

    def shown(self) -> dict[str, Any]:
        """Return the parameters that `extra_repr` shows first."""
        return {**asdict(self.settings), "max_size": self.max_size}

    def _choose(
        self, planes: Tensor, owned: Tensor, targets: Targets, seeds: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Draw which targets are pasted, how they are turned, and their SCR, wished and own."""
        count = max(self.settings.count_range[1], 1)
        which, how, wish = uniform(seeds, _CHOICE, 3 * count).view(len(seeds), 3, count).unbind(1)
        low, high = targets.boxes[..., :2], targets.boxes[..., 2:]
        inside = (low >= 1).all(-1)
        inside = inside & (high[..., 0] < planes.shape[-2]) & (high[..., 1] < planes.shape[-1])
        fit = targets.valid & inside & ((high - low) <= self.max_size).all(-1)
        rank = fit.cumsum(1) - 1
        number = below(which, fit.sum(1, keepdim=True))
        meant = (rank[:, None] == number[..., None]) & fit[:, None]
        target = meant.to(torch.int64).argmax(-1)
        own_scr = measure(planes, owned, targets)[1].gather(1, target)
        scr = own_scr
        if self.settings.scr_range is not None:
            least, most = self.settings.scr_range
            scr = (least + (most - least) * wish).to(own_scr.dtype)
        symmetry = self._symmetries[below(how, len(self._symmetries))]
        return target, symmetry, scr, own_scr

    def _lift(self, planes: Tensor, targets: Targets, target: Tensor) -> Stamps:
        shape = (planes.shape[-2], planes.shape[-1])
        boxes = targets.boxes.gather(1, target[..., None].expand(-1, -1, 4))
        numbers = (target + 1) * targets.valid.gather(1, target)
        labels = label_map(targets, shape)
        return lift_targets(planes, labels, boxes, numbers, self.settings.halo, self.max_size)

    def _place(
        self,
        planes: Tensor,
        owned: Tensor,
        stamp: Stamps,
        tries: Tensor,
        scrs: tuple[Tensor, Tensor],
        white: float | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Draw a place for a target of each image: place (B, 2), gain (B,), found (B,)."""
        scr, own_scr = (part[:, None] for part in scrs)
        guard = (self.settings.guard - stamp.halo).clamp(min=0)
        place, free = free_places(integral(owned), tries[:, None], stamp.height, stamp.width, guard)
        gain, found = matching_gain(describe(planes, owned), stamp, place[:, 0], scr, white)
        # What the wished SCR asks for would be so at home too; the rest is due to the place.
        stretch, most = gain * own_scr / scr, self.settings.max_stretch
        found = found & (~own_scr.isfinite() | ((stretch >= 1 / most) & (stretch <= most)))
        # On a constant background any contrast is infinitely clear; it is left as it is.
        endless = scr == torch.inf
        gain = torch.where(endless, 1.0, gain)
        found = (found | endless) & (scr > 0) & free[:, 0] & stamp.lifted
        order = torch.arange(found.shape[1], 0, -1, device=found.device)
        first = (found * order).argmax(1, keepdim=True)
        where = place[:, 0].gather(1, first[..., None].expand(-1, -1, 2))[:, 0]
        return where, gain.gather(1, first)[:, 0], found.any(1)


def _paste(
    planes: Tensor,
    owned: Tensor,
    stamp: Stamps,
    place: Tensor,
    gain: Tensor,
    found: Tensor,
    white: float | None,
) -> tuple[Tensor, Tensor]:
    """Add one target to each image and to its mask."""
    tall, wide = (torch.where(found, side[:, 0], 0) for side in (stamp.height, stamp.width))
    added = stamp.contribution[:, 0] * gain.to(torch.float32)[:, None, None]
    index, values = put_patches(planes[:, None], added, place, tall, wide)
    flat = torch.cat([planes.flatten(), planes.new_zeros(1)])
    total = flat.gather(0, index.flatten()) + values.flatten()
    if white is not None:
        total = total.clamp_(0, white).round_()
    flat.scatter_(0, index.flatten(), total)
    marks = torch.cat([owned.flatten(), owned.new_zeros(1)])
    own = stamp.mask[:, 0].flatten()
    marks.scatter_(0, index.flatten(), marks.gather(0, index.flatten()) | own)
    return flat[:-1].view(planes.shape), marks[:-1].view(owned.shape)


def _empty_rows(boxes: Tensor) -> Tensor:
    return ~((boxes[..., 2] > boxes[..., 0]) & (boxes[..., 3] > boxes[..., 1]))


def _add_boxes(boxes: Tensor, stamps: Stamps, place: Tensor, pasted: Tensor) -> Tensor:
    """Return boxes with those of the pasted targets in the first empty rows."""
    top, left = (place + stamps.halo[..., None]).unbind(-1)
    tall, wide = stamps.height - 2 * stamps.halo, stamps.width - 2 * stamps.halo
    new = torch.stack([left, top, left + wide, top + tall], dim=-1).to(boxes.dtype)
    empty = _empty_rows(boxes)
    same = (empty.cumsum(1) - 1)[..., None] == (pasted.cumsum(1) - 1)[:, None]
    mine = same & empty[..., None] & pasted[:, None]
    filled = torch.einsum("bkn,bnc->bkc", mine.to(new.dtype), new)
    return torch.where(mine.any(-1, keepdim=True), filled, boxes)


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
