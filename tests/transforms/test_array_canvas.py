"""Noise cut from a canvas is the noise that was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from transform_scenes import WHITE, make_bank, make_frame

from sirst5k.errors import ParameterError
from sirst5k.noise import log_spectral_distance, radial_spectrum
from sirst5k.noise.spectrum import cut_crops
from sirst5k.transforms import Compose, NoiseDisplacement
from sirst5k.transforms.canvas import canvas_field, canvas_side, make_canvas


def flat(dtype: str, level: float = 0.5, shape: tuple[int, int] = (64, 100)) -> np.ndarray:
    return np.full(shape, level * WHITE[dtype], dtype)


@pytest.mark.parametrize("dtype", WHITE)
@pytest.mark.parametrize("field", ["spectral", "tile"])
def test_what_is_added_is_the_window_scaled(dtype: str, field: str) -> None:
    bank = make_bank()
    change = NoiseDisplacement(bank, field=field, canvas=2, p=1.0)
    image, mask = make_frame(dtype=dtype)
    for seed in range(4):
        params = change.draw(image, mask, np.random.default_rng(seed))
        cut = canvas_field(bank, params, image.shape, image.dtype)
        wanted = image + cut * (params["std"] / bank.std)
        got = change.apply(image, mask, params)[0]
        # Half a grey level of rounding; and OpenCV, which adds in float32, may be off by the
        # last digit of that: 2**-8 among the grey levels of 16 bits.
        bound = {"float32": 1e-6, "uint8": 0.501, "uint16": 0.5 + 2**-8}[dtype]
        assert np.abs(got - wanted).max() <= bound
        assert abs(cut.mean()) < 1e-5
        assert 0.8 < cut.std() / bank.std < 1.2


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_the_fast_way_does_what_the_thorough_one_does(dtype: str) -> None:
    """A share of signal dependence, however small, leaves the one call of OpenCV."""
    bank = make_bank()
    image, mask = make_frame(dtype=dtype)
    change = NoiseDisplacement(bank, canvas=2, p=1.0)
    params = change.draw(image, mask, np.random.default_rng(0))
    fast = change.apply(image, mask, params)[0].astype(int)
    slow = change.apply(image, mask, {**params, "signal_dependence": 1e-9})[0].astype(int)
    assert np.abs(fast - slow).max() <= 1
    assert (fast != slow).mean() < 0.01  # ties of rounding


@pytest.mark.parametrize("dtype", WHITE)
def test_mixing_in_a_window(dtype: str) -> None:
    bank = make_bank()
    change = NoiseDisplacement(bank, "mixup", "spectral", canvas=2, p=1.0)
    image, mask = make_frame(dtype=dtype)
    params = change.draw(image, mask, np.random.default_rng(2))
    scale = WHITE[dtype] / bank.full_scale
    noise = canvas_field(bank, params, image.shape, image.dtype) + bank.windows.mean()
    wanted = 0.9 * image + 0.1 * noise * scale
    got = change.apply(image, mask, params)[0]
    assert np.abs(got - wanted).max() <= (1e-6 if dtype == "float32" else 0.51)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_grey_levels_saturate(dtype: str, level: float) -> None:
    image = flat(dtype, level)
    mask = np.zeros(image.shape, bool)
    loud = NoiseDisplacement(make_bank(), gain_range=(200, 200), canvas=2, p=1.0)
    noisy = loud(image, mask, np.random.default_rng(0))[0].astype(int)
    clipped = (noisy == int(level * WHITE[dtype])).mean()
    assert 0.4 < clipped < 0.6  # half of the noise points out of the range, and wraps nowhere
    outwards = np.sort(np.abs(noisy - level * WHITE[dtype]).ravel())
    assert outwards[-1] > 0.5 * WHITE[dtype]


def test_the_windows_have_the_banks_spectrum() -> None:
    bank = make_bank()
    change = NoiseDisplacement(bank, p=1.0)
    image = flat("float32", shape=(128, 128))
    mask = np.zeros(image.shape, bool)
    rng = np.random.default_rng(0)
    fields = [change(image, mask, rng)[0] - image for _ in range(16)]
    crops = np.concatenate([cut_crops(field, bank.size) for field in fields])
    fresh = NoiseDisplacement(bank, canvas=0, p=1.0)
    others = [fresh(image, mask, rng)[0] - image for _ in range(16)]
    real = radial_spectrum(bank.tiles)
    distance = log_spectral_distance(radial_spectrum(crops), real)
    reference = log_spectral_distance(
        radial_spectrum(np.concatenate([cut_crops(field, bank.size) for field in others])), real
    )
    assert distance < reference + 0.25  # dB


def test_coding_in_eight_bits_costs_little() -> None:
    exact = make_canvas(make_bank(), "spectral", 256, 0, "<f4").codes
    coded = make_canvas(make_bank(), "spectral", 256, 0, "|u1")
    error = coded.codes * coded.step + coded.offset - exact
    assert coded.codes.dtype == np.uint8
    assert error.std() < 0.02 * exact.std()


def test_draws_differ_and_lie_inside() -> None:
    change = NoiseDisplacement(make_bank(), canvas=2, p=1.0)
    image, mask = make_frame((128, 100))
    rng = np.random.default_rng(0)
    drawn = [change.draw(image, mask, rng) for _ in range(200)]
    tops, lefts = np.array([params["place"] for params in drawn]).T
    assert tops.min() >= 0
    assert tops.max() <= 128
    assert lefts.max() <= 156
    assert lefts.max() > 140
    assert len({tuple(params["place"]) for params in drawn}) > 195


@pytest.mark.parametrize(
    ("ratio", "shape", "side"),
    [
        (4, (256, 256), 1024),
        (4, (256, 257), 2048),
        (2, (90, 60), 256),
        (16, (400, 300), 4096),
        (4, (2048, 10), 4096),
        (4, (2049, 10), 0),
        (0, (64, 64), 0),
    ],
)
def test_how_large_a_canvas_is(ratio: int, shape: tuple[int, int], side: int) -> None:
    assert canvas_side(ratio, shape) == side
    image = np.zeros(shape, np.uint8)
    if 0 < side < 1024 or (not side and min(shape) < 20):
        change = NoiseDisplacement(make_bank(), canvas=ratio, p=1.0)
        params = change.draw(image, image > 0, np.random.default_rng(0))
        assert params.get("canvas") == ([side, 0] if side else None)
        assert ("field_seed" in params) == (not side)


def test_the_canvas_is_shared_and_kept() -> None:
    bank = make_bank()
    make_canvas.cache_clear()
    for change in (NoiseDisplacement(bank, canvas=2), NoiseDisplacement(bank, canvas=2, p=1.0)):
        Compose([change]).prepare(make_frame()[0])
        assert make_canvas.cache_info().misses == 1
        for shape in ((72, 96), (80, 100)):
            change(*make_frame(shape), np.random.default_rng(0))
    assert make_canvas.cache_info().misses == 1


@pytest.mark.parametrize("ratio", [-1, 1, 17, 2.5, True, "4"])
def test_a_canvas_of_a_wrong_size_is_refused(ratio: object) -> None:
    with pytest.raises(ParameterError, match="canvas: expected"):
        NoiseDisplacement(make_bank(), canvas=ratio)  # type: ignore[arg-type]
