"""Targets found on the device are those that the array version finds, or none at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from sirst5k import open_dataset  # noqa: E402
from sirst5k.components import Target, find_targets, label_targets  # noqa: E402
from sirst5k.errors import ParameterError  # noqa: E402
from sirst5k.synthesis.virtual import resize_sample  # noqa: E402
from sirst5k.transforms.torch import TargetFinder  # noqa: E402
from sirst5k.transforms.torch.finding import (  # noqa: E402
    MAX_RUNS,
    MAX_WORDS,
    Targets,
    label_map,
)


@pytest.fixture(scope="module", autouse=True, params=["pixels", "fixed shapes"])
def way(request):
    """As a processor does it, and in the fixed shapes of a device or a graph."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "fixed shapes":
            patch.setattr(torch.compiler, "is_compiling", lambda: True)
        yield


def assert_found(found: Targets, place: int, targets: list[Target]) -> None:
    """What was found in one image of a batch is exactly what the array version finds."""
    assert found.valid[place].tolist() == [k < len(targets) for k in range(found.valid.shape[1])]
    for k, target in enumerate(targets):
        box = [target.top, target.left, target.bottom, target.right]
        assert found.boxes[place, k].tolist() == box
        assert found.area[place, k] == target.area
        assert found.centres[place, k].tolist() == [round(target.y), round(target.x)]
    assert not found.boxes[place, len(targets) :].any()


@st.composite
def mask_batches(draw):
    shape = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    density = draw(st.sampled_from([0.0, 0.02, 0.1, 0.3, 0.5, 0.8, 1.0]))
    masks = rng.random((3, *shape)) < density
    for mask in masks:
        for _ in range(draw(st.integers(0, 4))):
            y, x = rng.integers(shape[0]), rng.integers(shape[1])
            mask[y : y + rng.integers(1, 9), x : x + rng.integers(1, 9)] ^= True
    return masks


@settings(deadline=None, max_examples=150)
@given(masks=mask_batches(), room=st.sampled_from([1, 5, 64]))
def test_complete_images_are_found_exactly_others_not_at_all(masks, room) -> None:
    found = TargetFinder(room)(torch.from_numpy(masks))
    for place, mask in enumerate(masks):
        targets = find_targets(mask)
        if found.complete[place]:
            assert_found(found, place, targets)
            continue
        assert not found.valid[place].any()
        padded = np.pad(mask, ((0, 0), (0, -mask.shape[1] % 8)))
        words = padded.reshape(-1, 8).any(1).sum()
        runs = (padded & ~np.pad(padded, ((0, 0), (1, 0)))[:, :-1]).sum()
        assert len(targets) > room or words > MAX_WORDS or runs > MAX_RUNS


def spiral(side: int) -> np.ndarray:
    """One winding target: its ends are as far apart as can be."""
    mask = np.zeros((side, side), bool)
    y, x, dy, dx = 0, -1, 0, 1
    lengths = [side, *[length for k in range(side - 1, 0, -2) for length in (k, k)]]
    for length in lengths:
        for _ in range(length):
            y, x = y + dy, x + dx
            mask[y, x] = True
        dy, dx = dx, -dy
    return mask


def comb(side: int) -> np.ndarray:
    mask = np.zeros((side, side), bool)
    mask[:, ::2] = mask[-1] = True
    return mask


def zigzag(side: int) -> np.ndarray:
    mask = np.zeros((side, side), bool)
    mask[::2] = True
    mask[1::4, -1] = mask[3::4, 0] = True
    return mask


@pytest.mark.parametrize("make", [spiral, comb, zigzag])
@pytest.mark.parametrize("side", [9, 21, 22])
@pytest.mark.parametrize("turn", range(8))
def test_winding_targets_are_joined(make, side, turn) -> None:
    mask = np.rot90(make(side), turn)
    mask = np.ascontiguousarray(mask.T if turn > 3 else mask)
    found = TargetFinder(4)(torch.from_numpy(mask)[None])
    assert found.complete.all()
    assert_found(found, 0, find_targets(mask))


def test_dense_noise_is_joined() -> None:
    """Random clusters near the density at which they percolate, as large as there is room for."""
    rng = np.random.default_rng(0)
    masks = np.zeros((300, 28, 32), bool)
    masks[:, :, :28] = rng.random((300, 28, 28)) < rng.uniform(0.3, 0.7, (300, 1, 1))
    found = TargetFinder(64)(torch.from_numpy(masks))
    assert found.complete.all()
    for place, mask in enumerate(masks):
        assert_found(found, place, find_targets(mask))


@pytest.mark.parametrize("split", ["trainval", "test"])
def test_real_masks(shared: Path, split: str) -> None:
    data = open_dataset(shared / "data" / "sirst-v1", split)
    finder = TargetFinder()
    masks = [resize_sample(sample, 256).mask for sample in data]
    found = finder(torch.from_numpy(np.stack(masks)))
    assert found.complete.all()
    for place, mask in enumerate(masks):
        assert_found(found, place, find_targets(mask))


def test_real_masks_at_their_own_size(shared: Path) -> None:
    finder = TargetFinder()
    for sample in list(open_dataset(shared / "data" / "sirst-v1", "test"))[:40]:
        found = finder(torch.from_numpy(sample.mask)[None])
        assert found.complete.all()
        assert_found(found, 0, find_targets(sample.mask))


def test_labels_of_pixels() -> None:
    rng = np.random.default_rng(1)
    masks = rng.random((6, 24, 21)) < 0.15
    found = TargetFinder(64)(torch.from_numpy(masks))
    labels = label_map(found, (24, 21)).numpy()
    for mask, mine in zip(masks, labels):
        theirs, targets = label_targets(mask)
        for number, target in enumerate(targets, 1):
            np.testing.assert_array_equal(mine == number, theirs == target.label)
        np.testing.assert_array_equal(mine > 0, mask)


def test_a_crowded_image_does_not_touch_its_neighbours_in_the_batch() -> None:
    masks = torch.zeros(3, 64, 64, dtype=torch.bool)
    masks[1] = torch.arange(64) % 2 == 0
    masks[0, 5, 5] = masks[2, 63, 63] = True
    found = TargetFinder()(masks)
    assert found.complete.tolist() == [True, False, True]
    assert found.valid.sum(1).tolist() == [1, 0, 1]


def test_no_room_is_a_sentence() -> None:
    with pytest.raises(ParameterError, match="max_targets of at least 1, got 0"):
        TargetFinder(0)
