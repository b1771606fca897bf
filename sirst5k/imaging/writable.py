"""Whether an output could be written, asked before the work that it is the end of."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path

from sirst5k.errors import OutputError

StrPath = str | os.PathLike[str]


def check_file_path(path: StrPath, ending: str = "", *, make_folder: bool = False) -> None:
    """Raise unless a file could be written there; nothing is written.

    Parameters
    ----------
    path : path
    ending : str, optional
        What its name must end with, as ``.png``.
    make_folder : bool
        Whether the writer makes the folder where there is none.

    Raises
    ------
    OutputError
        If it is a folder, has another ending, or its folder is missing or read-only.
    """
    target = Path(path)
    if ending and target.suffix.lower() != ending:
        raise OutputError(
            f"Expected a file name that ends with {ending}, got {os.fspath(path)!r}. Name it "
            f"{target.stem or 'output'}{ending}."
        )
    if target.is_dir():
        raise OutputError(
            f"Expected the name of a file to write, but {target} is a folder. Name a file in it."
        )
    if make_folder:
        check_folder_path(target.parent)
    elif target.parent.exists() and not target.parent.is_dir():
        raise OutputError(
            f"Expected to write {target}, but {target.parent} is a file. Name another place."
        )
    elif not target.parent.is_dir():
        raise OutputError(
            f"Expected to write {target}, but there is no folder {target.parent}. Make it first."
        )
    else:
        _check_access(target, target.parent)


def check_folder_path(path: StrPath, what: str = "a folder to write to") -> None:
    """Raise unless a folder is there to be written to, or could be made; nothing is made.

    Parameters
    ----------
    path : path
    what : str
        What the sentence says that was expected.

    Raises
    ------
    OutputError
        If it, or what it would lie in, is a file or read-only.
    """
    target = Path(path)
    there = target
    # A symbolic link to nothing is there as a name, and cannot be made.
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    if not there.is_dir():
        kind = "a broken link" if there.is_symlink() and not there.exists() else "a file"
        place = "" if there == target else f" at {target}"
        raise OutputError(f"Expected {what}{place}, but {there} is {kind}. Name another folder.")
    _check_access(target, there)


def check_own_folder(path: StrPath, what: str, ours: Container[str] = ()) -> None:
    """Raise if a folder holds what was not put there by us; nothing is written.

    Parameters
    ----------
    path : path
        Need not exist.
    what : str
        What goes on in such a folder, as the sentence names it: ``a run``.
    ours : container of str
        Names that an earlier start may have left. Those that begin with a dot are nobody's.

    Raises
    ------
    OutputError
        If it holds anything else, or cannot be read.
    """
    root = Path(path)
    if not root.is_dir():
        return
    expected = f"Expected a new or empty folder, or that of {what} to go on with, but {root}"
    try:
        held = sorted(entry.name for entry in root.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise OutputError(
            f"{expected} cannot be read: {error.strerror}. Name another folder."
        ) from error
    for name in held:
        if name not in ours:
            raise OutputError(
                f"{expected} holds something else (there is {name!r}). Name another folder: what "
                "sirst5k did not write is never replaced."
            )


def check_outside(path: StrPath, source: StrPath | None) -> None:
    """Raise if an output would lie in the dataset that it is made of, which is only read.

    Parameters
    ----------
    path : path
        The output folder; need not exist.
    source : path, optional
        The dataset's folder; None of one that lies in none.

    Raises
    ------
    OutputError
        If the one is the other, or lies in it.
    """
    if source is None:
        return
    here, there = Path(path).resolve(), Path(source).resolve()
    if here == there or there in here.parents:
        raise OutputError(
            f"Expected an output folder outside of the dataset, but {path} lies in {source}. "
            "Name another folder."
        )


def _check_access(target: Path, folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"Expected to write {target}, but the folder {folder} is read-only. Name another "
            "place, or allow writing there."
        )
