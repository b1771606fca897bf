from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from noise.sequences import Stacks, noisy

from sirst5k.errors import NoiseError, ParameterError, ShapeError
from sirst5k.noise import (
    MovingField,
    NoiseBank,
    SequenceNoise,
    log_spectral_distance,
    radial_spectrum,
)


def _sampled(rng, sequences=2, quantile=0.5, **noise):
    stacks = {f"s{number}": noisy(rng, **noise) for number in range(sequences)}
    return SequenceNoise.sample(Stacks(stacks), size=16, quantile=quantile)


def _floats(stacks):
    return Stacks({name: stack.astype(np.float32) for name, stack in stacks.items()})


def _measured(rng, sequences=3, **noise):
    stacks = {f"s{number}": noisy(rng, **noise) for number in range(sequences)}
    return SequenceNoise.sample(_floats(stacks), size=16, quantile=0.5)


@pytest.mark.parametrize(("white", "fixed", "stripes"), [(2, 1, 0), (1.5, 0.3, 0.8), (1, 0, 0)])
def test_both_parts_are_measured(white, fixed, stripes):
    noise = _measured(np.random.default_rng(0), white=white, fixed=fixed, stripes=stripes)
    assert noise.white_std == pytest.approx(white, rel=0.02)
    assert noise.fixed_std == pytest.approx(np.hypot(fixed, stripes), rel=0.1, abs=0.01)
    if not (fixed or stripes):
        assert noise.fixed is None
    assert noise.report["moved_share"] == pytest.approx(0, abs=0.05)


@given(
    seed=st.integers(0, 2**32),
    white=st.floats(0.5, 3),
    ratio=st.floats(0.2, 1.5),
    striped=st.booleans(),
)
@settings(max_examples=3, deadline=None)
def test_a_moving_field_measured_again_gives_back_what_was_put_in(seed, white, ratio, striped):
    """The scene drifts under the field; what is measured is the sensor's noise all the same."""
    rng = np.random.default_rng(seed)
    level = white * ratio
    parts = {"fixed": level * 0.5, "stripes": level * 0.5} if striped else {"fixed": level}
    put_in = _measured(rng, white=white, **parts)
    scene = 100 + 0.02 * np.arange(200.0)
    stacks = {}
    for number in range(3):
        field = MovingField(put_in, (112, 112), seed=number)
        stacks[f"m{number}"] = np.stack(
            [field.at(t) + scene[t : t + 112].astype(np.float32) for t in range(24)]
        )
    again = SequenceNoise.sample(Stacks(stacks), size=16, quantile=0.5)
    assert again.white_std == pytest.approx(put_in.white_std, rel=0.03)
    assert again.fixed_std == pytest.approx(put_in.fixed_std, rel=0.15)
    for part in ("white", "fixed"):
        spectra = [radial_spectrum(getattr(noise, part).tiles) for noise in (put_in, again)]
        assert log_spectral_distance(*spectra) < (0.5 if part == "white" else 1.5)


def test_the_rounding_of_whole_grey_levels_is_taken_off():
    rng = np.random.default_rng(1)
    stacks = {"s": np.rint(noisy(rng, white=0.8, fixed=0)).astype(np.uint8)}
    noise = SequenceNoise.sample(Stacks(stacks), size=16, quantile=0.5)
    assert noise.white_std == pytest.approx(0.8, rel=0.02)
    assert noise.full_scale == 255


def test_windows_that_a_target_crosses_in_any_frame_are_left_out():
    rng = np.random.default_rng(2)
    stack = noisy(rng, side=64).astype(np.float32)
    boxes = {}
    for t in range(len(stack)):
        stack[t, 30:33, 2 * t : 2 * t + 3] += 200
        boxes[f"s/{t:06d}"] = [[2 * t, 30, 2 * t + 3, 33]]
    noise = SequenceNoise.sample(Stacks({"s": stack}, boxes), size=16, quantile=0.5, guard=3)
    rows = noise.white.origin[:, 1]
    right = 2 * 23 + 3 + 3
    crossed = (rows + 16 > 27) & (rows < 36) & (noise.white.origin[:, 2] < right)
    assert not crossed.any()
    assert len(noise.white)


def test_windows_through_which_the_scene_moves_are_left_out():
    rng = np.random.default_rng(3)
    stack = noisy(rng, side=96, fixed=0.5)
    texture = np.cumsum(rng.normal(0, 1.2, (96, 240)), axis=1)
    for t in range(len(stack)):
        stack[t, :, :48] += texture[:, 4 * t : 4 * t + 48] - texture.mean()
    noise = SequenceNoise.sample(_floats({"s": stack}), size=16, quantile=0.9, tolerance=50)
    assert noise.report["drifting"] > 0
    assert (noise.white.origin[:, 2] >= 40).all()
    assert noise.white_std == pytest.approx(2, rel=0.03)


def test_one_sequence_of_texture_that_stands_still_does_not_set_the_level():
    rng = np.random.default_rng(11)
    stacks = {f"s{number}": noisy(rng) for number in range(4)}
    stacks["texture"] = noisy(rng, fixed=6)
    noise = SequenceNoise.sample(_floats(stacks), size=16, quantile=0.5)
    assert noise.fixed_std == pytest.approx(1, rel=0.1)
    assert noise.fixed is not None
    assert noise.fixed.sources == ("s0", "s1", "s2", "s3")


def test_a_frame_is_the_same_whatever_was_asked_for_before():
    noise = _sampled(np.random.default_rng(4))
    one, other = (MovingField(noise, (40, 56), seed=9) for _ in range(2))
    frames = [one.at(t) for t in range(3)]
    assert (other.at(2) == frames[2]).all()
    assert (frames[0] - frames[1]).std() > noise.white_std
    assert (one.fixed == other.fixed).all()
    # What stays is in every frame: without it two frames have nothing in common.
    shared = np.mean(one.at(0) * one.at(1)) - np.mean(one.white(0) * one.white(1))
    assert shared == pytest.approx(noise.fixed_std**2, rel=0.6)
    assert (MovingField(noise, (40, 56), seed=10).at(0) != frames[0]).any()


@pytest.mark.parametrize("method", ["spectral", "tile"])
def test_fields_have_the_levels_of_both_parts(method):
    noise = _sampled(np.random.default_rng(5))
    field = MovingField(noise, (128, 128), 0, method)
    assert field.white(0).std() == pytest.approx(noise.white_std, rel=0.1)
    assert field.fixed.std() == pytest.approx(noise.fixed_std, rel=0.2)


def test_it_comes_back_from_a_file(tmp_path):
    noise = _sampled(np.random.default_rng(6))
    noise.save(tmp_path / "noise.npz")
    back = SequenceNoise.load(tmp_path / "noise.npz")
    assert repr(back) == repr(noise)
    assert back.report == noise.report
    assert (MovingField(back, (32, 48), 3).at(7) == MovingField(noise, (32, 48), 3).at(7)).all()
    white = SequenceNoise(noise.white)
    white.save(tmp_path / "white.npz")
    assert SequenceNoise.load(tmp_path / "white.npz").fixed is None
    with np.load(tmp_path / "noise.npz", allow_pickle=False) as archive:
        assert {name.partition("_")[0] for name in archive.files} == {"white", "fixed", "header"}


def test_a_bank_of_stills_is_noise_that_is_all_white(tmp_path):
    bank = NoiseBank.from_windows(np.random.default_rng(7).normal(0, 2, (4, 16, 16)))
    bank.save(tmp_path / "bank.npz")
    noise = SequenceNoise.load(tmp_path / "bank.npz")
    assert noise.white_std == bank.std
    assert noise.fixed is None


def test_what_is_no_noise_is_refused_in_a_sentence(tmp_path):
    noise = _sampled(np.random.default_rng(8))
    noise.save(tmp_path / "noise.npz")
    with pytest.raises(NoiseError, match="noise of sequences"):
        NoiseBank.load(tmp_path / "noise.npz")
    with np.load(tmp_path / "noise.npz") as archive:
        arrays = dict(archive)
    del arrays["fixed_windows"]
    np.savez(tmp_path / "part.npz", **arrays)
    with pytest.raises(NoiseError, match="part.npz is not a noise bank: it has no 'windows'"):
        SequenceNoise.load(tmp_path / "part.npz")
    arrays["header"] = np.frombuffer(b'{"format": "sirst5k sequence noise", "version": 1}', "u1")
    np.savez(tmp_path / "bare.npz", **arrays)
    with pytest.raises(NoiseError, match="parts are not described"):
        SequenceNoise.load(tmp_path / "bare.npz")


def test_nothing_to_measure_is_refused_in_a_sentence():
    rng = np.random.default_rng(9)
    with pytest.raises(NoiseError, match="at least 4 frames"):
        SequenceNoise.sample(Stacks({"s": noisy(rng, frames=3)}))
    with pytest.raises(NoiseError, match="fits beside the targets"):
        SequenceNoise.sample(Stacks({"s": noisy(rng, side=24).astype(np.float32)}))
    loud = np.clip(np.rint(noisy(rng, white=30)), 1, 254).astype(np.uint8)
    with pytest.raises(NoiseError, match="quiet in every frame"):
        SequenceNoise.sample(Stacks({"s": loud}))
    with pytest.raises(NoiseError, match="max_frames=2"):
        SequenceNoise.sample(Stacks({"s": loud}), max_frames=2)
    mixed = Stacks({"s": noisy(rng).astype(np.float32)})
    mixed.read_frame = lambda frame: np.zeros((64 + ("1" in frame), 64), np.float32)
    with pytest.raises(ShapeError, match="one size and depth"):
        SequenceNoise.sample(mixed)
    with pytest.raises(ParameterError, match="spectral or tile"):
        MovingField(_sampled(rng), (8, 8), 0, "resize")


def test_depths_are_brought_to_one_scale():
    rng = np.random.default_rng(10)
    narrow = np.rint(noisy(rng)).astype(np.uint8)
    wide = np.rint(noisy(rng) * 257).astype(np.uint16)
    noise = SequenceNoise.sample(Stacks({"a": narrow, "b": wide}), size=16, quantile=0.5)
    assert noise.white_std == pytest.approx(2, rel=0.02)
    assert noise.rescaled(65535).white_std == pytest.approx(514, rel=0.02)
    assert noise.rescaled(65535).fixed_std == pytest.approx(257 * noise.fixed_std, rel=0.02)
