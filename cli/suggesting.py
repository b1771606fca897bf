"""Commands and choices that name the nearest where a word is wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from sirst5k.errors import did_you_mean, suggest

if TYPE_CHECKING:
    _Choice = click.Choice[str]
else:
    _Choice = click.Choice  # before click 8.2 the class takes no type


class Choice(_Choice):
    """One of a few words; a wrong one gets the list of them, and the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word, or refuse it."""
        words = [str(choice) for choice in self.choices]
        if value not in words:
            remedy = did_you_mean(str(value), words)
            self.fail(f"expected one of {', '.join(words)}, got {value!r}.{remedy}", param, ctx)
        return str(value)


_NUMBERS = {"integer": "a whole number", "float": "a number"}


def in_plain_words(message: str) -> str:
    """Return a message of click in one line, numbers and stray words said as ours are."""
    text = " ".join(message.split())  # click lists choices on lines of their own
    if text.startswith("Got unexpected extra argument"):
        _, _, words = text.partition("(")
        return (
            f"Expected no further word, got {words.removesuffix(')')!r}. Put quotes around a name "
            "with spaces, and a name of an option before its value."
        )
    if wrong := re.fullmatch(r"(.*: )('.*') is not a valid (integer|float)( range)?\.", text):
        return f"{wrong[1]}expected {_NUMBERS[wrong[3]]}, got {wrong[2]}."
    if wrong := re.fullmatch(r"(.*: )(\S+) is not in the range (.*)\.", text):
        return f"{wrong[1]}expected a number {_range(wrong[3])}, got {wrong[2]}."
    return text


def _range(text: str) -> str:
    """Return ``0<=x<=1`` in words."""
    if both := re.fullmatch(r"(\S+?)<=x<=(\S+)", text):
        return f"from {both[1]} to {both[2]}"
    for sign, word in (("x>=", "from"), ("x>", "above"), ("x<=", "up to"), ("x<", "below")):
        if text.startswith(sign):
            return f"{word} {text.removeprefix(sign)}"
    return text


class SuggestingGroup(click.Group):
    """A group that names the nearest of its commands where there is none of a name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, suggesting the nearest name where there is none."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}.{suggest(args[0], known)}")
        return super().resolve_command(ctx, args)
