"""The marks in an output folder: whose it is, and whether it is complete.

While a run goes on, ``unfinished.json`` says which run it is and ``manifest.jsonl`` grows
by a line for each stored sample, in the order of the plan. The split lists come when all
is stored, and ``dataset.json`` last: a folder that has it is complete.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sirst5k.errors import OutputError, Sirst5kError
from sirst5k.imaging import write_atomically
from sirst5k.imaging.writable import check_folder_path, check_own_folder
from sirst5k.synthesis.facts import FINISHED, UNFINISHED, facts_text
from sirst5k.synthesis.identity import Identity, differences, may_follow
from sirst5k.synthesis.manifest import MANIFEST

LISTS, NOISE = "50_50", "noise.npz"
ANNOTATIONS, TRACKS = "annotations", "tracks.jsonl"
"""What takes the place of split lists where sequences are stored."""
FOLDERS = ("images", "masks", "shards", LISTS, ANNOTATIONS)


class OutputState:
    """Reads and writes the marks of one output folder.

    Parameters
    ----------
    root : Path
        The output folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Refuse a folder that holds something else than a run, without touching it.

        Raises
        ------
        OutputError
            If it is a file, or holds other people's things.
        """
        check_folder_path(self.root, "a folder for the output")
        if not any((self.root / name).exists() for name in (FINISHED, UNFINISHED, MANIFEST)):
            check_own_folder(self.root, "a run")

    def claim(self, identity: Identity, overwrite: bool) -> bool:
        """Take the folder for a run; return whether it says that the run is complete.

        Parameters
        ----------
        identity : mapping
            From `run_identity`.
        overwrite : bool
            Whether to remove what another run stored.

        Raises
        ------
        OutputError
            If the folder holds something else, or another run.
        """
        self.check()
        present = self._present()
        found = next((name for name in (FINISHED, UNFINISHED) if name in present), None)
        if found is not None and not overwrite:
            stored = self._read(found)
            self._check_same(stored, identity)
            if stored.get("clearing"):  # an earlier --overwrite was interrupted
                self._clear(identity)
            elif found == FINISHED:
                # A run may have died between writing the one and removing the other.
                (self.root / UNFINISHED).unlink(missing_ok=True)
                return True
        elif present and not overwrite:
            raise OutputError(
                f"{self.root} does not say any more which run it holds: {FINISHED} is missing. "
                f"Name a new folder, or replace the run with --overwrite."
            )
        elif present:
            self._check_ours(found)
            self._clear(identity)
        self._begin(identity)
        return False

    def reopen(self, identity: Identity) -> None:
        """Mark a complete folder as unfinished, because something of it is missing."""
        self._begin(identity)
        (self.root / FINISHED).unlink()
        for name in (LISTS, ANNOTATIONS, TRACKS):
            self._remove(name)

    def finish(self, identity: Identity, facts: Mapping[str, Any]) -> None:
        """Write the mark that the folder is complete."""
        text = facts_text({"complete": True, **identity, **facts})
        write_atomically(self.root / FINISHED, text.encode())
        (self.root / UNFINISHED).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove temporary files that a killed run left behind."""
        waiting = [str(self.root), *(str(self.root / name) for name in FOLDERS)]
        for folder in waiting:
            with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
                for entry in entries:
                    if is_leftover(entry.name):
                        os.unlink(entry.path)  # noqa: PTH108
                    elif folder != waiting[0] and entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)

    @contextlib.contextmanager
    def swept_after_errors(self) -> Iterator[None]:
        """Sweep after an error: other workers were stopped then, in the middle of a file."""
        try:
            yield
        except (Sirst5kError, OSError):
            self.sweep()
            raise

    def _present(self) -> list[str]:
        if not self.root.is_dir():
            return []
        names = (entry.name for entry in self.root.iterdir())
        return sorted(name for name in names if not name.startswith("."))

    def _begin(self, identity: Identity, **more: Any) -> None:
        document = {"complete": False, **more, **identity}
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        write_atomically(self.root / UNFINISHED, text.encode())

    def _check_same(self, stored: Mapping[str, Any], identity: Identity) -> None:
        known = {key: stored.get(key) for key in identity}
        wanted = json.loads(json.dumps(identity))
        if may_follow(known, wanted):
            known["limit"] = wanted["limit"]
        found = differences(known, wanted)
        if found:
            shown = "; ".join(found[:3]) + (f"; and {len(found) - 3} more" if found[3:] else "")
            raise OutputError(
                f"{self.root} holds another run ({shown}). Name a new folder, or replace it "
                f"with --overwrite."
            )

    def _check_ours(self, name: str | None) -> None:
        """Refuse to remove what is not ours, though a file is called as ours are."""
        if (self.root / MANIFEST).is_file() or name is None:
            return
        if not {"complete", "recipe"} <= {*self._read(name)}:
            raise OutputError(
                f"{self.root} holds no run of sirst5k: {name} is another's. Name a new folder; "
                f"--overwrite replaces nothing but runs of sirst5k."
            )

    def _read(self, name: str) -> dict[str, Any]:
        try:
            document = json.loads((self.root / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise OutputError(
                f"{self.root / name} cannot be read: {error}. Replace the run with --overwrite, or "
                f"name a new folder."
            ) from error
        if not isinstance(document, dict):
            raise OutputError(f"{self.root / name} is not of sirst5k. Name a new folder.")
        return document

    def _clear(self, identity: Identity) -> None:
        """Remove what a run may have put there, and no more.

        Killed on the way, the next start goes on with that.
        """
        self._begin(identity, clearing=True)
        self.sweep()  # first of all the task of a cluster's workers that may still write
        for name in (FINISHED, LISTS, MANIFEST, NOISE, TRACKS, *FOLDERS):
            self._remove(name)

    def _remove(self, name: str) -> None:
        path = self.root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def is_leftover(name: str) -> bool:
    """Return whether a file name is one that is used while a file is being written."""
    return name.startswith(".") and name.endswith((".part", ".tmp"))
