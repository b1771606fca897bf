"""SIRST-V2 (open-sirst-v2): targets and backgrounds in one folder ``mixed/``."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout
from sirst5k.datasets.pairs import Part

SIRST_V2 = Layout(
    name="sirst-v2",
    looks_for="mixed/, annotations/masks/ and splits/",
    signature=("mixed/", "annotations/masks/", "splits/"),
    parts=(Part(images="mixed", masks="annotations/masks", mask_suffix="_pixels0"),),
    lists=("splits/*.txt",),
    canonical="splits/{role}_full",
)
