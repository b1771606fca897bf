"""Detectors by name, and adapters for everything else."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from sirst5k.detectors import NetworkDetector, as_detector, create, names
from sirst5k.detectors.settings import parse_settings
from sirst5k.errors import MissingDependencyError, ParameterError, ShapeError
from sirst5k.optional import require


def test_names() -> None:
    assert {"lcm", "mpcm", "tophat"} <= set(names())
    assert names() == sorted(names())


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: create("top-hat"), "Did you mean 'tophat'?"),
        (lambda: create("xyz"), "Known: dnanet"),
        (lambda: create("tophat", size=9), "Did you mean 'sizes'?"),
        (lambda: create("tophat", in_channels=3), "takes one channel"),
        (lambda: create("tophat", k="much"), "Expected a number for k of the detector tophat"),
        (
            lambda: create("tophat", sizes=["a"]),
            "whole number or a list of whole numbers for sizes",
        ),
        (lambda: create("tophat", sizes=True), "as sizes=[9,17]; got True"),
        (lambda: as_detector(3), "Expected a detector"),
        (lambda: as_detector(lambda x: x, k=3), "do not apply"),
        (lambda: parse_settings(["k"]), "KEY=VALUE"),
        (lambda: parse_settings(["k=[1"]), "YAML"),
    ],
)
def test_mistakes_are_one_sentence(make: object, sentence: str) -> None:
    with pytest.raises(ParameterError) as raised:
        make()  # type: ignore[operator]
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_settings_from_words() -> None:
    assert parse_settings(["k=8", "sizes=[9,17]"]) == {"k": 8, "sizes": [9, 17]}
    assert create("tophat", **parse_settings(["sizes=[5]", "k=2.5"])).sizes == (5,)


def test_function_as_detector() -> None:
    def half(batch: np.ndarray) -> np.ndarray:
        return batch / 2

    detector = as_detector(half)
    assert (detector.name, detector.multiple, detector.support) == ("half", 1, None)
    frame = np.full((1, 1, 4, 4), 0.5, np.float32)
    assert (detector.scores(frame) == 0.25).all()


def test_object_with_scores_keeps_its_attributes() -> None:
    class Mine:
        name, multiple, support = "mine", 16, 3

        def scores(self, batch: np.ndarray) -> np.ndarray:
            return batch

    detector = as_detector(Mine())
    assert (detector.name, detector.multiple, detector.support) == ("mine", 16, 3)


def test_functions_are_looked_at() -> None:
    frame = np.zeros((1, 1, 4, 4), np.float32)
    with pytest.raises(ShapeError, match="Expected probabilities of shape"):
        as_detector(lambda batch: batch[..., 1:]).scores(frame)
    with pytest.raises(ParameterError, match="Apply a sigmoid"):
        as_detector(lambda batch: batch - 1).scores(frame)
    with pytest.raises(ParameterError, match="in 0…1"):
        as_detector(lambda batch: batch * np.nan).scores(frame)


def test_missing_package_names_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'sirst5k\[train\]'"):
        NetworkDetector(object())
    with pytest.raises(MissingDependencyError, match="no_such_package"):
        require("no_such_package", "a test")
