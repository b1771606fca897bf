"""How the published weights of SSTNet are named, and what their shapes say."""

from __future__ import annotations

import re
from typing import Any

from sirst5k.detectors.networks.box_head import PUBLISHED_HEAD
from sirst5k.detectors.networks.darknet import PUBLISHED_DARKNET
from sirst5k.detectors.networks.published import Renaming, Shapes, kernel_shape, renamed
from sirst5k.errors import WeightsError

# Entries that a network without the part that has them leaves out.
DEAD = ("mapping0.*", "mapping1.*", "mapping2.*", "SSTNet.*", "neck.weight.*")
_RENAMING: Renaming = (
    (r"^extractor\.merge_sixteenth\.", "backbone.C3_p4."),
    (r"^extractor\.merge_eighth\.", "backbone.C3_p3."),
    (r"^extractor\.lateral\.", "backbone.lateral_conv0."),
    (r"^extractor\.reduce\.", "backbone.reduce_conv1."),
    (r"^extractor\.body\.", "backbone.backbone."),
    *PUBLISHED_DARKNET,
    *PUBLISHED_HEAD,
    (r"^neck\.gate\.", "neck.conv_ref."),
    (r"^neck\.current\.", "neck.conv_cur."),
    (r"^neck\.mix_current\.", "neck.conv_cr_mix."),
    (r"^neck\.pair\.", "neck.conv_gl."),
    (r"^neck\.mix_pairs\.", "neck.conv_gl_mix."),
    (r"^neck\.final\.", "neck.conv_final."),
    (r"^neck\.frame_weights\.", "neck.weight."),
    (r"^unused\.", "mapping0.0."),
    (r"^motion\.encode\.", "mapping1."),
    (r"^motion\.decode\.", "mapping2."),
    (r"^motion\.memory\.cells\.(\d+)\.crossing\.", r"motion.memory.cells.\1."),
)
_CELL: Renaming = (
    (r"\.cells\.(\d+)\.gates\.", r".cells.\1.conv."),
    (r"\.cross_gates\.", ".conv2."),
    (r"\.mix_past\.", ".mm1."),
    (r"\.mix_future\.", ".mm2."),
)


def published_key(key: str) -> str:
    """Return what an entry of our `SSTNet` is called in published weights.

    Examples
    --------
    >>> published_key("extractor.body.stages.1.1.blocks.0.first.norm.weight")
    'backbone.backbone.dark3.1.m.0.conv1.bn.weight'
    >>> published_key("motion.memory.cells.00.crossing.gates.bias")
    'SSTNet.cell_list.00.motion.0.bias'
    """
    # The crossing has gates of its own, which must not be taken for the cell's.
    key = re.sub(r"\.crossing\.gates\.", ".crossing.motion.0.", key)
    for renaming in (_RENAMING, _CELL, ((r"^motion\.memory\.cells\.", "SSTNet.cell_list."),)):
        key = renamed(key, renaming)
    return key


def read_options(shapes: Shapes) -> dict[str, Any]:
    """Return the fields of an `SSTNetConfig` that published weights have.

    Raises
    ------
    WeightsError
        If they are not weights of an SSTNet.
    """
    stem = kernel_shape(shapes, "backbone.backbone.stem.conv.conv.weight", "SSTNet")
    width = kernel_shape(shapes, "neck.conv_cur.0.conv.weight", "SSTNet")[1]
    past = kernel_shape(shapes, "neck.conv_ref.0.conv.weight", "SSTNet")[1] // width
    classes = kernel_shape(shapes, "head.cls_preds.0.weight", "SSTNet")[0]
    cells = {found[1] for key in shapes if (found := re.match(r"SSTNet\.cell_list\.(\d\d)\.", key))}
    if past < 1 or stem[1] % 4:
        raise WeightsError(
            f"Expected weights of SSTNet, whose stem has four inputs for each channel and whose "
            f"gate sees two frames or more, got {stem[1]} and {past + 1}."
        )
    return {
        "in_channels": stem[1] // 4,
        "frames": past + 1,
        "classes": classes,
        "width": width / 128,
        "slices": 1 + max((int(cell[0]) for cell in cells), default=0),
        "layers": 1 + max((int(cell[1]) for cell in cells), default=0),
        "motion_branch": "mapping1.0.weight" in shapes,
    }
