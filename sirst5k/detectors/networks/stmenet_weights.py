"""How the published weights of STMENet are named, and what their shapes say."""

from __future__ import annotations

from typing import Any

from sirst5k.detectors.networks.box_head import PUBLISHED_HEAD
from sirst5k.detectors.networks.darknet import PUBLISHED_DARKNET
from sirst5k.detectors.networks.published import Renaming, Shapes, kernel_shape, renamed
from sirst5k.errors import WeightsError

DEAD = ("feature_fusion.C3_p4.*", "feature_fusion.C3_p3.*")
_TEMPORAL: Renaming = (
    (r"^temporal\.stem\.", "backbone_3d.backbone.conv1."),
    (r"^temporal\.units\.", "backbone_3d.backbone.features."),
    (r"\.short\.", ".banch1."),
    (r"\.long\.", ".banch2."),
)
_ENCODER: Renaming = (
    *((rf"^encoders\.{index}\.", f"cls_channel_encoders{index + 1}.") for index in range(3)),
    (r"\.refine\.", ".fuse_time.0."),
    (r"\.fuse_time\.0\.mix\.", ".fuse_time.0.conv."),
    (r"\.gate\.squeeze\.", ".ca.fc1."),
    (r"\.gate\.excite\.", ".ca.fc2."),
    (r"\.square\.", ".dconv5_5."),
    *((rf"\.rows\.{index}\.", f".dconv1_{k}.") for index, k in enumerate((7, 11, 21))),
    *((rf"\.columns\.{index}\.", f".dconv{k}_1.") for index, k in enumerate((7, 11, 21))),
    (r"\.fuse\.([013])\.", r".fuse_convs.\1.convs."),
    (r"\.fuse\.", ".fuse_convs."),
    (r"\.gain$", ".gamma"),
)
_FUSION: Renaming = (
    (r"^lateral\.", "feature_fusion.lateral_conv0."),
    (r"^reduce\.", "feature_fusion.reduce_conv1."),
    *((rf"^refine\.{index}\.", f"feature_fusion.C3_p4.conv{index + 1}.") for index in range(3)),
    *(
        (rf"^unused\.{block}\.{index}\.", f"feature_fusion.C3_p{4 - block}.conv{index + 1}.")
        for block in range(2)
        for index in range(3)
    ),
)


def published_key(key: str) -> str:
    """Return what an entry of our `STMENet` is called in published weights.

    Examples
    --------
    >>> published_key("temporal.units.0.short.0.weight")
    'backbone_3d.backbone.features.0.banch1.0.weight'
    >>> published_key("encoders.1.refine.columns.0.bias")
    'cls_channel_encoders2.fuse_time.0.dconv7_1.bias'
    >>> published_key("encoders.1.fuse.2.gain")
    'cls_channel_encoders2.fuse_convs.2.gamma'
    """
    if key.startswith("temporal."):
        return renamed(key, _TEMPORAL)
    if key.startswith("encoders."):
        return renamed(key, _ENCODER)
    key = renamed(key, ((r"^spatial\.", "backbone.backbone."), *_FUSION))
    return renamed(key, (*PUBLISHED_DARKNET, *PUBLISHED_HEAD))


def read_options(shapes: Shapes) -> dict[str, Any]:
    """Return the fields of an `STMENetConfig` that published weights have.

    Raises
    ------
    WeightsError
        If they are not weights of an STMENet.
    """
    stem = kernel_shape(shapes, "backbone.backbone.stem.conv.conv.weight", "STMENet")
    if shapes.get("backbone_3d.backbone.conv1.0.weight", ())[1:2] != (stem[1] // 4,):
        raise WeightsError(
            "Expected weights of STMENet, whose networks of frame and clip see the same "
            f"channels, got {stem[1]} / 4 and the kernel "
            f"{shapes.get('backbone_3d.backbone.conv1.0.weight', 'of none')}."
        )
    width = kernel_shape(shapes, "feature_fusion.lateral_conv0.conv.weight", "STMENet")[0]
    classes = kernel_shape(shapes, "head.cls_preds.0.weight", "STMENet")[0]
    block = shapes.get("feature_fusion.C3_p4.conv3.conv.weight", (0,))
    return {
        "in_channels": stem[1] // 4,
        "classes": classes,
        "width": width / 128,
        # The block that is called gives as many channels as it takes.
        "variant": "irdst" if block[0] == 2 * width else "daub",
    }
