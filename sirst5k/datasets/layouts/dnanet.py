"""DNANet's layout, in which SIRST-5K was published: a folder of lists a way of splitting."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout

DNANET = Layout(
    name="dnanet",
    looks_for="images/, masks/ and a folder with train.txt or test.txt (50_50/train.txt)",
    signature=("images/", "masks/", "*/train.txt|*/test.txt"),
    no_mark=frozenset({"img_idx"}),  # BasicIRSTD leaves a copy called train.txt in its own
    lists=("*/*.txt", "*.txt"),
)
