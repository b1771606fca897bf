"""One process a folder: a lock that ends with its holder, however that ends.

The operating system's own lock on an open file is used wherever there is one: local disks, NFS
and most cluster file systems. It vanishes with the process, so a crash leaves at most an empty
name behind. Where the file system refuses locks (Lustre mounted without ``flock``), a file that
names its holder takes their place; it is taken over when that process is gone.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType

from sirst5k.errors import OutputError
from sirst5k.synthesis import holder
from sirst5k.synthesis.flock import try_lock

LOCK, HOLDER = ".sirst5k.lock", ".sirst5k.holder"
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)


class FolderLock:
    """Holds a folder, which it makes if there is none, for one process.

    Parameters
    ----------
    root : Path
        The folder. If it was made here and nothing came into it, it is removed again.

    Raises
    ------
    OutputError
        On entering, if another process holds the folder or it cannot be written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._handle: int | None = None
        self._made = False

    def __enter__(self) -> FolderLock:
        try:
            self._made = not self.root.exists()
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"Cannot make the output folder {self.root}: {error.strerror}."
            ) from error
        try:
            self._take()
        except OSError as error:
            self._unmake()
            if isinstance(error, OutputError):
                raise
            raise OutputError(
                f"Cannot write to the output folder {self.root}: {error.strerror}. Make it "
                f"writable, or name another."
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if os.name == "nt":  # an open file cannot be removed there
            self._close()
        # Elsewhere the name goes first, while nobody else can hold it; see _take.
        for name in (HOLDER, LOCK):
            with contextlib.suppress(OSError):
                (self.root / name).unlink()
        self._close()
        self._unmake()

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _unmake(self) -> None:
        if self._made:
            with contextlib.suppress(OSError):  # it is not empty, as a rule
                self.root.rmdir()

    def _take(self) -> None:
        path = self.root / LOCK
        while True:
            handle = os.open(path, _OPEN, 0o666)
            try:
                got = try_lock(handle)
            except OSError:  # no locks here
                os.close(handle)
                holder.take(self.root / HOLDER, self._refusal)
                return
            if not got:
                who = holder.describe(path)
                os.close(handle)
                raise self._refusal(who)
            if _same_file(handle, path):
                self._handle = handle
                holder.sign(handle)
                return
            os.close(handle)  # its holder has just removed the name: the lock is on nothing

    def _refusal(self, who: str, remedy: str = "") -> OutputError:
        return OutputError(
            f"Another process{who} is writing to {self.root}. Wait for its end, or name another "
            f"folder.{remedy}"
        )


def _same_file(handle: int, path: Path) -> bool:
    if os.name == "nt":
        return True
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(handle), there)
