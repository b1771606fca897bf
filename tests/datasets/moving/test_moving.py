"""Embedded sequences: what moves, what stays, and whether the labels say so exactly."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from sirst5k import open_dataset
from sirst5k.components import find_targets
from sirst5k.datasets import SequenceDataset, open_stills
from sirst5k.datasets.moving import MovingSource, open_moving, parse_moving
from sirst5k.datasets.moving.source import compose
from sirst5k.datasets.moving.spline import surface
from sirst5k.datasets.sequences import sequence_of
from sirst5k.errors import DatasetError


def opened(spec: str, split: str | None = None, frames: int = 5) -> SequenceDataset:
    data = open_dataset(spec, split, frames=frames)
    assert isinstance(data, SequenceDataset)
    return data


def test_it_opens_like_any_dataset_and_splits_by_whole_sequences() -> None:
    data = opened("demo:sequences=8,frames=6,size=48x32,seed=1", frames=3)
    assert (len(data), data.layout, data.length) == (48, "demo-sequences", 3)
    train, test = (data.of_split(role) for role in ("train", "test"))
    assert len(train) == 36
    assert len(test) == 12
    assert not set(train.sequences) & set(test.sequences)
    clip = test[4]
    assert clip.frames.shape == (3, 32, 48)
    assert clip.frames.dtype == np.uint8
    assert clip.mask is not None
    assert opened("demo:sequences=2,frames=3,size=32").of_split("test").ids[0].endswith("1/000000")
    assert "test" not in opened("demo:sequences=1,frames=3,size=32").splits


def test_any_frame_follows_from_its_address_alone() -> None:
    spec = "demo:sequences=3,frames=9,size=40,seed=4"
    forwards, backwards = opened(spec), opened(spec)
    frames = [forwards.read_frame(name) for name in forwards.ids]
    copy = pickle.loads(pickle.dumps(backwards))
    for place in reversed(range(len(frames))):
        assert np.array_equal(copy.read_frame(copy.ids[place]), frames[place])
    other = opened("demo:sequences=3,frames=9,size=40,seed=5")
    assert not np.array_equal(other.read_frame(other.ids[0]), frames[0])
    assert other.fingerprint() != forwards.fingerprint()


@pytest.mark.parametrize(("depth", "dtype"), [(8, np.uint8), (16, np.uint16), (32, np.float32)])
def test_depths(depth: int, dtype: type) -> None:
    data = opened(f"demo:sequences=1,frames=2,size=32,depth={depth}")
    assert data.read_frame(data.ids[1]).dtype == dtype


def test_boxes_are_those_of_the_targets_own_pixels() -> None:
    data = opened("demo:sequences=8,frames=12,size=64,targets=1,seed=2")
    alone = 0
    for frame_id in data.ids:
        labels = data.labels(frame_id)
        assert labels.mask is not None
        found = find_targets(labels.mask)
        assert len(labels.boxes) <= 1
        if len(labels.boxes):
            (x1, y1, x2, y2), (track,) = labels.boxes[0].tolist(), labels.tracks or (-1,)
            rows, columns = np.nonzero(labels.mask)
            corners = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            assert (x1, y1, x2, y2) == corners
            assert track == 0
            alone += 1
        else:
            assert not found
    assert alone > 60


def test_decoys_shine_like_targets_stand_in_the_scene_and_are_not_labelled() -> None:
    plain = parse_moving("demo:sequences=4,frames=9,size=64,seed=2,depth=32,scr=20")
    with_decoys = replace(plain, decoys=1)
    for name in ("demo_sky_0000", "demo_ground_0002"):
        before, after = compose(plain, name), compose(with_decoys, name)
        assert len(after.decoys) == 1
        places = []
        for time in (0, 4, 8):
            assert [seen.box for seen in after.sightings(time)] == [
                seen.box for seen in before.sightings(time)
            ]
            light = (after.signal(time) - before.signal(time)) / after.camera.light
            assert light.min() > -1e-9
            assert light.max() > 0.02
            row, column = ndimage.center_of_mass(light)
            top, left = after.camera.corner(time)
            places.append((row + top, column + left))
        # In the scene they stay, wherever the camera looks.
        assert np.ptp(places, axis=0).max() < 0.05
    assert (
        opened("demo:sequences=4,decoys=3").fingerprint()
        != opened("demo:sequences=4").fingerprint()
    )


def test_a_staring_camera_sees_the_same_scene_without_moving() -> None:
    drifting = parse_moving("demo:sequences=2,frames=12,size=48,seed=3")
    moved, still = (
        compose(replace(drifting, camera=camera), "demo_sky_0000")
        for camera in ("drifting", "staring")
    )
    assert {still.camera.corner(time) for time in range(12)} == {still.camera.corner(0)}
    assert len({moved.camera.corner(time) for time in range(12)}) == 12
    assert np.array_equal(still.scenery.picture, moved.scenery.picture)
    assert np.array_equal(still.camera.pattern, moved.camera.pattern)
    assert [mover.path for mover in still.movers] == [mover.path for mover in moved.movers]


@pytest.mark.parametrize("speed", [0.0, 1.5])
def test_every_target_moves_as_fast_as_asked_for(speed: float) -> None:
    spec = parse_moving(f"demo:sequences=1,frames=8,size=256,targets=2,speed={speed:g}")
    for mover in compose(spec, "demo_sky_0000").movers:
        steps = np.diff(mover.path.at(np.arange(8.0)), axis=0)
        # The most that a path does; in its turns it is slower, as cosines of two phases say.
        assert np.hypot(*steps.T).max() <= speed + 1e-9
        assert np.hypot(*steps.T).max() >= 0.6 * speed


@pytest.mark.parametrize("setting", ["speed=1.5", "camera=staring"])
def test_a_setting_of_motion_is_another_dataset(setting: str) -> None:
    plain, other = opened("demo:sequences=4"), opened(f"demo:sequences=4,{setting}")
    assert plain.fingerprint() != other.fingerprint()


def test_targets_cross_and_keep_their_identities() -> None:
    data = opened("demo:sequences=6,frames=40,size=64,targets=2,seed=3")
    met = 0
    for frames in data.sequences.values():
        paths: dict[int, list[tuple[float, float]]] = {0: [], 1: []}
        nearest = np.inf
        for frame_id in frames:
            labels = data.labels(frame_id, with_mask=False)
            assert labels.mask is None
            centres = (labels.boxes[:, :2] + labels.boxes[:, 2:]) / 2
            for track, (x, y) in zip(labels.tracks or (), centres.tolist(), strict=True):
                paths[track].append((x, y))
            if len(centres) == 2:
                nearest = min(nearest, float(np.hypot(*(centres[0] - centres[1]))))
        met += nearest < 9
        for path in paths.values():
            steps = np.hypot(*np.diff(np.array(path), axis=0).T)
            assert steps.max() < 6  # 2 pixels of speed, shaking, and boxes of whole pixels
    assert met == 6


def test_targets_move_by_parts_of_pixels_with_constant_light() -> None:
    scene = compose(
        parse_moving("demo:sequences=1,frames=30,size=64,targets=1,seed=6"), "demo_sky_0000"
    )
    (mover,) = scene.movers
    sums, fractions = [], []
    for time in range(30):
        (seen,) = scene.sightings(time)
        if seen.light.shape == (2 * mover.radius + 1,) * 2:
            sums.append(float(seen.light.sum()) / float(scene.brightness[time, 0]))
            fractions.append(float(mover.path.at(float(time))[0]) % 1)
    assert len(sums) > 10
    assert np.ptp(sums) < 0.01 * np.mean(sums)
    assert np.ptp(fractions) > 0.3


def test_the_pattern_stays_while_the_scene_moves_and_the_rest_is_new_noise() -> None:
    data = opened("demo:sequences=4,frames=60,size=48,targets=0,depth=32,seed=8")
    source = data.source
    assert isinstance(source, MovingSource)
    for name, frames in data.sequences.items():
        scene = source.scene(name)
        residuals = np.stack(
            [data.read_frame(frame_id) - scene.signal(time) for time, frame_id in enumerate(frames)]
        )
        signal = np.stack([scene.signal(time) for time in range(len(frames))])
        shown = ((signal > 0.08) & (signal < 0.92)).all(axis=0)
        if shown.sum() < 200:
            continue  # a display range that the scene leaves
        expected = scene.camera.sensor.deviation(signal.mean(axis=0))[shown]
        # What is the same in all frames is the fixed pattern; what is left is white in time.
        mean = residuals.mean(axis=0)
        assert np.corrcoef(mean[shown], scene.camera.pattern[shown])[0, 1] > 0.6
        noise = (residuals - mean)[:, shown]
        assert abs(np.mean(noise.std(axis=0) / expected) - 1) < 0.06
        along = np.mean(noise[1:] * noise[:-1]) / np.mean(noise**2)
        assert abs(along) < 0.06
        assert not len(data.labels(frames[0]).boxes)


def test_the_scene_moves() -> None:
    source = open_moving("demo:sequences=8,frames=30,size=48,targets=0,seed=9").source
    assert isinstance(source, MovingSource)
    moved = []
    for index in range(8):
        scene = source.scene(source.spec.name_of(index))
        first, last = (scene.camera.corner(time) for time in (0, 29))
        moved.append(float(np.hypot(first[0] - last[0], first[1] - last[1])))
        assert not np.allclose(scene.background(0), scene.background(29), atol=1e-4)
    assert max(moved) > 5
    assert min(moved) > 0.01


@pytest.mark.parametrize("scr", [3, 9])
def test_contrast_is_what_was_asked_for(scr: int) -> None:
    data = opened(f"demo:sequences=12,frames=8,size=96,targets=1,scr={scr},depth=32,seed=11")
    ratios = []
    source = data.source
    assert isinstance(source, MovingSource)
    for frame_id in data.ids[::4]:
        labels, frame = data.labels(frame_id), data.read_frame(frame_id)
        if not len(labels.boxes) or labels.mask is None:
            continue
        x1, y1, x2, y2 = (int(edge) for edge in labels.boxes[0])
        around = np.s_[max(y1 - 18, 0) : y2 + 18, max(x1 - 18, 0) : x2 + 18]
        ring = frame[around][~labels.mask[around]]
        time = int(frame_id.rpartition("/")[2])
        empty = source.scene(sequence_of(frame_id)).background(time)
        if empty.max() > 0.7:
            continue  # targets that would outshine full scale are dimmed
        ratios.append((frame[labels.mask].mean() - ring.mean()) / ring.std())
    assert len(ratios) >= 8
    assert 0.6 * scr < np.median(ratios) < 1.4 * scr


def test_single_frame_commands_see_them_as_stills() -> None:
    stills = open_stills("demo:sequences=4,frames=2,size=32", "train")
    assert len(stills) == 6
    assert stills[0].meta["mask_from"] == "masks"


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        ("demo:sequences=0", "sequences to be a whole number"),
        ("demo:sequences=2,n=4", "Demo sequences have no setting 'n'"),
        ("demo:sequences=2,sequences=3", "twice"),
        ("demo:frames=abc", "frames to be a whole number"),
        ("demo:sequences=2,scr=0", "signal-to-clutter"),
        ("demo:sequences=2,scr=nan", "signal-to-clutter"),
        ("demo:sequences=2,speed=-1", "pixels a frame"),
        ("demo:sequences=2,speed=21", "pixels a frame"),
        ("demo:sequences=2,camera=starring", "staring"),
        ("demo:sequences=2,targets=21", "from 0 to 20"),
        ("demo:sequences=2,size=8", "size=256"),
        ("demo:sequences=2,depth=12", "depth=8"),
        ("demo:sequences=2,scene=moon", "no demo scene"),
        ("demo:sequences", "key=value"),
    ],
)
def test_wrong_specifications_are_refused_in_a_sentence(spec: str, what: str) -> None:
    with pytest.raises(DatasetError, match=what):
        open_dataset(spec)


def test_scenes_leave_room_for_targets_and_seas_move() -> None:
    source = open_moving("demo:sequences=16,frames=8,size=64,targets=0,seed=13").source
    assert isinstance(source, MovingSource)
    for index in range(16):
        scenery = source.scene(source.spec.name_of(index)).scenery
        assert np.quantile(scenery.picture, 0.99) < 0.81
        assert np.quantile(scenery.picture, 0.01) > 0.03
        still = [scenery.seen(20.0, 20.0, time, 30, 30) for time in (0.0, 6.0)]
        assert not np.allclose(*still)  # clouds drift over a camera at rest
        assert (scenery.waves is not None) == (source.spec.scene_of(index) == "sea")
        if scenery.waves is not None:
            early, late = (scenery.waves.seen(20.0, 20.0, t, 60, 60) for t in (0.0, 12.0))
            assert early.std() > 1e-4
            assert np.corrcoef(early.ravel(), late.ravel())[0, 1] < 0.98


def test_windows_of_a_picture_lie_between_its_pixels() -> None:
    y, x = np.mgrid[:40, :50] / 8.0
    picture = np.sin(y) + np.cos(0.7 * x)
    view = surface(picture)
    assert np.allclose(view.window(3.0, 4.0, 20, 30), picture[3:23, 4:34], atol=1e-9)
    rows, columns = np.arange(20)[:, None] + 9.3, np.arange(30) + 9.6  # off the border's mirror
    between = np.sin(rows / 8) + np.cos(0.7 * columns / 8)
    assert np.abs(view.window(9.3, 9.6, 20, 30) - between).max() < 1e-5
    ring = surface(np.sin(2 * np.pi * np.arange(32) / 32)[None, :] * np.ones((8, 1)), periodic=True)
    assert np.allclose(ring.window(-3.5, -40.25, 4, 5), ring.window(4.5, 55.75, 4, 5))
