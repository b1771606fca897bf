"""Negative synthesis of batches: targets turned in their windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.negatives import PATCH_SIZES
from sirst5k.synthesis.parameters import AdaptiveNegatives, Negatives, PatchNegatives
from sirst5k.transforms.torch.batch import image_planes
from sirst5k.transforms.torch.boxes import check_boxes, move_boxes, read_boxes
from sirst5k.transforms.torch.finding import TargetFinder
from sirst5k.transforms.torch.module import BatchTransform, Parameters
from sirst5k.transforms.torch.processor import on_processor
from sirst5k.transforms.torch.processor.compiled import kernels
from sirst5k.transforms.torch.processor.namespaces import Array, count_up, namespace, single
from sirst5k.transforms.torch.processor.ragged import fullest, pad_rows
from sirst5k.transforms.torch.processor.turning import turn_windows
from sirst5k.transforms.torch.randomness import below, uniform
from sirst5k.transforms.torch.turn_json import turns_from_json, turns_to_json
from sirst5k.transforms.torch.turn_kernel import (
    feather_table,
    make_slots,
    schedule,
    turn_planes,
)
from sirst5k.transforms.torch.windows import check_patch_sizes, patch_windows, target_windows

_SYMMETRY, _CHOICE = 1, 2  # streams of random numbers


class NegativeRotation(BatchTransform):
    """Turn targets in windows around them, image and mask alike, on a batch's device.

    With method ``adaptive`` every target has a window of its own, by the rule of
    `sirst5k.negatives.target_windows`, and one of the symmetries that it allows, each alike.
    With ``patch`` one target, one patch size and one number of quarter turns are drawn for each
    sample, as published.

    Of a clip, a target is what its masks show over all frames together, so that a window holds
    the target's whole path; every frame is turned alike.

    Left alone are targets whose window has more than `max_area` pixels, or that come, in their
    image, after windows of so many pixels; those whose window overlaps, in a chain, with those
    of `passes` earlier ones; and every target of an image of which `find_targets` could not
    look at everything.

    Parameters
    ----------
    method : str
        ``adaptive`` or ``patch``.
    symmetries, margin, margin_ratio, seam
        Of ``adaptive``; see `sirst5k.negatives.target_windows` and `turn_target`.
    patch_sizes, quarter_turns
        Of ``patch``; see `sirst5k.negatives.rotation_window`.
    p : float
        Probability for each sample.
    seed : int, optional
        See `BatchTransform`.
    max_targets : int
        For how many targets of an image there is room.
    max_area : int
        Pixels of an image that can be turned.
    passes : int
        How many windows may overlap in a chain.

    Examples
    --------
    >>> images, masks = torch.zeros(2, 1, 32, 32), torch.zeros(2, 1, 32, 32, dtype=torch.bool)
    >>> images[:, :, 9:11, 9], masks[:, :, 9:11, 9] = 1.0, True
    >>> turn = NegativeRotation(symmetries=(1,), p=1.0)
    >>> turned, turned_masks = turn(images, masks)
    >>> turned_masks[0, 0].nonzero().tolist()
    [[9, 9], [9, 10]]
    """

    def __init__(
        self,
        method: str = "adaptive",
        *,
        symmetries: Sequence[int] = tuple(range(8)),
        margin: int = 3,
        margin_ratio: float = 0.5,
        seam: str = "feather",
        patch_sizes: Sequence[int] = (3,),
        quarter_turns: Sequence[int] = (0, 1, 2, 3),
        p: float = 0.5,
        seed: int | None = None,
        max_targets: int = 32,
        max_area: int = 4096,
        passes: int = 2,
    ) -> None:
        super().__init__(p, seed)
        self.settings: Negatives
        if method == "adaptive":
            self.settings = AdaptiveNegatives(tuple(symmetries), margin, margin_ratio, seam)
        elif method == "patch":
            self.settings = PatchNegatives(tuple(patch_sizes), tuple(quarter_turns))
        else:
            raise ParameterError(f"Expected a method adaptive or patch, got {method!r}.")
        if max_area < 1 or passes < 1:
            raise ParameterError(
                f"Expected max_area and passes of at least 1, got {max_area} and {passes}."
            )
        self.max_area, self.passes = max_area, passes
        self.finder = TargetFinder(max_targets)
        table = torch.from_numpy(feather_table(max_area))
        self.register_buffer("_table", table, persistent=False)
        sizes = [PATCH_SIZES.index(size) for size in getattr(self.settings, "patch_sizes", ())]
        self.register_buffer("_sizes", torch.tensor(sizes, dtype=torch.int64), persistent=False)
        turns = list(getattr(self.settings, "quarter_turns", ()))
        self.register_buffer("_turns", torch.tensor(turns, dtype=torch.int64), persistent=False)

    def check(self, images: Tensor, masks: Tensor | None, boxes: Tensor | None) -> None:
        """Raise an error without targets, or with windows that no image could hold."""
        if masks is None and boxes is None:
            raise ShapeError(
                "Expected masks or boxes: without them, where targets are is not known."
            )
        if boxes is not None:
            check_boxes(images, boxes)
        if isinstance(self.settings, PatchNegatives):
            check_patch_sizes(self.settings.patch_sizes, (images.shape[-2], images.shape[-1]))

    def draw_for(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        seeds: Tensor,
        applied: Tensor,
    ) -> Parameters:
        """Draw a symmetry for each target, or one target of each image."""
        shape = (images.shape[-2], images.shape[-1])
        box, valid, centres = self._targets(masks, boxes, shape)
        room = valid.shape[1]
        compiled = kernels("planning") if on_processor(valid) else None
        if compiled and isinstance(self.settings, AdaptiveNegatives):
            uniforms = uniform(seeds, _SYMMETRY, room)
            numbers = (part.numpy() for part in (box, valid, uniforms))
            settings = self.settings.margin, self.settings.margin_ratio, _bits(self.settings)
            planned = compiled.plan(*numbers, shape, *settings, self.max_area, self.passes)
            window, symmetry, margin, layer = map(torch.from_numpy, planned)
            drawn = {"window": window, "symmetry": symmetry, "margin": margin, "layer": layer}
            return {"applied": applied, **drawn}
        if on_processor(valid):
            # No longer rows than the fullest image needs; what is drawn does not depend on them.
            used = fullest(valid.numpy())
            box, valid, centres = box[:, :used], valid[:, :used], centres[:, :used]
        if isinstance(self.settings, AdaptiveNegatives):
            drawn = self._draw_adaptive(self.settings, box, valid, seeds, shape)
        else:
            drawn = self._draw_patch(valid, centres, seeds, shape)
        layer = schedule(drawn["window"], drawn["symmetry"], self.max_area, self.passes)
        drawn["symmetry"] = torch.where(layer >= 0, drawn["symmetry"], 0)
        short = room - valid.shape[1]
        if short:
            drawn = {name: pad_rows(part, short, 0) for name, part in drawn.items()}
            layer = pad_rows(layer, short, -1)
        return {"applied": applied, **drawn, "layer": layer}

    def apply_to(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        parameters: Mapping[str, Any],
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Turn the windows."""
        window, symmetry, margin, layer = (
            parameters[name] for name in ("window", "symmetry", "margin", "layer")
        )
        layer = torch.where(parameters["applied"][:, None], layer, -1)
        blend = isinstance(self.settings, AdaptiveNegatives) and self.settings.seam == "feather"
        kinds = [(image_planes(images), blend)]
        if masks is not None:
            kinds.append((image_planes(masks), False))
        turned = self._turn(kinds, window, symmetry, margin, layer)
        turned_masks = None if masks is None else turned[1].view(masks.shape)
        if boxes is not None:
            boxes = move_boxes(boxes, window, torch.where(layer >= 0, symmetry, 0))
        return turned[0].view(images.shape), turned_masks, boxes

    def from_json(self, documents: Sequence[Mapping[str, Any]], images: Tensor) -> Parameters:
        """Return the parameters of a batch from those of single images."""
        return turns_from_json(
            documents, images, self.settings, self.finder.max_targets, self.max_area, self.passes
        )

    def to_json(
        self,
        parameters: Mapping[str, Any],
        images: Tensor,  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        """Return parameters as the array version has them; waits for the device."""
        return turns_to_json(parameters, self.settings)

    def shown(self) -> dict[str, Any]:
        """Return the parameters that `extra_repr` shows first."""
        return {
            "method": self.settings.method,
            **asdict(self.settings),
            "max_area": self.max_area,
            "passes": self.passes,
        }

    def _targets(
        self, masks: Tensor | None, boxes: Tensor | None, shape: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes, which of them are targets, and their rounded centres."""
        if boxes is not None:
            box, valid = read_boxes(boxes, shape)
            return box, valid, (box[..., :2] + box[..., 2:] - 1) // 2
        assert masks is not None  # `check` has seen to it
        return self.finder.locate(masks)

    def _turn(
        self,
        kinds: list[tuple[Tensor, bool]],
        window: Tensor,
        symmetry: Tensor,
        margin: Tensor,
        layer: Tensor,
    ) -> list[Tensor]:
        """Return planes of images and masks with their windows turned, blended or not."""
        tall, wide = kinds[0][0].shape[-2:]
        if on_processor(window, *(planes for planes, _ in kinds)):
            parts = [part.numpy() for part in (window, symmetry, margin, layer)]
            return turn_windows(kinds, *parts)
        # Windows of one pass do not overlap: small images need fewer slots.
        count = min(self.max_area, self.passes * tall * wide)
        slots = make_slots(window, symmetry, margin, layer, wide, self._table, count)
        return [turn_planes(planes, slots, self.passes, blend) for planes, blend in kinds]

    def _draw_adaptive(
        self,
        settings: AdaptiveNegatives,
        boxes: Tensor,
        valid: Tensor,
        seeds: Tensor,
        shape: tuple[int, int],
    ) -> Parameters:
        windows = target_windows(boxes, valid, shape, settings.margin, settings.margin_ratio)
        allowed = windows.allowed & _bits(settings)
        uniforms = uniform(seeds, _SYMMETRY, valid.shape[1])
        return {
            "window": windows.window,
            "symmetry": _draw_bit(allowed, uniforms),
            "margin": windows.margin,
        }

    def _draw_patch(
        self, valid: Tensor, centres: Tensor, seeds: Tensor, shape: tuple[int, int]
    ) -> Parameters:
        target, size, turn = uniform(seeds, _CHOICE, 3).unbind(1)
        count = valid.sum(1)
        # Boxes may leave gaps between the rows that are targets.
        rank = valid.cumsum(1) - 1
        chosen = valid & (rank == below(target, count)[:, None])
        centre = torch.where(chosen[..., None], centres, 0).sum(1)
        sizes = self._sizes[below(size, len(self._sizes))]
        turns = self._turns[below(turn, len(self._turns))]
        window = patch_windows(centre, sizes, shape)
        # The published script flips the largest patch before it turns it.
        symmetry = turns + torch.where(sizes == len(PATCH_SIZES) - 1, 4, 0)
        symmetry = torch.where(count > 0, symmetry, 0)
        # A row for every target, of which one is meant: boxes move by their rows.
        mine = chosen.to(torch.int64)
        return {
            "window": window[:, None] * mine[..., None],
            "symmetry": symmetry[:, None] * mine,
            "margin": torch.zeros_like(mine),
        }


def _bits(settings: AdaptiveNegatives) -> int:
    """Return the symmetries to choose from as bits."""
    return sum(1 << symmetry for symmetry in set(settings.symmetries))


def _draw_bit(bits: Tensor, uniforms: Tensor) -> Tensor:
    """Draw one of the bits that are set, 0 where none is."""
    if on_processor(bits, uniforms):
        return torch.from_numpy(_choose_bit(bits.numpy(), uniforms.numpy()))
    chosen: Tensor = _choose_bit(bits, uniforms)
    return chosen


def _choose_bit(bits: Array, uniforms: Array) -> Array:
    there = (bits[..., None] >> count_up(8, bits)) & 1
    reached = there.cumsum(-1)
    # In 32 bits, as everywhere: a product that is rounded up to a whole number counts as that.
    number = namespace(bits).floor(uniforms * single(reached[..., -1]))
    number = namespace(bits).minimum(number, single(reached[..., -1] - 1))
    place = (reached <= number[..., None]).sum(-1)
    return namespace(bits).where(bits > 0, place, 0)
