"""Demo frames: the mask rule, the camera, the noise, and the field's statistics."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import convolve

from sirst5k.components import count_targets, find_targets
from sirst5k.contrast import measure_targets
from sirst5k.datasets.demo import open_demo, sensor
from sirst5k.datasets.demo.canvas import Canvas
from sirst5k.datasets.demo.optics import MARGIN, Optics, expose, illumination, scene_canvas
from sirst5k.datasets.demo.scene import SCENES, render, shoot
from sirst5k.datasets.demo.targets import LOBES, MASK_LEVEL, Shape, draw_area, picture, stamp
from sirst5k.datasets.demo.textures import Spectrum, warp


def frames(count, size=128):
    for index in range(count):
        scene = list(SCENES)[index % 4]
        yield render(scene, f"frame{index}", 7, size, size)


# --- the mask rule


def test_mask_is_where_a_targets_own_light_reaches_a_quarter_of_its_peak():
    for frame in frames(24):
        light, expected = np.zeros_like(frame.signal), np.zeros_like(frame.mask)
        for target in frame.targets:
            own = np.zeros_like(frame.signal)
            side = target.stamp.mask.shape[0]
            # The window may reach beyond the frame: paste into a padded one.
            padded = np.pad(own, side)
            rows = slice(target.top + side, target.top + 2 * side)
            columns = slice(target.left + side, target.left + 2 * side)
            padded[rows, columns] = target.amplitude * target.stamp.profile
            own = padded[side:-side, side:-side]
            light += own
            expected |= own >= MASK_LEVEL * own.max()
        np.testing.assert_array_equal(frame.mask, expected)
        np.testing.assert_allclose(frame.signal - frame.background, light, atol=1e-12)


def test_mask_follows_from_the_pictures_alone_where_there_is_one_target():
    single = [frame for frame in frames(24) if len(frame.targets) == 1]
    assert len(single) > 10
    for frame in single:
        light = frame.signal - frame.background
        np.testing.assert_array_equal(frame.mask, light >= MASK_LEVEL * light.max())


@given(
    kind=st.sampled_from(sorted(LOBES)),
    area=st.floats(4, 330),
    blur=st.floats(0.4, 1.1),
    angle=st.floats(0, 6.3),
    shift=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),
    sharpening=st.sampled_from([0.0, 0.3, 0.7]),
)
@settings(max_examples=60, deadline=None)
def test_stamps_are_in_one_piece_and_of_the_size_asked_for(
    kind, area, blur, angle, shift, sharpening
):
    optics = Optics(blur, sharpening)
    found = stamp(Shape(kind, 1.0, angle), optics, shift, area)
    assert found.profile.max() == 1.0
    assert count_targets(found.mask) == 1
    assert found.area >= 4
    # A point cannot be smaller than the blur makes it.
    least = 2 * np.pi * np.log(4) * (blur**2 + 1 / 12)
    # A square of pixels may stick out by a pixel a side.
    assert found.area <= max(1.25 * area, 1.5 * least, area + 3)
    assert found.area >= min(0.75 * area, area - 3)


# --- the camera


@pytest.mark.parametrize("optics", [Optics(0.9), Optics(1.0, 0.6, 1.5)])
def test_targets_and_background_see_the_same_camera(optics):
    canvas = scene_canvas(41, 41)
    scene = np.zeros((canvas.height, canvas.width))
    scene[MARGIN + 20, MARGIN + 20] = 1.0
    seen = expose(scene, optics, 41, 41)
    point = picture(Shape("point", 1e-6, 0.0), optics, (0.0, 0.0), 20)
    np.testing.assert_allclose(seen / seen.max(), point, atol=6e-3)


def test_blurred_lobes_equal_a_fine_raster_of_them():
    """A target at a sub-pixel place, against its sharp form summed and blurred in small steps."""
    optics, fine = Optics(0.9), 8
    shape = Shape("ship", 1.5, 0.4)
    closed = picture(shape, optics, (0.3, -0.2), 15)
    sharp = picture(
        Shape("ship", 1.5 * fine, 0.4), Optics(0.0), (0.3 * fine, -0.2 * fine), 15 * fine + 4 * fine
    )
    deviation = np.sqrt(optics.blur**2 + 1 / 12) * fine
    steps = np.arange(-4 * int(deviation), 4 * int(deviation) + 1)
    kernel = np.exp(-0.5 * (steps / deviation) ** 2)
    blurred = convolve(convolve(sharp, kernel[:, None]), kernel[None, :])
    coarse = blurred[4 * fine :: fine, 4 * fine :: fine][:31, :31]
    np.testing.assert_allclose(closed, coarse / coarse.max(), atol=5e-3)


def test_blur_does_not_wrap_around():
    canvas = scene_canvas(50, 70)
    scene = np.zeros((canvas.height, canvas.width))
    scene[:MARGIN] = 1.0
    seen = expose(scene, Optics(1.1, 0.7, 1.9), 50, 70)
    assert np.abs(seen[15:]).max() < 1e-4  # 1/40 of a grey level of 255


def test_vignetting_is_full_in_the_middle_and_loses_the_stated_share_in_the_corners():
    light = illumination(101, 81, 0.3)
    assert light[50, 40] == pytest.approx(1.0)
    assert light[0, 0] == pytest.approx(0.7)
    assert light.max() <= 1.0


# --- the noise


def test_two_readings_differ_by_twice_the_stated_variance():
    model = sensor.Sensor(read=2 / 255, shot=(2 / 255) ** 2, columns=3 / 255, rows=1 / 255)
    signal = np.tile(np.linspace(0.1, 0.9, 9).repeat(100), (200, 1))
    rng = np.random.default_rng(0)
    pattern = sensor.stripes(rng, model, *signal.shape)
    first, second = (sensor.read_out(rng, model, signal, pattern) for _ in range(2))
    bands = (first - second).reshape(200, 9, 100).var(axis=(0, 2))
    expected = 2 * (model.read**2 + model.shot * np.linspace(0.1, 0.9, 9))
    np.testing.assert_allclose(bands, expected, rtol=0.05)
    # Stripes are what stays: constant along their line, of the stated strength.
    assert pattern[0].std() == pytest.approx(model.columns, rel=0.1)
    assert pattern[:, 0].std() == pytest.approx(model.rows, rel=0.2)
    np.testing.assert_allclose(pattern - pattern[:1], (pattern - pattern[:1])[:, :1].repeat(900, 1))


@pytest.mark.parametrize("depth", [16, 32])
def test_a_rendered_frame_read_twice_keeps_its_scene_and_changes_its_noise(depth):
    frame = render("sky", "demo_sky_0004", 11, 200, 200)
    scale = frame.sensor.span if depth == 16 else 1.0
    first, second = (
        shoot(frame, "demo_sky_0004", 11, depth, shot).astype(np.float64) for shot in (0, 1)
    )
    inside = (frame.signal > 0.05) & (frame.signal < 0.95)
    assert inside.mean() > 0.5
    rounding = 2 / 12 if depth == 16 else 0.0
    expected = 2 * (frame.sensor.deviation(frame.signal)[inside] ** 2).mean() * scale**2 + rounding
    assert (first - second)[inside].var() == pytest.approx(expected, rel=0.05)


def test_noise_of_drawn_cameras_is_one_to_four_grey_levels():
    rng = np.random.default_rng(1)
    half = np.full((1, 1), 0.5)
    levels = [255 * float(sensor.draw_sensor(rng).deviation(half)[0, 0]) for _ in range(500)]
    assert min(levels) > 0.59
    assert max(levels) < 4.01
    assert 1.0 < np.median(levels) < 1.6


# --- fields


@pytest.mark.parametrize("slope", [2.2, 3.0, 3.8])
def test_turbulence_has_its_slope(slope):
    canvas = Canvas(256, 256)
    rng = np.random.default_rng(4)
    field = np.zeros(canvas.grid)
    power = 0.0
    for _ in range(4):
        field = Spectrum(rng, canvas).turbulence(slope, 1.0)
        power = power + np.abs(np.fft.fft2(field)) ** 2
    radius = np.hypot(*np.meshgrid(*[np.fft.fftfreq(side) for side in field.shape]))
    edges = np.geomspace(0.02, 0.4, 12)
    means = [power[(radius >= a) & (radius < b)].mean() for a, b in pairwise(edges)]
    fit = np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(means), 1)
    assert fit[0] == pytest.approx(-slope, abs=0.1)


def test_the_picture_does_not_meet_its_far_edge():
    """The jump from the last column to the first is that of distant, not of adjacent points."""
    canvas = Canvas(256, 256)
    rng = np.random.default_rng(5)
    seam, step = 0.0, 0.0
    for _ in range(8):
        field = canvas.cut(Spectrum(rng, canvas).turbulence(3.0, 3.0))
        seam += float(np.square(field[:, 0] - field[:, -1]).mean())
        step += float(np.square(np.diff(field, axis=1)).mean())
    assert seam > 10 * step


def test_warping_by_whole_pixels_is_a_roll():
    canvas = Canvas(40, 50)
    field = np.random.default_rng(0).normal(size=canvas.grid)
    moved = warp(canvas, field, np.full((40, 50), -3.0), np.full((40, 50), 7.0))
    np.testing.assert_allclose(moved, canvas.cut(np.roll(field, (3, -7), (0, 1))))


# --- the field's statistics (SIRST-v1)


def test_areas_and_counts_and_contrasts_are_those_of_the_field():
    rng = np.random.default_rng(2)
    areas = [draw_area(rng) for _ in range(4000)]
    np.testing.assert_allclose(
        np.percentile(areas, [5, 25, 50, 75, 95]), [7, 14, 20, 39, 107], rtol=0.1
    )
    samples = list(open_demo("demo:n=120,seed=6"))
    counts = [len(find_targets(sample.mask)) for sample in samples]
    assert 0.72 < np.mean(np.equal(counts, 1)) < 0.93
    measured = [t for sample in samples for t in measure_targets(sample.image, sample.mask)]
    assert 14 < np.median([t.target.area for t in measured]) < 30
    low, middle, high = np.percentile([t.scr for t in measured], [5, 50, 95])
    assert 1.0 < low < 5
    assert 7 < middle < 14  # SIRST-v1: 10.5 with the same measure
    assert 18 < high < 45
    assert all(t.contrast > 0 for t in measured)


def test_grey_levels_are_those_of_the_field():
    samples = list(open_demo("demo:n=60,seed=8,size=96"))
    means = [sample.image.mean() for sample in samples]
    assert 85 < np.mean(means) < 135  # SIRST-v1: 112
    assert np.std(means) > 20
    assert 8 < np.median([sample.image.std() for sample in samples]) < 35  # 21
