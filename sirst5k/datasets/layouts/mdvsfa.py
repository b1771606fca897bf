"""The NUST set of MDvsFA (Wang et al., 2019): ``000000_1.png`` with its mask ``000000_2.png``."""

from __future__ import annotations

from sirst5k.datasets.layouts.layout import Layout
from sirst5k.datasets.pairs import Part

# Training pairs whose mask does not belong to the image, passed over by everyone.
_BROKEN = """
239 245 260 264 2543 2553 2561 2808 2817 2819 3503
3504 3947 3949 3962 7389 7395 8094 8105 8112 8757 8772
"""

MDVSFA = Layout(
    name="mdvsfa",
    looks_for="training/ (000000_1.png with 000000_2.png), test_org/ and test_gt/",
    signature=("training/", "test_org/", "test_gt/"),
    parts=(
        Part(
            images="training",
            masks="training",
            image_suffix="_1",
            mask_suffix="_2",
            prefix="training/",
            excluded=frozenset(number.zfill(6) for number in _BROKEN.split()),
        ),
        Part(images="test_org", masks="test_gt", prefix="test/"),
    ),
    folder_lists={"train": "training/", "test": "test/"},
)
