"""Whole protocols by name: each paper's own, and the common one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sirst5k.errors import ParameterError, suggest
from sirst5k.training.augmentation import PUBLISHED

# What a protocol sets beside the defaults of `TrainingConfig`. Sources:
# ../shared/networks/single-frame.md section 6 and ../shared/protocol/training.md.
_ADAGRAD = {"name": "adagrad", "lr": 0.05, "weight_decay": 0.0}
_CONSTANT = {"name": "constant", "warm_up": 0.0}

PROTOCOLS: dict[str, dict[str, Any]] = {
    "fair": {
        "augmentation": {"crop": 256, "flip_vertical": 0.5, "quarter_turn": 0.5, "on_target": 0.5},
        "steps": 40_000,
    },
    "dnanet": {
        "in_channels": 3,
        "normalisation": "imagenet",
        "augmentation": PUBLISHED["dnanet"],
        # The cosine that the code announces is stepped once, at construction.
        "optimizer": _ADAGRAD,
        "schedule": _CONSTANT,
        "batch_size": 16,
        "epochs": 1500,
        "frame": 256,
        "precision": "32-true",
    },
    "mshnet": {
        "in_channels": 3,
        "normalisation": "imagenet",
        "augmentation": PUBLISHED["mshnet"],
        "optimizer": _ADAGRAD,
        "schedule": _CONSTANT,
        "batch_size": 4,
        "epochs": 400,
        "frame": 256,
        "precision": "32-true",
    },
    "dstransnet": {
        "in_channels": 3,
        "augmentation": PUBLISHED["dstransnet"],
        "optimizer": {"name": "adam", "lr": 1e-3, "weight_decay": 0.0},
        "schedule": {"name": "dstransnet"},
        "batch_size": 8,
        "drop_last": False,
        "epochs": 500,
        "frame": 256,
        "precision": "32-true",
    },
}

# The same for detectors of boxes in clips. Source: ../shared/networks/video.md section 9.1.
_WHOLE = {"scale_range": (1.0, 1.0), "blur": 0.0}  # frames are letterboxed, and stay sharp
_YOLOX = {
    "in_channels": 3,
    "normalisation": "imagenet",
    "augmentation": {"crop": 512, "flip_horizontal": 0.0, **_WHOLE},
    "optimizer": {
        "name": "sgd",
        # 1e-2 by batch/64, at the published batch; not scaled with another one.
        "lr": 6.25e-4,
        "weight_decay": 5e-4,
        "momentum": 0.937,
        "nesterov": True,
        "groups": "yolox",
    },
    "schedule": {"name": "yolox", "final_ratio": 0.01},
    "batch_size": 4,
    "epochs": 100,
    "epochs_per_pass": 5,
    "whole_boxes": True,
    "ema": 0.9999,
    "ema_updates": 2000.0,
    "precision": "32-true",
    "select_by": "ap50",
}

CLIP_PROTOCOLS: dict[str, dict[str, Any]] = {
    "fair": {
        "prior": 0.01,  # as YOLOX begins, and the published video codes do not
        "augmentation": {"crop": 512, "flip_vertical": 0.5, "quarter_turn": 0.5, **_WHOLE},
        "batch_size": 8,
        "steps": 40_000,
        "gradient_clip": 10.0,
        "ema": 0.999,
        "select_by": "ap50",
    },
    "sstnet": _YOLOX,
    "stmenet": _YOLOX,
}


def protocol(name: str, task: str = "masks") -> Mapping[str, Any]:
    """Return what a protocol sets.

    Parameters
    ----------
    name : str
    task : str
        What the detector finds: ``masks`` in a frame or ``boxes`` in a clip.

    Raises
    ------
    ParameterError
        If there is none of that name for the task.
    """
    known = CLIP_PROTOCOLS if task == "boxes" else PROTOCOLS
    if name not in known:
        either = {**PROTOCOLS, **CLIP_PROTOCOLS}
        if name in either:
            raise ParameterError(
                f"The protocol {name} is not for detectors of {task}. There are {', '.join(known)}."
            )
        raise ParameterError(f"There is no protocol {name!r}.{suggest(name, known)}")
    return known[name]
