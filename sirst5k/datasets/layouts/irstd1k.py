"""IRSTD-1K as published (Zhang et al., 2022)."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout
from sirst5k.datasets.pairs import Part

IRSTD1K = Layout(
    name="irstd1k",
    looks_for="IRSTD1k_Img/ and IRSTD1k_Label/ (lists trainval.txt and test.txt)",
    signature=("IRSTD1k_Img/", "IRSTD1k_Label/"),
    parts=(Part(images="IRSTD1k_Img", masks="IRSTD1k_Label"),),
    lists=("*.txt", "*/*.txt"),
)
