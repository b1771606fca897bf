"""Reading files of strangers: regular ones only, and no more of them than there may be."""

from __future__ import annotations

import errno
import os
import stat
from io import FileIO

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)  # Windows would translate line ends without it
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe that is called a.png must not be waited for
)


def read_regular(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return all bytes of a regular file.

    Parameters
    ----------
    path : path
        Pipes, devices and folders are refused, without waiting for them.
    limit : int
        Most bytes that it may have; a longer file is not read at all.

    Raises
    ------
    OSError
        With the reason in `strerror`.
    """
    with open_regular(path, limit) as file:
        return file.readall()


def open_regular(path: str | os.PathLike[str], limit: int) -> FileIO:
    """Open a regular file for reading; see `read_regular`."""
    try:
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:  # a name with a zero byte
        raise OSError(errno.EINVAL, "no file can have such a name", repr(path)) from error
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", os.fspath(path))
        if found.st_size > limit:
            reason = f"it has {found.st_size:,} bytes, and at most {limit:,} are read"
            raise OSError(errno.EFBIG, reason, os.fspath(path))
        return FileIO(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
