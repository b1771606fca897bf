"""What all transforms of batches have in common: seeds, probability, draw and apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.memory import keep_freed_memory
from sirst5k.seeds import stable_hash
from sirst5k.transforms.torch.batch import check_pair
from sirst5k.transforms.torch.processor import on_processor
from sirst5k.transforms.torch.processor.whole import call_whole, give_number, is_whole_call
from sirst5k.transforms.torch.randomness import (
    any_seeds,
    check_seeds,
    counted_seeds,
    draw_seeds,
    uniform,
)

Parameters = dict[str, Any]
"""Tensors by name, with one row for each sample."""
# Written as text: where the documentation is built, torch is a stand-in that knows no `|`.
_Batch: TypeAlias = "tuple[Tensor, Tensor | None, Tensor | None]"

_APPLIED = 0  # the stream of random numbers that decides which samples are meant


class BatchTransform(nn.Module):
    """A transform of a batch of images and masks, on their device.

    Every sample has parameters of its own; a clip ``(B, C, T, H, W)`` has one set for all its
    frames. Nothing waits for a device, and no shape there depends on the data; for a processor
    see `sirst5k.transforms.torch.processor`. Whether the module is in training or evaluation mode
    makes no difference, as with torchvision and kornia: to leave images alone, do not call it.

    Subclasses implement `draw_for` and `apply_to`.

    Parameters
    ----------
    p : float
        Probability with which a sample is transformed, each for itself.
    seed : int, optional
        Makes the n-th call's draws follow from the seed, the epoch and n.
    """

    def __init__(self, p: float, seed: int | None) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ParameterError(f"Expected a probability p in [0, 1], got {p}.")
        if seed is not None and seed < 0:
            raise ParameterError(f"Expected a seed that is not negative, got {seed}.")
        self.p = float(p)
        self.seed = seed
        self._key = stable_hash(str(seed)) >> 1
        self._number = give_number(self)
        # On the device, and changed in place: a captured graph goes on counting.
        self.register_buffer("_clock", torch.zeros(2, dtype=torch.int64), persistent=False)

    def forward(
        self,
        images: Tensor,
        masks: Tensor | None = None,
        boxes: Tensor | None = None,
        *,
        generator: torch.Generator | None = None,
        seeds: Tensor | None = None,
    ) -> tuple[Tensor | None, ...]:
        """Draw parameters and apply them.

        Parameters
        ----------
        images : (B, 1, H, W) or (B, C, T, H, W) tensor
            ``uint8`` and ``uint16`` hold grey levels of 0 to 255 or 65535; those of float
            dtypes are fractions of full scale, 0 to 1, and are neither rounded nor clipped.
        masks : (B, 1, H, W) or (B, 1, T, H, W) tensor, optional
            Targets are where it is above 0; any dtype, which is kept.
        boxes : (B, K, 4) or (B, T, K, 4) tensor, optional
            Targets as x1, y1, x2, y2, half-open, in place of those found in the masks; rows
            with x2 <= x1 or y2 <= y1 are no targets. Moved and returned.
        generator : torch.Generator, optional
            On the images' device; draws this call's seeds.
        seeds : (B,) int64, optional
            One for each sample, as from `sample_seeds`; then nothing else is drawn from.

        Returns
        -------
        images, masks : tensors
            New ones, of their own dtypes; masks None if none were given.
        boxes : tensor
            Only if boxes were given.
        """
        check_pair(images, masks)
        self.check(images, masks, boxes)
        if len(images) == 0:
            kept = [part if part is None else part.clone() for part in (images, masks, boxes)]
            return tuple(kept if boxes is not None else kept[:2])
        each = self.seeds_for(images, generator, seeds)
        if not is_whole_call(images, masks, boxes):
            return self.change(images, masks, boxes, each)
        parts = call_whole(images, masks, boxes, each, self._number)
        marks = None if masks is None else parts[1]
        return (parts[0], marks) if boxes is None else (parts[0], marks, parts[-1])

    def draw(
        self,
        images: Tensor,
        masks: Tensor | None = None,
        generator: torch.Generator | None = None,
        *,
        boxes: Tensor | None = None,
        seeds: Tensor | None = None,
    ) -> Parameters:
        """Draw the parameters of a batch, without applying them.

        Returns
        -------
        dict of str to tensor
            Small: numbers for each sample and target, never pixels.
        """
        check_pair(images, masks)
        self.check(images, masks, boxes)
        if len(images) == 0:
            raise ShapeError("Expected at least one sample to draw parameters for, got none.")
        each = self.seeds_for(images, generator, seeds)
        return self.draw_for(images, masks, boxes, each, self.applied(each))

    def apply(
        self,
        images: Any,
        masks: Tensor | None = None,
        parameters: Mapping[str, Any] | None = None,
        boxes: Tensor | None = None,
    ) -> Any:
        """Apply parameters to the batch that they were drawn for, or one of its shape.

        Called with nothing but a function, it does what every module's ``apply`` does, so that
        a model with a transform inside can still be initialised that way.
        """
        if parameters is None and callable(images):
            return super().apply(images)
        check_pair(images, masks)
        self.check(images, masks, boxes)
        if parameters is None:
            raise ParameterError("Expected parameters to apply; draw them with draw(images, ...).")
        return _own(self.apply_to(images, masks, boxes, parameters), (images, masks, boxes))

    def check(self, images: Tensor, masks: Tensor | None, boxes: Tensor | None) -> None:
        """Raise an error if the transform cannot be applied to such a batch."""

    def change(
        self, images: Tensor, masks: Tensor | None, boxes: Tensor | None, seeds: Tensor
    ) -> tuple[Tensor | None, ...]:
        """Return what `forward` does, for a checked batch and the seeds of its samples."""
        if on_processor(images):
            keep_freed_memory()
        _, new, marks, moved = self.run(images, masks, boxes, seeds, self.applied(seeds))
        return _own((new, marks, moved), (images, masks, boxes))

    def run(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        seeds: Tensor,
        applied: Tensor,
    ) -> tuple[Parameters, Tensor, Tensor | None, Tensor | None]:
        """Draw parameters for a checked batch and apply them; see `draw_for`."""
        parameters = self.draw_for(images, masks, boxes, seeds, applied)
        return parameters, *self.apply_to(images, masks, boxes, parameters)

    def draw_for(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        seeds: Tensor,
        applied: Tensor,
    ) -> Parameters:
        """Draw parameters for a checked batch.

        Parameters
        ----------
        images, masks, boxes
            As for `forward`.
        seeds : (B,) int64
        applied : (B,) bool
            Which samples are meant; goes into the parameters under this name.
        """
        raise NotImplementedError

    def apply_to(
        self,
        images: Tensor,
        masks: Tensor | None,
        boxes: Tensor | None,
        parameters: Mapping[str, Any],
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Apply parameters to a checked batch.

        Returns
        -------
        images, masks, boxes : tensors
            Those that came in where nothing happens to them; `forward` and `apply` copy them.
        """
        raise NotImplementedError

    def from_json(self, documents: Sequence[Mapping[str, Any]], images: Tensor) -> Parameters:
        """Return the parameters of a batch from those of single images.

        Parameters
        ----------
        documents : sequence of mapping
            One for each sample, as the array version's ``draw`` returns them;
            ``{"op": "nothing"}`` leaves a sample alone.
        images : (B, 1, H, W) tensor
            The batch that they are meant for.
        """
        raise NotImplementedError

    def to_json(self, parameters: Mapping[str, Any], images: Tensor) -> list[dict[str, Any]]:
        """Return parameters as the array version has them; waits for the device."""
        raise NotImplementedError

    def prepare(self, images: Tensor) -> None:
        """Compute now what the first batch of such images would.

        Needed before a transform is compiled as one graph or captured, if it has not been
        called with images of this size yet.
        """

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch: with a seed, its calls are numbered anew and draw something else."""
        if epoch < 0:
            raise ParameterError(f"Expected an epoch that is not negative, got {epoch}.")
        self._clock.copy_(torch.tensor([epoch, 0]))

    def seeds_for(
        self, images: Tensor, generator: torch.Generator | None, seeds: Tensor | None
    ) -> Tensor:
        """Return one seed for each sample of a batch."""
        count, device = images.shape[0], images.device
        if seeds is not None:
            return check_seeds(seeds, count)
        if generator is not None:
            return draw_seeds(count, generator, device)
        if self.seed is None:
            return any_seeds(count, device)
        drawn = counted_seeds(self._key, self._clock.to(device), count)
        self._clock[1] += 1
        return drawn

    def applied(self, seeds: Tensor) -> Tensor:
        """Draw which samples are transformed: ``(B,)`` bool."""
        if self.p == 1:
            return torch.ones_like(seeds, dtype=torch.bool)
        return uniform(seeds, _APPLIED, 1)[:, 0] < self.p

    def extra_repr(self) -> str:
        """Return the parameters, for the module's ``repr``."""
        shown = {**self.shown(), "p": self.p}
        if self.seed is not None:
            shown["seed"] = self.seed
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())

    def shown(self) -> dict[str, Any]:
        """Return the parameters that `extra_repr` shows first."""
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Give a copy, or what was pickled, a number of its own."""
        super().__setstate__(state)
        self._number = give_number(self)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        """Move as every module does, but cast nothing: ``model.half()`` must not round tables."""

        def move(tensor: Tensor) -> Tensor:
            moved = fn(tensor)
            return moved if moved.dtype == tensor.dtype else tensor.to(moved.device)

        return super()._apply(move, recurse)


def _own(changed: _Batch, given: _Batch) -> tuple[Tensor | None, ...]:
    """Return what a batch has become: copies of what only went through, boxes if there are any."""
    own: list[Tensor | None] = []
    for part, before in zip(changed, given, strict=True):
        own.append(part if part is None or part is not before else part.clone())
    return tuple(own if given[2] is not None else own[:2])
