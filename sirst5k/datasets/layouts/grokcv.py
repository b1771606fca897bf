"""GrokCV's layout, also SIRST-Aug's: folders instead of lists, numbers from 0 in each."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout
from sirst5k.datasets.pairs import Part

GROKCV = Layout(
    name="grokcv",
    looks_for="trainval/images/, trainval/masks/, test/images/ and test/masks/",
    signature=("trainval/images/", "trainval/masks/", "test/images/", "test/masks/"),
    parts=(
        Part(images="trainval/images", masks="trainval/masks", prefix="trainval/"),
        Part(images="test/images", masks="test/masks", prefix="test/"),
    ),
    folder_lists={"trainval": "trainval/", "test": "test/"},
)
