"""What importing the array transforms loads, and how the other hosts are reached."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sirst5k import transforms


def test_arrays_need_no_host() -> None:
    program = (
        "import sys, sirst5k.transforms as t; t.from_recipe('sirst5k', 'demo:n=4'); "
        "print({'torch', 'torchvision', 'albumentations', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_names_resolve() -> None:
    assert all(getattr(transforms, name) is not None for name in transforms.__all__)
    assert {"albumentations", "torch", "torchvision"} <= set(dir(transforms))
    with pytest.raises(AttributeError, match="no attribute 'tensorflow'"):
        _ = transforms.tensorflow


def test_hosts_are_loaded_when_asked_for() -> None:
    pytest.importorskip("torch")
    assert transforms.torch.__name__ == "sirst5k.transforms.torch"
