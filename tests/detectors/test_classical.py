"""Classical detectors: one battery over all of them, then each against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k.detectors import (
    Detector,
    LocalContrast,
    PatchContrast,
    TopHat,
    create,
)
from sirst5k.detectors.classical import threshold_probability
from sirst5k.detectors.patches import NEIGHBOURS, neighbour_means
from sirst5k.detectors.registry import CLASSICAL
from sirst5k.errors import ParameterError, ShapeError


def scene(shape: tuple[int, int] = (60, 70), seed: int = 0) -> np.ndarray:
    """A noisy ramp with a bright 3×3 target at (20, 30)."""
    rng = np.random.default_rng(seed)
    frame = 0.3 + 0.1 * np.linspace(0, 1, shape[1]) + rng.normal(0, 0.005, shape)
    frame[19:22, 29:32] += 0.3
    return frame.astype(np.float32)[None, None]


@pytest.mark.parametrize("name", sorted(CLASSICAL))
class TestContract:
    def test_is_a_detector(self, name: str) -> None:
        detector = create(name)
        assert isinstance(detector, Detector)
        assert detector.name == name

    def test_finds_a_target(self, name: str) -> None:
        scores = create(name).scores(scene())
        row, column = np.unravel_index(np.argmax(scores[0, 0]), scores.shape[2:])
        assert abs(row - 20) <= 4
        assert abs(column - 30) <= 4
        assert scores.max() > 0.5
        assert np.median(scores) < 0.5

    @given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 3), st.integers(0, 2**32 - 1))
    @settings(max_examples=25, deadline=None)
    def test_any_size_gives_probabilities(
        self, name: str, height: int, width: int, batch: int, seed: int
    ) -> None:
        frames = np.random.default_rng(seed).random((batch, 1, height, width), np.float32)
        scores = create(name).scores(frames)
        assert scores.shape == frames.shape
        assert scores.dtype == np.float32
        assert ((scores >= 0) & (scores < 1)).all()
        # A frame's score does not depend on what else is in the batch.
        np.testing.assert_array_equal(scores[:1], create(name).scores(frames[:1]))

    @pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
    def test_constant_frame_has_no_target(self, name: str, level: float) -> None:
        frame = np.full((1, 1, 32, 32), level, np.float32)
        assert (create(name).scores(frame) == 0).all()

    def test_response_is_local(self, name: str) -> None:
        detector = create(name)
        frame = scene()
        changed = frame.copy()
        changed[0, 0, :, 45:] = 0.9
        same = slice(0, 45 - detector.support)
        one, other = detector.respond(frame), detector.respond(changed)
        np.testing.assert_array_equal(one[..., same], other[..., same])
        assert not np.array_equal(one, other)

    def test_input_is_not_changed(self, name: str) -> None:
        frame = scene()
        before = frame.copy()
        create(name).scores(frame)
        np.testing.assert_array_equal(frame, before)

    @pytest.mark.parametrize("shape", [(8, 8), (1, 3, 8, 8), (1, 1, 0, 8)])
    def test_wrong_shapes_are_refused(self, name: str, shape: tuple[int, ...]) -> None:
        with pytest.raises(ShapeError, match=r"Expected a batch"):
            create(name).scores(np.zeros(shape, np.float32))

    def test_grey_levels_are_refused(self, name: str) -> None:
        with pytest.raises(ShapeError, match="Divide grey levels"):
            create(name).scores(np.zeros((1, 1, 8, 8), np.uint8))

    @pytest.mark.parametrize(
        "config", [{"k": 0}, {"k": float("nan")}, {"sizes": []}, {"sizes": [4]}, {"sizes": 1}]
    )
    def test_parameters_are_checked(self, name: str, config: dict[str, object]) -> None:
        with pytest.raises(ParameterError, match="Expected"):
            create(name, **config)


def test_probability_is_the_published_threshold() -> None:
    response = np.random.default_rng(1).gamma(1, 1, (50, 50)).astype(np.float32)
    k = 2.5
    above = response > response.mean() + k * response.std()
    probability = threshold_probability(response, k)
    assert above.any()
    np.testing.assert_array_equal(probability > 0.5, above)
    bright = response > response.mean()
    order = np.argsort(response[bright])
    assert (np.diff(probability[bright][order]) >= 0).all()


def test_tophat_keeps_what_its_disc_does_not_fit_into() -> None:
    frame = np.zeros((40, 40), np.float32)
    frame[5:8, 5:8] = 1
    frame[15:35, 15:35] = 1
    response = TopHat(sizes=9).filter(frame)
    assert (response[5:8, 5:8] == 1).all()
    assert response[20:30, 20:30].max() == 0


def test_neighbour_means_lie_where_they_should() -> None:
    frame = np.zeros((21, 21), np.float32)
    frame[9:12, 12:15] = 1  # the cell to the right of that around (10, 10)
    at_middle = neighbour_means(frame, 3)[:, 10, 10]
    expected = [1.0 if place == (0, 1) else 0.0 for place in NEIGHBOURS] + [0.0]
    np.testing.assert_allclose(at_middle, expected, atol=1e-6)
    for number in range(4):
        one, other = NEIGHBOURS[number], NEIGHBOURS[number + 4]
        assert one == (-other[0], -other[1])


def test_mpcm_follows_its_definition() -> None:
    frame = np.random.default_rng(2).random((30, 30)).astype(np.float32)
    response = PatchContrast(sizes=3, polarity="both").filter(frame)

    def cell(row: int, column: int) -> float:
        return float(frame[row - 1 : row + 2, column - 1 : column + 2].mean(dtype=np.float64))

    for row, column in [(10, 10), (15, 20), (6, 23)]:
        d = [cell(row, column) - cell(row + 3 * r, column + 3 * c) for r, c in NEIGHBOURS]
        wanted = max(0.0, min(d[i] * d[i + 4] for i in range(4)))
        assert response[row, column] == pytest.approx(wanted, abs=1e-6)


def test_mpcm_polarity() -> None:
    bright = scene()[0, 0]
    dark = 1 - bright
    for polarity, sees_bright, sees_dark in (
        ("bright", True, False),
        ("dark", False, True),
        ("both", True, True),
    ):
        detector = PatchContrast(polarity=polarity)
        assert (detector.filter(bright)[20, 30] > 0.01) == sees_bright
        assert (detector.filter(dark)[20, 30] > 0.01) == sees_dark
    with pytest.raises(ParameterError, match="Did you mean 'bright'"):
        PatchContrast(polarity="brigth")


def test_lcm_follows_its_definition() -> None:
    frame = np.random.default_rng(3).random((30, 30)).astype(np.float32)
    response = LocalContrast(sizes=3).filter(frame)
    for row, column in [(10, 10), (15, 20)]:
        largest = frame[row - 1 : row + 2, column - 1 : column + 2].max()
        means = [
            frame[row + 3 * r - 1 : row + 3 * r + 2, column + 3 * c - 1 : column + 3 * c + 2].mean()
            for r, c in NEIGHBOURS
        ]
        wanted = min(largest**2 / m for m in means)
        assert response[row, column] == pytest.approx(wanted, rel=1e-5)
    assert np.isfinite(LocalContrast().filter(np.eye(20, dtype=np.float32))).all()
