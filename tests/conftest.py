"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# CI repeats what passed before it: new counterexamples are found while working, where each run
# draws its own. A leg that looks for old versions' differences asks for fewer. None has a deadline:
# how long an example takes says how busy the machine is.
settings.register_profile("work", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("fewer", deadline=None, derandomize=True, max_examples=15)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "work"))

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real images and goldens beside the checkout; the test is skipped without them."""
    if not (SHARED / "DESIGN.md").is_file():
        pytest.skip(f"needs the real images in {SHARED}")
    return SHARED
