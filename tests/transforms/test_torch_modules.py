"""What holds for every batched transform: independence, seeds, groups, bad input."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch_makers import BANK, EVERYTHING, MAKERS, batch, seeded  # noqa: E402
from torch_scenes import wild_batch  # noqa: E402

from sirst5k import transforms as single  # noqa: E402
from sirst5k.errors import ParameterError, ShapeError  # noqa: E402
from sirst5k.transforms.torch import (  # noqa: E402
    ClutterDecoys,
    Compose,
    NegativeRotation,
    NoiseDisplacement,
    OneOf,
    batched,
    from_recipe,
    sample_seeds,
)

CLIPS = [name for name in MAKERS if name not in ("paste", "all")]


@pytest.fixture(params=list(MAKERS))
def make(request):
    return MAKERS[request.param]


class Watch(TorchDispatchMode):
    """Notes every operation that has to wait for a device, or whose shape depends on data."""

    WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "bincount", "is_nonzero")

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = str(func)
        indexed = "aten.index." in name or "index_put" in name
        if indexed and any(i is not None and i.dtype == torch.bool for i in args[1]):
            name += " by a mask"
        if any(word in name for word in self.WAITS) or "by a mask" in name:
            self.seen.append(name)
        if "_to_copy" in name and kwargs and kwargs.get("device") not in (None, args[0].device):
            self.seen.append(name + " between devices")
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_nothing_waits_for_the_device(make, dtype) -> None:
    images, masks = batch(dtype=dtype)
    boxes = torch.tensor([[[3.0, 4, 8, 9]]]).expand(6, 3, 4).clone()
    transform = make(p=0.9)
    transform(images, masks)  # tables for this size
    with Watch() as watch:
        transform(images, masks)
        transform(images, masks, boxes)
    assert watch.seen == []


def test_the_watch_sees_what_would_wait() -> None:
    with Watch() as watch:
        values = torch.arange(4)
        values[values > 1]
        values.max().item()
        values.nonzero()
    assert len(watch.seen) >= 3


def test_samples_do_not_depend_on_their_neighbours(make) -> None:
    images, masks = batch(dtype=np.float32)
    seeds = sample_seeds(3, 0, [f"image {k}" for k in range(6)])
    transform = make(p=0.8)
    together = transform(images, masks, seeds=seeds)
    order = torch.tensor([4, 0, 5])
    some = transform(images[order], masks[order], seeds=seeds[order])
    for all_, few in zip(together, some):
        torch.testing.assert_close(all_[order], few, rtol=0, atol=1e-5)
    alone = transform(images[2:3], masks[2:3], seeds=seeds[2:3])
    torch.testing.assert_close(together[0][2:3], alone[0], rtol=0, atol=1e-5)


def test_seeds_make_a_call_repeatable_and_samples_differ(make) -> None:
    images, masks = batch()
    images, masks = images[1:2].repeat(16, 1, 1, 1), masks[1:2].repeat(16, 1, 1, 1)
    transform = make(p=1.0)
    first = transform(images, masks, generator=torch.Generator().manual_seed(5))
    again = transform(images, masks, generator=torch.Generator().manual_seed(5))
    other = transform(images, masks, generator=torch.Generator().manual_seed(6))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])
    assert len(first[0].flatten(1).unique(dim=0)) > 3


def test_draw_and_apply_are_a_call(make) -> None:
    images, masks = batch()
    transform = make(p=0.7)
    seeds = torch.arange(6)
    drawn = transform.draw(images, masks, seeds=seeds)
    whole = transform(images, masks, seeds=seeds)
    parts = transform.apply(images, masks, drawn)
    assert torch.equal(whole[0], parts[0])
    assert torch.equal(whole[1], parts[1])


def test_input_is_left_alone_and_output_is_new(make) -> None:
    images, masks = batch()
    kept = images.clone(), masks.clone()
    for p in (0.0, 1.0):
        new, marks = make(p=p)(images, masks)
        assert torch.equal(images, kept[0])
        assert torch.equal(masks, kept[1])
        assert new.data_ptr() != images.data_ptr()
        assert marks.data_ptr() != masks.data_ptr()
        assert (new.dtype, marks.dtype) == (images.dtype, masks.dtype)
        if p == 0:
            assert torch.equal(new, images)
            assert torch.equal(marks, masks)


@pytest.mark.parametrize(
    "dtype",
    [torch.uint8, torch.uint16, torch.float16, torch.bfloat16, torch.float32, torch.float64],
)
def test_every_dtype_goes_through(make, dtype) -> None:
    images, masks = batch(dtype=np.float32)
    images = (images * 255).to(dtype) if dtype in (torch.uint8, torch.uint16) else images.to(dtype)
    others = {torch.uint8: torch.uint8, torch.float32: torch.float64, torch.float64: torch.int64}
    for marks in (masks, masks.to(others.get(dtype, torch.bool))):
        new, moved = make(p=1.0)(images, marks, seeds=torch.arange(6))
        assert (new.dtype, moved.dtype) == (dtype, marks.dtype)
        assert new.shape == images.shape
        assert new.to(torch.float32).isfinite().all()


@pytest.mark.parametrize("name", CLIPS)
def test_clips_go_through(name) -> None:
    images, masks = batch(2 * 4, np.float32)
    clips = images.view(2, 1, 4, 64, 56).repeat(1, 3, 1, 1, 1)
    marks = masks.view(2, 1, 4, 64, 56)
    new, moved = MAKERS[name](p=1.0)(clips, marks)
    assert new.shape == clips.shape
    assert moved.shape == marks.shape
    assert torch.equal(new[:, 0], new[:, 2])


@pytest.mark.parametrize("shape", [(1, 1), (2, 70), (16, 16), (33, 9)])
@pytest.mark.parametrize("name", [name for name in MAKERS if name != "patch"])
def test_small_and_odd_sizes(name, shape) -> None:
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.random((3, 1, *shape)).astype(np.float32))
    masks = torch.from_numpy(rng.random((3, 1, *shape)) < 0.1)
    new, marks = MAKERS[name](p=1.0)(images, masks)
    assert new.shape == images.shape
    assert new.isfinite().all()
    assert marks.shape == masks.shape


def test_no_samples_are_no_problem(make) -> None:
    images, masks = torch.zeros(0, 1, 64, 64), torch.zeros(0, 1, 64, 64, dtype=torch.bool)
    new, marks = make(p=1.0)(images, masks)
    assert new.shape == images.shape
    assert marks.shape == masks.shape


@pytest.mark.parametrize("name", ["turn", "patch", "paste"])
def test_without_targets_images_stay(name) -> None:
    images, _ = batch()
    masks = torch.zeros_like(images)
    new, marks = MAKERS[name](p=1.0)(images, masks)
    assert torch.equal(new, images)
    assert not marks.any()


# Reproducibility


def test_a_seed_makes_runs_alike_and_epochs_different() -> None:
    images, masks = batch()

    def run(seed: int, epoch: int) -> list[torch.Tensor]:
        transform = from_recipe("sirst5k", BANK, seed=seed)
        transform.set_epoch(epoch)
        return [transform(images, masks)[0] for _ in range(2)]

    first, second = run(1, 0)
    assert not torch.equal(first, second)
    assert torch.equal(first, run(1, 0)[0])
    assert torch.equal(second, run(1, 0)[1])
    assert not torch.equal(first, run(1, 1)[0])
    assert not torch.equal(first, run(2, 0)[0])
    assert not torch.equal(run(0, 1)[0], run(1, 0)[0])


def test_without_a_seed_torchs_own_generator_decides() -> None:
    images, masks = batch()
    transform = NegativeRotation(p=1.0)
    torch.manual_seed(3)
    first, second = transform(images, masks)[0], transform(images, masks)[0]
    torch.manual_seed(3)
    assert torch.equal(first, transform(images, masks)[0])
    assert not torch.equal(first, second)


def test_names_make_seeds_that_nothing_else_changes() -> None:
    seeds = sample_seeds(0, 2, ["a", "b", "a"])
    assert seeds[0] == seeds[2] != seeds[1]
    assert sample_seeds(0, 2, ["b"])[0] == seeds[1]
    many = torch.cat([sample_seeds(s, e, map(str, range(300))) for s in range(4) for e in range(4)])
    assert len(many.unique()) == 4800
    bits = (many[:, None] >> torch.arange(64)) & 1
    assert ((bits.float().mean(0) - 0.5).abs() < 0.04).all()


def test_uniform_numbers_are_uniform() -> None:
    from sirst5k.transforms.torch.randomness import below, random_bytes, uniform

    numbers = uniform(torch.arange(2000), 3, 50)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts = torch.histc(numbers, 20, 0, 1)
    assert ((counts - 5000).abs() < 400).all()
    assert torch.corrcoef(numbers.T).sub(torch.eye(50)).abs().max() < 0.12
    assert not torch.equal(numbers, uniform(torch.arange(2000), 4, 50))
    assert set(below(numbers, 3).unique().tolist()) == {0, 1, 2}
    assert below(torch.tensor([0.9999999]), torch.tensor([7])).item() == 6
    assert below(torch.tensor([0.5]), 0).item() == 0
    drawn = random_bytes(torch.arange(40), 8192)
    assert ((torch.bincount(drawn.flatten(), minlength=256) - 1280).abs() < 200).all()
    assert torch.corrcoef(drawn.float()).sub(torch.eye(40)).abs().max() < 0.06
    assert torch.equal(drawn[7], random_bytes(torch.tensor([7]), 8192)[0])


# Groups and recipes


def test_parts_of_a_composition_see_what_is_left() -> None:
    images, masks = batch()
    parts = [NegativeRotation(p=1.0), ClutterDecoys(p=1.0)]
    together = Compose(parts)
    drawn = together.draw(images, masks, seeds=torch.arange(6))
    step = parts[0].apply(images, masks, drawn["parts"][0])
    step = parts[1].apply(*step, drawn["parts"][1])
    whole = together(images, masks, seeds=torch.arange(6))
    assert torch.equal(step[0], whole[0])


def test_probabilities_of_groups() -> None:
    images = torch.zeros(3000, 1, 8, 8)
    masks = torch.zeros(3000, 1, 8, 8)
    noise = NoiseDisplacement(BANK, p=0.5)
    changed = Compose([noise], p=0.4)(images, masks, generator=seeded(0))[0] != 0
    assert abs(changed.flatten(1).any(1).float().mean() - 0.2) < 0.03
    one = OneOf([NoiseDisplacement(BANK, p=0.75), NegativeRotation(p=0.25)], p=0.8)
    drawn = one.draw(images, masks, seeded(1))
    shares = [part["applied"].float().mean() for part in drawn["parts"]]
    assert abs(shares[0] - 0.6) < 0.03
    assert abs(shares[1] - 0.2) < 0.03
    assert not (drawn["parts"][0]["applied"] & drawn["parts"][1]["applied"]).any()


def test_group_parameters_are_the_array_versions() -> None:
    images, masks = wild_batch(1, 6, (64, 56))
    tensors = torch.from_numpy(images)[:, None], torch.from_numpy(masks)[:, None]
    one = single.Compose(
        [
            single.OneOf([single.NegativeRotation(p=0.5), single.ClutterDecoys(p=0.5)], p=0.9),
            single.NoiseDisplacement(BANK, p=0.8),
        ],
        p=0.9,
    )
    many = batched(one)
    rng = np.random.default_rng(0)
    theirs = [one.draw(image, mask, rng) for image, mask in zip(images, masks)]
    mine = many.to_json(many.draw(*tensors, seeded(0)), tensors[0])
    for documents in (theirs, mine):
        new, marks = many.apply(*tensors, many.from_json(documents, tensors[0]))
        for place, document in enumerate(documents):
            wanted = one.apply(images[place], masks[place], document)
            difference = new[place, 0].int().numpy() - wanted[0].astype(int)
            assert np.abs(difference).max() <= 1
            np.testing.assert_array_equal(marks[place, 0].numpy(), wanted[1])
    assert {document["op"] for document in mine} <= {"sequence", "nothing"}
    with pytest.raises(ParameterError, match="sequence of 2 parts"):
        many.from_json([{"op": "sequence", "parts": []}] * 6, tensors[0])


@pytest.mark.parametrize("name", ["sirst5k", "reference"])
def test_recipes_become_the_same_operations(name) -> None:
    one, many = single.from_recipe(name, BANK), from_recipe(name, BANK)
    assert [type(p).__name__ for p in many.transforms] == [p.name for p in one.transforms]
    for part, other in zip(one.transforms, many.transforms):
        assert part.settings == other.settings
        assert part.p == other.p
    images, masks = batch()
    assert many(images, masks)[0].shape == images.shape


def test_everything_can_be_made_of_its_array_version() -> None:
    for one in single.from_recipe(EVERYTHING, BANK, seed=4).transforms:
        many = batched(one, max_targets=5, max_area=900, passes=1, max_size=11)
        assert type(many).__name__ == one.name
        assert many.settings == one.settings
    assert batched(single.NegativeRotation(), max_area=900).max_area == 900
    with pytest.raises(ParameterError, match=r"limits among .* got \['max_areas'\]"):
        batched(single.NegativeRotation(), max_areas=900)
    with pytest.raises(ParameterError, match="transforms of sirst5k.transforms.torch, got Linear"):
        Compose([torch.nn.Linear(1, 1)])
    with pytest.raises(ParameterError, match="p > 0"):
        OneOf([NegativeRotation(p=0.0)])


# Bad input


@pytest.mark.parametrize(
    ("images", "masks", "sentence"),
    [
        (torch.zeros(8, 8), None, r"images \(B, 1, H, W\) or clips .* got \(8, 8\)"),
        (torch.zeros(2, 1, 0, 8), None, "images"),
        (torch.zeros(2, 1, 8, 8, dtype=torch.int32), None, "uint8, uint16 or a float dtype"),
        (torch.zeros(2, 1, 8, 8), torch.zeros(2, 8, 8), r"masks \(2, 1, 8, 8\)"),
        (torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 8, 8), r"masks \(2, 1, 8, 8\)"),
        (torch.zeros(2, 1, 8, 8), torch.zeros(2, 1, 8, 9), r"got \(2, 1, 8, 9\)"),
        (torch.zeros(2, 1, 8, 8), torch.zeros(2, 1, 8, 8, dtype=torch.complex64), "bool, integers"),
        (torch.zeros(2, 1, 8, 8), torch.zeros(2, 1, 8, 8, device="meta"), "on the images' device"),
        (np.zeros((2, 1, 8, 8)), None, "images as a tensor, got ndarray"),
        (torch.zeros(2, 1, 8, 8), np.zeros((2, 1, 8, 8)), "masks as a tensor"),
    ],
)
def test_wrong_arrays_are_sentences(make, images, masks, sentence) -> None:
    with pytest.raises(ShapeError, match=sentence):
        make()(images, masks)


def test_wrong_seeds_and_numbers_are_sentences() -> None:
    images, masks = batch()
    turn = NegativeRotation()
    with pytest.raises(ShapeError, match=r"seeds \(B,\) = \(6,\) of int64"):
        turn(images, masks, seeds=torch.arange(5))
    with pytest.raises(ShapeError, match="of int64, got"):
        turn(images, masks, seeds=torch.zeros(6))
    with pytest.raises(ParameterError, match=r"probability p in \[0, 1\], got 1.5"):
        NegativeRotation(p=1.5)
    with pytest.raises(ParameterError, match="seed that is not negative"):
        NegativeRotation(seed=-1)
    with pytest.raises(ParameterError, match="epoch that is not negative"):
        turn.set_epoch(-1)
    with pytest.raises(ParameterError, match="seed and epoch not negative"):
        sample_seeds(0, -1, [])
