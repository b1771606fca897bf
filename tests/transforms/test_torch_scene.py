"""Decoys and pasted targets in batches: the array version's kernels, and its rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch_scenes import real_batch  # noqa: E402

from sirst5k.components import count_targets, find_targets, label_targets  # noqa: E402
from sirst5k.contrast import contrasts, measure_targets  # noqa: E402
from sirst5k.errors import ParameterError, RecipeError, ShapeError  # noqa: E402
from sirst5k.negatives import DECOYS, lift_target, matching_gain, surroundings  # noqa: E402
from sirst5k.negatives import places as places_kernel  # noqa: E402
from sirst5k.negatives.surroundings import fit_plane  # noqa: E402
from sirst5k.noise import move_scr  # noqa: E402
from sirst5k.synthesis.decoying import apply_decoys  # noqa: E402
from sirst5k.synthesis.pasting import apply_paste  # noqa: E402
from sirst5k.transforms import ClutterDecoys as SingleDecoys  # noqa: E402
from sirst5k.transforms import TargetPaste as SinglePaste  # noqa: E402
from sirst5k.transforms.torch import (  # noqa: E402
    ClutterDecoys,
    TargetFinder,
    TargetPaste,
    contrast,
    matching,
    patches,
    stamps,
)
from sirst5k.transforms.torch.finding import label_map  # noqa: E402

DTYPES = [np.uint8, np.uint16, np.float32]


def scenes(seed: int, count: int, shape: tuple[int, int] = (96, 80), dtype=np.uint8):
    """Images (B, H, W) with a slope, noise and up to four targets, some at the border."""
    rng = np.random.default_rng(seed)
    images, masks = [], []
    for _ in range(count):
        image = 0.3 + 0.02 * rng.normal(size=shape) + np.linspace(0, 0.2, shape[1])
        mask = np.zeros(shape, bool)
        for _ in range(rng.integers(0, 5)):
            y, x = rng.integers(shape[0]), rng.integers(shape[1])
            mask[y : y + rng.integers(1, 5), x : x + rng.integers(1, 6)] = True
        image[mask] += rng.uniform(0.1, 0.4)
        image = np.clip(image, 0, 1)
        if np.dtype(dtype).kind == "u":
            image = np.rint(image * np.iinfo(dtype).max)
        images.append(image.astype(dtype))
        masks.append(mask)
    return np.stack(images), np.stack(masks)


def to_torch(images: np.ndarray, masks: np.ndarray):
    return torch.from_numpy(images)[:, None], torch.from_numpy(masks)[:, None]


# Measuring


def test_planes_are_least_squares() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20, 12, 12))
    known = rng.random((20, 12, 12)) < 0.3
    known[0], known[1] = False, False
    known[1, 4] = True  # one row: of all planes the flattest
    known[2] = np.eye(12, dtype=bool)
    mine = patches.fit_plane(torch.from_numpy(values).float(), torch.from_numpy(known)).numpy()
    for value, pixels, plane in zip(values[1:], known[1:], mine[1:]):
        np.testing.assert_allclose(plane, fit_plane(value, pixels), atol=2e-4)
    assert not mine[0].any()


def test_surroundings_are_those_of_the_array_version() -> None:
    images, masks = scenes(1, 6)
    rng = np.random.default_rng(0)
    place = np.stack([rng.integers(0, 96 - 20, (6, 5)), rng.integers(0, 80 - 20, (6, 5))], -1)
    size = rng.integers(1, 20, (2, 6, 5))
    mean, std = patches.surroundings(
        torch.from_numpy(images).float(),
        torch.from_numpy(masks),
        torch.from_numpy(place),
        *torch.from_numpy(size),
        20,
        10,
    )
    for b, k in np.ndindex(6, 5):
        shape = (int(size[0, b, k]), int(size[1, b, k]))
        wanted = surroundings(images[b], masks[b], tuple(place[b, k]), shape)
        np.testing.assert_allclose([mean[b, k], std[b, k]], wanted, rtol=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_contrast_is_that_of_the_array_version(dtype) -> None:
    images, masks = scenes(2, 12, dtype=dtype)
    finder = TargetFinder()
    planes = torch.from_numpy(images.astype(np.float32))
    found = finder(torch.from_numpy(masks))
    mean, scr = contrast.measure(planes, torch.from_numpy(masks), found)
    for place, (image, mask) in enumerate(zip(images, masks)):
        for k, measured in enumerate(measure_targets(image, mask)):
            assert float(mean[place, k]) == pytest.approx(measured.background_mean, rel=1e-6)
            assert float(scr[place, k]) == pytest.approx(measured.scr, rel=1e-5)
    applied = torch.arange(12) % 3 > 0
    wishes = torch.linspace(2, 9, 12)
    moved = contrast.move_scr(
        planes.clone()[:, None], torch.from_numpy(masks)[:, None], wishes, applied, finder
    )
    for place, (image, mask) in enumerate(zip(images.astype(np.float32), masks)):
        wanted = move_scr(image, mask, float(wishes[place])) if applied[place] else image
        np.testing.assert_allclose(moved[place, 0], wanted, rtol=1e-4)


def test_targets_on_a_constant_background_keep_their_contrast() -> None:
    planes = torch.full((1, 1, 40, 40), 77.7)
    masks = torch.zeros(1, 1, 40, 40, dtype=torch.bool)
    planes[..., 9, 9], masks[..., 9, 9] = 90.0, True
    moved = contrast.move_scr(
        planes.clone(), masks, torch.tensor([3.0]), torch.tensor([True]), TargetFinder()
    )
    assert torch.equal(moved, planes)


# Decoys


@pytest.mark.parametrize("dtype", DTYPES)
def test_decoys_with_equal_parameters_are_equal(dtype) -> None:
    images, masks = scenes(3, 6, dtype=dtype)
    tensors = to_torch(images, masks)
    many = ClutterDecoys(count_range=(0, 5), p=0.8)
    single, rng = SingleDecoys(count_range=(0, 5), p=0.8), np.random.default_rng(1)
    theirs = [single.draw(image, mask, rng) for image, mask in zip(images, masks)]
    drawn = many.draw(*tensors, torch.Generator().manual_seed(0))
    mine = many.to_json(drawn, tensors[0])
    assert sum(len(document.get("added", ())) for document in mine) > 5
    replayed = many.apply(*tensors, drawn)[0]
    for documents in (theirs, mine):
        new, same = many.apply(*tensors, many.from_json(documents, tensors[0]))
        assert torch.equal(same, tensors[1])
        for place, document in enumerate(documents):
            if document["op"] == "nothing":
                assert torch.equal(new[place], tensors[0][place])
                continue
            wanted = apply_decoys(images[place], document)
            np.testing.assert_array_equal(new[place, 0].numpy(), wanted)
    assert torch.equal(new, replayed)


def test_decoys_keep_off_targets_and_have_their_strength() -> None:
    images, masks = scenes(4, 200, (112, 100))
    tensors = to_torch(images, masks)
    many = ClutterDecoys(count_range=(2, 2), contrast_range=(5.0, 5.0), p=1.0)
    kinds: dict[str, int] = {}
    drawn = many.draw(*tensors, torch.Generator().manual_seed(0))
    for place, document in enumerate(many.to_json(drawn, tensors[0])):
        assert document["wanted"] == 2
        for decoy in document["added"]:
            kinds[decoy["kind"]] = kinds.get(decoy["kind"], 0) + 1
            low, high = DECOYS[decoy["kind"]].sizes
            assert low <= decoy["size"] <= high
            top, left = decoy["place"]
            side = 2 * DECOYS[decoy["kind"]].reach(decoy["size"]) + 1
            free = places_kernel.free_places(masks[place], side, side, many.settings.guard)
            assert free[top, left]
            _, std = surroundings(images[place], masks[place], (top, left), (side, side))
            assert decoy["strength"] == pytest.approx(5 * std, rel=1e-3)
    assert set(kinds) == set(DECOYS)
    assert min(kinds.values()) > 0.5 * max(kinds.values())


def test_a_full_image_gets_no_decoy() -> None:
    images = torch.rand(2, 1, 40, 40)
    masks = torch.ones(2, 1, 40, 40)
    new, _ = ClutterDecoys(count_range=(3, 3), p=1.0)(images, masks)
    assert torch.equal(new, images)
    tiny = torch.rand(2, 1, 2, 50)
    assert torch.equal(ClutterDecoys(p=1.0)(tiny, torch.zeros_like(tiny))[0], tiny)
    none = ClutterDecoys(count_range=(0, 0), p=1.0)
    assert torch.equal(none(images, masks)[0], images)


def test_decoys_stand_still_in_a_clip() -> None:
    clips = torch.rand(2, 1, 3, 64, 64)
    masks = torch.zeros(2, 1, 3, 64, 64)
    added = ClutterDecoys(count_range=(1, 1), p=1.0)(clips, masks, seeds=torch.arange(2))[0] - clips
    assert added.abs().amax() > 0
    torch.testing.assert_close(added[:, :, 0], added[:, :, 2], atol=1e-5, rtol=0)


# Pasted targets


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("halo", [0, 3])
def test_lifted_targets_are_those_of_the_array_version(dtype, halo) -> None:
    images, masks = scenes(5, 30, dtype=dtype)
    found = TargetFinder()(torch.from_numpy(masks))
    labels = label_map(found, masks.shape[1:])
    numbers = torch.where(found.valid, torch.arange(1, 33), 0)
    planes = torch.from_numpy(images.astype(np.float32))
    mine = stamps.lift_targets(planes, labels, found.boxes, numbers, halo, 16)
    turned = [stamps.turn_stamps(mine, torch.full_like(numbers, symmetry)) for symmetry in range(8)]
    lifted = 0
    scale = float(np.ptp(images))
    for place, (image, mask) in enumerate(zip(images, masks)):
        theirs, targets = label_targets(mask)
        for k, target in enumerate(targets):
            wanted = lift_target(image, theirs, target, halo)
            if max(target.height, target.width) > 16:
                assert not mine.lifted[place, k]
                continue
            assert bool(mine.lifted[place, k]) == (wanted is not None)
            if wanted is None:
                continue
            lifted += 1
            for symmetry, stamp in enumerate(turned):
                whole = wanted.turned(symmetry)
                tall, wide = int(stamp.height[place, k]), int(stamp.width[place, k])
                assert (tall, wide) == whole.mask.shape
                own, added = stamp.mask[place, k].numpy(), stamp.contribution[place, k].numpy()
                np.testing.assert_array_equal(own[:tall, :wide], whole.mask)
                difference = np.abs(added[:tall, :wide] - whole.contribution).max()
                assert difference < 2e-4 * scale
                assert own.sum() == whole.mask.sum()
            assert int(mine.halo[place, k]) == wanted.halo
    assert lifted > 20


@pytest.mark.parametrize("dtype", DTYPES)
def test_gains_are_those_of_the_array_version(dtype) -> None:
    images, masks = scenes(6, 40, dtype=dtype)
    finder = TargetFinder()
    found = finder(torch.from_numpy(masks))
    planes = torch.from_numpy(images.astype(np.float32))
    numbers = found.valid[:, :1].to(torch.int64)
    mine = stamps.lift_targets(
        planes, label_map(found, masks.shape[1:]), found.boxes[:, :1], numbers, 3, 16
    )
    tries = torch.rand(40, 1, 6, 2, generator=torch.Generator().manual_seed(0))
    occupied = patches.integral(torch.from_numpy(masks))
    place, free = patches.free_places(occupied, tries, mine.height, mine.width, 2)
    white = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else None
    scene = matching.describe(planes, torch.from_numpy(masks))
    scr = torch.full((40, 1), 5.0, dtype=torch.float64)
    gain, solved = matching.matching_gain(scene, mine, place[:, 0], scr, white)
    compared = 0
    for b, (image, mask) in enumerate(zip(images, masks)):
        labels, targets = label_targets(mask)
        stamp = lift_target(image, labels, targets[0], 3) if targets else None
        if stamp is None or not mine.lifted[b, 0]:
            continue
        allowed = places_kernel.free_places(mask, *stamp.mask.shape, guard=2)
        for k in range(6):
            top, left = place[b, 0, k].tolist()
            assert bool(free[b, 0, k]) == bool(allowed[top, left])
            if not free[b, 0, k]:
                continue
            wanted = matching_gain(image, mask, stamp, (top, left), 5.0)
            assert bool(solved[b, k]) == (wanted is not None)
            if wanted is not None:
                assert float(gain[b, k]) == pytest.approx(wanted, rel=1e-3)
                compared += 1
    assert compared > 30


@pytest.mark.parametrize("dtype", DTYPES)
def test_pastes_with_equal_parameters_are_equal(dtype) -> None:
    images, masks = scenes(7, 20, dtype=dtype)
    tensors = to_torch(images, masks)
    many = TargetPaste(count_range=(1, 3), p=0.9)
    single, rng = SinglePaste(count_range=(1, 3), p=0.9), np.random.default_rng(1)
    theirs = [single.draw(image, mask, rng) for image, mask in zip(images, masks)]
    drawn = many.draw(*tensors, torch.Generator().manual_seed(0))
    mine = many.to_json(drawn, tensors[0])
    level = 1 if np.dtype(dtype).kind == "u" else 1e-4
    for documents in (theirs, mine):
        assert sum(len(document.get("pasted", ())) for document in documents) > 12
        new, new_masks = many.apply(*tensors, many.from_json(documents, tensors[0]))
        for place, document in enumerate(documents):
            image, mask = images[place], masks[place]
            if document["op"] != "nothing":
                image, mask = apply_paste(image, mask, document)
            np.testing.assert_array_equal(new_masks[place, 0].numpy(), mask)
            difference = new[place, 0].numpy().astype(np.float64) - image
            assert np.abs(difference).max() <= level
    assert torch.equal(new, many.apply(*tensors, drawn)[0])


def test_pasted_targets_have_the_contrast_that_was_drawn() -> None:
    images, masks = scenes(8, 30, (112, 112), np.float32)
    tensors = to_torch(images, masks)
    many = TargetPaste(count_range=(2, 2), scr_range=(6.0, 6.0), p=1.0)
    drawn = many.draw(*tensors, torch.Generator().manual_seed(0))
    new, new_masks = many.apply(*tensors, drawn)
    pasted = 0
    for place in range(30):
        before, after = masks[place], new_masks[place, 0].numpy()
        count = int(drawn["pasted"][place].sum())
        assert count_targets(after) == count_targets(before) + count
        assert after[before].all()
        labels, targets = label_targets(after)
        old = [k for k, t in enumerate(targets) if before[labels == t.label].any()]
        measured = contrasts(new[place, 0].numpy(), after, labels, targets)
        fresh = [one for k, one in enumerate(measured) if k not in old]
        assert len(fresh) == count
        if count == 1:  # a second one nearby changes the first one's neighbourhood
            assert fresh[0].scr == pytest.approx(6.0, rel=0.02)
        pasted += count
    assert pasted > 20


def test_pasted_targets_keep_their_own_contrast() -> None:
    images, masks = scenes(9, 60, (112, 112))
    tensors = to_torch(images, masks)
    many = TargetPaste(count_range=(1, 1), max_stretch=1.2, p=1.0)
    drawn = many.draw(*tensors, torch.Generator().manual_seed(0))
    there = drawn["pasted"][:, 0] & drawn["scr"][:, 0].isfinite()
    assert there.sum() > 15
    gains = drawn["gain"][:, 0][there]
    assert ((gains >= 1 / 1.2 - 1e-9) & (gains <= 1.2 + 1e-9)).all()


def test_boxes_of_pasted_targets_fill_empty_rows() -> None:
    images, masks = scenes(10, 12)
    tensors = to_torch(images, masks)
    boxes = torch.zeros(12, 6, 4)
    for place, mask in enumerate(masks):
        for k, target in enumerate(find_targets(mask)):
            edges = [target.left, target.top, target.right, target.bottom]
            boxes[place, k + 1] = torch.tensor(edges)
    many = TargetPaste(count_range=(2, 2), p=1.0)
    _, new_masks, moved = many(*tensors, boxes, generator=torch.Generator().manual_seed(0))
    assert (new_masks.sum() > tensors[1].sum()).all()
    for place, mask in enumerate(new_masks[:, 0].numpy()):
        found = sorted([t.left, t.top, t.right, t.bottom] for t in find_targets(mask))
        assert found == sorted(box for box in moved[place].int().tolist() if any(box))
    full = boxes[:, 1:2].clone()
    full[:] = torch.tensor([1.0, 1, 2, 2])
    _, same, _ = many(*tensors, full, generator=torch.Generator().manual_seed(0))
    assert torch.equal(same, tensors[1])


def test_values_of_a_mask_are_kept() -> None:
    images, masks = scenes(11, 8)
    marks = torch.from_numpy(masks)[:, None].to(torch.uint8) * 255
    new = TargetPaste(p=1.0)(torch.from_numpy(images)[:, None], marks)[1]
    assert new.dtype == torch.uint8
    assert set(new.unique().tolist()) == {0, 255}
    assert (new > 0).sum() > (marks > 0).sum()


def test_real_images_take_pastes_and_decoys(shared: Path) -> None:
    images, masks = real_batch(shared, step=12)
    tensors = to_torch(images, masks)
    paste = TargetPaste(count_range=(2, 2), p=1.0)
    drawn = paste.draw(*tensors, torch.Generator().manual_seed(0))
    assert float(drawn["pasted"].float().mean()) > 0.5
    new, new_masks = paste.apply(*tensors, drawn)
    for place, document in enumerate(paste.to_json(drawn, tensors[0])):
        wanted, mask = apply_paste(images[place], masks[place], document)
        assert np.abs(new[place, 0].int().numpy() - wanted.astype(int)).max() <= 1
        np.testing.assert_array_equal(new_masks[place, 0].numpy(), mask)
    decoys = ClutterDecoys(p=1.0)
    changed = decoys(*tensors, generator=torch.Generator().manual_seed(0))[0]
    assert (changed != tensors[0]).flatten(1).any(1).float().mean() > 0.6


def test_nan_does_not_spread() -> None:
    images, masks = scenes(12, 4, dtype=np.float32)
    images[:, 0, 0] = np.nan
    for transform in (ClutterDecoys(count_range=(3, 3), p=1.0), TargetPaste(p=1.0)):
        new = transform(*to_torch(images, masks))[0]
        assert new.isnan().sum() == 4
        assert new[:, 0, 0, 0].isnan().all()


def test_bad_settings_and_input_are_sentences() -> None:
    images = torch.zeros(1, 1, 40, 40)
    with pytest.raises(RecipeError, match=r"decoys\.kinds"):
        ClutterDecoys(kinds=["blobb"])
    with pytest.raises(RecipeError, match=r"paste\.halo"):
        TargetPaste(halo=17)
    with pytest.raises(ParameterError, match="max_size"):
        TargetPaste(max_size=0)
    with pytest.raises(ShapeError, match="keep off the targets"):
        ClutterDecoys()(images)
    with pytest.raises(ShapeError, match="which pixels a target"):
        TargetPaste()(images)
    with pytest.raises(ShapeError, match="targets move"):
        TargetPaste()(torch.zeros(1, 1, 3, 40, 40), torch.zeros(1, 1, 3, 40, 40))
    with pytest.raises(ParameterError, match="lie inside images"):
        decoy = {"kind": "blob", "size": 20, "angle": 0, "place": [35, 0], "strength": 1.0}
        ClutterDecoys().from_json([{"op": "decoys", "wanted": 1, "added": [decoy]}], images)
    with pytest.raises(ParameterError, match="halo 3, as the transform has it, got 2"):
        TargetPaste().from_json([{"op": "paste", "halo": 2, "wanted": 1, "pasted": []}], images)
