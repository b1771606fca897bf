"""The published augmentation, against pipelines of Pillow calls in the published order."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from PIL import Image, ImageFilter, ImageOps  # noqa: E402
from tiny import make_scene  # noqa: E402

from sirst5k.errors import ParameterError  # noqa: E402
from sirst5k.sample import Sample  # noqa: E402
from sirst5k.synthesis.document import from_document, to_document  # noqa: E402
from sirst5k.training.augmentation import (  # noqa: E402
    PUBLISHED,
    Augmentation,
    AugmentationParameters,
    apply,
    draw,
)
from sirst5k.training.frames import FrameStore, ResidentFrames, build_store  # noqa: E402

RAGGED = [(7, 9), (48, 40), (12, 70), (90, 31), (300, 500), (64, 64)]
EVERYTHING = Augmentation(
    crop=64, flip_vertical=0.5, quarter_turn=0.5, pad="both", blur=0.5, on_target=0.5
)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    rng = np.random.default_rng(0)
    scenes = [make_scene(rng, (max(h, 9), max(w, 9))) for h, w in RAGGED]
    # Noise over all levels: the worst that a filter can meet.
    return [
        Sample(f"s{n}", rng.integers(0, 256, (h, w), dtype=np.uint8), mask[:h, :w])
        for n, ((_, mask), (h, w)) in enumerate(zip(scenes, RAGGED, strict=True))
    ]


@pytest.fixture(scope="module")
def store(samples: list[Sample]) -> FrameStore:
    return build_store(samples)


def with_pillow(
    sample: Sample, augmentation: Augmentation, parameters: AugmentationParameters, place: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """One frame's crop, step by step as the published pipelines go."""
    at: dict[str, Any] = {name: value[place] for name, value in parameters.to_dict().items()}
    image = Image.fromarray(sample.image)
    mask = Image.fromarray(sample.mask.astype(np.uint8) * 255)
    steps = [
        (at["flip_horizontal"], Image.Transpose.FLIP_LEFT_RIGHT),
        (at["flip_vertical"], Image.Transpose.FLIP_TOP_BOTTOM),
        (at["turned"], Image.Transpose.ROTATE_90),  # counter-clockwise
    ]
    for wanted, how in steps:
        if wanted:
            image, mask = image.transpose(how), mask.transpose(how)
    height, width = at["resized"]
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    mask = mask.resize((width, height), Image.Resampling.NEAREST)
    crop = augmentation.crop
    right, below = max(crop - width, 0), max(crop - height, 0)
    if augmentation.pad == "both":
        right, below = right + right % 2, below + below % 2
        border = (right // 2, below // 2, right // 2, below // 2)
    else:
        border = (0, 0, right, below)
    image, mask = ImageOps.expand(image, border, 0), ImageOps.expand(mask, border, 0)
    top, left = at["corner"]
    assert 0 <= top <= image.height - crop
    assert 0 <= left <= image.width - crop
    box = (left, top, left + crop, top + crop)
    image, mask = image.crop(box), mask.crop(box)
    if at["blur_radius"] > 0:
        image = image.filter(ImageFilter.GaussianBlur(at["blur_radius"]))
    return np.array(image), np.array(mask)


def crops(
    store: FrameStore, augmentation: Augmentation, indices: list[int], seed: int
) -> tuple[Any, Any, AugmentationParameters]:
    drawn = draw(augmentation, store, indices, np.random.default_rng(seed))
    images, masks = apply(ResidentFrames(store, "cpu").batch(indices), augmentation, drawn)
    return images, masks, drawn


PIPELINES = {
    **{name: replace(preset, crop=64, base=64) for name, preset in PUBLISHED.items()},
    "everything": EVERYTHING,
    "enlarging": Augmentation(crop=33, base=200, scale_range=(0.3, 3.0), blur=0.0),
    "shrinking": Augmentation(crop=24, scale_range=(0.02, 0.4), blur=0.0, flip_vertical=0.5),
    "blurring": Augmentation(crop=50, blur=1.0, blur_radius_range=(0.5, 3.0), quarter_turn=0.5),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_crops_are_those_of_pillow(name: str, samples: list[Sample], store: FrameStore) -> None:
    augmentation = PIPELINES[name]
    indices = [0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 5]
    for seed in range(4):
        images, masks, drawn = crops(store, augmentation, indices, seed)
        assert images.shape == masks.shape == (12, 1, augmentation.crop, augmentation.crop)
        assert images.dtype == masks.dtype == torch.float32
        for place, index in enumerate(indices):
            image, mask = with_pillow(samples[index], augmentation, drawn, place)
            np.testing.assert_array_equal(masks[place, 0].numpy() * 255, mask)
            away = np.abs(images[place, 0].numpy().astype(float) * 255 - image)
            # Pillow rounds to grey levels after each of 2 passes, and of 6 more if it blurs.
            assert away.max() <= (4.01 if drawn.blur_radius[place] else 1.01)
            assert away.mean() < 0.8


def test_depth_is_kept(samples: list[Sample], store: FrameStore) -> None:
    wide = [Sample(s.id, s.image.astype(np.uint16) * 257, s.mask) for s in samples]
    floats = [Sample(s.id, s.image.astype(np.float32) / 255, s.mask) for s in samples]
    expected, _, _ = crops(store, EVERYTHING, [0, 1, 2, 3, 4, 5], 1)
    for other in (wide, floats):
        found, _, _ = crops(build_store(other), EVERYTHING, [0, 1, 2, 3, 4, 5], 1)
        assert torch.allclose(found, expected, atol=1e-6)
    dim = [Sample(s.id, s.image.astype(np.uint16), s.mask) for s in samples]
    found, _, _ = crops(build_store(dim), EVERYTHING, [0, 1, 2, 3, 4, 5], 1)
    assert torch.allclose(found * 257, expected, atol=1e-5)
    assert len(torch.unique(found)) > 256  # nothing became 8 bits on the way


def test_the_rest_of_the_batch_changes_nothing(store: FrameStore) -> None:
    images, masks, drawn = crops(store, EVERYTHING, [0, 1, 2, 3, 4, 5], 2)
    frames = ResidentFrames(store, "cpu")
    for place in range(6):
        alone = AugmentationParameters.from_dict(
            {name: [value[place]] for name, value in drawn.to_dict().items()}
        )
        image, mask = apply(frames.batch([place]), EVERYTHING, alone)
        assert torch.allclose(image[0], images[place], atol=1e-6)
        assert torch.equal(mask[0], masks[place])


def test_autocast_does_not_touch_it(store: FrameStore) -> None:
    expected, _, drawn = crops(store, EVERYTHING, [0, 1], 3)
    with torch.autocast("cpu", torch.bfloat16):
        images, _ = apply(ResidentFrames(store, "cpu").batch([0, 1]), EVERYTHING, drawn)
    assert torch.equal(images, expected)


def test_parameters_survive_json(store: FrameStore) -> None:
    images, masks, drawn = crops(store, EVERYTHING, [5, 4, 3, 2], 4)
    again = AugmentationParameters.from_dict(json.loads(json.dumps(drawn.to_dict())))
    for name, value in vars(drawn).items():
        assert getattr(again, name).dtype == value.dtype, name
        np.testing.assert_array_equal(getattr(again, name), value)
    found, grown = apply(ResidentFrames(store, "cpu").batch([5, 4, 3, 2]), EVERYTHING, again)
    assert torch.equal(found, images)
    assert torch.equal(grown, masks)


def test_the_same_generator_draws_the_same(store: FrameStore) -> None:
    one, two, other = (
        draw(EVERYTHING, store, [0, 1, 2], np.random.default_rng(seed)).to_dict()
        for seed in (1, 1, 2)
    )
    assert one == two
    assert one != other


def test_what_is_switched_off_draws_as_much(store: FrameStore) -> None:
    off = replace(EVERYTHING, blur=0.0, on_target=0.0, quarter_turn=0.0)
    after = []
    for augmentation in (EVERYTHING, off):
        rng = np.random.default_rng(0)
        draw(augmentation, store, [0, 1, 2], rng)
        after.append(rng.random())
    assert after[0] == after[1]


def many(augmentation: Augmentation, size: tuple[int, int], n: int = 4000) -> Any:
    image = np.zeros(size, np.uint8)
    table = build_store([Sample("a", image, image.astype(bool))])
    return draw(augmentation, table, np.zeros(n, np.int64), np.random.default_rng(5))


def test_sizes_are_the_published_ones() -> None:
    for size in [(200, 300), (300, 200), (100, 101), (256, 256), (7, 500)]:
        drawn = many(PUBLISHED["dnanet"], size)
        long, short = drawn.resized.max(axis=1), drawn.resized.min(axis=1)
        assert set(long) == set(range(128, 513))  # both ends included
        exact = [int(1.0 * min(size) * n / max(size) + 0.5) for n in long]
        np.testing.assert_array_equal(short, np.maximum(exact, 1))
        assert ((drawn.resized[:, 0] >= drawn.resized[:, 1]) == (size[0] >= size[1])).all()


def test_sizes_of_dstransnet_and_turned_frames() -> None:
    drawn = many(PUBLISHED["dstransnet"], (200, 300))
    assert set(drawn.resized.max(axis=1)) == set(range(256, 282))
    assert ((drawn.resized[:, 0] > drawn.resized[:, 1]) == drawn.turned).all()
    assert not drawn.blur_radius.any()


def test_without_a_base_sizes_follow_the_frame() -> None:
    drawn = many(Augmentation(crop=8), (21, 11))
    assert set(drawn.resized[:, 0]) == set(range(10, 43))


def test_probabilities_and_places() -> None:
    augmentation = Augmentation(
        crop=10,
        scale_range=(1, 1),
        flip_horizontal=0.3,
        flip_vertical=0.7,
        quarter_turn=0.2,
        blur=0.6,
    )
    drawn = many(augmentation, (12, 12), 20_000)
    shares = [drawn.flip_horizontal, drawn.flip_vertical, drawn.turned, drawn.blur_radius > 0]
    np.testing.assert_allclose([s.mean() for s in shares], [0.3, 0.7, 0.2, 0.6], atol=0.02)
    radii = drawn.blur_radius[drawn.blur_radius > 0]
    np.testing.assert_allclose([radii.min(), radii.mean(), radii.max()], [0, 0.5, 1], atol=0.02)
    assert radii.max() < 1
    for axis in (0, 1):
        counts = np.bincount(drawn.corner[:, axis], minlength=3)
        np.testing.assert_allclose(counts / 20_000, 1 / 3, atol=0.02)


@pytest.mark.parametrize(("gap", "above", "places"), [(4, 2, {0}), (5, 3, {0, 1})])
def test_padding_on_both_sides_is_even(gap: int, above: int, places: set[int]) -> None:
    augmentation = Augmentation(crop=20, scale_range=(1, 1), pad="both")
    drawn = many(augmentation, (20 - gap, 20 - gap), 100)
    assert set(drawn.padding.reshape(-1)) == {above}
    assert set(drawn.corner.reshape(-1)) == places


@given(seed=st.integers(0, 2**32), crop=st.integers(1, 90), base=st.none() | st.integers(1, 200))
@settings(max_examples=60, deadline=None)
def test_a_crop_on_target_holds_one_if_it_fits(
    seed: int, crop: int, base: int | None, store: FrameStore, samples: list[Sample]
) -> None:
    augmentation = replace(EVERYTHING, crop=crop, base=base, on_target=1.0, blur=0.0)
    indices = [1, 2, 3, 5]
    _, masks, drawn = crops(store, augmentation, indices, seed)
    for place, index in enumerate(indices):
        step = drawn.resized[place].max() / store.shapes[index].max()
        # Targets of 3 pixels and more survive being enlarged; 2 pixels more for rounding.
        if step >= 1 and 3 * step + 2 <= crop:
            assert masks[place].sum() >= 9


def test_off_target_crops_miss_targets(store: FrameStore) -> None:
    hits = {}
    for share in (0.0, 1.0):
        augmentation = Augmentation(crop=32, scale_range=(1, 1), blur=0.0, on_target=share)
        _, masks, _ = crops(store, augmentation, [4] * 60, 0)
        hits[share] = int(masks.any(dim=3).any(dim=2).sum())
    assert hits[1.0] == 60
    assert hits[0.0] < 20


def test_frames_without_targets_are_cropped_anywhere() -> None:
    drawn = many(Augmentation(crop=10, scale_range=(1, 1), on_target=1.0), (12, 12), 500)
    assert set(drawn.corner.reshape(-1)) == {0, 1, 2}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"crop": 0}, "crop: expected at least 1"),
        ({"base": 0}, "base: expected at least 1"),
        ({"blur": 1.1}, "blur: expected a probability"),
        ({"on_target": -0.1}, "on_target: expected a probability"),
        ({"scale_range": (0.0, 1.0)}, "scale_range: expected"),
        ({"scale_range": (2.0, 1.0)}, "scale_range: expected"),
        ({"scale_range": (1.0,)}, "scale_range: expected"),
        ({"blur_radius_range": (-1.0, 1.0)}, "blur_radius_range: expected"),
        ({"blur_radius_range": (0.0, float("inf"))}, "blur_radius_range: expected"),
        ({"pad": "ends"}, "Did you mean 'end'"),
    ],
)
def test_mistakes_are_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ParameterError) as raised:
        Augmentation(**changes)
    assert sentence in str(raised.value)


@pytest.mark.parametrize("name", PUBLISHED)
def test_presets_survive_a_document(name: str) -> None:
    assert from_document(Augmentation, to_document(PUBLISHED[name], {}), {}) == PUBLISHED[name]
