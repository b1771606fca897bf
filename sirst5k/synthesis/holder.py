"""Who holds a folder: a process on a host, written down and recognised again."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sirst5k.errors import OutputError

_TRIES = 5


def sign(handle: int) -> None:
    """Write who this process is into an open file, for the sentence others will read."""
    with contextlib.suppress(OSError):  # on a full disk the lock holds without it
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, json.dumps(_myself()).encode())


def describe(path: Path) -> str:
    """Return `` (process 12 on node7)``, or nothing where that cannot be read."""
    who = _read(path)
    return f" (process {who['pid']} on {who['host']})" if who else ""


def take(path: Path, refusal: Callable[[str, str], OutputError]) -> None:
    """Make a file that names this process, in place of a lock where there are none.

    A file whose process has ended, on this host, is taken over. What runs on another host
    cannot be seen from here, so its file stays until somebody removes it.

    Parameters
    ----------
    path : Path
    refusal : callable
        Makes the error of the holder's description and a further remedy.

    Raises
    ------
    OutputError
        If another process holds it.
    """
    mine = _aside(path)
    try:
        mine.write_text(json.dumps(_myself()))
        for _ in range(_TRIES):
            try:
                os.link(mine, path)  # in one step, and only if there is none
            except FileExistsError:
                who = _read(path)
                if who is None or not _is_gone(who):
                    remedy = f" If that process is gone, remove {path}."
                    raise refusal(describe(path), remedy) from None
                _remove(path, who)
                continue
            return
        raise refusal("", "")
    finally:
        mine.unlink(missing_ok=True)


def _remove(path: Path, who: dict[str, Any]) -> None:
    """Remove the file of a process that is gone, unless another has taken it over by now."""
    aside = _aside(path, "-old")
    with contextlib.suppress(OSError):
        path.rename(aside)
        if _read(aside) != who:
            os.link(aside, path)  # somebody was quicker: it is theirs
        aside.unlink()


def _aside(path: Path, more: str = "") -> Path:
    """Return a name that leftovers are recognised by, and no other process uses."""
    return path.with_name(f"{path.name}.{socket.gethostname()}-{os.getpid()}{more}.part")


def _myself() -> dict[str, Any]:
    pid = os.getpid()
    return {"host": socket.gethostname(), "boot": _boot(), "pid": pid, "since": _since(pid)}


def _is_gone(who: dict[str, Any]) -> bool:
    if who["host"] != socket.gethostname():
        return False
    if who["boot"] != _boot():
        return True
    try:
        os.kill(int(who["pid"]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    # A number is used again; with another start time it is another process.
    return bool(who["since"] != _since(int(who["pid"])))


def _boot() -> str:
    """Return what names the time since the host was started, where the system tells."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _since(pid: int) -> str:
    """Return when a process was started, in ticks since the boot, where the system tells."""
    try:
        # The name in parentheses may hold blanks; the start is the 20th field after it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _read(path: Path) -> dict[str, Any] | None:
    try:
        who = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    if not isinstance(who, dict) or not isinstance(who.get("pid"), int):
        return None
    return {"host": "", "boot": "", "since": "", **who}
