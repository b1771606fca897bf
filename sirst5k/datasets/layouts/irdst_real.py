"""IRDST-real (Sun et al., 2023): list lines like ``/44/1(814)``."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout

IRDST_REAL = Layout(
    name="irdst-real",
    looks_for="images/, masks/ and train_IRDST-real.txt or test_IRDST-real.txt, also in img_idx/",
    signature=("images/", "masks/", "*_IRDST-real.txt|img_idx/*_IRDST-real.txt"),
    lists=("*.txt", "img_idx/*.txt"),
    leading_slash=True,
)
