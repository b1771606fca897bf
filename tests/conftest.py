"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real images and goldens beside the checkout; the test is skipped without them."""
    if not (SHARED / "DESIGN.md").is_file():
        pytest.skip(f"needs the real images in {SHARED}")
    return SHARED
