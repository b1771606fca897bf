"""What happened at which step: one line of JSON each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sirst5k.errors import OutputError


class Records:
    """A `metrics.jsonl` that can be cut back to the step from which a run goes on.

    Parameters
    ----------
    path : Path
    upto : int
        Lines of later steps are dropped: those steps will be taken again. A torn last
        line, as a killed process leaves, is dropped as well.
    """

    def __init__(self, path: Path, upto: int = 0) -> None:
        self.path = path
        self.rows = [row for row in read_records(path) if row["step"] <= upto]
        text = "".join(_line(row) for row in self.rows)
        try:
            path.write_text(text, encoding="utf-8")
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"Cannot write {path}: {error.strerror}. Make room, or allow writing there."
            ) from error

    def add(self, **row: Any) -> None:
        """Append a row; it must name its step. It is on disk when this returns.

        Raises
        ------
        OutputError
            If it cannot be written, as on a full disk.
        """
        self.rows.append(row)
        with self._writing():
            self._file.write(_line(row))
            self._file.flush()

    def close(self) -> None:
        """Close the file, its content flushed to the disk."""
        with self._writing(), self._file:
            self._file.flush()
            os.fsync(self._file.fileno())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"Cannot write {self.path}: {error.strerror}. Make room, and run the same command "
                "again: it goes on from the last saved state."
            ) from error


def read_records(path: Path) -> list[dict[str, Any]]:
    """Return the whole rows of a `metrics.jsonl`; none where there is no file."""
    rows: list[dict[str, Any]] = []
    if not path.is_file():
        return rows
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            rows.append(row)
    return rows


def _line(row: dict[str, Any]) -> str:
    # NaN is no JSON: a score that does not exist is null.
    tidy = {key: _plain(value) for key, value in row.items()}
    return json.dumps(tidy, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, float):
        return value if value - value == 0 else None
    return value
