"""Which name is suggested for a wrong one."""

from __future__ import annotations

import pytest

from sirst5k.errors import did_you_mean, suggest

DATASETS = ["sirst-v1", "sirst-v2", "irdst", "nudt-sirst"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("sirst-1", " Did you mean 'sirst-v1'?"),
        ("sirst", " Did you mean 'sirst-v1' or 'sirst-v2'?"),  # not irdst, which is as near
        ("nudt", " Did you mean 'nudt-sirst'?"),
        ("si", ""),
        ("xyz", ""),
    ],
)
def test_the_nearest_or_those_that_begin_so(wrong: str, said: str) -> None:
    assert did_you_mean(wrong, DATASETS) == said


def test_too_many_that_begin_so_are_not_listed() -> None:
    assert did_you_mean("fold", [f"fold{n}" for n in range(9)]).count("fold") == 1


def test_all_are_named_where_none_is_near() -> None:
    assert suggest("xyz", DATASETS) == " Known: irdst, nudt-sirst, sirst-v1, sirst-v2."
