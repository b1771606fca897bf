"""Options that mean the same in every command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Item = TypeVar("Item")


def seed_option(command: Command) -> Command:
    """Add ``--seed``."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Everything random follows from it.",
    )(command)


def jobs_option(command: Command) -> Command:
    """Add ``--jobs``."""
    return click.option(
        "--jobs",
        "-j",
        type=int,
        callback=_check_jobs,
        default=-1,
        show_default="all cores",
        help="Worker processes; the result does not depend on it.",
    )(command)


def _check_jobs(_: click.Context, __: click.Parameter, value: int) -> int:
    if value == 0 or value < -1:
        raise click.BadParameter(
            f"expected a number of processes from 1, or -1 for all cores, got {value}."
        )
    return value


def output_options(command: Command) -> Command:
    """Add ``--quiet`` and ``--json``."""
    command = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(
        command
    )
    return click.option(
        "--quiet", "-q", is_flag=True, help="Print only what is wrong, or the bare answer."
    )(command)


def mask_threshold_option(command: Command) -> Command:
    """Add ``--mask-threshold``."""
    return click.option(
        "--mask-threshold",
        type=click.FloatRange(min=0),
        default=None,
        help="Mask levels above this are target; half of the encoding's maximum by default.",
    )(command)


def reading_options(command: Command) -> Command:
    """Add ``--max-pixels`` and ``--follow-links``.

    For this command they say what environment variables say for all: whatever it opens,
    itself or in worker processes, is read so.
    """
    command = click.option(
        "--follow-links",
        is_flag=True,
        expose_value=False,
        callback=_follow_links,
        help="Follow symbolic links that lead out of a dataset's folder, too.",
    )(command)
    return click.option(
        "--max-pixels",
        type=click.IntRange(min=1),
        expose_value=False,
        callback=_max_pixels,
        help="Refuse larger images unread; 100 million pixels by default.",
    )(command)


def _follow_links(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:  # without the option, the variable counts
        ctx.with_resource(_variable("SIRST5K_FOLLOW_LINKS", "1"))


def _max_pixels(ctx: click.Context, _: click.Parameter, value: int | None) -> None:
    if value is not None:
        ctx.with_resource(_variable("SIRST5K_MAX_PIXELS", str(value)))


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    """Set an environment variable for the time of a command."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def progress_bar(
    items: Iterable[Item], quiet: bool, text: str, unit: str = "image"
) -> Iterable[Item]:
    """Wrap a loop in a progress bar on standard error, shown on a terminal only."""
    from tqdm import tqdm

    bar: Iterable[Item] = tqdm(
        items, desc=text, unit=unit, disable=True if quiet else None, leave=False
    )
    return bar


@contextmanager
def counting_bar(
    quiet: bool, text: str, unit: str = "image"
) -> Iterator[Callable[[int | None, int], Any]]:
    """Give what a resumable run calls once with (all, already stored) images.

    It returns what to call with 1 after each further image; the bar is shown as that of
    `progress_bar` is, and closed at the end.
    """
    from tqdm import tqdm

    with ExitStack() as stack:

        def started(total: int | None, done: int) -> Any:
            hidden = True if quiet else None
            bar = tqdm(total=total, initial=done, desc=text, unit=unit, disable=hidden)
            return stack.enter_context(bar).update

        yield started
