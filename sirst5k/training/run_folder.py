"""The folder of a run: what was asked for, what came of it, and how to go on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sirst5k.errors import OutputError
from sirst5k.imaging import write_atomically
from sirst5k.imaging.writable import check_folder_path, check_own_folder
from sirst5k.plain_yaml import YamlError, format_yaml, parse_yaml

CONFIG = "config.yaml"
ENVIRONMENT = "environment.json"
METRICS = "metrics.jsonl"
CURVES = "curves.png"
LAST = "checkpoints/last.safetensors"
BEST = "checkpoints/best.safetensors"
STATE = "checkpoints/state.safetensors"


def check_run_folder(path: str | os.PathLike[str]) -> None:
    """Refuse, before any work and without writing, a folder that holds something else than a run.

    A start that was stopped before it wrote its configuration leaves files of these names alone.

    Raises
    ------
    OutputError
        If it is a file, or holds other files and no configuration of a run.
    """
    check_folder_path(path, "a run folder")
    if not _is_config(Path(path) / CONFIG):
        ours = {Path(name).parts[0] for name in (ENVIRONMENT, METRICS, CURVES, STATE)}
        check_own_folder(path, "a run", ours)


def _is_config(file: Path) -> bool:
    """Return whether a file is a run's configuration, be it a damaged one."""
    if not file.is_file():
        return False
    try:
        document = parse_yaml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YamlError):
        return True  # what is wrong with it, `RunFolder.read_config` says
    return not isinstance(document, dict) or "training" in document


class RunFolder:
    """Where a training run keeps its files.

    Parameters
    ----------
    path : path
        Made if it is not there.

    Raises
    ------
    OutputError
        If it cannot be written, or is a file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            (self.path / "checkpoints").mkdir(parents=True, exist_ok=True)
            probe = self.path / "checkpoints" / ".writable"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise OutputError(
                f"Expected a run folder that can be written, but {self.path}: {error.strerror}. "
                "Name another with --out."
            ) from error

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def read_config(self) -> dict[str, Any] | None:
        """Return the document that an earlier start of the run left, or None."""
        file = self.path / CONFIG
        if not file.is_file():
            return None
        try:
            document = parse_yaml(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, YamlError) as error:
            raise OutputError(f"Cannot read {file}: {error}. Use --overwrite.") from error
        if not isinstance(document, dict):
            raise OutputError(f"Expected a mapping in {file}. Use --overwrite to start again.")
        return document

    def write_config(self, document: Mapping[str, Any]) -> None:
        """Write the resolved configuration with its data."""
        write_atomically(self.path / CONFIG, format_yaml(document).encode("utf-8"))

    def write_environment(self, document: Mapping[str, Any]) -> None:
        """Write versions and machine; the newest start is listed last."""
        file = self.path / ENVIRONMENT
        starts: list[Any] = []
        if file.is_file():
            try:
                starts = json.loads(file.read_text(encoding="utf-8"))["starts"]
            except (OSError, ValueError, KeyError, TypeError):
                starts = []
        body = json.dumps({"starts": [*starts, dict(document)]}, indent=1, ensure_ascii=False)
        write_atomically(file, body.encode("utf-8"))

    def clear(self) -> None:
        """Remove what an earlier run left, and nothing else."""
        names = (CONFIG, ENVIRONMENT, METRICS, CURVES, LAST, BEST, STATE)
        try:
            for name in names:
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"Cannot clear {self.path}: {error.strerror}.") from error
