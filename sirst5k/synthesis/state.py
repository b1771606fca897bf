"""The bookkeeping of an output folder: whose it is, how far it got, when it is done.

While a run goes on, ``unfinished.json`` says which run it is and ``manifest.jsonl`` grows
by a line for each stored sample, in the order of the plan. The split lists come when all
is stored, and ``dataset.json`` last: a folder that has it is complete.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sirst5k.errors import OutputError
from sirst5k.imaging import write_atomically
from sirst5k.synthesis.identity import Identity, differences

FINISHED, UNFINISHED, MANIFEST = "dataset.json", "unfinished.json", "manifest.jsonl"
LISTS = "50_50"
OURS = ("images", "masks", LISTS, FINISHED, UNFINISHED, MANIFEST, "noise.npz")
"""Everything that a run may put into its folder; ``--overwrite`` removes this and no more."""


class OutputState:
    """Reads and writes the bookkeeping files of one output folder.

    Parameters
    ----------
    root : Path
        The output folder.
    identity : mapping
        From `run_identity`.
    """

    def __init__(self, root: Path, identity: Identity) -> None:
        self.root = root
        self.identity = identity

    def claim(self, overwrite: bool) -> bool:
        """Take the folder for this run; return whether the run is already complete.

        Raises
        ------
        OutputError
            If the folder holds something else.
        """
        if self.root.exists() and not self.root.is_dir():
            raise OutputError(f"{self.root} is a file. Name a folder for the output.")
        replaced = overwrite and self._clear()
        present = sorted(entry.name for entry in self.root.iterdir()) if self.root.exists() else []
        for name in (FINISHED, UNFINISHED):
            if name in present:
                self._check_same(self._read(name))
                if name == FINISHED:
                    # A run may have died between writing the one and removing the other.
                    (self.root / UNFINISHED).unlink(missing_ok=True)
                return name == FINISHED
        if present and not replaced:
            raise OutputError(
                f"{self.root} is not empty and holds no run of sirst5k (there is {present[0]!r}). "
                f"Name a new folder."
            )
        self._make()
        self._write(UNFINISHED, {"complete": False, **self.identity})
        return False

    def trim(self, expected: Callable[[int], str]) -> int:
        """Return how many samples the manifest vouches for, cutting off what follows.

        Parameters
        ----------
        expected : callable
            Returns the id of the sample at a place; raises IndexError beyond the last.
        """
        path = self.root / MANIFEST
        if not path.exists():
            return 0
        good, size = 0, 0
        with path.open("rb") as lines:
            for line in lines:
                try:
                    record = json.loads(line) if line.endswith(b"\n") else None
                    if record is None or record["id"] != expected(good):
                        break
                except (ValueError, KeyError, TypeError, IndexError):
                    break
                good += 1
                size += len(line)
        with path.open("rb+") as manifest:
            manifest.truncate(size)
        return good

    def reopen(self) -> None:
        """Mark a complete folder as unfinished, because files of it are missing."""
        self._write(UNFINISHED, {"complete": False, **self.identity})
        (self.root / FINISHED).unlink()

    def finish(self, lists: Mapping[str, list[str]], facts: Mapping[str, Any]) -> None:
        """Write the split lists, then the mark that the folder is complete."""
        (self.root / LISTS).mkdir(exist_ok=True)
        for name, ids in lists.items():
            text = "".join(f"{sample_id}\n" for sample_id in ids)
            write_atomically(self.root / LISTS / f"{name}.txt", text.encode())
        self._write(FINISHED, {"complete": True, **self.identity, **facts})
        (self.root / UNFINISHED).unlink(missing_ok=True)

    def _check_same(self, stored: Mapping[str, Any]) -> None:
        known = {key: stored.get(key) for key in self.identity}
        found = differences(known, json.loads(json.dumps(self.identity)))
        if found:
            shown = "; ".join(found[:3]) + (f"; and {len(found) - 3} more" if found[3:] else "")
            raise OutputError(
                f"{self.root} holds another run ({shown}). Name a new folder, or replace it "
                f"with --overwrite."
            )

    def _read(self, name: str) -> dict[str, Any]:
        try:
            document = json.loads((self.root / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise OutputError(
                f"{self.root / name} cannot be read: {error}. Replace the folder with --overwrite."
            ) from error
        if not isinstance(document, dict):
            raise OutputError(f"{self.root / name} is not of sirst5k. Name a new folder.")
        return document

    def _write(self, name: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        write_atomically(self.root / name, text.encode())

    def _make(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"Cannot make the output folder {self.root}: {error.strerror}."
            ) from error

    def _clear(self) -> bool:
        """Remove an earlier run, and refuse to touch a folder that never was one."""
        if not self.root.exists() or not any(self.root.iterdir()):
            return False
        if not any((self.root / name).is_file() for name in (FINISHED, UNFINISHED)):
            raise OutputError(
                f"{self.root} holds no run of sirst5k; --overwrite replaces nothing else. "
                f"Name a new folder."
            )
        for name in OURS:
            path = self.root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        return True
