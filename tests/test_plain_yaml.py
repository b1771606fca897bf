"""YAML as people write it: numbers with an exponent are numbers."""

from __future__ import annotations

from typing import Any

import pytest

from sirst5k.plain_yaml import format_yaml, parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("5E-4", 0.0005),
        ("-2.5e+2", -250.0),
        (".5e1", 5.0),
        ("[1e-3, 2]", [0.001, 2]),
        ("0.001", 0.001),
        ("12", 12),
        ("1e", "1e"),
        ("e3", "e3"),
        ("1e3x", "1e3x"),
        ("'1e3'", "1e3"),
    ],
)
def test_numbers(text: str, value: Any) -> None:
    found = parse_yaml(text)
    assert found == value
    assert type(found) is type(value)


TEXTS = ["0E0", "1e3", "null", "no", "~", "", "12", "a: b", "\x85", "ü\u2028"]


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back_as_text(text: str) -> None:
    document = {"name": text, text: [text, {"inner": [text]}]}
    assert parse_yaml(format_yaml(document)) == document
