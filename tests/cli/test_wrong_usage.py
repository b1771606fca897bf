"""What a user reads who types something wrong: one line, exit code 2, the nearest name."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import click
import pytest
from tiny import make_tiny
from wrong_calls import refusal, run

from sirst5k_cli.main import cli


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
    line = refusal(monkeypatch, capsys, words)
    assert line.startswith("sirst5k: ")
    assert said in line
    if not words.startswith("report"):
        assert line.endswith(" --help.\n")
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


@pytest.mark.parametrize(
    "words",
    [
        "noise sample SOURCE -o FILE/n.npz",
        "noise show SOURCE -o FILE/n.png",
        "evaluate --data SOURCE --detector tophat --plots FILE/p",
        "evaluate --data SOURCE --detector tophat --per-image FILE/p.csv",
        "inspect SOURCE --quality --page FILE/a.html",
        "report SOURCE --out FILE",
        "preview SOURCE -o FILE/a.png",
        "synth SOURCE FILE/out",
        "convert SOURCE FILE --to coco",
        "predict tophat SOURCE FILE/found",
        "train --data SOURCE -d unet --out FILE",
        "train --data SOURCE -d unet --out new --cache FILE",
        "compare --data SOURCE --steps 3 --out FILE/cmp",
        "weights import unet SOURCE FILE/a.safetensors",
        "datasets get sirst-v1 FILE/out",
    ],
)
def test_an_output_that_cannot_be_written_is_found_before_the_work(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: str,
) -> None:
    if words.split()[0] in ("train", "compare", "report", "weights"):
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text("mine")
    assert run(monkeypatch, *words.split()) == 2  # SOURCE is not there, which nobody noticed yet
    said = capsys.readouterr().err
    assert "FILE is a file" in said
    assert "Errno" not in said
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["FILE"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("evaluate --data DATA --run nowhere", "there is no folder nowhere. Name what"),
        (
            "evaluate --data DATA --run FILE",
            "FILE is a file. A file of weights goes with --weights",
        ),
        ("evaluate --data DATA --run DATA", "no DATA/checkpoints/last.safetensors. Name what"),
        ("predict DATA DATA out", "no DATA/checkpoints/last.safetensors. Name what"),
        ("predict nowhere DATA out", "a detector, the folder of a run or a file of weights"),
        ("report nowhere", "nowhere is no folder (there is no nowhere/experiment.yaml)"),
        ("report FILE", "FILE is no folder"),
        ("report DATA", "DATA holds no experiment"),
        (
            "evaluate --data demo:sequences=2,frames=4,size=48 --detector tophat --frame 32",
            "--frame belongs to maps of single images",
        ),
    ],
)
def test_what_is_meant_and_what_came(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: str,
    said: str,
) -> None:
    if words.startswith("report"):
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").write_text("mine")
    (tmp_path / "DATA").mkdir()
    assert run(monkeypatch, *words.split()) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("synth demo out --seed -1", "expected a number from 0, got -1."),
        ("synth demo out -j x", "expected a whole number, got 'x'."),
        ("synth demo out more", "Expected no further word, got 'more'. Put quotes"),
        ("synth demo FULL", "FULL holds something else (there is 'a.yaml')"),
        ("synth nowhere out", "there is no 'nowhere'. Check the path, or take 'demo'."),
        ("synth demo out --recipe FULL/a.yaml", "got '<stream end>' in line 2, column 1"),
        ("preview demo -o a.png -n 99", "expected a number from 1 to 50, got 99."),
        ("predict tophat demo out --threshold x", "expected a number, got 'x'."),
        ("predict tophat demo out --detector unet", "Leave --detector out."),
        ("predict tophat FULL/a.yaml out --tracks", "'FULL/a.yaml' is another file"),
        ("noise sample demo -o n.npz --max-variance 0", "expected a number above 0, got 0.0."),
        ("noise show FULL -o a.png", "at FULL, which is a folder. Make one with"),
        ("verify nowhere", "nowhere is not there. Name what sirst5k synth had as OUT."),
        ("verify FULL/a.yaml", "FULL/a.yaml is a file."),
        ("datasets get irstd-1k out --from FULL", "FULL is a folder."),
        ("datasets get irstd-1k out --from FULL/a.yaml", "is none, or is not all there. Download"),
        ("datasets list sirst", "Did you mean 'sirst-v1' or 'sirst-v2'?"),
        ("synth demo out --shard-size 5", "--shard-size is for --format shards."),
        ("synth demo out --recipe sirst", "No recipe 'sirst'"),
        ("synth FULL out", "but FULL holds a.yaml. The simplest has images in images/ and"),
        ("synth demo out --set variants=abc", "variants: expected a whole number, got 'abc'."),
        ("preview demo -o a.png --ids ,", "expected names with commas between them, got ','."),
        ("inspect demo --quality --page p.txt", "ends with .html, got 'p.txt'. Name it p.html."),
        ("noise sample demo -o n.txt", "ends with .npz, got 'n.txt'. Name it n.npz."),
        ("evaluate --data demo", "--predictions DIR or --detector NAME, got neither;"),
        ("evaluate --data demo --detector tophat --predictions FULL", "NAME, got both;"),
        ("evaluate --data demo --detector tophat --set k=x", "k of the detector tophat, as k="),
        ("evaluate --data demo --detector tophat --set sizes=x", "as sizes=[9,17]; got 'x'."),
        ("evaluate --data demo --predictions nowhere", "there is no 'nowhere'. Check the path."),
        ("predict tophat nowhere out", "there is no 'nowhere'. Check the path, or take 'demo'."),
        ("predict tophat demo FULL", "FULL holds something else (there is 'a.yaml')"),
        ("predict tophat demo:sequences=2,frames=3,size=48 FULL", "FULL holds something else"),
        ("convert demo FULL --to coco", "FULL holds something else (there is 'a.yaml')"),
    ],
)
def test_a_newcomer_reads_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FULL").mkdir()
    (tmp_path / "FULL" / "a.yaml").write_text("a: [1\n")
    assert run(monkeypatch, *words.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["FULL"]


@pytest.mark.parametrize("words", ["synth DATA DATA/new", "convert DATA DATA/new --to coco"])
def test_nothing_is_written_into_a_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, words: str
) -> None:
    data = make_tiny(tmp_path / "data", n=6)
    before = sorted(data.rglob("*"))
    assert run(monkeypatch, *words.replace("DATA", str(data)).split()) == 2
    assert "Expected an output folder outside of the dataset" in capsys.readouterr().err
    assert sorted(data.rglob("*")) == before
