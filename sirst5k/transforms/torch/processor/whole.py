"""A transform's call as one operation of a compiled graph, where the graph runs on a processor.

Fixed shapes are what a graph for a GPU is made of. On a processor they cost ten times what the
shapes of the data do, compiled or not, so that there a graph holds the call as a whole: an
operation that nobody looks into, and that does what a call outside of any graph does.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from sirst5k.transforms.torch.processor import in_memory

if TYPE_CHECKING:
    from sirst5k.transforms.torch.module import BatchTransform

_numbers = count()
_numbered: WeakValueDictionary[int, BatchTransform] = WeakValueDictionary()


def give_number(transform: BatchTransform) -> int:
    """Return the number by which a graph names a transform: a graph holds no objects."""
    number = next(_numbers)
    _numbered[number] = transform
    return number


def is_whole_call(*tensors: Tensor | None) -> bool:
    """Return whether a graph is being traced that is to hold a call on these tensors as a whole.

    They lie in memory, and no gradient flows through them: for it, a graph must know what is done.
    """
    return torch.compiler.is_compiling() and in_memory(*tensors)


# The schema is written down: torch 2.4 reads none from annotations that are strings.
_SCHEMA = "(Tensor images, Tensor? masks, Tensor? boxes, Tensor seeds, int number) -> Tensor[]"


@torch.library.custom_op("sirst5k::transform", mutates_args=(), schema=_SCHEMA)
def call_whole(
    images: Tensor, masks: Tensor | None, boxes: Tensor | None, seeds: Tensor, number: int
) -> list[Tensor]:
    """Return what the transform of a number makes of a batch; of masks and boxes if there are any.

    Parameters
    ----------
    images, masks, boxes
        As for `BatchTransform.forward`.
    seeds : (B,) int64
    number : int
        From `give_number`.
    """
    changed = _numbered[number].change(images, masks, boxes, seeds)
    return [part.contiguous() for part in changed if part is not None]


@call_whole.register_fake
def _(
    images: Tensor,
    masks: Tensor | None,
    boxes: Tensor | None,
    seeds: Tensor,  # noqa: ARG001
    number: int,  # noqa: ARG001
) -> list[Tensor]:
    given = [part for part in (images, masks, boxes) if part is not None]
    return [torch.empty_like(part, memory_format=torch.contiguous_format) for part in given]
