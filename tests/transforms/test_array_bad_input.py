"""Bad input is a sentence, or a result that is said beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from transform_scenes import MAKERS, WHITE, make_bank, make_frame

from sirst5k import NoiseBank, Recipe
from sirst5k.errors import NoiseError, ParameterError, ShapeError
from sirst5k.sample import Sample
from sirst5k.transforms import (
    ClutterDecoys,
    Compose,
    NegativeRotation,
    NoiseDisplacement,
    OneOf,
    TargetPaste,
    from_recipe,
    replay,
)

TURN = NegativeRotation(p=1.0)
IMAGE, MASK = make_frame()


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def with_level(value: float) -> np.ndarray:
    image = make_frame(dtype="float32")[0].copy()
    image[3, 4] = value
    return image


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(
    ("image", "message"),
    [
        (IMAGE[None], "grey image"),
        (np.stack([IMAGE] * 3, axis=-1), "Take one channel"),
        (IMAGE[0], "grey image"),
        (IMAGE.astype(np.float64), "uint8, uint16 or float32, got .* of float64"),
        (IMAGE.astype(np.int16), "int16"),
        (IMAGE > 90, "bool"),
        (np.zeros((0, 5), np.uint8), r"\(0, 5\)"),
        (IMAGE.tolist(), "numpy array, got list"),
        (None, "numpy array, got NoneType"),
        ("image.png", "numpy array, got str"),
    ],
)
def test_images_of_a_wrong_kind(maker: str, image: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=f"^image: expected.*{message}"):
        MAKERS[maker](1.0)(image, MASK, rng())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("maker", MAKERS)
def test_grey_levels_that_are_no_numbers(maker: str, value: float) -> None:
    with pytest.raises(ParameterError, match="finite grey levels.*nan_to_num"):
        MAKERS[maker](1.0)(with_level(value), MASK, rng())


def test_largest_floats_are_numbers() -> None:
    extreme = np.where(MASK, np.float32(3e38), np.float32(-3e38))
    assert np.isfinite(NegativeRotation(seam="hard", p=1.0)(extreme, MASK, rng())[0]).all()


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        (MASK[1:], ShapeError, "of the image's shape"),
        (MASK[..., None], ShapeError, "of the image's shape"),
        (None, ShapeError, "numpy array, got NoneType"),
        (MASK.astype(complex), ShapeError, "bool or numbers"),
        (MASK.astype(object), ShapeError, "bool or numbers"),
        (-MASK.astype(np.int8), ParameterError, "values from -1 to 0"),
        (np.where(MASK, np.nan, 0), ParameterError, "values from nan"),
        (np.where(MASK, np.inf, 0), ParameterError, "to inf"),
    ],
)
def test_masks_of_a_wrong_kind(maker: str, mask: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=f"^mask: expected.*{message}"):
        MAKERS[maker](1.0)(IMAGE, mask, rng())


@pytest.mark.parametrize(
    ("others", "error", "message"),
    [
        ({"images": IMAGE}, ShapeError, "images: expected a mapping or a list"),
        ({"images": [IMAGE[1:]]}, ShapeError, r"images\[0\]: expected the image's shape"),
        ({"images": {"b": with_level(np.nan)}}, ParameterError, r"images\['b'\]: expected finite"),
        ({"masks": MASK}, ShapeError, "masks: expected a mapping or a list"),
        ({"masks": [MASK, MASK.T]}, ShapeError, r"masks\[1\]: expected a mask of"),
        ({"boxes": [[1, 2, 3]]}, ShapeError, r"boxes: expected numbers of shape \(N, 4\)"),
        ({"boxes": [1, 2, 3, 4]}, ShapeError, "boxes: expected numbers"),
        ({"boxes": [["a", "b", "c", "d"]]}, ShapeError, "boxes: expected numbers"),
        ({"boxes": [[1, 2, np.nan, 4]]}, ParameterError, "boxes: expected finite"),
        ({"boxes": [[30, 20, 5, 5]]}, ParameterError, "x, y, width, height are to be converted"),
        ({"points": [[1.0]]}, ShapeError, r"points: expected numbers of shape \(N, 2\)"),
        ({"points": [[np.inf, 1]]}, ParameterError, "points: expected finite"),
    ],
)
def test_further_arrays_of_a_wrong_kind(others: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        TURN(IMAGE, MASK, rng(), **others)


def test_calls_that_mix_two_forms() -> None:
    sample = Sample("a", IMAGE, MASK)
    with pytest.raises(ParameterError, match="Expected a Sample alone"):
        TURN(sample, MASK)  # type: ignore[call-overload]
    with pytest.raises(ParameterError, match="Expected a Sample alone"):
        TURN(sample, boxes=[])  # type: ignore[call-overload]
    with pytest.raises(ShapeError, match=r"Call the transform: t\(sample\)"):
        TURN.draw(sample, MASK, rng())  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"rng: expected a numpy.random.Generator, got int"):
        TURN(IMAGE, MASK, 3)  # type: ignore[call-overload]
    with pytest.raises(ShapeError, match=r"mask: expected an array \(H, W\)"):
        TURN.motions(MASK[None], {"op": "nothing"})


# What is defined rather than refused.


@pytest.mark.parametrize("dtype", WHITE)
def test_without_targets_a_rotation_is_identity_and_nothing_is_pasted(dtype: str) -> None:
    image, mask = make_frame(dtype=dtype, targets=0)
    for change in (TURN, NegativeRotation("patch", p=1.0), TargetPaste(p=1.0)):
        assert np.array_equal(change(image, mask, rng())[0], image)
        assert not change(image, mask, rng())[1].any()


def test_a_target_as_large_as_the_image_is_left_alone() -> None:
    mask = np.ones(IMAGE.shape, dtype=bool)
    for change in (TURN, TargetPaste(p=1.0), ClutterDecoys(count_range=(2, 2), p=1.0)):
        image, after = change(IMAGE, mask, rng())
        assert np.array_equal(image, IMAGE)
        assert after.all()


def test_a_target_with_no_room_for_a_square_window_keeps_its_box() -> None:
    image = np.random.default_rng(0).integers(50, 90, (10, 60)).astype(np.uint8)
    mask = np.zeros(image.shape, dtype=bool)
    mask[4:6, 5:50] = True
    mask[4, 5:9] = False
    for seed in range(12):
        turned = TURN(image, mask, np.random.default_rng(seed))[1]
        assert turned.sum() == mask.sum()
        assert np.argwhere(turned)[:, 0].min() == 4
        assert np.argwhere(turned)[:, 1].max() == 49


def test_a_published_window_that_does_not_fit_is_a_sentence() -> None:
    image, mask = IMAGE[:20, :20], np.zeros((20, 20), dtype=bool)
    mask[9:11, 9:11] = True
    with pytest.raises(ParameterError, match="at least 32×32 pixels for patch size 32"):
        NegativeRotation("patch", patch_sizes=[32], p=1.0)(image, mask, rng())


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("white", [False, True])
def test_integers_saturate_and_never_wrap(dtype: str, white: bool) -> None:
    level = WHITE[dtype] * white
    image = np.full((96, 128), level, dtype)
    mask = np.zeros(image.shape, dtype=bool)
    for canvas in (0, 2):
        loud = NoiseDisplacement(make_bank(), gain_range=(20, 20), canvas=canvas, p=1.0)
        noisy = loud(image, mask, rng())[0].astype(float)
        assert np.abs(noisy - level).max() < 0.9 * WHITE[dtype]
        assert (noisy == level).mean() > 0.4
    lights = ClutterDecoys(count_range=(3, 3), contrast_range=(1e6, 1e6), p=1.0)
    noisy = loud(image, mask, rng())[0]
    lit = lights(noisy, mask, rng())[0].astype(float)
    assert (lit <= WHITE[dtype]).all()


@pytest.mark.parametrize("low_high", [(0.0, 255.0), (-2.1, 2.6), (0.0, 65535.0)])
def test_float_images_in_other_units_than_the_noise(low_high: tuple[float, float]) -> None:
    low, high = low_high
    image = np.linspace(low, high, IMAGE.size, dtype=np.float32).reshape(IMAGE.shape)
    with pytest.raises(ParameterError, match="white at 1, got .* before it is normalised"):
        NoiseDisplacement(make_bank(), p=1.0)(image, MASK, rng())
    # A bank of such floats is in such units.
    levels = (make_bank().windows * (high - low) / 255 + low).astype(np.float32)
    own = NoiseBank.from_windows(levels)
    noisy = NoiseDisplacement(own, gain_range=(1, 1), p=1.0)(image, MASK, rng())[0]
    assert 0.5 < (noisy - image).std() / own.std < 2


def test_a_constant_bank_adds_nothing_where_it_can_and_says_so_where_not() -> None:
    dead = NoiseBank.from_windows(np.full((4, 32, 32), 90, np.uint8))
    stretched = NoiseDisplacement(dead, field="resize", p=1.0)
    assert np.array_equal(stretched(IMAGE, MASK, rng())[0], IMAGE)
    with pytest.raises(NoiseError, match="constant windows"):
        NoiseDisplacement(dead, p=1.0)(IMAGE, MASK, rng())


# Constructors.


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NegativeRotation(p=1.5), "p: expected a probability"),
        (lambda: NegativeRotation(p=True), "p: expected a probability"),
        (lambda: NegativeRotation(p="half"), "p: expected a probability"),
        (lambda: NegativeRotation(p=float("nan")), "p: expected a probability"),
        (lambda: NegativeRotation(seed=-1), "seed: expected a whole number"),
        (lambda: NegativeRotation(seed=1.5), "seed: expected a whole number"),
        (lambda: NegativeRotation("adaptiv"), "method: no such choice.*'adaptive'"),
        (lambda: NegativeRotation(["patch"]), "method: no such choice"),
        (lambda: NegativeRotation(symmetries=[8]), "symmetries: expected some of"),
        (lambda: NegativeRotation(symmetries=3), "symmetries: expected a list"),
        (lambda: NegativeRotation(margin=0), "margin: expected at least 1"),
        (lambda: NegativeRotation(seam="soft"), "seam: no such choice"),
        (lambda: NegativeRotation(patch_sizes=[3, 5]), "patch_sizes: belongs to method 'patch'"),
        (lambda: NegativeRotation("patch", margin=5), "margin: belongs to method 'adaptive'"),
        (lambda: NegativeRotation("patch", patch_sizes=[4]), "patch_sizes: expected some of"),
        (lambda: NoiseDisplacement(make_bank(), "mix"), "method: no such choice.*'mixup'"),
        (lambda: NoiseDisplacement(make_bank(), field="wave"), "field: no such choice"),
        (lambda: NoiseDisplacement(make_bank(), gain_range=(2, 1)), "gain_range: expected"),
        (lambda: NoiseDisplacement(make_bank(), gain_range=1.0), "gain_range: expected a list"),
        (lambda: NoiseDisplacement(make_bank(), weights=[0.3]), "belongs to method 'mixup'"),
        (lambda: NoiseDisplacement(make_bank(), weight_range=(0, 1)), "belongs to method 'mixup'"),
        (lambda: NoiseDisplacement(make_bank(), "mixup", weights=[2.0]), "weights: expected"),
        (lambda: NoiseDisplacement(make_bank(), "mixup", weight_range=(0.5, 1.5)), "weight_range:"),
        (lambda: NoiseDisplacement(make_bank(), "mixup", weight_range=0.5), "weight_range:"),
        (lambda: NoiseDisplacement(make_bank(), "mixup", scr_range=(2, 3)), "method 'residual'"),
        (lambda: TargetPaste(count_range=(3, 1)), "count_range: expected"),
        (lambda: TargetPaste(halo=99), "halo: expected"),
        (lambda: ClutterDecoys(kinds=["blobb"]), "kinds: no such choice 'blobb'.*'blob'"),
        (lambda: ClutterDecoys(guard=-1), "guard: expected"),
        (lambda: Compose([TURN, "turn"]), "expected transforms of sirst5k.transforms, got str"),
        (lambda: OneOf([]), "at least one transform with p > 0"),
        (lambda: OneOf([NegativeRotation(p=0)]), "at least one transform with p > 0"),
        (lambda: TURN.set_epoch(-1), "epoch: expected a whole number"),
        (lambda: from_recipe("sirst5", make_bank()), "No recipe 'sirst5'.*'sirst5k'"),
        (lambda: from_recipe(5, make_bank()), "recipe: expected a Recipe"),
    ],
)
def test_parameters_out_of_range(make: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NoiseDisplacement(None), "Expected a noise bank, got NoneType"),
        (lambda: NoiseDisplacement("/nowhere/bank.npz"), "No noise bank at /nowhere/bank.npz"),
        (lambda: from_recipe("sirst5k"), "Expected a noise bank for the recipe 'sirst5k'"),
        (lambda: replay(IMAGE, MASK, {"op": "displace"}), "that the operations were drawn with"),
    ],
)
def test_banks_that_are_none(make: Any, message: str) -> None:
    with pytest.raises(NoiseError, match=message):
        make()


def test_a_recipe_without_noise_needs_no_bank() -> None:
    recipe = Recipe.load("sirst5k").override(["displacement=null"])
    assert [part.name for part in from_recipe(recipe).transforms] == ["NegativeRotation"]


@pytest.mark.parametrize("numbers", [(np.int64(4), np.float32(0.5), np.array([0, 3]))])
def test_numpy_numbers_do_as_well(numbers: Any) -> None:
    margin, p, symmetries = numbers
    made = NegativeRotation(margin=margin, p=p, symmetries=symmetries, seed=np.uint8(3))
    assert made.to_dict()["margin"] == 4
    assert made.to_dict()["symmetries"] == [0, 3]
    assert made.to_dict() == NegativeRotation.from_dict(made.to_dict()).to_dict()


# Parameters that were drawn elsewhere.

WINDOW = {"op": "turn", "method": "patch", "target": 0, "symmetry": 1}


@pytest.mark.parametrize(
    ("change", "params", "message"),
    [
        (TURN, None, "expected what draw returned"),
        (TURN, {}, "expected what draw returned"),
        (TURN, {"op": "paste"}, "expected those of NegativeRotation"),
        (TURN, {"op": "turn"}, "do not fit an image of 72×96"),
        (TURN, {**WINDOW, "window": [70, 90, 6, 6]}, "windows inside the image"),
        (TURN, {**WINDOW, "window": [-2, 3, 6, 6]}, "windows inside the image"),
        (TURN, {**WINDOW, "window": [2, 3, 6]}, "do not fit"),
        (TURN, {**WINDOW, "window": [2, 3, 6, 6], "symmetry": 9}, "symmetry of 0 to 7"),
        (
            TargetPaste(),
            {"op": "paste", "halo": 3, "pasted": [{"target": 7}]},
            "do not fit",
        ),
        (
            MAKERS["residual"](1.0),
            {
                **MAKERS["residual"](1.0).draw(IMAGE, MASK, rng()),
                "place": [200, 200],
            },
            "inside the canvas",
        ),
        (Compose([TURN]), {"op": "turn"}, "expected a sequence of 1 parts"),
        (Compose([TURN]), {"op": "sequence", "parts": []}, "expected a sequence of 1 parts"),
        (OneOf([TURN]), {"op": "turn"}, "expected a choice"),
        (OneOf([TURN]), {"op": "choice", "index": 1, "part": {}}, "expected a choice of 1"),
        (OneOf([TURN]), {"op": "choice", "index": "a", "part": {}}, "params.index: expected"),
    ],
)
def test_parameters_of_another_transform_or_image(change: Any, params: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        change.apply(IMAGE, MASK, params)


def test_unknown_operations_cannot_be_replayed() -> None:
    with pytest.raises(ParameterError, match="expected recorded operations, got op 'blur'"):
        replay(IMAGE, MASK, [{"op": "blur"}])
