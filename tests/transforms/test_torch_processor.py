"""On a processor, targets' own pixels are enough: nothing comes out differently.

By calls of numpy and, where numba is installed, by compiled functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch_scenes import real_batch, wild_batch  # noqa: E402

from sirst5k import NoiseBank, open_dataset  # noqa: E402
from sirst5k import transforms as single  # noqa: E402
from sirst5k.transforms.canvas import Canvas  # noqa: E402
from sirst5k.transforms.torch import Compose, NegativeRotation, NoiseDisplacement  # noqa: E402
from sirst5k.transforms.torch.batch import target_masks  # noqa: E402
from sirst5k.transforms.torch.finding import TargetFinder  # noqa: E402
from sirst5k.transforms.torch.processor import compiled, on_processor  # noqa: E402
from sirst5k.transforms.torch.processor.adding import running_sums, window_means  # noqa: E402
from sirst5k.transforms.torch.processor.ragged import fullest, restarted  # noqa: E402

BANK = NoiseBank.sample(open_dataset("demo:n=6,size=128", "train"))


@pytest.fixture(scope="module", autouse=True, params=["numpy", "numba"])
def ways(request) -> Iterator[None]:
    """Do everything in one of the ways that there are."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "numba":
            pytest.importorskip("numba")
        else:
            patch.setattr(compiled, "_load", lambda idea: None)
        yield


@contextmanager
def fixed_shapes() -> Iterator[None]:
    """Do everything as for a device, or in a graph."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.compiler, "is_compiling", lambda: True)
        yield


def assert_same(mine, others) -> None:
    for one, other in zip(mine, others, strict=True):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)


@settings(deadline=None, max_examples=80)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    density=st.sampled_from([0.0, 0.02, 0.1, 0.3, 0.5, 1.0]),
    room=st.sampled_from([1, 4, 32]),
)
def test_targets_are_those_of_fixed_shapes(seed, shape, density, room) -> None:
    masks = wild_batch(seed, 3, shape)[1] ^ (
        np.random.default_rng(seed).random((3, *shape)) < density
    )
    finder, tensor = TargetFinder(room), torch.from_numpy(masks)
    mine = finder(tensor)
    with fixed_shapes():
        fixed = finder(tensor)
    assert_same((*mine[:5], mine.owner), (*fixed[:5], fixed.owner))
    owned = mine.owner < room
    assert torch.equal(mine.runs[owned], fixed.runs[owned])


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int64, torch.bfloat16, torch.float32, torch.float64]
)
def test_masks_of_any_kind_are_read_alike(dtype) -> None:
    finder = TargetFinder(8)
    for shape in ((41, 37), (40, 48)):
        masks = torch.from_numpy(wild_batch(3, 6, shape)[1])
        given = masks.to(dtype)
        if dtype.is_floating_point:
            given = torch.where(masks, given, torch.tensor(-0.0, dtype=dtype))
            given[0, 0, 0], given[1, 0, 0] = -1.0, torch.nan
        clips = given.view(2, 1, 3, *shape)
        for batch in (given[:, None], clips, clips.expand(-1, -1, 3, -1, -1)[:, :, ::2]):
            targets = finder(target_masks(batch))
            assert_same(finder.locate(batch), (targets.boxes, targets.valid, targets.centres))


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(6, 48), st.integers(6, 48)),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    frames=st.sampled_from([1, 3]),
    passes=st.integers(1, 3),
    max_area=st.sampled_from([60, 4096]),
)
def test_turns_are_those_of_fixed_shapes(seed, shape, dtype, frames, passes, max_area) -> None:
    images, masks = (torch.from_numpy(part) for part in wild_batch(seed, 6, shape, dtype))
    if frames == 1:
        images, masks = images[:, None], masks[:, None]
    else:
        # Copies of one channel, of frames whose targets overlap in one another's places.
        images = images.view(2, 1, 3, *shape).repeat(1, 2, 1, 1, 1)
        masks = masks.view(2, 1, 3, *shape)
    limits = {"p": 0.8, "passes": passes, "max_area": max_area}
    turns = [NegativeRotation(seam=seam, **limits) for seam in ("feather", "hard")]
    if min(shape) >= 8:
        turns.append(NegativeRotation("patch", patch_sizes=(3, 5), **limits))
    for turn in turns:
        seeds = torch.arange(len(images)) + seed
        drawn = turn.draw(images, masks, seeds=seeds)
        mine = turn.apply(images, masks, drawn)
        with fixed_shapes():
            fixed = turn.draw(images, masks, seeds=seeds)
            assert drawn.keys() == fixed.keys()
            assert_same(drawn.values(), fixed.values())
            assert_same(mine, turn.apply(images, masks, fixed))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_are_turned_alike(dtype) -> None:
    images, masks = (torch.from_numpy(part)[:, None] for part in wild_batch(1, 6, (40, 44)))
    images, turn, seeds = (images / 255).to(dtype), NegativeRotation(p=1.0), torch.arange(6)
    mine = turn(images, masks, seeds=seeds)
    with fixed_shapes():
        assert_same(mine, turn(images, masks, seeds=seeds))


def test_real_targets_are_found_and_turned_alike(shared: Path) -> None:
    images, masks = (torch.from_numpy(part)[:, None] for part in real_batch(shared, step=2))
    turn, seeds = NegativeRotation(p=1.0), torch.arange(len(images))
    mine = turn(images, masks, seeds=seeds)
    assert (mine[0] != images).any()
    with fixed_shapes():
        assert_same(mine, turn(images, masks, seeds=seeds))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(3, 70), st.integers(3, 70)),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_noise_is_the_array_versions_to_the_pixel(seed, shape, dtype) -> None:
    images, masks = wild_batch(seed, 4, shape, dtype)
    tensors = torch.from_numpy(images)[:, None], torch.from_numpy(masks)[:, None]
    one = single.NoiseDisplacement(BANK, p=0.7, gain_range=(0.5, 3.0))
    many = NoiseDisplacement(BANK, p=0.7, gain_range=(0.5, 3.0))
    drawn = many.draw(*tensors, seeds=torch.arange(4) + seed)
    noisy, _ = many.apply(*tensors, drawn)
    fixed = many._add(tensors[0], None, many._field(drawn, shape), drawn)
    # Floats add the same numbers in another order; grey levels are rounded from finer steps.
    near = 1e-6 if dtype == np.float32 else 1
    assert (noisy.double() - fixed.double()).abs().max() <= near
    for place, document in enumerate(many.to_json(drawn, tensors[0])):
        wanted = one.apply(images[place], masks[place], document)[0]
        if dtype == np.float32:
            np.testing.assert_allclose(noisy[place, 0].numpy(), wanted, atol=1e-6)
        else:
            np.testing.assert_array_equal(noisy[place, 0].numpy(), wanted)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    frames=st.sampled_from([None, 3]),
    gain_range=st.sampled_from([(0.5, 3.0), (1.0, 1.0)]),
)
def test_noise_is_drawn_as_for_fixed_shapes(seed, shape, frames, gain_range) -> None:
    many = NoiseDisplacement(BANK, p=0.7, gain_range=gain_range)
    images = torch.zeros((5, 1, *([frames] if frames else []), *shape), dtype=torch.uint8)
    drawn = many.draw(images, seeds=torch.arange(5) + seed)
    with fixed_shapes():
        fixed = many.draw(images, seeds=torch.arange(5) + seed)
    assert drawn.keys() == fixed.keys()
    assert_same(drawn.values(), fixed.values())


def test_noise_of_clips_differs_from_frame_to_frame_not_between_channels() -> None:
    clips = torch.full((2, 3, 4, 20, 24), 100, dtype=torch.uint8)
    noisy, _ = NoiseDisplacement(BANK, p=1.0)(clips, seeds=torch.arange(2))
    assert torch.equal(noisy[:, 0], noisy[:, 2])
    assert (noisy[:, :, 0] != noisy[:, :, 1]).any()
    strided = torch.full((2, 4, 20, 24, 3), 100, dtype=torch.uint8).permute(0, 4, 1, 2, 3)
    assert torch.equal(NoiseDisplacement(BANK, p=1.0)(strided, seeds=torch.arange(2))[0], noisy)


def test_sums_over_windows_survive_running_over() -> None:
    side = 4200  # all of it in white adds up to more than 32 bits hold
    sums = running_sums(Canvas(np.full((side, side), 255, np.uint8), 1.0, 0.0))
    assert sums.dtype == np.int32
    places = np.array([[[0, 0], [2200, 2200]], [[1, 2199], [17, 3]]])
    assert window_means(sums, places, (2000, 2000)).tolist() == [[255.0, 255.0], [255.0, 255.0]]


def test_gradients_go_through_and_change_nothing() -> None:
    images, masks = (torch.from_numpy(part)[:, None] for part in wild_batch(2, 4, (40, 44)))
    images = images.float() / 255
    followed, seeds = images.clone().requires_grad_(), torch.arange(4)
    turn = NegativeRotation(p=1.0)
    assert not on_processor(followed)
    turned = turn(followed, masks, seeds=seeds)[0]
    assert torch.equal(turned.detach(), turn(images, masks, seeds=seeds)[0])
    noisy = NoiseDisplacement(BANK, p=1.0)(turned, seeds=seeds)[0]
    noisy.sum().backward()
    assert followed.grad is not None
    assert followed.grad.isfinite().all()
    assert abs(float(followed.grad.sum()) - images.numel()) < 1
    with torch.no_grad():
        assert on_processor(followed)


def test_what_only_goes_through_comes_out_as_a_copy() -> None:
    images, masks = (torch.from_numpy(part)[:, None] for part in wild_batch(2, 4, (40, 44)))
    boxes = torch.tensor([[[3, 4, 6, 9]]]).repeat(4, 1, 1)
    noise = NoiseDisplacement(BANK, p=1.0)
    for transform in (noise, Compose([noise, noise]), Compose([])):
        for changed, marks, moved in (
            transform(images, masks, boxes),
            transform.apply(images, masks, transform.draw(images, masks), boxes),
        ):
            assert torch.equal(marks, masks)
            assert torch.equal(moved, boxes)
            for new, old in ((changed, images), (marks, masks), (moved, boxes)):
                assert new.data_ptr() != old.data_ptr()


def test_ragged_lists() -> None:
    assert restarted(np.array([2, 0, 3])).tolist() == [0, 1, 0, 1, 2]
    assert restarted(np.array([], np.int64)).tolist() == []
    there = np.array([[True, False, False], [True, False, True]])
    assert [fullest(there), fullest(there[:1]), fullest(there[:, :0])] == [3, 1, 1]
