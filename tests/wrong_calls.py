"""Commands typed wrong, as `sirst5k` itself runs them."""

from __future__ import annotations

import sys

import pytest

from sirst5k_cli import main


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Run a command line; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["sirst5k", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        main()
    assert isinstance(left.value.code, int)
    return left.value.code


def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str) -> str:
    """Return the one line that a refused command line leaves; it has exit code 2."""
    code = run(monkeypatch, *words.split())
    printed = capsys.readouterr()
    assert code == 2, printed.err
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err
