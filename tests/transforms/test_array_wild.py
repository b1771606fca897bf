"""Whatever comes in: a result of the same form, and the same one again from its parameters."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transform_scenes import MAKERS, make_bank

from sirst5k.errors import ParameterError
from sirst5k.transforms import replay

FORMS = ["residual", "residual-grown", "mixup-canvas", "adaptive", "hard", "paste", "decoys"]


@st.composite
def scenes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Draw images of noise, of steps or of one level, under masks of any density."""
    shape = draw(st.integers(1, 48)), draw(st.integers(1, 48))
    dtype = draw(st.sampled_from(["uint8", "uint16", "float32"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    white = 1.0 if dtype == "float32" else float(np.iinfo(dtype).max)
    kind = draw(st.sampled_from(["noise", "steps", "flat", "extremes"]))
    share = {
        "noise": rng.uniform(0.3, 0.5, shape),
        "steps": np.indices(shape).sum(axis=0) % 7 / 7,
        "flat": np.full(shape, rng.choice([0.0, 0.4, 1.0])),
        "extremes": rng.integers(0, 2, shape),
    }[kind]
    image = (share * white).astype(dtype)
    mask = rng.random(shape) < draw(st.sampled_from([0.0, 0.003, 0.02, 0.2, 1.0]))
    return image, mask


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=40, deadline=None)
@given(scene=scenes(), seed=st.integers(0, 2**32 - 1))
def test_any_scene(form: str, scene: tuple[Any, Any], seed: int) -> None:
    image, mask = scene
    before = image.copy(), mask.copy()
    change = MAKERS[form](1.0)
    result = change(image, mask, np.random.default_rng(seed))
    params = json.loads(json.dumps(change.draw(image, mask, np.random.default_rng(seed))))
    again = replay(image, mask, params, make_bank())
    for one, other, was in zip(result, again, before, strict=True):
        assert one.shape == was.shape
        assert one.dtype == was.dtype
        assert np.array_equal(one, other)
    assert np.isfinite(result[0]).all()
    assert np.array_equal(image, before[0])
    assert np.array_equal(mask, before[1])
    if change.name == "NegativeRotation":
        assert result[1].sum() == mask.sum()
        assert change.motions(mask, params) is not None


@settings(max_examples=60, deadline=None)
@given(scene=scenes(), seed=st.integers(0, 2**32 - 1))
def test_a_published_window_fits_or_is_a_sentence(scene: tuple[Any, Any], seed: int) -> None:
    image, mask = scene
    change, rng = MAKERS["patch"](1.0), np.random.default_rng(seed)
    if mask.any() and min(image.shape) < 2:
        with pytest.raises(ParameterError, match="Expected an image of at least"):
            change(image, mask, rng)
    elif min(image.shape) >= 6 or not mask.any():
        assert change(image, mask, rng)[1].sum() == mask.sum()
