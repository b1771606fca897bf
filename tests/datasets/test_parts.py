"""Which part of a dataset is trained on where nobody named one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import make_tiny

from sirst5k import open_dataset
from sirst5k.datasets import training_part
from sirst5k.errors import SplitError


def test_a_test_split_is_not_offered_for_training(tmp_path: Path) -> None:
    root = make_tiny(tmp_path / "data")
    assert training_part(open_dataset(root), None).split == "50_50/train"
    (root / "50_50/train.txt").unlink()
    with pytest.raises(SplitError) as raised:
        training_part(open_dataset(root), None)
    assert str(raised.value).endswith("Name a split: --split all.")
