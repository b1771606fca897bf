"""The targets of a batch as one tensor."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.losses.assignment import Targets


def gather_targets(
    raw: Tensor,
    boxes: Sequence[Tensor] | Tensor,
    classes: Sequence[Tensor] | Tensor | None = None,
    counts: Tensor | None = None,
) -> Targets:
    """Return the targets of a batch padded to one number, at least one, beside the raw map.

    Parameters
    ----------
    raw : (B, 5 + C, h, w) floating
        Whose dtype and device the result has.
    boxes, classes, counts
        As `YOLOXLoss.forward` takes them.

    Raises
    ------
    ShapeError
        If there are not as many images, or classes, as there should be.
    ParameterError
        If a class is not known.
    """
    batch, kinds = len(raw), raw.shape[1] - 5
    if len(boxes) != batch or (classes is not None and len(classes) != batch):
        raise ShapeError(
            f"Expected boxes, and classes if any, for each of {batch} images, got "
            f"{len(boxes)} and {'none' if classes is None else len(classes)}."
        )
    each = [_boxes(image) for image in boxes]
    if classes is None:
        named = [image.new_zeros(len(image), dtype=torch.int64) for image in each]
    else:
        named = [_classes(image, kinds) for image in classes]
    for image, names in zip(each, named, strict=True):
        if len(image) != len(names):
            raise ShapeError(f"Expected {len(image)} classes, one a box, got {len(names)}.")
    # One more image of one target, so that there is something to look at.
    each.append(raw.new_zeros(1, 4))
    named.append(raw.new_zeros(1, dtype=torch.int64))
    padded = pad_sequence([image.to(raw) for image in each], batch_first=True)[:batch]
    names = pad_sequence([image.to(raw.device) for image in named], batch_first=True)[:batch]
    if counts is None:
        counts = torch.tensor([len(image) for image in each[:batch]])
    place = torch.arange(padded.shape[1], device=raw.device)
    return Targets(padded, names, place < counts.to(raw.device)[:, None])


def _boxes(boxes: Tensor) -> Tensor:
    if boxes.numel() == 0:  # published data have no boxes as a tensor of shape (0,)
        return boxes.new_zeros(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ShapeError(
            f"Expected boxes (n, 4) as centre x and y, width and height, got "
            f"{tuple(boxes.shape)}. Classes go apart."
        )
    return boxes


def _classes(classes: Tensor, kinds: int) -> Tensor:
    # Looked at only where that does not make a GPU wait.
    if classes.device.type == "cpu" and classes.numel():
        least, most = int(classes.min()), int(classes.max())
        if least < 0 or most >= kinds:
            raise ParameterError(
                f"Expected classes from 0 to {kinds - 1}, as the raw map has {kinds}, got "
                f"{least if least < 0 else most}."
            )
    return classes.reshape(-1).long()
