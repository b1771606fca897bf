"""One finished experiment with made-up trainings, for everything that reads results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the folder of an experiment with all axes, and its report."""
    pytest.importorskip("torch")
    pytest.importorskip("jinja2")
    from comparison.faking import experiment, fake_training

    from sirst5k.comparison import run, write_report
    from sirst5k.evaluation.bootstrap import Bootstrap

    root = tmp_path_factory.mktemp("compare") / "cmp"
    with pytest.MonkeyPatch.context() as patch:
        fake_training(patch)
        whole = experiment(
            fractions=(0.5, 1.0),
            shift=(0.0, 2.0),
            also_test=("demo:n=3,size=48,seed=8",),
            profiles=("corrected", "dnanet"),
        )
        outcomes = run(whole, root, jobs=1)
        assert {outcome.status for outcome in outcomes} == {"done"}, outcomes
        write_report([root], root, rule=Bootstrap(200))
    return root
