"""Commands and choices that name the nearest where a word is wrong."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from sirst5k.errors import suggest

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
            near = get_close_matches(str(value), words, n=1)
            remedy = f" Did you mean {near[0]!r}?" if near else ""
            self.fail(f"expected one of {', '.join(words)}, got {value!r}.{remedy}", param, ctx)
        return str(value)


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
