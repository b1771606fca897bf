"""A Kalman filter of constant velocity, both axes alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Motion:
    """Where a target is thought to be, and how fast it moves.

    The two axes are independent and equally uncertain, so one 2 × 2 covariance serves both.

    Attributes
    ----------
    position, velocity : (2,) float64
        x, y in pixels, and in pixels a frame.
    covariance : (2, 2) float64
        Of position and velocity along either axis.
    """

    position: Floats
    velocity: Floats
    covariance: Floats


def begin(position: Floats, measurement: float, speed: float) -> Motion:
    """Return the state after the first measurement.

    Parameters
    ----------
    position : (2,) float64
        x, y in pixels.
    measurement : float
        Standard deviation of a measured position, pixels.
    speed : float
        Standard deviation of the unknown velocity, pixels a frame.
    """
    return Motion(position, np.zeros(2), np.diag([measurement**2, speed**2]))


def predict(state: Motion, acceleration: float) -> Motion:
    """Return the state one frame later, its velocity kept but for white-noise acceleration.

    The piecewise constant model of Y. Bar-Shalom, X. R. Li and T. Kirubarajan, "Estimation with
    Applications to Tracking and Navigation", 2001, section 6.3.2.

    Parameters
    ----------
    state : Motion
    acceleration : float
        Standard deviation, pixels a frame².
    """
    step = np.array([[1.0, 1.0], [0.0, 1.0]])
    noise = acceleration**2 * np.array([[0.25, 0.5], [0.5, 1.0]])
    return Motion(
        state.position + state.velocity, state.velocity, step @ state.covariance @ step.T + noise
    )


def correct(state: Motion, measured: Floats, measurement: float) -> Motion:
    """Return a predicted state after a measurement of its position, as Kalman's filter has it.

    R. E. Kalman, "A New Approach to Linear Filtering and Prediction Problems", 1960.

    Parameters
    ----------
    state : Motion
    measured : (2,) float64
        x, y in pixels.
    measurement : float
        Standard deviation, pixels.
    """
    gain = state.covariance[:, 0] / (state.covariance[0, 0] + measurement**2)
    surprise = measured - state.position
    covariance = state.covariance - np.outer(gain, state.covariance[0])
    return Motion(
        state.position + gain[0] * surprise, state.velocity + gain[1] * surprise, covariance
    )


def surprise(state: Motion, measurement: float) -> float:
    """Return the variance with which a measurement will differ from a prediction, pixels².

    Parameters
    ----------
    state : Motion
    measurement : float
        Standard deviation of a measured position along either axis, pixels.
    """
    return float(state.covariance[0, 0] + measurement**2)
