"""The layouts and forms that datasets are converted to, by name.

A new one is a file here and a line in `TARGETS`.
"""

from __future__ import annotations

from sirst5k.datasets.export.coco import CocoTarget
from sirst5k.datasets.export.folders import DNANET, GROKCV, IRSTD1K, SIRST
from sirst5k.datasets.export.target import Target
from sirst5k.datasets.export.yolo import YoloTarget
from sirst5k.errors import ParameterError, suggest

TARGETS: dict[str, Target] = {
    "dnanet": DNANET,
    "sirst": SIRST,
    "irstd1k": IRSTD1K,
    "grokcv": GROKCV,
    "coco": CocoTarget(),
    "yolo": YoloTarget(),
}


def find_target(name: str, yolo_labels: str = "segment") -> Target:
    """Return a target by name.

    Parameters
    ----------
    name : str
        A key of `TARGETS`.
    yolo_labels : {"segment", "box"}
        What YOLO labels are to hold.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    if name not in TARGETS:
        raise ParameterError(
            f"Expected a target of conversion, got {name!r}.{suggest(name, TARGETS)}"
        )
    return YoloTarget(yolo_labels) if name == "yolo" else TARGETS[name]
