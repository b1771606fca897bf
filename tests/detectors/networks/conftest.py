"""Fixtures that the networks' tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from detectors.networks.parity import Parity
from detectors.networks.video_parity import VideoParity


@pytest.fixture(scope="session")
def parity(shared: Path) -> Parity:
    """What the published codes return for known weights; skipped without ../shared."""
    return Parity(shared / "parity")


@pytest.fixture(scope="session")
def video_parity(shared: Path) -> VideoParity:
    """The same of the video networks."""
    return VideoParity(shared / "parity-video")
