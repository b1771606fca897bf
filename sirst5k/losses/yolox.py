"""The loss of the video networks: boxes, objectness and classes as YOLOX weighs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sirst5k.cells import decode_cells
from sirst5k.errors import ParameterError, ShapeError, suggest
from sirst5k.losses.assignment import Assignment, Targets, assign
from sirst5k.losses.box_overlap import BOX_LOSSES
from sirst5k.losses.overlap import check_range
from sirst5k.losses.targets import gather_targets


@dataclass(frozen=True, slots=True, eq=False)
class LossParts:
    """A loss and what it is made of, each a scalar tensor.

    Attributes
    ----------
    total : () floating
        What to call ``backward`` on: the weighted sum of the others.
    box, objectness, classification : () floating
        Sums over cells divided by `foreground`, not weighted.
    motion : () floating
        Of the network's motion branch; 0 without one.
    foreground : () int64
        Cells that answer for a target, in the whole batch.
    """

    total: Tensor
    box: Tensor
    objectness: Tensor
    classification: Tensor
    motion: Tensor
    foreground: Tensor

    def to_dict(self) -> dict[str, float]:
        """Return the values as numbers; waits for the device."""
        return {name: float(getattr(self, name).detach()) for name in self.__dataclass_fields__}


class YOLOXLoss(nn.Module):
    """Boxes, objectness and classes of the cells that SimOTA assigns to targets.

    With F foreground cells in the batch, at least 1::

        total = (5 · Σ_F (1 - IoU²) + Σ_all BCE(objectness, F) + Σ_F BCE(class, IoU)) / F

    plus the motion term of networks that have one. A frame without targets contributes only
    its objectness. Targets beside the frame that no cell is near are passed over.

    Parameters
    ----------
    stride : int
        Side of a cell in pixels.
    box_weight, motion_weight : float
        5 and 1 as published.
    box : {"iou", "giou", "ciou"}
        The published code has all three and uses the first.

    Examples
    --------
    >>> raw = torch.zeros(2, 6, 8, 8)
    >>> loss = YOLOXLoss()([raw], [torch.tensor([[20.0, 28.0, 8.0, 8.0]]), torch.zeros(0, 4)])
    >>> loss.foreground
    tensor(1)
    """

    def __init__(
        self,
        stride: int = 8,
        box_weight: float = 5.0,
        motion_weight: float = 1.0,
        box: str = "iou",
    ) -> None:
        super().__init__()
        if box not in BOX_LOSSES:
            raise ParameterError(f"There is no box loss {box!r}.{suggest(box, BOX_LOSSES)}")
        self.stride = int(check_range("stride", stride, 1))
        self.box_weight = check_range("box_weight", box_weight, 0)
        self.motion_weight = check_range("motion_weight", motion_weight, 0)
        self.box = box

    def forward(
        self,
        maps: Sequence[Tensor] | Tensor,
        boxes: Sequence[Tensor] | Tensor,
        classes: Sequence[Tensor] | Tensor | None = None,
        extras: Mapping[str, Tensor] | None = None,
        counts: Tensor | None = None,
    ) -> LossParts:
        """Return the loss.

        Parameters
        ----------
        maps : list of one (B, 5 + C, h, w) floating tensor, or that tensor
            What a `VideoNetwork` returns.
        boxes : list of B (n, 4) floating tensors, or one (B, G, 4)
            Centre x and y, width and height in pixels of the network's input.
        classes : list of B (n,) int64 tensors, or one (B, G), optional
            0 for every target by default.
        extras : mapping of str to scalar tensor, optional
            What `VideoNetwork.supervise` returns beside the maps.
        counts : (B,) int64, optional
            How many boxes of a padded tensor are targets; all by default.

        Returns
        -------
        LossParts
            In float32, or float64 for float64 maps.

        Raises
        ------
        ShapeError
            If the shapes do not fit one another.
        ParameterError
            If an extra term is not known.
        """
        raw = _only_map(maps)
        raw = raw if raw.dtype == torch.float64 else raw.float()
        targets = gather_targets(raw, boxes, classes, counts)
        decoded, scores = decode_cells(raw, self.stride), raw[:, 4:].flatten(2).transpose(1, 2)
        found = self.assign(raw, targets)
        mask = found.foreground

        wanted = _of_target(targets.boxes, found.target)
        # Cells without a target are compared with themselves, and nothing of them is kept.
        wanted = torch.where(mask[..., None], wanted, torch.ones_like(wanted))
        apart = BOX_LOSSES[self.box](decoded, wanted)
        objectness = F.binary_cross_entropy_with_logits(
            scores[..., 0], mask.to(raw.dtype), reduction="sum"
        )
        count = mask.sum()
        share = count.clamp(min=1)
        box = torch.where(mask, apart, 0).sum() / share
        objectness = objectness / share
        classification = self._classification(scores[..., 1:], targets, found) / share
        motion = self._motion(extras, raw)
        total = self.box_weight * box + objectness + classification + self.motion_weight * motion
        return LossParts(total, box, objectness, classification, motion, count)

    def assign(self, raw: Tensor, targets: Targets) -> Assignment:
        """Return which cells of a raw map answer for which targets."""
        rows, columns = raw.shape[-2:]
        y, x = torch.meshgrid(
            torch.arange(rows, dtype=raw.dtype, device=raw.device),
            torch.arange(columns, dtype=raw.dtype, device=raw.device),
            indexing="ij",
        )
        centres = (torch.stack((x, y), dim=-1).flatten(0, 1) + 0.5) * self.stride
        scores = raw[:, 4:].flatten(2).transpose(1, 2)
        with torch.no_grad():
            boxes = decode_cells(raw, self.stride)
            return assign(boxes, scores, centres, targets, self.stride)

    def extra_repr(self) -> str:
        """Return the parameters, for ``repr``."""
        return (
            f"stride={self.stride}, box_weight={self.box_weight}, "
            f"motion_weight={self.motion_weight}, box={self.box!r}"
        )

    def _classification(self, logits: Tensor, targets: Targets, found: Assignment) -> Tensor:
        kinds = targets.classes.gather(1, found.target)
        soft = torch.zeros_like(logits).scatter(2, kinds[..., None], found.iou[..., None])
        entropy = F.binary_cross_entropy_with_logits(logits, soft, reduction="none").sum(-1)
        return torch.where(found.foreground, entropy, 0).sum()

    def _motion(self, extras: Mapping[str, Tensor] | None, raw: Tensor) -> Tensor:
        for name in extras or {}:
            if name != "motion":
                raise ParameterError(f"Expected no extra term but motion, got {name!r}.")
        motion = (extras or {}).get("motion")
        return raw.new_zeros(()) if motion is None else motion.to(raw.dtype)


def _only_map(maps: Sequence[Tensor] | Tensor) -> Tensor:
    raw = maps if isinstance(maps, Tensor) else maps[0] if len(maps) == 1 else None
    if raw is None or raw.ndim != 4 or raw.shape[1] < 6:
        came = tuple(raw.shape) if raw is not None else f"{len(maps)} maps"
        raise ShapeError(f"Expected one raw map (B, 5 + classes, h, w), got {came}.")
    return raw


def _of_target(values: Tensor, target: Tensor) -> Tensor:
    """Return what ``(B, G, 4)`` values say of the ``(B, A)`` targets."""
    return values.gather(1, target[..., None].expand(-1, -1, values.shape[-1]))
