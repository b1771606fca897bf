"""What the documentation shows works: every command line parses."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sirst5k_cli.main import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
PAGES = [page for page in PAGES if "_build" not in page.parts]
SOURCES = [*PAGES, *sorted((ROOT / "cli").glob("*.py")), *sorted((ROOT / "examples").rglob("*.py"))]


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the words of every command line that a text shows: at its line's start, or indented."""
    joined = re.sub(r"\\\\?\n\s*", "", text)
    joined += "".join(f"\nsirst5k {words}" for words in re.findall(r"`sirst5k ([^`\n]+)`", text))
    for line in re.findall(r"^(?: {2,}|\$ )?sirst5k ([a-z-].*)$", joined, re.MULTILINE):
        # In help texts, two blanks and more set off what a command does.
        words = shlex.split(re.split(r" {3,}|  +(?=[a-z])", line)[0], comments=True)
        words = words[: words.index(">")] if ">" in words else words
        if not set(words) & {"…", "|", "OUT…"} and "|" not in line:
            yield words


def parse(words: list[str]) -> None:
    """Parse a command line as click does, without running it or looking at any file."""
    command: click.Command = cli
    context = click.Context(cli, info_name="sirst5k")
    while isinstance(command, click.Group):
        if not words or words[0] in ("--help", "--version"):
            return  # the group itself is meant
        name, *words = words
        found = command.get_command(context, name)
        assert found is not None, f"there is no command {name!r}"
        command, context = found, click.Context(found, info_name=name, parent=context)
    if "--help" in words or all(word.startswith("--") for word in words):
        return  # the command is named, maybe with a flag
    values, rest, _ = command.make_parser(context).parse_args(args=list(words))
    assert not rest, f"too many words: {rest}"
    for parameter in command.params:
        value = values.get(parameter.name)
        placeholder = not isinstance(value, str) or value.isupper()
        if isinstance(parameter.type, click.Choice) and not placeholder:
            parameter.type.convert(value, parameter, context)
        if isinstance(parameter, click.Argument) and parameter.required:
            # What click puts for a value that did not come differs between its versions.
            came = isinstance(value, str | tuple) and len(value) > 0
            assert came, f"{parameter.name} is missing"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_are_shown_parse(source: Path) -> None:
    for words in commands_in(source.read_text(encoding="utf-8")):
        try:
            parse(words)
        except (click.UsageError, AssertionError) as error:
            pytest.fail(f"sirst5k {' '.join(words)}: {error}")


def test_many_commands_are_shown() -> None:
    shown = [words for page in SOURCES for words in commands_in(page.read_text(encoding="utf-8"))]
    assert len(shown) > 80
    assert {words[0] for words in shown} >= set(cli.list_commands(click.Context(cli)))
