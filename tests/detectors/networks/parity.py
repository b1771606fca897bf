"""The fixtures of ../shared/parity: published weights by rule, and what comes out of them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np


class Parity:
    """Loads networks with the weights of the fixtures, and compares what they return.

    Parameters
    ----------
    folder : Path
        ``../shared/parity``.
    """

    def __init__(self, folder: Path) -> None:
        fill = load_module(folder / "fill.py")
        sys.modules["fill"] = fill  # compare.py imports it by that name
        try:
            self._compare = load_module(folder / "compare.py")
        finally:
            del sys.modules["fill"]
        self._fill = fill
        # The tolerances that the fixtures' README recommends are theirs, not ours to choose.
        self.check = self._compare.check
        self.check_train = self._compare.check_train

    def rows(self, keys: str) -> list[tuple[str, tuple[int, ...], str]]:
        """Key, shape and kind of each published entry."""
        return [(key, tuple(shape), kind) for key, shape, kind in self._compare.rows(keys)]

    def fixture(self, name: str) -> dict[str, np.ndarray]:
        """Every array of one file."""
        return self._compare.fixture(name)

    def shapes(self, keys: str) -> dict[str, tuple[int, ...]]:
        """Shape of each published entry."""
        return {key: shape for key, shape, _ in self.rows(keys)}

    def network(self, network: Any, keys: str, seed: int = 0) -> Any:
        """Return the network whose configuration the published shapes say, with those weights."""
        import torch

        config = network.read_config(self.shapes(keys))
        made, own = network(config), network.published_keys(config)
        values = self._fill.fill_state_dict(self.rows(keys), seed)
        made.load_state_dict({own[key]: torch.from_numpy(v) for key, v in values.items()})
        return made.eval()

    def frames(self, *shape: int) -> Any:
        """Return the input of this shape, a float32 tensor."""
        import torch

        return torch.from_numpy(self._fill.make_input(shape, 0))


def load_module(path: Path) -> ModuleType:
    """Import a file that is no part of a package."""
    spec = importlib.util.spec_from_file_location(f"_parity_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
