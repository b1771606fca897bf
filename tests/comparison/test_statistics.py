"""Means, differences and their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sirst5k.comparison.statistics import (
    paired_differences,
    spread,
    spreads,
    steps_to_reach,
)
from sirst5k.errors import ParameterError
from sirst5k.evaluation.bootstrap import Bootstrap
from sirst5k.metrics import ImageScores


def row(name: str, intersection: int, union: int = 100) -> ImageScores:
    return ImageScores(
        name=name,
        height=10,
        width=10,
        iou=intersection / union,
        intersection=intersection,
        union=union,
        predicted_pixels=intersection,
        target_pixels=union,
        hits=1,
        targets=1,
        regions=1,
        false_targets=0,
        false_area=0,
        false_pixels=0,
        found=(True,),
    )


def runs(rng: np.random.Generator, level: float, seeds: int = 3, images: int = 40) -> list:
    """Images differ much, in the same way in every run; seeds add a little."""
    hard = np.random.default_rng(0).uniform(-20, 20, images)
    return [
        [row(f"i{k}", int(np.clip(level + hard[k] + rng.normal(0, 2), 0, 100))) for k in range(40)]
        for _ in range(seeds)
    ]


def test_spread() -> None:
    found = spread([1.0, 2.0, 3.0])
    assert (found.mean, found.sd, found.values) == (2.0, 1.0, (1.0, 2.0, 3.0))
    assert math.isnan(spread([4.0]).sd)
    with pytest.raises(ParameterError):
        spread([])


def test_spreads_are_over_sums_of_images() -> None:
    one = [row("a", 10, 20), row("b", 30, 80)]
    two = [row("a", 20, 20), row("b", 20, 80)]
    miou = spreads([one, two])["miou"]
    assert miou.values == (0.4, 0.4)
    assert spreads([one, two])["niou"].values[0] == pytest.approx((0.5 + 0.375) / 2)


def test_pairing_sees_what_unpaired_intervals_do_not() -> None:
    rng = np.random.default_rng(1)
    better, worse = runs(rng, 53), runs(rng, 50)
    difference = paired_differences(better, worse, Bootstrap(500))["miou"]
    assert difference.value == pytest.approx(0.03, abs=0.01)
    assert difference.low < difference.value < difference.high
    assert difference.is_clear
    reverse = paired_differences(worse, better, Bootstrap(500))["miou"]
    assert reverse.value == -difference.value
    assert reverse.high == pytest.approx(-difference.low)


def test_no_difference_is_not_clear() -> None:
    rng = np.random.default_rng(2)
    same = paired_differences(runs(rng, 50), runs(rng, 50), Bootstrap(500))["miou"]
    assert not same.is_clear
    one = runs(rng, 50)
    nothing = paired_differences(one, one, Bootstrap(100))["miou"]
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """120 experiments with no true difference: 95 % intervals should rarely leave out zero."""
    rng = np.random.default_rng(3)
    clear = sum(
        paired_differences(runs(rng, 50, seeds=5), runs(rng, 50, seeds=5), Bootstrap(200))[
            "miou"
        ].is_clear
        for _ in range(120)
    )
    assert clear <= 24  # a bootstrap over few seeds is a little too sure of itself


def test_what_does_not_pair_is_refused() -> None:
    rng = np.random.default_rng(4)
    with pytest.raises(ParameterError, match="same seeds"):
        paired_differences(runs(rng, 50), runs(rng, 50, seeds=2), Bootstrap(10))
    renamed = [[row("x", 3) for _ in rows] for rows in runs(rng, 50)]
    with pytest.raises(ParameterError, match="same test images"):
        paired_differences(runs(rng, 50), renamed, Bootstrap(10))


def test_steps_to_reach() -> None:
    assert steps_to_reach([100, 200, 300], [0.1, 0.5, 0.4], 0.3) == 150
    assert steps_to_reach([100, 200], [0.4, 0.5], 0.3) == 100
    assert steps_to_reach([100, 200], [0.1, 0.2], 0.3) == math.inf
