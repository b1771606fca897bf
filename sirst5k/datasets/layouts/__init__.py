"""Layouts of datasets on disk, in the order in which they are tried.

A new one is a file here and a line in `LAYOUTS`.
"""

from __future__ import annotations

from sirst5k.datasets.layouts.basicirstd import BASICIRSTD
from sirst5k.datasets.layouts.coco import COCO
from sirst5k.datasets.layouts.dnanet import DNANET
from sirst5k.datasets.layouts.grokcv import GROKCV
from sirst5k.datasets.layouts.irdst_real import IRDST_REAL
from sirst5k.datasets.layouts.irstd1k import IRSTD1K
from sirst5k.datasets.layouts.layout import Found, Layout
from sirst5k.datasets.layouts.mdvsfa import MDVSFA
from sirst5k.datasets.layouts.mshnet import MSHNET
from sirst5k.datasets.layouts.nudt_sirst import NUDT_SIRST
from sirst5k.datasets.layouts.nudt_sirst_sea import NUDT_SIRST_SEA
from sirst5k.datasets.layouts.plain import PLAIN
from sirst5k.datasets.layouts.shards import SHARDS
from sirst5k.datasets.layouts.sirst_v1 import SIRST_V1
from sirst5k.datasets.layouts.sirst_v2 import SIRST_V2

# The first that fits is taken. Two with a mark of their own (Target_image/, a list called
# IRDST-real) stand before dnanet and basicirstd, whose signatures they would fit as well, and
# coco before plain, which takes annotations/ for a folder of masks.
LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        SIRST_V2,
        SIRST_V1,
        NUDT_SIRST_SEA,
        IRDST_REAL,
        DNANET,
        BASICIRSTD,
        MSHNET,
        IRSTD1K,
        GROKCV,
        NUDT_SIRST,
        MDVSFA,
        COCO,
        PLAIN,
        SHARDS,
    )
}

__all__ = ["LAYOUTS", "Found", "Layout"]
