"""Compiled functions: kept where they can be, loaded when they are needed, missed without harm."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch_makers import batch  # noqa: E402

from sirst5k.transforms.torch import NegativeRotation  # noqa: E402
from sirst5k.transforms.torch import randomness as addressed  # noqa: E402
from sirst5k.transforms.torch.processor import compiled  # noqa: E402


def run(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_numba_is_loaded_by_the_first_batch_and_not_before() -> None:
    pytest.importorskip("numba")
    shown = run("""
        import sys
        import torch
        from sirst5k.transforms.torch import NegativeRotation
        turn = NegativeRotation()
        print("numba" in sys.modules)
        images = torch.zeros(1, 1, 16, 16)
        turn(images, images)
        print("numba" in sys.modules)
    """)
    assert shown == ["False", "True"]


def test_with_a_numba_that_cannot_be_used_numpy_does_it() -> None:
    images, masks = batch(3)
    wanted = NegativeRotation(p=1.0)(images, masks, seeds=torch.arange(3))
    shown = run("""
        import sys
        sys.path.insert(0, "tests")

        class Broken:
            def find_spec(self, name, *_):
                if name == "numba":
                    raise ImportError("Numba needs NumPy 2.3 or less")

        sys.meta_path.insert(0, Broken())
        import torch
        from torch_makers import batch
        from sirst5k.transforms.torch import NegativeRotation
        images, masks = batch(3)
        turned = NegativeRotation(p=1.0)(images, masks, seeds=torch.arange(3))
        print(int(turned[0].long().sum()), int(turned[1].sum()), "numba" in sys.modules)
    """)
    assert shown == [str(int(wanted[0].long().sum())), str(int(wanted[1].sum())), "False"]


def test_what_cannot_be_kept_is_compiled_all_the_same() -> None:
    pytest.importorskip("numba")
    from sirst5k.transforms.torch.processor.compiled.decorating import compiled as made

    names: dict = {}
    exec("def total(values):\n    return values.sum()", names)  # a function without a file
    assert made(names["total"])(np.arange(5)) == 10


def test_numbers_are_drawn_alike(monkeypatch) -> None:
    pytest.importorskip("numba")
    seeds = torch.arange(-40, 40) * 0x3243F6A8885A308D

    def drawn():
        return [
            addressed.uniform(seeds, 3, 9),
            addressed.derive(seeds, 17),
            addressed.derive_many(seeds, 5, 2**60),
            addressed.derive_many(seeds[3], 5, 2),
            addressed.uniform(seeds[:0], 3, 9),
        ]

    mine = drawn()
    monkeypatch.setattr(compiled, "_load", lambda idea: None)
    for one, other in zip(mine, drawn(), strict=True):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)
