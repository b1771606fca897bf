"""Intervals: exact on resampled sets, seeded, and as wide as theory says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sirst5k.errors import ParameterError
from sirst5k.evaluation import Bootstrap, bootstrap_intervals
from sirst5k.evaluation.bootstrap import draw_counts, figures
from sirst5k.metrics import ImageScores, pool
from sirst5k.seeds import rng_for


def rows(n: int = 30, seed: int = 0) -> list[ImageScores]:
    rng = np.random.default_rng(seed)
    made = []
    for place in range(n):
        inter, extra, lost = (int(v) for v in rng.integers(0, 30, 3))
        hits, misses, false = (int(v) for v in rng.integers(0, 3, 3))
        union = inter + extra + lost
        made.append(
            ImageScores(
                name=str(place),
                height=20 + place,
                width=30,
                iou=inter / union if union else math.nan,
                intersection=inter,
                union=union,
                predicted_pixels=inter + extra,
                target_pixels=inter + lost,
                hits=hits,
                targets=hits + misses,
                regions=hits + false,
                false_targets=false,
                false_area=3 * false,
                false_pixels=extra,
                found=(True,) * hits + (False,) * misses,
            )
        )
    return made


def test_figures_are_those_of_the_metrics_room() -> None:
    expected = pool(rows())
    assert figures(rows()) == pytest.approx(expected)


def test_every_resample_is_scored_as_a_set_of_its_own() -> None:
    images, rule = rows(8), Bootstrap(40, seed=3)
    counts = np.concatenate(draw_counts(len(images), rule)).astype(int)
    assert counts.shape == (40, 8)
    assert (counts.sum(axis=1) == 8).all()
    pooled = [
        pool([row for row, times in zip(images, drawn) for _ in range(times)]) for drawn in counts
    ]
    for name, (low, high) in bootstrap_intervals(images, rule).items():
        samples = [figures[name] for figures in pooled]
        assert (low, high) == pytest.approx(tuple(np.quantile(samples, [0.025, 0.975])))


def test_seeded() -> None:
    images = rows()
    first = bootstrap_intervals(images, Bootstrap(200, seed=1))
    assert first == bootstrap_intervals(images, Bootstrap(200, seed=1))
    assert first != bootstrap_intervals(images, Bootstrap(200, seed=2))


def test_parts_do_not_change_thedraw_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(draw_counts(10, Bootstrap(50)))
    monkeypatch.setattr("sirst5k.evaluation.bootstrap._AT_ONCE", 70)
    parts = draw_counts(10, Bootstrap(50))
    assert len(parts) > 1
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_width_is_that_of_a_binomial() -> None:
    hit = rows(1)[0]
    images = [
        ImageScores(
            **{
                **{name: getattr(hit, name) for name in hit.__slots__},
                "hits": int(found),
                "targets": 1,
            }
        )
        for found in rng_for(0, "test", 0).random(400) < 0.7
    ]
    pd = pool(images)["pd"]
    low, high = bootstrap_intervals(images, Bootstrap(4000))["pd"]
    wide = 2 * 1.96 * math.sqrt(pd * (1 - pd) / 400)
    assert low < pd < high
    assert high - low == pytest.approx(wide, rel=0.1)


def test_undefined_figures() -> None:
    empty = ImageScores("a", 9, 9, math.nan, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ())
    found = bootstrap_intervals([empty, empty], Bootstrap(10))
    assert math.isnan(found["miou"][0])
    assert found["fa"] == (0, 0)


@pytest.mark.parametrize("options", [{"resamples": 0}, {"seed": -1}, {"level": 1.0}])
def test_parameters_are_checked(options: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="Expected"):
        Bootstrap(**options)
    with pytest.raises(ParameterError, match="at least one image"):
        bootstrap_intervals([], Bootstrap())
