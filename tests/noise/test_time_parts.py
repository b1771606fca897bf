from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirst5k.errors import ParameterError
from sirst5k.noise import remove_plane, sensor_pattern, time_parts


def _windows(rng, count, frames, side, white, fixed):
    pattern = fixed * rng.standard_normal((count, 1, side, side))
    return pattern + white * rng.standard_normal((count, frames, side, side))


@given(
    seed=st.integers(0, 2**32),
    frames=st.integers(4, 12),
    white=st.floats(0.5, 4),
    ratio=st.floats(0, 2),
)
@settings(max_examples=15, deadline=None)
def test_both_variances_come_back_whatever_planes_the_frames_have(seed, frames, white, ratio):
    rng = np.random.default_rng(seed)
    side, count = 16, 40
    windows = _windows(rng, count, frames, side, white, white * ratio)
    planes = rng.normal(0, 10, (3, count, frames, 1, 1))
    y, x = np.mgrid[:side, :side]
    parts = time_parts(windows + planes[0] + planes[1] * y + planes[2] * x)
    # Five standard errors, from the number of independent values in each mean square.
    free = count * (side**2 - 3)
    assert abs(parts.white.mean() / white**2 - 1) < 5 * np.sqrt(2 / (free * (frames - 1)))
    level = (white * ratio) ** 2
    halves = level + white**2 / (frames // 2)
    assert abs(parts.fixed.mean() - level) < 5 * halves * np.sqrt(2 / free)
    assert abs(parts.whiteness.mean() - 1) < 5 * np.sqrt(2 / (free * (frames - 1)))


def test_the_halves_agree_with_the_classical_estimate_of_the_variance_between_pixels():
    rng = np.random.default_rng(1)
    windows = _windows(rng, 200, 6, 16, 2.0, 0.7)
    parts = time_parts(windows)
    between = remove_plane(windows).mean(axis=1).astype(np.float64)
    free = 16**2 - 3
    classical = (between**2).sum(axis=(1, 2)) / free - parts.white / 6
    assert parts.fixed.mean() == pytest.approx(classical.mean(), abs=0.03)
    # Without the correction the temporal noise's share shows.
    assert (between**2).sum() / (200 * free) > parts.fixed.mean() + 0.5


def test_residuals_have_one_frames_variance():
    rng = np.random.default_rng(2)
    parts = time_parts(_windows(rng, 50, 5, 16, 3.0, 1.0))
    assert parts.residuals.var() == pytest.approx(9.0 * 253 / 256, rel=0.02)


def test_what_drifts_is_not_white_in_time():
    rng = np.random.default_rng(3)
    texture = rng.standard_normal((30, 16, 200)).cumsum(axis=2)
    drifting = np.stack([texture[:, :, t : t + 16] for t in range(20)], axis=1)
    assert time_parts(drifting).whiteness.max() < 0.5


def test_a_scene_that_moves_out_shows_as_what_is_near_in_time_alone():
    rng = np.random.default_rng(4)
    scene = rng.standard_normal((60, 16, 40))
    moving = np.stack([scene[:, :, t // 2 : t // 2 + 16] for t in range(16)], axis=1)
    parts = time_parts(moving)
    assert parts.near.mean() > parts.fixed.mean() + 0.1


def _halves(rng, pattern):
    return [remove_plane(pattern + rng.standard_normal(pattern.shape)) for _ in range(2)]


def test_a_pattern_loses_the_noise_that_the_halves_do_not_share():
    rng = np.random.default_rng(5)
    stripes = 2 * rng.standard_normal((400, 1, 16)) * np.ones((1, 16, 1))
    halves = _halves(rng, stripes)
    pattern, scene = sensor_pattern(*halves)
    assert scene == pytest.approx(0, abs=0.03)
    assert pattern.var() == pytest.approx(remove_plane(stripes).var(), rel=0.05)
    # What differs from row to row is noise alone.
    assert np.diff(pattern, axis=1).var() < 0.1 * np.diff(sum(halves) / 2, axis=1).var()


@given(seed=st.integers(0, 2**32), striped=st.booleans())
@settings(max_examples=10, deadline=None)
def test_a_smooth_scene_that_stands_still_is_no_pattern(seed, striped):
    rng = np.random.default_rng(seed)
    pattern = rng.standard_normal((200, 1 if striped else 32, 32)) * np.ones((1, 32, 1))
    y, x = np.mgrid[:32, :32]
    phase = rng.uniform(0, 2 * np.pi, (2, 200, 1, 1))
    waves = 2 * np.sin(2 * np.pi * x / 30 + phase[0]) * np.sin(2 * np.pi * y / 40 + phase[1])
    found, scene = sensor_pattern(*_halves(rng, pattern + waves))
    assert scene > 0.2
    assert found.var() == pytest.approx(remove_plane(pattern).var(), rel=0.12)


def test_too_few_frames_are_refused():
    with pytest.raises(ParameterError, match="at least 4 frames"):
        time_parts(np.zeros((1, 3, 8, 8)))
