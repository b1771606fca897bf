"""The `sirst5k` command: a group whose commands are imported only when they run."""

from __future__ import annotations

import errno
import sys
import warnings
from importlib import import_module
from typing import TextIO

import click

from sirst5k import __version__
from sirst5k.errors import Sirst5kError, Sirst5kWarning

from .suggesting import SuggestingGroup, in_plain_words

# Name -> (module of this package, one line of help). The help stands here so that
# `sirst5k --help` loads no command, and with it neither numpy nor OpenCV.
COMMANDS = {
    "synth": ("synth", "Make a dataset: many labelled images from a few."),
    "verify": ("verify", "Check that a dataset made by synth is as it was written."),
    "datasets": ("datasets", "List the field's public datasets, and get one."),
    "inspect": ("inspect", "Say what is in a dataset folder, and what is wrong with it."),
    "convert": ("convert", "Write a dataset in another layout, or for COCO and YOLO tools."),
    "preview": ("preview", "Draw a contact sheet: sources beside their variants."),
    "train": ("train", "Train a detector; run again, it goes on where it stopped."),
    "evaluate": ("evaluate", "Score a detector, or anybody's saved predictions."),
    "predict": ("predict", "Run a detector: masks, probability maps, boxes, overlays."),
    "weights": ("weights", "Convert published checkpoints, show what a file of weights says."),
    "compare": ("compare", "Train with and without synthetic data: what was it worth?"),
    "report": ("report", "Write the report of an experiment, or of several together."),
    "noise": ("noise", "Build a noise bank, draw it, measure how well fields match it."),
    "doctor": ("doctor", "Say what is installed here, and what is missing for what."),
}


class LazyGroup(SuggestingGroup):
    """A group that knows its commands by name and imports each when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, or None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f".{COMMANDS[cmd_name][0]}", __package__)
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sirst5k")
def cli() -> None:
    """Make infrared small-target training data, and prove what it is worth.

    \b
    Example:
      sirst5k synth demo out          a dataset from embedded scenes
      sirst5k preview out -o out.png  a picture of it
    """


def main() -> None:
    """Run the command line: 0 done, 1 a check did not hold, 2 bad input, 130 interrupted."""
    warnings.showwarning = _show_warning
    try:
        _refuse_empty_words(sys.argv[1:])
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        _say_usage(error)
        sys.exit(2)
    except Sirst5kError as error:
        click.echo(f"sirst5k: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        if error.filename is None and error.errno not in _OF_THE_DISK:
            raise  # nothing that a user could look at
        click.echo(f"sirst5k: {_sentence(error)}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("sirst5k: interrupted", err=True)
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _refuse_empty_words(words: list[str]) -> None:
    """Refuse what a shell makes of a variable that is not set: a path would mean this folder."""
    if "" in words:
        place = words.index("")
        after = f"after {words[place - 1]!r}" if place else "at the beginning"
        raise click.UsageError(
            f"Expected a name or a value {after}, got an empty word, as a variable gives that is "
            "not set. Set it, or leave it out."
        )


def _say_usage(error: click.ClickException) -> None:
    """Print what is wrong with a command line in one line, and where its help is."""
    text = in_plain_words(error.format_message())
    context = getattr(error, "ctx", None)
    if context is None:
        click.echo(f"sirst5k: {text}", err=True)
    elif text.startswith("Usage:"):  # a group without a command: the message is its help
        error.show()
    else:
        stop = "" if text.endswith((".", "?")) else "."
        click.echo(f"sirst5k: {text}{stop} See {context.command_path} --help.", err=True)


_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
"""Errors of a file whose name Python does not tell, because it was open already."""


def _sentence(error: OSError) -> str:
    """Say what could not be read or written, where no code foresaw it."""
    reason = error.strerror or type(error).__name__
    if error.filename is None:
        return (
            f"Expected to write what the command makes or prints, but cannot: {reason}. Make room "
            "on that disk, or name another place."
        )
    return (
        f"Expected to read or write {error.filename}, but cannot: {reason}. Check that it is "
        "there, is what is meant, may be read and written, and that the disk is not full."
    )


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print the library's warnings as sentences, and leave others' out of a user's sight."""
    if issubclass(category, Sirst5kWarning):
        click.echo(f"sirst5k: warning: {message}", err=True)
