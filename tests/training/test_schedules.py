"""Learning rates as published, and as users expect."""

from __future__ import annotations

import math

import pytest

from sirst5k.training.config import ScheduleConfig
from sirst5k.training.schedules import SCHEDULES, Course, rate_at


def course(step: int, steps: int = 1000, per_epoch: int = 2) -> Course:
    return Course(step, steps, step // per_epoch, steps // per_epoch)


def test_dstransnet_as_published() -> None:
    """Section 6.3 of the description: 1e-3 times this, over 500 epochs."""
    config = ScheduleConfig("dstransnet", warm_up=0.0)

    def published(epoch: int) -> float:
        if epoch <= 10:
            return epoch * 1e-4
        return 1e-5 + 0.99e-3 * (1 + math.cos(math.pi * (epoch - 11) / 490)) / 2

    for epoch in range(500):
        rate = 1e-3 * rate_at(Course(epoch * 43, 500 * 43, epoch, 500), config)
        assert rate == pytest.approx(published(epoch), abs=2e-8), epoch
    assert rate_at(Course(0, 500, 0, 500), config) == 0  # sic
    last = 1e-3 * rate_at(Course(499, 500, 499, 500), config)
    assert last == pytest.approx(1.004e-5, abs=2e-8)


@pytest.mark.parametrize("name", sorted(set(SCHEDULES) - {"dstransnet", "yolox"}))
def test_rates_rise_then_never_rise_again(name: str) -> None:
    config = ScheduleConfig(name, warm_up=0.1, final_ratio=0.05)
    rates = [rate_at(course(step), config) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[99] == rates[100] == 1
    assert rates[:100] == sorted(rates[:100])
    assert rates[100:] == sorted(rates[100:], reverse=True)
    assert rates[-1] == pytest.approx(1 if name == "constant" else 0.05)


def test_poly_power() -> None:
    config = ScheduleConfig("poly", warm_up=0.0, final_ratio=0.0, power=2.0)
    assert rate_at(Course(50, 101, 0, 1), config) == pytest.approx(0.25)


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_one_step_is_enough(name: str) -> None:
    assert 0 <= rate_at(Course(0, 1, 0, 1), ScheduleConfig(name)) <= 1
