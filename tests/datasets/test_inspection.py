"""What inspection finds in tiny datasets whose content is known, and in the real one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny import make_tiny, write, write_list

from sirst5k import open_dataset
from sirst5k.datasets.inspection import Inspection, inspect_dataset


def inspected(root: Path, split: str | None = None, **options: float) -> Inspection:
    return inspect_dataset(open_dataset(root, split, on_error="skip", **options))


def kinds(found: Inspection) -> list[str]:
    return [problem.kind for problem in found.problems]


def test_statistics_of_a_known_dataset(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "plain", n=3, bit_depth=16)
    for number, areas in ((1, [4, 1]), (2, []), (3, [6])):
        mask = np.zeros((48, 40), np.uint8)
        for place, area in enumerate(areas):
            mask[10 * place, 5 : 5 + area] = 255
        write(root / "masks" / f"{number:06d}.png", mask)
    found = inspected(root)
    assert (found.layout, found.images, found.targets, found.empty_masks) == ("plain", 3, 3, 1)
    assert found.targets_per_image == {0: 1, 1: 1, 2: 1}
    assert (found.areas[0.0], found.areas[0.5], found.areas[1.0]) == (1, 4, 6)
    assert found.touching_border == 2
    assert found.sizes == {"40x48": 3}
    assert found.modes == {"grey uint16": 3}
    assert found.dtypes == {"uint16": 3}
    assert found.splits == {}
    assert found.problems == ()
    assert len(found.scr) == 7


def test_problems(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "dnanet", n=9)
    (root / "masks" / "000001.png").unlink()
    path = root / "images" / "000002.png"
    path.write_bytes(path.read_bytes()[:99])
    write(root / "masks" / "000003.png", np.zeros((9, 9), np.uint8))
    write(root / "masks" / "000004.png", np.arange(48 * 40, dtype=np.uint16).reshape(48, 40))
    write_list(root / "50_50" / "train.txt", ["000005", "000006", "000005", "gone"])
    write_list(root / "50_50" / "test.txt", ["000006"])
    write_list(root / "60_40" / "train.txt", ["../out"])
    found = inspected(root)
    assert kinds(found) == [
        "unreadable",
        "sizes differ",
        "incomplete",
        "non-binary mask",
        "list",
        "list",
        "list",
        "overlap",
    ]
    text = " ".join(problem.text for problem in found.problems)
    for part in ("000002.png is damaged", "9×9", "has no mask", "000004", "lines 1 and 3", "gone"):
        assert part in text
    assert "'000006' is both in 50_50/train and in 50_50/test." in text
    assert found.splits == {"50_50/test": 1, "50_50/train": 2, "60_40/train": -1}
    assert found.images == 8
    assert sum(found.sizes.values()) == 6
    assert inspected(root, "50_50/test").images == 1


def test_a_chosen_threshold_is_no_problem(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "plain", n=2)
    write(root / "masks" / "000001.png", np.full((48, 40), 77, np.uint8))
    assert kinds(inspected(root)) == ["non-binary mask"]
    assert kinds(inspected(root, mask_threshold=50)) == []


def test_to_dict_is_json(tmp_path: Path) -> None:
    root = make_tiny(tmp_path, "dnanet", n=3)
    write(root / "images" / "000001.png", np.zeros((48, 40), np.uint8))  # SCR is undefined there
    plain = inspected(root).to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["roles"] == {"train": "50_50/train", "test": "50_50/test"}
    assert set(plain["areas"]) == {"0", "0.05", "0.25", "0.5", "0.75", "0.95", "1"}


def test_workers_find_the_same(tmp_path: Path) -> None:
    dataset = open_dataset(make_tiny(tmp_path, "plain", n=40, size=(16, 16)))
    assert inspect_dataset(dataset, jobs=2) == inspect_dataset(dataset)


def test_real_sirst_has_the_published_statistics(shared: Path) -> None:
    found = inspected(shared / "data" / "sirst-v1")
    assert found.targets == 533
    assert found.targets_per_image == {1: 358, 2: 48, 3: 13, 4: 4, 5: 1, 6: 2, 7: 1}
    assert list(found.areas.values()) == pytest.approx([4, 7, 14, 20, 39, 107, 330], abs=0.5)
    assert found.modes == {
        "rgb uint8": 379,
        "grey uint8": 28,
        "rgba uint8": 15,
        "palette uint8": 5,
    }
    assert len(found.sizes) == 381
    assert (found.touching_border, found.empty_masks, found.problems) == (0, 0, ())
