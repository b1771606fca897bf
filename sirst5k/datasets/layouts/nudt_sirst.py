"""NUDT-SIRST (Li et al., 2022) as DSTransNet keeps it: its two lists in the root."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout

NUDT_SIRST = Layout(
    name="nudt-sirst",
    looks_for="images/, masks/, train_NUDT-SIRST.txt and test_NUDT-SIRST.txt",
    signature=("images/", "masks/", "train_NUDT-SIRST.txt", "test_NUDT-SIRST.txt"),
    lists=("*.txt",),
    canonical="{role}_NUDT-SIRST",
)
