"""Over a thousand files that nobody should have: each is read, or refused in a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzz import documents, images
from tiny import write

CHILD = Path(__file__).with_name("child.py")
PEAK_MB = 1024


def read_all(kind: str, files: Iterable[tuple[str, bytes]], folder: Path) -> dict[str, Any]:
    """Write files, have them read by a process of its own, and return its report."""
    place = folder / ("annotations" if kind == "coco" else "files")
    place.mkdir(exist_ok=True)
    count = 0
    for name, data in files:
        (place / name).write_bytes(data)
        count += 1
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, CHILD, kind, place, folder / "report.json"],
        capture_output=True,
        text=True,
        errors="replace",
        cwd=folder,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads((folder / "report.json").read_text())
    print(
        f"{kind}: {count} files, {report['read']} readings, {report['refused']} refusals, "
        f"peak {report['peak_mb']:.0f} MB, slowest {report['slowest']}"
    )
    assert not (folder / "PWNED").exists(), "a file ran code"
    assert report["bugs"] == {}
    assert report["peak_mb"] < PEAK_MB
    assert report["read"], "nothing at all can be read"
    assert report["refused"], "nothing was refused"
    return {**report, "files": count}


def corpus(kind: str, share: int, seed: int) -> list[tuple[str, bytes]]:
    """Return the files of a kind; `share` is how many damaged ones."""
    if kind == "image":
        fixed = images.whole_files() | images.liars()
        return [*fixed.items(), *images.damaged_files(share, seed)]
    fixed = {
        "list": documents.lists,
        "recipe": documents.recipes,
        "bank": documents.banks,
        "coco": documents.coco_documents,
    }[kind]()
    small = {name: data for name, data in fixed.items() if 0 < len(data) < 20_000}
    return [*fixed.items(), *documents.damaged(small, share, seed)]


@pytest.mark.parametrize(
    ("kind", "share"),
    [("image", 400), ("list", 150), ("recipe", 150), ("bank", 150), ("coco", 150)],
)
def test_every_file_is_read_or_refused(tmp_path: Path, kind: str, share: int) -> None:
    if kind == "coco":
        write(tmp_path / "images" / "a.png", np.zeros((40, 48), np.uint8))
    files = corpus(kind, share, seed=1)
    report = read_all(kind, files, tmp_path)
    assert report["files"] >= (1000 if kind == "image" else share)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("kind", ["image", "list", "recipe", "bank", "coco"])
def test_many_more_files(tmp_path: Path, kind: str, seed: int) -> None:
    if kind == "coco":
        write(tmp_path / "images" / "a.png", np.zeros((40, 48), np.uint8))
    read_all(kind, corpus(kind, 8000 if kind == "image" else 2000, seed), tmp_path)
