"""Tiles cover a frame, and a filter of known support gives the same with and without them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k.detectors import TopHat, as_detector, create
from sirst5k.errors import ParameterError
from sirst5k.evaluation import predict, predict_map
from sirst5k.evaluation.predicting import levels_of
from sirst5k.evaluation.tiles import plan_tiles


@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.sampled_from([1, 8, 32]),
    st.one_of(st.none(), st.integers(0, 20)),
    st.integers(128, 300),
)
@settings(max_examples=60, deadline=None)
def test_every_pixel_has_a_tile_that_knows_it(
    rows: int, columns: int, multiple: int, support: int | None, tile: int
) -> None:
    shape = (rows * 32, columns * 8 * (4 if multiple == 32 else 1))
    tiling = plan_tiles(shape, tile, multiple, support)
    covered = np.zeros(shape)
    for place in tiling:
        weight = tiling.weight(place)
        assert all((s.stop - s.start) % multiple == s.start % multiple == 0 for s in place)
        # A cut is never trusted nearer than the margin.
        for axis, (span, length) in enumerate(zip(place, shape, strict=True)):
            edge = np.take(weight, range(min(tiling.margin, weight.shape[axis])), axis=axis)
            assert span.start == 0 or not edge.any()
            assert span.stop <= length
        covered[place] += weight
    assert covered.min() > 0


@pytest.mark.parametrize("name", ["tophat", "mpcm", "lcm"])
@pytest.mark.parametrize("shape", [(300, 410), (130, 500)])
def test_tiles_change_nothing_for_local_filters(name: str, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 65536, shape, dtype=np.uint16)
    detector = create(name)
    whole, tiled = predict_map(detector, image, tile=0), predict_map(detector, image, tile=160)
    np.testing.assert_allclose(tiled, whole, atol=1e-6)


def test_seams_are_blended_where_support_is_unknown() -> None:
    """Each tile answers with its own mean: without blending, the map would jump."""

    def mean(batch: np.ndarray) -> np.ndarray:
        return np.broadcast_to(batch.mean(axis=(2, 3), keepdims=True), batch.shape)

    image = np.zeros((128, 400), np.uint8)
    image[:, 200:] = 255
    row = predict_map(as_detector(mean), image, tile=256)[64]
    assert row[-1] - row[0] > 0.5
    assert 0 <= np.diff(row).min() <= np.diff(row).max() < 0.05


def test_networks_get_their_multiple() -> None:
    seen = []

    class Net:
        name, multiple, support = "net", 32, 2

        def scores(self, batch: np.ndarray) -> np.ndarray:
            seen.append(batch.shape)
            return batch

    image = np.random.default_rng(1).random((45, 171)).astype(np.float32)
    np.testing.assert_array_equal(predict_map(as_detector(Net()), image), image)
    tiled = predict_map(as_detector(Net()), np.tile(image, (6, 2)), tile=120)
    np.testing.assert_allclose(tiled, np.tile(image, (6, 2)), atol=1e-6)
    assert all(height % 32 == width % 32 == 0 for *_, height, width in seen)
    assert max(max(shape[2:]) for shape in seen[1:]) == 128


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 2), (33, 31)])
def test_tiny_frames_are_padded(shape: tuple[int, int]) -> None:
    class Net:
        multiple = 32

        def scores(self, batch: np.ndarray) -> np.ndarray:
            return batch

    image = np.random.default_rng(2).random(shape).astype(np.float32)
    np.testing.assert_array_equal(predict_map(as_detector(Net()), image), image)


def test_depth_is_kept() -> None:
    image = np.array([[0, 1, 2, 65535]], np.uint16)
    assert len(np.unique(levels_of(image))) == 4
    assert levels_of(image).max() == 1
    floats = np.array([[-0.5, 0.25, 1.5]], np.float32)
    np.testing.assert_array_equal(levels_of(floats), [[0, 0.25, 1]])


def test_predict_takes_arrays_and_says_what_is_wrong() -> None:
    images = [np.zeros((8, 9), np.uint8), np.zeros((5, 4), np.uint16)]
    found = list(predict("tophat", images, k=3))
    assert [(one.id, one.probability.shape, one.label) for one in found] == [
        ("0", (8, 9), None),
        ("1", (5, 4), None),
    ]
    for options in ({"threshold": 1.0}, {"threshold": -0.1}, {"tile": -1}):
        with pytest.raises(ParameterError, match="Expected"):
            list(predict("tophat", images, **options))
    with pytest.raises(ParameterError, match="Choose larger tiles"):
        predict_map(TopHat(), np.zeros((200, 200), np.uint8), tile=32)
