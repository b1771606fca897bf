"""Batched rotations are the array version's, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch_scenes import real_batch, wild_batch  # noqa: E402

from sirst5k.components import count_targets, find_targets  # noqa: E402
from sirst5k.errors import ParameterError, RecipeError, ShapeError  # noqa: E402
from sirst5k.negatives import PATCH_SIZES, rotation_window, target_windows  # noqa: E402
from sirst5k.synthesis.turning import apply_turns  # noqa: E402
from sirst5k.transforms import NegativeRotation as Single  # noqa: E402
from sirst5k.transforms.torch import NegativeRotation, TargetFinder  # noqa: E402
from sirst5k.transforms.torch import windows as batched  # noqa: E402

DTYPES = [np.uint8, np.uint16, np.float32]


@pytest.fixture(scope="module", autouse=True, params=["pixels", "fixed shapes"])
def way(request):
    """As a processor does it, and in the fixed shapes of a device or a graph."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "fixed shapes":
            patch.setattr(torch.compiler, "is_compiling", lambda: True)
        yield


def to_torch(images: np.ndarray, masks: np.ndarray):
    return torch.from_numpy(images)[:, None], torch.from_numpy(masks)[:, None]


def assert_same_windows(masks: np.ndarray, margin: int, ratio: float) -> None:
    found = TargetFinder(64)(torch.from_numpy(masks))
    windows = batched.target_windows(found.boxes, found.valid, masks.shape[1:], margin, ratio)
    for place, mask in enumerate(masks):
        if not found.complete[place]:
            continue
        targets = find_targets(mask)
        for k, wanted in enumerate(target_windows(targets, mask.shape, margin, ratio)):
            window = wanted.window
            assert windows.window[place, k].tolist() == [
                window.top,
                window.left,
                window.height,
                window.width,
            ]
            assert windows.margin[place, k] == wanted.margin
            bits = int(windows.allowed[place, k])
            assert tuple(s for s in range(8) if bits >> s & 1) == wanted.symmetries
        assert not windows.window[place, len(targets) :].any()


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(4, 48), st.integers(4, 48)),
    margin=st.integers(1, 6),
    ratio=st.sampled_from([0.0, 0.25, 0.5, 1.3]),
)
def test_windows_are_those_of_the_array_version(seed, shape, margin, ratio) -> None:
    assert_same_windows(wild_batch(seed, 4, shape)[1], margin, ratio)


def test_windows_of_real_masks(shared: Path) -> None:
    assert_same_windows(real_batch(shared)[1], 3, 0.5)
    assert_same_windows(real_batch(shared, "test")[1], 5, 0.9)


@pytest.mark.parametrize("size", PATCH_SIZES)
def test_published_windows(size: int) -> None:
    place = PATCH_SIZES.index(size)
    for shape in ((32, 33), (40, 70), (256, 256)):
        centres = torch.cartesian_prod(torch.arange(shape[0]), torch.arange(shape[1]))
        windows = batched.patch_windows(centres, torch.full((len(centres),), place), shape)
        for (y, x), window in zip(centres[::7].tolist(), windows[::7].tolist()):
            wanted = rotation_window(x, y, size, shape)
            assert window == [wanted.top, wanted.left, wanted.height, wanted.width]


@settings(deadline=None, max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(6, 48), st.integers(6, 48)),
    dtype=st.sampled_from(DTYPES),
    seam=st.sampled_from(["hard", "feather"]),
)
def test_equal_parameters_turn_equal_pixels(seed, shape, dtype, seam) -> None:
    """Both ways: what the array version drew, and what the batched one drew."""
    images, masks = wild_batch(seed, 3, shape, dtype)
    many = NegativeRotation(seam=seam, p=1.0, passes=8)
    tensors = to_torch(images, masks)
    single, rng = Single(seam=seam, p=1.0), np.random.default_rng(seed)
    theirs = [single.draw(image, mask, rng) for image, mask in zip(images, masks)]
    mine = many.to_json(many.draw(*tensors, torch.Generator().manual_seed(seed)), tensors[0])
    for documents in (theirs, mine):
        new, new_masks = many.apply(*tensors, many.from_json(documents, tensors[0]))
        assert new.dtype == tensors[0].dtype
        for place, document in enumerate(documents):
            wanted = apply_turns(images[place], masks[place], document)
            np.testing.assert_array_equal(new[place, 0].numpy(), wanted[0])
            np.testing.assert_array_equal(new_masks[place, 0].numpy(), wanted[1])


def test_real_images_turn_as_the_array_version_turns_them(shared: Path) -> None:
    images, masks = real_batch(shared, step=3)
    tensors = to_torch(images, masks)
    turn = NegativeRotation(p=1.0)
    drawn = turn.draw(*tensors, torch.Generator().manual_seed(0))
    new, new_masks = turn.apply(*tensors, drawn)
    moved = 0
    for place, document in enumerate(turn.to_json(drawn, tensors[0])):
        wanted = apply_turns(images[place], masks[place], document)
        np.testing.assert_array_equal(new[place, 0].numpy(), wanted[0])
        np.testing.assert_array_equal(new_masks[place, 0].numpy(), wanted[1])
        assert len(document["turns"]) == count_targets(masks[place])
        moved += (wanted[0] != images[place]).any()
    assert moved > 0.8 * len(images)  # one symmetry in eight leaves a target as it is


def test_nearly_every_real_target_is_turned(shared: Path) -> None:
    images, masks = real_batch(shared)
    tensors = to_torch(images, masks)
    found = TargetFinder()(tensors[1][:, 0])
    windows = batched.target_windows(found.boxes, found.valid, (256, 256))
    may_turn = found.valid & ((windows.allowed & 4) > 0)
    turned = NegativeRotation(symmetries=(2,), p=1.0).draw(*tensors)["symmetry"] > 0
    assert turned.sum() >= 0.99 * may_turn.sum()


def test_nan_stays_in_its_window() -> None:
    images = torch.rand(1, 1, 40, 40)
    masks = torch.zeros(1, 1, 40, 40)
    masks[..., 20:22, 20] = 1.0
    for place, count in (((0, 0), 1), ((20, 21), 1), ((17, 18), 2)):
        broken = images.clone()
        broken[0, 0, place[0], place[1]] = torch.nan
        turned = NegativeRotation(symmetries=(2,), p=1.0)(broken, masks)[0]
        assert turned.isnan().sum() == count


def test_parameters_survive_json() -> None:
    tensors = to_torch(*wild_batch(5, 6, (40, 44)))
    for turn in (NegativeRotation(p=0.7), NegativeRotation("patch", patch_sizes=(3, 9), p=0.7)):
        drawn = turn.draw(*tensors, torch.Generator().manual_seed(2))
        again = turn.from_json(turn.to_json(drawn, tensors[0]), tensors[0])
        for one, other in zip(turn.apply(*tensors, drawn), turn.apply(*tensors, again)):
            assert torch.equal(one, other)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), dtype=st.sampled_from(DTYPES))
def test_targets_are_conserved(seed, dtype) -> None:
    images, masks = wild_batch(seed, 4, (48, 40), dtype)
    new, new_masks = NegativeRotation(p=1.0)(*to_torch(images, masks))
    for image, mask, other, marked in zip(images, masks, new[:, 0], new_masks[:, 0]):
        assert count_targets(marked.numpy()) == count_targets(mask)
        np.testing.assert_array_equal(np.sort(other.numpy()[marked]), np.sort(image[mask]))


def test_symmetries_are_drawn_evenly_from_those_allowed() -> None:
    images = torch.zeros(2000, 1, 16, 16)
    masks = torch.zeros(2000, 1, 16, 16, dtype=torch.bool)
    masks[:, :, 7:9, 7] = True
    turn = NegativeRotation(symmetries=(0, 1, 5, 6), p=0.5)
    drawn = turn.draw(images, masks, torch.Generator().manual_seed(0))
    counts = torch.bincount(drawn["symmetry"][:, 0], minlength=8)
    assert counts[[2, 3, 4, 7]].sum() == 0
    assert ((counts[[0, 1, 5, 6]] - 500).abs() < 90).all()
    assert abs(int(drawn["applied"].sum()) - 1000) < 100
    new_masks = turn.apply(images, masks, drawn)[1]
    changed = (new_masks != masks).flatten(1).any(1)
    turned = (drawn["symmetry"][:, 0] == 1) | (drawn["symmetry"][:, 0] == 5)
    assert torch.equal(changed, drawn["applied"] & (turned | (drawn["symmetry"][:, 0] == 6)))


def test_published_method_turns_one_target() -> None:
    images, masks = wild_batch(3, 60, (64, 64))
    tensors = to_torch(images, masks)
    turn = NegativeRotation("patch", patch_sizes=(3, 32), p=1.0)
    drawn = turn.draw(*tensors, torch.Generator().manual_seed(0))
    new, new_masks = turn.apply(*tensors, drawn)
    sizes = set()
    for place, document in enumerate(turn.to_json(drawn, tensors[0])):
        targets = find_targets(masks[place])
        if not targets:
            assert document == {"op": "nothing"}
            assert np.array_equal(new[place, 0].numpy(), images[place])
            continue
        target = targets[document["target"]]
        size = {2: 3, 32: 32}[document["window"][2]]
        window = rotation_window(round(target.x), round(target.y), size, (64, 64))
        assert document["window"] == [window.top, window.left, window.height, window.width]
        assert (document["symmetry"] >= 4) == (size == 32)
        wanted = apply_turns(images[place], masks[place], document)
        np.testing.assert_array_equal(new[place, 0].numpy(), wanted[0])
        np.testing.assert_array_equal(new_masks[place, 0].numpy(), wanted[1])
        sizes.add(size)
    assert sizes == {3, 32}


def test_all_frames_of_a_clip_turn_alike() -> None:
    clips = torch.rand(2, 3, 5, 40, 40)
    masks = torch.zeros(2, 1, 5, 40, 40)
    for frame in range(5):
        masks[:, :, frame, 18 + frame : 20 + frame, 17] = 1.0
    turn = NegativeRotation(symmetries=(1,), seam="hard", p=1.0)
    drawn = turn.draw(clips, masks)
    new, new_masks = turn.apply(clips, masks, drawn)
    top, left, side, _ = drawn["window"][0, 0].tolist()
    window = np.s_[..., top : top + side, left : left + side]
    assert torch.equal(new[window], torch.rot90(clips[window], 1, (-2, -1)))
    assert torch.equal(new_masks[window], torch.rot90(masks[window], 1, (-2, -1)))
    outside = torch.ones(40, 40, dtype=torch.bool)
    outside[window] = False
    assert torch.equal(new[..., outside], clips[..., outside])
    assert new_masks.dtype == torch.float32


def test_boxes_take_the_place_of_masks_and_move() -> None:
    images, masks = wild_batch(11, 8, (64, 64))
    tensors = to_torch(images, masks)
    boxes = torch.zeros(8, 9, 4)
    for place, mask in enumerate(masks):
        for k, target in enumerate(find_targets(mask)):
            edges = [target.left, target.top, target.right, target.bottom]
            boxes[place, k + 1] = torch.tensor(edges)  # the first row stays empty
    turn = NegativeRotation(p=1.0)
    seeds = torch.arange(8)
    new, new_masks, moved = turn(*tensors, boxes, seeds=seeds)
    drawn = turn.draw(*tensors, boxes=boxes, seeds=seeds)
    assert not moved[:, 0].any()
    for place, mask in enumerate(new_masks[:, 0].numpy()):
        found = {(t.left, t.top, t.right, t.bottom) for t in find_targets(mask)}
        assert found == {tuple(box) for box in moved[place].int().tolist() if any(box)}
    without_masks = turn(tensors[0], None, boxes, seeds=seeds)
    assert torch.equal(without_masks[0], new)
    assert without_masks[1] is None
    assert torch.equal(without_masks[2], moved)
    assert drawn["window"].shape == (8, 9, 4)


def test_boxes_of_every_frame_move_with_their_track() -> None:
    clips = torch.rand(1, 1, 3, 50, 50)
    boxes = torch.zeros(1, 3, 2, 4)
    for frame in range(3):
        boxes[0, frame, 0] = torch.tensor([20.0 + frame, 20, 22 + frame, 23])
    turn = NegativeRotation(symmetries=(2,), p=1.0)
    drawn = turn.draw(clips, boxes=boxes)
    _, _, moved = turn.apply(clips, None, drawn, boxes)
    top, left, tall, wide = drawn["window"][0, 0].tolist()
    x1, y1, x2, y2 = boxes[0, :, 0].unbind(-1)
    half_turn = [
        2 * left + wide - x2,
        2 * top + tall - y2,
        2 * left + wide - x1,
        2 * top + tall - y1,
    ]
    assert torch.equal(moved[0, :, 0], torch.stack(half_turn, dim=-1))
    assert not moved[0, :, 1].any()


def test_what_there_is_no_room_for_is_left_alone() -> None:
    images = torch.rand(3, 1, 96, 96)
    masks = torch.zeros(3, 1, 96, 96, dtype=torch.bool)
    masks[0, 0, 20:60, 20:60] = True  # its window alone is larger than all
    masks[1, 0, 10:16, 10:16] = masks[1, 0, 40:47, 40:47] = masks[1, 0, 80:84, 80:84] = True
    masks[2, 0, 40:42, 40:43] = True
    turn = NegativeRotation(symmetries=(1,), p=1.0, max_area=400)
    drawn = turn.draw(images, masks)
    area = drawn["window"][..., 2:].prod(-1)
    assert area[0, 0] > 400
    assert area[1].sum() > 400 >= area[1, :2].sum()
    assert (drawn["symmetry"] > 0).sum(1).tolist() == [0, 2, 1]
    new, _ = turn.apply(images, masks, drawn)
    assert torch.equal(new[0], images[0])
    assert not torch.equal(new[2], images[2])
    document = Single(symmetries=[1], p=1.0).draw(images[1, 0].numpy(), masks[1, 0].numpy())
    documents = [{"op": "nothing"}, document, {"op": "nothing"}]
    with pytest.raises(ParameterError, match="at most 400 pixels"):
        turn.from_json(documents, images)


def test_chains_of_overlapping_windows_end_after_the_passes() -> None:
    images = torch.rand(1, 1, 40, 96)
    masks = torch.zeros(1, 1, 40, 96, dtype=torch.bool)
    for k in range(5):
        masks[..., 20, 10 + 8 * k] = True  # margins of four pixels meet
    for passes in (1, 2, 5):
        turn = NegativeRotation(margin=6, symmetries=(2,), p=1.0, passes=passes)
        assert int((turn.draw(images, masks)["symmetry"] > 0).sum()) == passes


def test_parameters_of_another_kind_are_sentences() -> None:
    images = torch.zeros(1, 1, 40, 40)
    turn = NegativeRotation()
    window = {"window": [38, 3, 5, 5], "margin": 1, "symmetry": 1}
    document = {"op": "turn", "method": "adaptive", "seam": "feather", "turns": [window]}
    with pytest.raises(ParameterError, match="windows inside images of"):
        turn.from_json([document], images)
    with pytest.raises(ParameterError, match="method adaptive, got 'displace'"):
        turn.from_json([{"op": "displace"}], images)
    with pytest.raises(ParameterError, match="feather seam, got 'hard'"):
        turn.from_json([{**document, "seam": "hard"}], images)
    with pytest.raises(ParameterError, match="one document for each of 1 images, got 2"):
        turn.from_json([document, document], images)


def test_settings_out_of_range_are_sentences() -> None:
    with pytest.raises(RecipeError, match="negatives.margin"):
        NegativeRotation(margin=0)
    with pytest.raises(ParameterError, match="adaptive or patch, got 'adaptve'"):
        NegativeRotation("adaptve")
    with pytest.raises(ParameterError, match="max_area and passes"):
        NegativeRotation(passes=0)
    with pytest.raises(ParameterError, match="at least 32×32 pixels"):
        NegativeRotation("patch", patch_sizes=(32,))(
            torch.zeros(1, 1, 20, 40), torch.zeros(1, 1, 20, 40)
        )
    with pytest.raises(ShapeError, match="masks or boxes"):
        NegativeRotation()(torch.zeros(1, 1, 20, 40))
    with pytest.raises(ShapeError, match=r"boxes \(B, K, 4\)"):
        NegativeRotation()(torch.zeros(1, 1, 20, 40), None, torch.zeros(2, 3, 4))
