"""Embedded procedural scenes as a dataset: nothing on disk, every frame made when read."""

from __future__ import annotations

import re
from pathlib import Path

from sirst5k.datasets.dataset import Dataset
from sirst5k.datasets.demo.scene import render, shoot
from sirst5k.datasets.demo.spec import DemoSpec, parse_spec
from sirst5k.datasets.splits import Splits
from sirst5k.errors import DatasetError
from sirst5k.sample import Mask, Sample

GENERATOR_VERSION = 1
"""Raised whenever the same specification gives other pixels than before."""


def open_demo(spec: str) -> Dataset:
    """Open embedded procedural infrared scenes.

    Parameters
    ----------
    spec : str
        ``demo`` or ``demo:n=64,seed=1,size=320x256,depth=16,scene=sea``: see `parse_spec`.

    Returns
    -------
    Dataset
        Layout ``demo``. Of every four frames three are in the split ``train`` and one is in
        ``test``, another scene's each time.

    Raises
    ------
    DatasetError
        If the specification has an unknown setting or a value out of range.

    Examples
    --------
    >>> dataset = open_demo("demo:n=8,size=64x48")
    >>> dataset[0].id, dataset[0].shape, dataset.splits["test"]
    ('demo_sky_0000', (48, 64), ('demo_urban_0003', 'demo_ground_0006'))
    """
    chosen = parse_spec(spec)
    lists: dict[str, list[str]] = {"train": [], "test": []}
    ids = [chosen.id_of(index) for index in range(chosen.n)]
    for index, name in enumerate(ids):
        # Scenes come in turns of four: a fixed place would make all tests of one scene.
        held_out = index % 4 == 3 - index // 4 % 4
        lists["test" if held_out else "train"].append(name)
    return Dataset(DemoSource(chosen), ids, Splits(lists), "demo")


class DemoSource:
    """Renders frames by id.

    Parameters
    ----------
    spec : DemoSpec
    """

    def __init__(self, spec: DemoSpec) -> None:
        self.spec = spec

    def read(self, sample_id: str) -> Sample:
        """Render one frame.

        Raises
        ------
        DatasetError
            If the dataset has no such frame.
        """
        spec = self.spec
        scene = self._scene_of(sample_id)
        frame = render(scene, sample_id, spec.seed, spec.height, spec.width)
        image = shoot(frame, sample_id, spec.seed, spec.depth)
        return Sample(sample_id, image, frame.mask, {"scene": scene, **frame.describe()})

    def files(self, sample_id: str) -> tuple[Path, Path] | None:  # noqa: ARG002
        """Return None: there are no files."""
        return None

    def read_mask(self, sample_id: str) -> Mask:
        """Return a frame's mask; it takes rendering the frame."""
        return self.read(sample_id).mask

    def check(self, sample_id: str) -> None:
        """Raise if there is no such frame."""
        self._scene_of(sample_id)

    def stamp(self, sample_id: str) -> str:
        """Return all that a frame's pixels follow from."""
        self._scene_of(sample_id)
        spec = self.spec
        return (
            f"demo generator={GENERATOR_VERSION} seed={spec.seed} "
            f"size={spec.width}x{spec.height} depth={spec.depth}"
        )

    def _scene_of(self, sample_id: str) -> str:
        match = re.fullmatch(r"demo_([a-z]+)_(\d{4,8})", sample_id, re.ASCII)
        index = int(match[2]) if match else self.spec.n
        if index >= self.spec.n or sample_id != self.spec.id_of(index):
            raise DatasetError(
                f"The demo dataset has no frame {sample_id!r}. Its {self.spec.n} frames go from "
                f"{self.spec.id_of(0)!r} to {self.spec.id_of(self.spec.n - 1)!r}."
            )
        return self.spec.scene_of(index)
