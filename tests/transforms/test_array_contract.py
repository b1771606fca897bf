"""What every transform keeps, whatever it does."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import yaml
from transform_scenes import MAKERS, WHITE, make_bank, make_frame

from sirst5k.errors import ParameterError
from sirst5k.sample import Sample
from sirst5k.transforms import TRANSFORMS, Transform, from_dict, from_text, operations, replay

SHAPES = [(72, 96), (1, 1), (3, 200), (200, 3), (33, 47), (140, 150)]


@pytest.fixture(params=MAKERS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def change(name: str) -> Transform:
    return MAKERS[name](1.0)


def generator(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def same(a: Any, b: Any) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def drawn_changes(change: Transform, image: Any, mask: Any) -> Iterator[tuple[Any, Any]]:
    """Yield a few draws as JSON gives them back, with what the same call returns."""
    for seed in range(4):
        params = json.loads(json.dumps(change.draw(image, mask, generator(seed))))
        yield params, change(image, mask, generator(seed))


def test_every_registered_transform_is_here() -> None:
    assert {type(make(1.0)) for make in MAKERS.values()} == set(TRANSFORMS.values())
    assert all(kind.name == name for name, kind in TRANSFORMS.items())


@pytest.mark.parametrize("dtype", WHITE)
def test_drawn_parameters_replay_through_json(change: Transform, dtype: str) -> None:
    image, mask = make_frame(dtype=dtype)
    changed = 0
    for params, expected in drawn_changes(change, image, mask):
        assert len(json.dumps(params)) < 2000
        assert same(change.apply(image, mask, params), expected)
        assert same(replay(image, mask, params, make_bank()), expected)
        assert same(replay(image, mask, operations(params), make_bank()), expected)
        assert expected[0].dtype == image.dtype
        assert expected[1].dtype == bool
        assert expected[0].shape == expected[1].shape == image.shape
        changed += not np.array_equal(expected[0], image)
    assert changed


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", WHITE)
def test_any_shape_and_any_number_of_targets(name: str, dtype: str, shape: tuple[int, int]) -> None:
    change = MAKERS[name](1.0)
    for targets in (0, 1, 3):
        if min(shape) < 12 and targets:
            continue
        image, mask = make_frame(shape, dtype, targets)
        params = change.draw(image, mask, generator())
        result = change.apply(image, mask, params)
        assert result[0].shape == result[1].shape == shape
        assert result[0].dtype == image.dtype
        if not targets:
            assert not result[1].any()


def test_of_one_pixel_that_is_a_target(name: str) -> None:
    image, mask = np.full((1, 1), 90, np.uint8), np.ones((1, 1), dtype=bool)
    if name == "patch":  # a window of a given size fits, or is an error
        with pytest.raises(ParameterError, match="Expected an image of at least"):
            MAKERS[name](1.0)(image, mask, generator())
        return
    assert MAKERS[name](1.0)(image, mask, generator())[1].all()


def test_a_mask_that_is_all_target(name: str) -> None:
    image, _ = make_frame()
    mask = np.ones(image.shape, dtype=bool)
    assert MAKERS[name](1.0)(image, mask, generator())[1].all()


def test_p_zero_is_identity(name: str) -> None:
    image, mask = make_frame()
    never = MAKERS[name](0.0)
    result = never(image, mask, generator(), images=[image], masks=[mask * 2], boxes=[[1, 2, 3, 4]])
    assert same((result["image"], result["mask"]), (image, mask))
    for array in (*never(image, mask, generator()), *result["images"], *result["masks"]):
        assert not np.shares_memory(array, image)
        assert not np.shares_memory(array, mask)
        assert array.flags.writeable
    assert never.draw(image, mask, generator()) == {"op": "nothing"}
    assert same(never.apply(image, mask, {"op": "nothing"}), (image, mask))


def test_p_is_how_often(name: str) -> None:
    image, mask = make_frame()
    rng = generator()
    sometimes = MAKERS[name](0.3)
    hits = sum(sometimes.draw(image, mask, rng) != {"op": "nothing"} for _ in range(300))
    assert 60 < hits < 120


def test_inputs_are_never_written_to(change: Transform) -> None:
    for seed in range(4):
        image, mask = (array.copy() for array in make_frame())
        before = image.copy(), mask.copy()
        result = change(image, mask, generator(seed))
        assert same((image, mask), before)
        for array in result:
            array[:] = 0  # nothing that came in, or that the transform keeps, is behind it
        assert same(change(image, mask, generator(seed)), change(image, mask, generator(seed)))
        assert same((image, mask), before)


@pytest.mark.parametrize("view", ["transposed", "mirrored", "strided", "fortran"])
def test_memory_layout_does_not_matter(change: Transform, view: str) -> None:
    def lay(array: Any) -> Any:
        if view == "transposed":
            return array.T
        if view == "mirrored":
            return array[::-1, ::-1]
        return array[::2, ::2] if view == "strided" else np.asfortranarray(array)

    image, mask = (lay(array) for array in make_frame((140, 180)))
    plain = change(np.ascontiguousarray(image), np.ascontiguousarray(mask), generator())
    assert same(change(image, mask, generator()), plain)


def test_documents_give_the_same_transform(change: Transform) -> None:
    document = change.to_dict()
    again = [
        from_dict(document, make_bank()),
        from_dict(json.loads(json.dumps(document)), make_bank()),
        from_dict(yaml.safe_load(yaml.safe_dump(document)), make_bank()),
        from_text(change.to_text(), make_bank()),
        type(change).from_dict(document, make_bank()),
        pickle.loads(pickle.dumps(change)),
        copy.deepcopy(change),
    ]
    image, mask = make_frame()
    expected = change(image, mask, generator())
    for other in again:
        assert type(other) is type(change)
        assert other.to_dict() == document
        assert same(other(image, mask, generator()), expected)


def test_repr_names_every_parameter(change: Transform) -> None:
    text = repr(change)
    assert text.startswith(f"{change.name}(")
    assert all(f"{key}=" in text for key in change.to_dict() if key != "transform")


def test_samples_keep_their_history(change: Transform) -> None:
    image, mask = make_frame()
    earlier = [{"op": "turn", "note": "from before"}]
    sample = Sample("a", image, mask, {"camera": "one", "operations": earlier})
    changed = change(sample, rng=generator())
    assert same((changed.image, changed.mask), change(image, mask, generator()))
    assert changed.id == "a"
    assert changed.meta["camera"] == "one"
    assert changed.meta["operations"][:1] == earlier
    assert sample.meta["operations"] == earlier
    mine = json.loads(json.dumps(changed.meta["operations"][1:]))
    assert mine == operations(change.draw(image, mask, generator()))
    assert same(replay(image, mask, mine, make_bank()), (changed.image, changed.mask))


def test_further_arrays_go_along(change: Transform) -> None:
    """A call with everything gives the pair that a call with a pair gives."""
    image, mask = make_frame()
    wide = make_frame(dtype="uint16")[0]
    labels = np.where(mask, 7, 0).astype(np.int64)
    boxes, points = np.array([[32, 18, 36, 21.0]]), np.array([[33, 19.0]])
    for seed in range(4):
        result = change(
            image,
            mask,
            generator(seed),
            images={"wide": wide, "again": image},
            masks=[labels, mask],
            boxes=boxes,
            points=points,
        )
        assert list(result) == ["image", "mask", "images", "masks", "boxes", "points"]
        assert same((result["image"], result["mask"]), change(image, mask, generator(seed)))
        assert np.array_equal(result["images"]["again"], result["image"])
        assert result["images"]["wide"].dtype == np.uint16
        assert np.array_equal(result["masks"][1], result["mask"])
        assert np.array_equal(result["masks"][0] > 0, result["mask"])
        assert set(np.unique(result["masks"][0])) <= {0, 7}
        params = change.draw(image, mask, generator(seed))
        again = change.apply(image, mask, params, boxes=boxes, points=points)
        assert np.array_equal(again["boxes"], result["boxes"])
        assert np.array_equal(again["points"], result["points"])


def test_an_image_of_another_depth_gets_the_same_change(name: str) -> None:
    """To within rounding, what is added is the same share of full scale."""
    image, mask = make_frame()
    wide = image.astype(np.uint16) * 257
    fine = image.astype(np.float32) / 255
    for seed in range(4):
        result = MAKERS[name](1.0)(image, mask, generator(seed), images=[wide, fine])
        # Each operation rounds; and the SCR is measured in each image, and moved there.
        step = {"compose": 2.1, "residual-grown": 1.6, "residual-fresh": 1.6}.get(name, 1.01)
        assert np.abs(result["images"][0] / 257 - result["image"]).max() < step
        assert np.abs(result["images"][1] * 255 - np.clip(result["image"], 0, 255)).max() < step


@pytest.mark.parametrize("kind", ["uint8", "int32", "float32", "255"])
def test_masks_of_numbers_keep_dtype_and_values(change: Transform, kind: str) -> None:
    image, mask = make_frame()
    numbers = mask.astype(np.uint8) * 255 if kind == "255" else mask.astype(kind) * 3
    for seed in range(4):
        plain = change(image, mask, generator(seed))
        result = change(image, numbers, generator(seed))
        assert np.array_equal(result[0], plain[0])
        assert result[1].dtype == numbers.dtype
        assert np.array_equal(result[1], plain[1] * numbers.max())


def test_motions_move_a_mask_as_the_transform_does(change: Transform) -> None:
    from sirst5k.transforms import move_plane

    image, mask = make_frame(targets=3)
    for params, (_, after) in drawn_changes(change, image, mask):
        assert np.array_equal(move_plane(mask, change.motions(mask, params)), after)
