"""A large file that gets its name when it is whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sirst5k.errors import OutputError, Sirst5kError
from sirst5k.synthesis.working import stop_if_orphaned


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write; it gets its name at the end, if no error came up before.

    For what does not fit in memory; `sirst5k.imaging.write_atomically` writes the rest.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-0.part")
    try:
        try:
            with temporary.open("wb", buffering=1 << 20) as file:
                yield file
            stop_if_orphaned()
            temporary.replace(path)
        except BaseException:  # also when interrupted: leave no rubbish behind
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        if isinstance(error, Sirst5kError):
            raise
        raise OutputError(
            f"Expected to write {path}, but cannot: {error.strerror}. "
            "Check that the folder exists, may be written to, and is not full."
        ) from error
