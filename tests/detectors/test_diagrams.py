"""The diagrams of the networks' pages: well-formed, inside the sheet, and of the real widths."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def diagrams() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_diagrams", DOCS / "diagrams.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_drawing_is_whole(diagrams: ModuleType, tmp_path: Path) -> None:
    diagrams.draw_network_diagrams(tmp_path)
    files = sorted(tmp_path.iterdir())
    assert [file.stem for file in files] == [
        "attention-block",
        "dnanet",
        "dstransnet",
        "mshnet",
        "sstnet",
        "stmenet",
        "unet",
    ]
    for file in files:
        root = ElementTree.parse(file).getroot()
        width, height = float(root.get("width", 0)), float(root.get("height", 0))
        for part in root:
            if part.tag.endswith(("rect", "text")):
                x, y = float(part.get("x", 0)), float(part.get("y", 0))
                # 7 pixels a letter is more than any of the fonts takes at 12 pixels.
                room = 7 * len(part.text or "") * (part.get("text-anchor") == "start")
                assert 0 <= x <= x + float(part.get("width", room)) <= width
                assert 0 <= y <= y + float(part.get("height", 0)) <= height


def test_all_nodes_of_dnanet_are_there(diagrams: ModuleType) -> None:
    text = diagrams.dnanet().svg()
    for level in range(5):
        for place in range(5 - level):
            assert f">N{level}{place}<" in text


def test_a_second_drawing_leaves_the_files_alone(diagrams: ModuleType, tmp_path: Path) -> None:
    diagrams.draw_network_diagrams(tmp_path)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    diagrams.draw_network_diagrams(tmp_path)
    assert before == {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}


def test_widths_are_those_of_the_defaults(diagrams: ModuleType) -> None:
    pytest.importorskip("torch")
    from sirst5k.detectors.registry import network_class

    for name in ("dnanet", "mshnet", "unet"):
        assert network_class(name).Config().widths == diagrams.WIDTHS
    assert network_class("dstransnet").Config().widths == diagrams.DSTRANSNET[:4]
