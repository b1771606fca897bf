"""Moving targets on stills: real backgrounds, exact labels, the still's own targets."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from sirst5k import open_dataset
from sirst5k.datasets import Dataset, SequenceDataset, Splits, composite_sequences
from sirst5k.datasets.demo import open_demo
from sirst5k.datasets.moving.composite import CompositeSource, noise_of, to_fractions
from sirst5k.errors import DatasetError, ParameterError
from sirst5k.sample import Mask, Sample

STILLS = "demo:n=4,size=72x64,seed=3"


class Levels:
    """Stills of white noise around a level, one without target."""

    def __init__(self, dtype: type, deviation: float = 2.0) -> None:
        self.dtype, self.deviation = dtype, deviation

    def read(self, sample_id: str) -> Sample:
        rng = np.random.default_rng(len(sample_id))
        levels = 100 + self.deviation * rng.standard_normal((80, 90))
        image = levels * (60 if self.dtype is np.uint16 else 1)
        return Sample(sample_id, image.astype(self.dtype), self.read_mask(sample_id))

    def read_mask(self, sample_id: str) -> Mask:
        mask = np.zeros((80, 90), np.bool_)
        mask[30:34, 40:45] = sample_id == "hit"
        return mask

    def files(self, sample_id: str) -> tuple[Path, Path] | None:
        return None

    def check(self, sample_id: str) -> None:
        return None

    def stamp(self, sample_id: str) -> str:
        return sample_id


def levels(dtype: type = np.uint8, deviation: float = 2.0) -> Dataset:
    lists = {"train": ["hit"], "test": ["none"]}
    return Dataset(Levels(dtype, deviation), ["hit", "none"], Splits(lists), "levels")


def test_every_still_is_a_sequence_of_its_own_split() -> None:
    data = open_dataset(f"moving:{STILLS}?frames=6,seed=1", frames=3)
    assert isinstance(data, SequenceDataset)
    assert (len(data), len(data.sequences), data.length) == (24, 4, 3)
    stills = open_demo(STILLS)
    for role in ("train", "test"):
        assert tuple(data.of_split(role).sequences) == stills.splits[role]
    clip = open_dataset(f"moving:{STILLS}?frames=6,seed=1", "test")[0]
    assert np.array_equal(clip.image, data.of_split("test")[0].image)
    frame = data.read_frame(data.ids[7])
    copy = pickle.loads(pickle.dumps(data))
    assert np.array_equal(copy.read_frame(data.ids[7]), frame)
    assert copy.fingerprint() == data.fingerprint()
    assert open_dataset(f"moving:{STILLS}?frames=6,seed=2").fingerprint() != data.fingerprint()


def test_the_scene_is_the_stills_and_drifts() -> None:
    data = composite_sequences(open_demo(STILLS), frames=20, targets=0, seed=2)
    source = data.source
    assert isinstance(source, CompositeSource)
    for name in data.sequences:
        still = source.stills.get(name)
        scene = source.scene(name)
        for time in (0, 19):
            top, left = (round(place) for place in scene.camera.corner(time))
            window = still.image[top : top + scene.height, left : left + scene.width]
            frame = data.read_frame(f"{name}/{time:06d}")
            assert frame.shape == window.shape
            assert np.corrcoef(frame.ravel(), window.ravel())[0, 1] > 0.5
        assert not np.allclose(scene.camera.corner(0), scene.camera.corner(19), atol=1e-3)


def test_own_targets_stand_in_the_scene_with_their_masks() -> None:
    data = composite_sequences(levels(), frames=12, targets=1, seed=4).of_split("train")
    source = data.source
    assert isinstance(source, CompositeSource)
    for frame_id in data.ids:
        labels = data.labels(frame_id)
        assert labels.tracks is not None
        assert labels.mask is not None
        own = labels.boxes[labels.tracks.index(1)]
        assert (own[2:] - own[:2]).tolist() == [5, 4]
        top, left = source.scene("hit").camera.corner(int(frame_id[-6:]))
        assert own[:2].tolist() == [40 - round(left), 30 - round(top)]
        x1, y1, x2, y2 = own.astype(int)
        assert labels.mask[y1:y2, x1:x2].all()


def test_stills_with_targets_can_be_left_out() -> None:
    data = composite_sequences(levels(), frames=4, existing="leave out")
    assert list(data.sequences) == ["none"]
    assert len(data.of_split("train")) == 0
    with pytest.raises(DatasetError, match="none is left"):
        composite_sequences(levels().subset(["hit"]).of_split("train"), existing="leave out")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_noise_is_as_strong_as_the_stills_and_mostly_new(dtype: type) -> None:
    data = composite_sequences(levels(dtype), frames=40, targets=0, seed=5).of_split("test")
    frames = np.stack([data.read_frame(frame_id) for frame_id in data.ids]).astype(np.float64)
    unit = 60.0 if dtype is np.uint16 else 1.0
    assert frames.mean() / unit == pytest.approx(100, abs=0.6)
    # Neighbouring frames: what differs is the new noise, twice, and a little of the drift.
    new = np.std(frames[1:] - frames[:-1]) / np.sqrt(2) / unit
    assert 0.75 * 2 < new < 1.25 * 2


def test_noise_is_measured_whatever_lies_under_it() -> None:
    y, x = np.mgrid[:120, :150] / 50
    smooth = np.sin(y) * np.cos(1.3 * x)
    noise = 0.02 * np.random.default_rng(7).standard_normal(smooth.shape)
    assert noise_of(smooth + noise) == pytest.approx(0.02, rel=0.05)
    assert noise_of(smooth) < 0.002


def test_levels_come_back_as_they_were() -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        image = levels(dtype, 9.0)[0].image
        digits, picture = to_fractions(image)
        assert np.allclose(digits.write(picture), image, rtol=1e-5)
        assert digits.write(picture).dtype == dtype


@pytest.mark.parametrize(
    ("address", "what"),
    [
        (f"moving:{STILLS}?frames=0", "frames to be a whole number"),
        (f"moving:{STILLS}?speed=3", "Moving targets have no setting 'speed'"),
        (f"moving:{STILLS}?existing=hide", "Expected existing"),
        (f"moving:{STILLS}?scr=-1", "signal-to-clutter"),
        ("moving:/no/such/folder", "there is no '/no/such/folder'"),
    ],
)
def test_wrong_addresses(address: str, what: str) -> None:
    with pytest.raises((DatasetError, ParameterError), match=what):
        open_dataset(address)


def test_stills_too_small_to_move_over() -> None:
    data = composite_sequences(open_demo("demo:n=1,size=24"), frames=2)
    with pytest.raises(DatasetError, match="at least 32×32"):
        data.read_frame(data.ids[0])
