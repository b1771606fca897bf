"""NUDT-SIRST-Sea (Wu et al., 2023): cut-out targets lie beside the images."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout

NUDT_SIRST_SEA = Layout(
    name="nudt-sirst-sea",
    looks_for="Target_image/ and Target_mask/ beside images/ and masks/",
    signature=("images/", "masks/", "Target_image/", "Target_mask/"),
    lists=("idx_*/*.txt", "img_idx/*.txt", "*.txt"),
    canonical="idx_4961+847/{role}",
)
