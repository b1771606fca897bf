"""What a user reads who types something wrong: one line, exit code 2, the nearest name."""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path

import click
import pytest
from tiny import make_tiny

from sirst5k_cli import main
from sirst5k_cli.main import cli


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["sirst5k", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        main()
    assert isinstance(left.value.code, int)
    return left.value.code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("synht demo out", "Did you mean 'synth'?"),
        ("noise smaple demo", "Did you mean 'sample'?"),
        ("datasets lst", "Did you mean 'list'?"),
        ("synth demo out --format foldr", "folder, shards, got 'foldr'. Did you mean 'folder'?"),
        ("synth demo out --format x", "expected one of folder, shards, got 'x'."),
        ("synth demo out --recipi x", "--recipe"),
        ("synth demo out --jobs 0", "from 1, or -1 for all cores, got 0."),
        ("synth demo out --mask-threshold -1", "--mask-threshold"),
        ("synth demo", "Missing argument 'OUT'."),
        ("convert demo out", "Missing option '--to'. Choose from: dnanet, sirst"),
        ("convert demo out --to coco --yolo-labels box", "--yolo-labels is for --to yolo"),
        ("report nowhere", "Expected a folder of `sirst5k compare`"),
    ],
)
def test_a_wrong_line_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: str,
    said: str,
) -> None:
    if words.startswith("report"):
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *words.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("sirst5k: ")
    assert printed.err.count("\n") == 1
    assert said in printed.err
    if not words.startswith("report"):
        assert printed.err.endswith(" --help.\n")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_word_is_not_this_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "inspect", "") == 2
    assert "after 'inspect', got an empty word" in capsys.readouterr().err


def test_an_unforeseen_error_of_a_file_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "out/a.png")

    monkeypatch.setattr(cli, "main", full)
    assert run(monkeypatch, "doctor") == 2
    assert "read or write out/a.png, but cannot: No space left" in capsys.readouterr().err


def test_json_is_one_document_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = make_tiny(tmp_path / "data", n=6)
    out = tmp_path / "out"
    for words in (
        ["inspect", data, "-j", 1],
        ["synth", data, out, "-j", 1, "--set", "displacement=null", "--set", "negatives=null"],
        ["verify", out, "-j", 1],
        ["convert", data, tmp_path / "coco", "--to", "coco", "-j", 1],
        ["predict", "tophat", data, tmp_path / "found", "--masks", "-j", 1],
        ["datasets", "list"],
    ):
        assert run(monkeypatch, *words, "--json") == 0, words
        json.loads(capsys.readouterr().out)


def test_every_option_says_what_it_is() -> None:
    def below(command: click.Command, context: click.Context) -> None:
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (context.command_path, parameter.name)
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                below(inner, click.Context(inner, info_name=name, parent=context))

    below(cli, click.Context(cli, info_name="sirst5k"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "synth DATA out",
            "Use a smaller window (--set sampling.size=…) or a smaller guard (--set",
        ),
        ("preview DATA -o a.png", "(--set sampling.guard=…, now 7)"),
        ("synth demo:sequences=2,frames=4,size=32 out", "(--set sampling.size=…)"),
        ("noise sample DATA -o n.npz", "Use a smaller window (--size) or a smaller guard (--guard"),
        ("noise sample demo:sequences=2,frames=4,size=32 -o n.npz", "(--guard, now 7)"),
    ],
)
def test_where_no_noise_is_found_the_commands_own_options_are_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    data = str(make_tiny(tmp_path / "data", n=3, size=(34, 36)))
    assert run(monkeypatch, *words.replace("DATA", data).split()) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
