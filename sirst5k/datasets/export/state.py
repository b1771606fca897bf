"""An output folder of a conversion: whose it is, how far it got, when it is done."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sirst5k.datasets.export.target import Stored
from sirst5k.datasets.names import leads_out
from sirst5k.datasets.unfinished import MARK, read_mark
from sirst5k.errors import OutputError
from sirst5k.imaging import write_atomically
from sirst5k.imaging.writable import check_folder_path, check_own_folder

JOURNAL = "conversion.jsonl"


class FolderState:
    """Reads and writes the bookkeeping of one output folder.

    While a conversion goes on, ``conversion.json`` says which it is and that it is not
    complete, and ``conversion.jsonl`` has a line for each stored sample. In the end the one
    says that it is complete, and the other is gone.

    Parameters
    ----------
    root : Path
    identity : mapping
        What the conversion is; JSON values.
    folders : iterable of str
        Top folders that conversions write, which ``--overwrite`` removes.
    """

    def __init__(self, root: Path, identity: Mapping[str, Any], folders: Iterable[str]) -> None:
        self.root = root
        self.identity = json.loads(json.dumps({"command": "convert", **identity}))
        self.folders = tuple(folders)

    def claim(self, overwrite: bool) -> dict[str, Stored]:
        """Take the folder, and return what the same conversion stored before.

        Raises
        ------
        OutputError
            If the folder holds something else.
        """
        check_folder_path(self.root, "a folder for the output")
        mark = read_mark(self.root) if self.root.exists() else None
        if mark is None:
            check_own_folder(self.root, "a conversion")
        elif overwrite:
            self._clear(mark)
        elif mark.get("complete") is True:
            raise OutputError(
                f"{self.root} holds a finished conversion. Name a new folder, or replace it with "
                "overwrite=True (--overwrite)."
            )
        elif {key: mark.get(key) for key in self.identity} != self.identity:
            raise OutputError(
                f"{self.root} holds another conversion, which was interrupted. Name a new folder, "
                "or replace it with overwrite=True (--overwrite)."
            )
        self.make_folder("")
        if mark is not None:
            self._sweep()
        self._write({**self.identity, "complete": False})
        return self._journal()

    def make_folder(self, name: str) -> None:
        """Make a folder below the root, with those above it.

        Raises
        ------
        OutputError
            If that is not possible.
        """
        try:
            (self.root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"Cannot make the output folder {self.root / name}: {error.strerror}."
            ) from error

    def record(self, stored: Iterable[Stored]) -> None:
        """Note samples that are stored, so that they are not stored again."""
        lines = "".join(json.dumps(asdict(sample)) + "\n" for sample in stored)
        try:
            with (self.root / JOURNAL).open("a", encoding="utf-8") as journal:
                journal.write(lines)
        except OSError as error:
            raise OutputError(
                f"Cannot write into {self.root}: {error.strerror}. Make room, and run the same "
                "conversion again: it goes on where it stopped."
            ) from error

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Mark the folder as complete."""
        self._write({**self.identity, "complete": True, **facts})
        (self.root / JOURNAL).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove temporary files that a killed run left behind."""
        for name in ("", *self.folders):
            folder = self.root / name
            leftovers = folder.rglob(".*.part") if name else folder.glob(".*.part")
            for leftover in leftovers if not folder.is_symlink() else ():
                leftover.unlink(missing_ok=True)

    def _journal(self) -> dict[str, Stored]:
        path = self.root / JOURNAL
        if not path.is_file():
            return {}
        found, size = {}, 0
        with path.open("rb") as lines:
            for line in lines:
                try:
                    sample = Stored(**json.loads(line))
                except (ValueError, TypeError):
                    break  # torn when the run was killed; what follows is done again
                size += len(line)
                found[sample.id] = sample
        with path.open("rb+") as journal:
            journal.truncate(size)
        return found

    def _write(self, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        write_atomically(self.root / MARK, text.encode())

    def _clear(self, mark: Mapping[str, Any]) -> None:
        """Remove an earlier conversion: known folders, and lists that it says it wrote."""
        try:
            for name in self.folders:
                folder = self.root / name
                if folder.is_symlink():
                    folder.unlink()
                elif folder.is_dir():
                    shutil.rmtree(folder)
            # The mark may come from a stranger: its names are followed within the folder only.
            documents = mark.get("documents")
            for name in documents if isinstance(documents, list) else []:
                if isinstance(name, str) and not leads_out(name):
                    self._remove_document(self.root / name)
            for name in (JOURNAL, MARK):
                (self.root / name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"Cannot replace {self.root}: {error.strerror}. Remove it yourself."
            ) from error

    def _remove_document(self, path: Path) -> None:
        inside = path.parent == self.root or not path.parent.is_symlink()
        if inside and path.suffix in (".txt", ".yaml") and (path.is_file() or path.is_symlink()):
            path.unlink()
            if path.parent != self.root and not any(path.parent.iterdir()):
                path.parent.rmdir()
