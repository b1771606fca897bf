"""BasicIRSTD's layout: ``img_idx/train_X.txt`` in a folder that is itself called X."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout

BASICIRSTD = Layout(
    name="basicirstd",
    looks_for="images/, masks/ and img_idx/ (img_idx/train_NAME.txt)",
    signature=("images/", "masks/", "img_idx/"),
    lists=("img_idx/*.txt",),
    canonical="img_idx/{role}_{root}",
)
