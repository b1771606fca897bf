"""The head of both video networks: class, box and objectness of every cell."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sirst5k.detectors.networks.convolution_unit import ConvolutionUnit, pair_of_units
from sirst5k.detectors.networks.published import Renaming


class BoxHead(nn.Module):
    """Two towers, as YOLOX has them, on features at an eighth of the resolution.

    Parameters
    ----------
    inputs, width : int
        Channels of the features, and inside the head.
    classes : int
    """

    def __init__(self, inputs: int, width: int, classes: int) -> None:
        super().__init__()
        self.stem = ConvolutionUnit(inputs, width)
        self.class_tower = pair_of_units(width, width, width)
        self.box_tower = pair_of_units(width, width, width)
        self.class_logits = nn.Conv2d(width, classes, 1)
        self.box = nn.Conv2d(width, 4, 1)
        self.objectness = nn.Conv2d(width, 1, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return the ``(B, 5 + classes, h, w)`` raw map: box, objectness, classes."""
        seen = self.stem(features)
        boxes = self.box_tower(seen)
        classes = self.class_logits(self.class_tower(seen))
        return torch.cat((self.box(boxes), self.objectness(boxes), classes), dim=1)


PUBLISHED_HEAD: Renaming = (
    (r"^head\.stem\.", "head.stems.0."),
    (r"^head\.class_tower\.", "head.cls_convs.0."),
    (r"^head\.box_tower\.", "head.reg_convs.0."),
    (r"^head\.class_logits\.", "head.cls_preds.0."),
    (r"^head\.box\.", "head.reg_preds.0."),
    (r"^head\.objectness\.", "head.obj_preds.0."),
)
"""How the parts of the head are called in published weights."""
