"""SIRST (Dai et al., 2021), as published: masks called ``Misc_1_pixels0.png``."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout
from sirst5k.datasets.pairs import Part

SIRST_V1 = Layout(
    name="sirst-v1",
    looks_for="images/ and masks/*_pixels0.png (lists in idx_427/, idx_320/, 50_50/ or the root)",
    signature=("images/", "masks/*_pixels0.*|masks/*/*_pixels0.*"),
    parts=(Part(mask_suffix="_pixels0"),),
    lists=("idx_*/*.txt", "*/*.txt", "*.txt"),
    canonical="idx_427/{role}",
)
