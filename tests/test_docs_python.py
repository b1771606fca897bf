"""Every Python block of the documentation runs, page by page, with what a reader would have.

A block that is a fragment says so in the line before it: ``<!-- not run: why -->``.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from checkpoints import published_state
from tiny import make_tiny

from sirst5k import NoiseBank, open_dataset

torch = pytest.importorskip("torch")
ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- not run: [^\n]+ -->\n)?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [
    page
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    if "_build" not in page.parts
    and any(not skipped for skipped, _ in BLOCK.findall(page.read_text(encoding="utf-8")))
    and page.name != "metrics.md"  # examples with their output: tests/metrics/test_docs.py
]
SMALLER = {  # the same calls on less, and on a machine without a GPU
    '"cuda"': '"cpu"',
    "sequences=12,frames=40,size=128": "sequences=4,frames=4,size=64",
    "sequences=8,frames=40": "sequences=4,frames=20,size=96",
    "demo:sequences=8": "demo:sequences=3,frames=2,size=64",
    "sirst?frames=20": "sirst?frames=2",
    "frames=20, scr": "frames=2, scr",
    "Bootstrap(1000)": "Bootstrap(20)",
    "(480, 640)": "(64, 96)",
    "steps=40": "steps=4",
    'create("mshnet")\nexport': 'create("unet", widths=(4, 8))\nexport',
    "jobs=-1": "jobs=1",  # workers that an earlier test left live in another folder
    "jobs=2": "jobs=1",
}
PUBLISHED = ("dnanet", "dstransnet", "mshnet", "sstnet", "stmenet")
HOSTS = {"albumentations.md": "albumentations", "torchvision.md": "torchvision"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the pages name: datasets, a bank, predictions, checkpoints."""
    from sirst5k.evaluation import open_frames, write_predictions

    monkeypatch.chdir(tmp_path)
    tiny = make_tiny(tmp_path / "made", "sirst-v1", size=(160, 176))
    for file in (tiny / "images").iterdir():  # as quiet as a sensor, so that a bank is found
        cv2.imwrite(str(file), cv2.GaussianBlur(cv2.imread(str(file), -1), (3, 3), 0.6))
    for name in ("SIRST", "path/to/dataset", "path/to/sirst", "sirst"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).symlink_to(tiny, target_is_directory=True)
    Path("frames").symlink_to(tiny / "images", target_is_directory=True)
    write_predictions("tophat", open_frames("SIRST"), "predicted")
    Path("results").symlink_to(tmp_path / "predicted" / "maps", target_is_directory=True)
    a_bank().save("noise.npz")
    return tmp_path


def a_bank() -> NoiseBank:
    return NoiseBank.from_windows(
        np.random.default_rng(0).normal(99, 2, (24, 32, 32)).round().astype(np.uint8)
    )


def checkpoint(name: str) -> None:
    """Write a file such as the published code of a network leaves."""
    from sirst5k.detectors import create

    torch.save({"state_dict": published_state(create(name, in_channels=3))}, f"{name}.pth")


def things(channels: int) -> dict[str, Any]:
    """What the text of a page has introduced by the time a block uses it."""
    from sirst5k.detectors import create
    from sirst5k.losses import for_detector

    dataset = open_dataset("path/to/dataset", "train")
    sample = dataset[0]
    frames = torch.rand(2, channels, 64, 64)
    masks = (torch.rand(2, 1, 64, 64) > 0.99).float()
    bank = a_bank()
    boxes = [[40.0, 30.0, 48.0, 38.0]]
    return {
        "np": np,
        "torch": torch,
        "dataset": dataset,
        "scenes": dataset,
        "test": open_dataset("SIRST", "test"),
        "sample": sample,
        "image": sample.image,
        "mask": sample.mask,
        "labels": sample.mask.astype(np.int32),
        "boxes": boxes,
        "names": ["target"],
        "bank": bank,
        "rng": np.random.default_rng(0),
        "network": create("unet", widths=(4, 8)).eval(),
        "frames": frames,
        "arrays": frames[:, :1].numpy(),
        "clip": torch.rand(1, 1, 5, 64, 64),
        "classes": [torch.zeros(1, dtype=torch.long)],
        "train": open_dataset("demo:sequences=3,frames=2,size=64", "train"),
        "masks": masks,
        "images": frames,
        "loader": [(frames, masks)],
        "criterion": for_detector("unet"),
        "epoch": 0,
        "epochs": 1,
        "data": dataset,
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
@pytest.mark.filterwarnings("ignore::sirst5k.errors.Sirst5kWarning")
def test_blocks_run(page: Path, desk: Path) -> None:
    host = HOSTS.get(page.name)
    if host is not None and find_spec(host) is None:
        pytest.skip(f"needs {host}")
    text = page.read_text(encoding="utf-8")
    weights = {name for name in PUBLISHED if f'"{name}", "' in text and ".pth" in text}
    for name in weights:
        checkpoint(name)
    names = things(channels=3 if weights else 1)
    if page.name == "torch.md":
        names["names"] = ["one", "two"]
    if page.name == "losses.md":
        names["boxes"] = [torch.tensor([[20.0, 24.0, 8.0, 8.0]])]
    if page.name in ("sstnet.md", "stmenet.md"):
        names["clip"] = torch.rand(1, 3, 5, 64, 64)
        names["video"] = torch.rand(6, 1, 3, 64, 64)
        names["boxes"] = [torch.tensor([[20.0, 24.0, 8.0, 8.0]])]
    if page.name == "sequences.md":
        names["test"] = open_dataset("demo:sequences=3,frames=2,size=64", "test")
    for place, (skipped, block) in enumerate(BLOCK.findall(text)):
        if skipped:
            continue
        for name in weights:
            block = re.sub(rf'("{name}", )"\w+\.pth(\.tar)?"', rf'\1"{name}.pth"', block)
        for large, small in SMALLER.items():
            block = block.replace(large, small)
        exec(compile(block, f"{page.name}, block {place + 1}", "exec"), names)
