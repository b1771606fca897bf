"""The matrices, one axis at a time, against Pillow and against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from PIL import Image, ImageFilter  # noqa: E402

from sirst5k.training.blurring import Blur  # noqa: E402
from sirst5k.training.resampling import (  # noqa: E402
    Axis,
    _products,
    filter_matrices,
    nearest_pixels,
)

CPU = torch.device("cpu")
SIDES = st.integers(1, 200)


def axis(size: int, resized: int, first: int = 0, flipped: bool = False) -> Axis:
    return Axis(np.array([size]), np.array([resized]), np.array([first]), np.array([flipped]))


def matrix(one: Axis, crop: int, radius: float = 0.0, extent: int = 0) -> NDArray[np.float64]:
    shares = Blur(np.array([radius])).shares(crop, CPU)
    found = filter_matrices(one, extent or int(one.size[0]), shares)
    return found[0].numpy().astype(float)


@given(size=SIDES, resized=SIDES, seed=st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_rescaling_is_pillows(size: int, resized: int, seed: int) -> None:
    row = np.random.default_rng(seed).integers(0, 256, (1, size), dtype=np.uint8)
    expected = np.array(Image.fromarray(row).resize((resized, 1), Image.Resampling.BILINEAR))[0]
    found = matrix(axis(size, resized), resized) @ row[0]
    assert np.abs(found - expected).max() <= 0.501  # Pillow rounds once


@given(size=SIDES, resized=SIDES)
@settings(max_examples=150, deadline=None)
def test_nearest_is_pillows(size: int, resized: int) -> None:
    row = np.arange(size, dtype=np.int32)[None]
    expected = np.array(Image.fromarray(row).resize((resized, 1), Image.Resampling.NEAREST))[0]
    pixels, inside = nearest_pixels(axis(size, resized), resized)
    np.testing.assert_array_equal(pixels[0], expected)
    assert inside.all()


@pytest.mark.parametrize("size", [10, 20, 96, 200, 256, 300, 512])
def test_centres_between_two_pixels_fall_as_pillows(size: int) -> None:
    row = np.arange(size, dtype=np.int32)[None]
    for resized in range(1, 3 * size // 2):
        expected = np.array(Image.fromarray(row).resize((resized, 1), Image.Resampling.NEAREST))[0]
        pixels, _ = nearest_pixels(axis(size, resized), resized)
        np.testing.assert_array_equal(pixels[0], expected)


@given(
    size=SIDES,
    resized=SIDES,
    first=st.integers(-40, 150),
    flipped=st.booleans(),
    radius=st.sampled_from([0.0, 0.4, 0.9, 2.0]),
    further=st.integers(0, 40),
)
@settings(max_examples=120, deadline=None)
def test_a_crop_is_a_part_of_the_whole(
    size: int, resized: int, first: int, flipped: bool, radius: float, further: int
) -> None:
    crop = 50
    whole = matrix(axis(size, resized), resized)
    if flipped:
        whole = whole[:, ::-1]
    expected = np.zeros((crop, size))
    for place in range(crop):
        if 0 <= first + place < resized:
            expected[place] = whole[first + place]
    if radius:
        expected = matrix(axis(crop, crop), crop, radius) @ expected
    found = matrix(axis(size, resized, first, flipped), crop, radius, size + further)
    np.testing.assert_allclose(found[:, :size], expected, atol=2e-6)
    assert not found[:, size:].any()


@given(size=SIDES, resized=SIDES, flipped=st.booleans(), radius=st.floats(0, 4))
@settings(max_examples=60, deadline=None)
def test_an_even_frame_stays_even(size: int, resized: int, flipped: bool, radius: float) -> None:
    rows = matrix(axis(size, resized, 0, flipped), resized, radius)
    assert rows.min() >= 0
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=2e-6)


def test_the_own_size_changes_nothing() -> None:
    np.testing.assert_allclose(matrix(axis(30, 30), 30), np.eye(30), atol=1e-7)
    np.testing.assert_allclose(matrix(axis(30, 30, 0, True), 30), np.eye(30)[::-1], atol=1e-7)


@given(radius=st.floats(0.01, 6))
@settings(max_examples=60, deadline=None)
def test_three_boxes_have_the_variance_of_the_gaussian(radius: float) -> None:
    box = Blur(np.array([radius])).box[0]
    offsets = np.arange(len(box)) - len(box) // 2
    assert box.sum() == pytest.approx(1)
    assert box.min() >= 0
    assert 3 * (box * offsets**2).sum() == pytest.approx(radius**2, rel=1e-9)


@given(radius=st.floats(0.0, 5.0), seed=st.integers(0, 99), binary=st.booleans())
@settings(max_examples=60, deadline=None)
def test_blurring_is_pillows(radius: float, seed: int, binary: bool) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (31, 44), dtype=np.uint8)
    if binary:
        image = (image > 127).astype(np.uint8) * 255
    expected = np.array(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))
    found = matrix(axis(31, 31), 31, radius) @ image @ matrix(axis(44, 44), 44, radius).T
    # Pillow rounds to grey levels after each of six passes, by half a level at most.
    assert np.abs(found - expected).max() <= 3.01
    assert np.abs(found - expected).mean() < 1.5


@given(radius=st.floats(0.0, 5.0), length=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_blurring_is_three_boxes_over_edges_that_go_on(radius: float, length: int) -> None:
    expected = np.random.default_rng(length).random(length)
    box = Blur(np.array([radius])).box[0]
    found = matrix(axis(length, length), length, radius) @ expected
    for _ in range(3):
        expected = np.convolve(np.pad(expected, len(box) // 2, "edge"), box, "valid")
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_a_batch_blurs_each_frame_by_its_own_radius() -> None:
    radii = np.array([0.0, 0.3, 2.0, 0.0, 4.0])
    shares = Blur(radii).shares(40, CPU)
    one = Axis(*(np.repeat(value, 5) for value in vars(axis(60, 50, 3)).values()))
    together = filter_matrices(one, 60, shares).numpy()
    for place, radius in enumerate(radii):
        alone = matrix(axis(60, 50, 3), 40, float(radius))
        np.testing.assert_allclose(together[place], alone, atol=2e-6)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_leaving_out_zeros_changes_nothing(data: st.DataObject) -> None:
    """What a CPU multiplies, frame by frame, is what a GPU multiplies in one product."""
    n, crop = 4, 30

    def draw(values: st.SearchStrategy[int]) -> NDArray[np.int64]:
        return np.array(data.draw(st.lists(values, min_size=n, max_size=n)), np.int64)

    rows, columns = (
        Axis(
            draw(st.integers(1, 64)),
            draw(st.integers(1, 90)),
            draw(st.integers(-35, 95)),
            draw(st.integers(0, 1)) > 0,
        )
        for _ in range(2)
    )
    shares = Blur(np.array([0.0, 0.5, 1.0, 3.0])).shares(crop, CPU)
    down, across = (filter_matrices(one, 64, shares) for one in (rows, columns))
    images = torch.rand(n, 64, 64, generator=torch.Generator().manual_seed(0))
    expected = down @ (images @ across.transpose(1, 2))
    found = _products(images, down, across, rows, columns)
    assert torch.allclose(found, expected, atol=1e-5)
