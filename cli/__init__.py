"""The command line: parse, call the library, print. No algorithm lives here."""

from .main import cli, main

__all__ = ["cli", "main"]
