"""Print the oldest version of each dependency that pyproject.toml allows, as constraints."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
for requirement in project["project"]["dependencies"]:
    oldest = re.fullmatch(r"([\w.-]+)>=([\w.]+)(;.*)?", requirement)
    if oldest is None:
        raise SystemExit(
            f"expected a dependency of the form name>=version[; marker], got {requirement!r}"
        )
    print(f"{oldest[1]}=={oldest[2]}.*")
