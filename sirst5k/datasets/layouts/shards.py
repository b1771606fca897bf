"""Tar shards as ``sirst5k synth --format shards`` writes them, or WebDataset's own tools."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path

from sirst5k.datasets.layouts.layout import Found, Layout, expand
from sirst5k.datasets.lazy_names import LazyNames
from sirst5k.datasets.names import natural_key
from sirst5k.datasets.reading import Opened, Reading
from sirst5k.datasets.shards import ShardIndex, ShardSource

FOLDER = "shards"
_NUMBER = re.compile(r"[-_.]?\d+$")


class _Scan:
    """The archives of a folder, looked into once, when samples are asked for."""

    def __init__(self, root: Path, shards: Sequence[str]) -> None:
        self.root = root
        self.shards = tuple(shards)
        self.skip = self.follow_links = False

    @cached_property
    def index(self) -> ShardIndex:
        return ShardIndex(self.root, self.shards, self.skip, self.follow_links)

    def open(self, reading: Reading) -> Opened:
        self.skip, self.follow_links = reading.skip, reading.follow_links
        source = ShardSource(self.index, reading.mask_threshold, reading.max_pixels)
        return Opened(source, self.index)

    def names(self, numbers: Sequence[int]) -> list[str]:
        """Return the samples of some archives."""
        return [name for number in numbers for name in self.index.in_shard(number)]


def _detect(root: Path) -> Found | None:
    """Find archives; those called ``train-000000.tar`` … make the split ``train``."""
    shards = sorted([*expand(root, f"{FOLDER}/*.tar"), *expand(root, "*.tar")], key=natural_key)
    if not shards:
        return None
    numbers: dict[str, list[int]] = {}
    for number, shard in enumerate(shards):
        name = _NUMBER.sub("", Path(shard).stem)
        if name:
            numbers.setdefault(name, []).append(number)
    scan = _Scan(root, shards)
    lists = {name: LazyNames(partial(scan.names, which)) for name, which in numbers.items()}
    return Found((), lists, opener=scan.open)


SHARDS = Layout(
    name="shards",
    looks_for="tar archives (train-000000.tar …), also in shards/, of X.png with X.mask.png",
    detect=_detect,
)
