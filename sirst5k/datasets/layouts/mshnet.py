"""MSHNet's layout: two lists in the root."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout

MSHNET = Layout(
    name="mshnet",
    looks_for="images/, masks/, trainval.txt and test.txt",
    signature=("images/", "masks/", "trainval.txt", "test.txt"),
    lists=("*.txt",),
)
