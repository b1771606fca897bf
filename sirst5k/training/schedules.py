"""Learning rates as functions of the step: nothing to save, nothing to resume."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sirst5k.training.config import ScheduleConfig


@dataclass(frozen=True, slots=True)
class Course:
    """Where a run stands.

    Attributes
    ----------
    step, steps : int
        The step that is about to be taken, from 0, and their number.
    epoch, epochs : int
        The same in passes over the training frames.
    """

    step: int
    steps: int
    epoch: int
    epochs: int


def _constant(course: Course, config: ScheduleConfig) -> float:
    del course, config
    return 1.0


def _cosine(course: Course, config: ScheduleConfig) -> float:
    low = config.final_ratio
    return low + (1 - low) * (1 + math.cos(math.pi * _progress(course, config))) / 2


def _poly(course: Course, config: ScheduleConfig) -> float:
    low = config.final_ratio
    return low + float((1 - low) * (1 - _progress(course, config)) ** config.power)


def _dstransnet(course: Course, config: ScheduleConfig) -> float:
    """By epochs, as published: from 0 (sic) over ten epochs to 1, then a cosine to 1 %.

    ``../shared/networks/single-frame.md`` 6.3; with 500 epochs the published rate to 1e-8
    of its 1e-3. Shorter runs warm up over the same share of their epochs.
    """
    del config
    rise = max(1, round(course.epochs / 50))
    if course.epoch <= rise:
        return course.epoch / rise
    span = max(1, course.epochs - rise)
    return 0.01 + 0.99 * (1 + math.cos(math.pi * (course.epoch - rise - 1) / span)) / 2


def _yolox(course: Course, config: ScheduleConfig) -> float:
    """By epochs, as published: a quadratic warm-up from a tenth, a cosine, a flat end.

    ``../shared/networks/video.md`` 9.1. Warm-up and end are shares of the epochs, at most 3
    and 15 of them.
    """
    low, epochs = config.final_ratio, course.epochs
    rise, tail = min(max(0.05 * epochs, 1), 3), min(max(0.05 * epochs, 1), 15)
    if course.epoch <= rise:
        return 0.1 + 0.9 * (course.epoch / rise) ** 2
    if course.epoch >= epochs - tail:
        return low
    span = epochs - rise - tail
    return low + (1 - low) * (1 + math.cos(math.pi * (course.epoch - rise) / span)) / 2


SCHEDULES: dict[str, Callable[[Course, ScheduleConfig], float]] = {
    "constant": _constant,
    "cosine": _cosine,
    "dstransnet": _dstransnet,
    "poly": _poly,
    "yolox": _yolox,
}
_BY_EPOCHS = ("dstransnet", "yolox")  # which have a warm-up of their own


def rate_at(course: Course, config: ScheduleConfig) -> float:
    """Return what the learning rate is multiplied with at a step.

    Parameters
    ----------
    course : Course
    config : ScheduleConfig

    Returns
    -------
    float
        In 0…1. The warm-up rises linearly and reaches 1 at its last step.
    """
    if config.name not in _BY_EPOCHS and course.step < _warm_up_steps(course, config):
        return (course.step + 1) / _warm_up_steps(course, config)
    return SCHEDULES[config.name](course, config)


def _warm_up_steps(course: Course, config: ScheduleConfig) -> int:
    return int(config.warm_up * course.steps)


def _progress(course: Course, config: ScheduleConfig) -> float:
    """Return how far the run is between its warm-up and its last step, 0 to 1."""
    start = _warm_up_steps(course, config)
    return (course.step - start) / max(1, course.steps - 1 - start)
