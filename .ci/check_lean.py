"""Fail if installing the package alone brought in what only training or tests need."""

from __future__ import annotations

import sys
from importlib.metadata import distributions

HEAVY = {"torch", "matplotlib", "pandas", "pytest", "hypothesis", "pillow", "sphinx"}

found = {distribution.metadata["Name"].lower() for distribution in distributions()} & HEAVY
if found:
    sys.exit(f"the core installation holds {', '.join(sorted(found))}")
