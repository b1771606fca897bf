"""Whose a run folder is: the same run goes on, another one is refused or replaced."""

from __future__ import annotations

from typing import Any

from sirst5k.errors import OutputError
from sirst5k.synthesis import Recipe
from sirst5k.training.config import TrainingConfig
from sirst5k.training.run_folder import CONFIG, RunFolder


def document_of(config: TrainingConfig, dataset: Any, recipe: Recipe | None) -> dict[str, Any]:
    """Return what a run is: it goes on only with the same."""
    data = {
        "source": dataset.describe(),
        "split": dataset.split,
        "images": len(dataset),
        "fingerprint": dataset.fingerprint(),
        "recipe": None if recipe is None else recipe.to_dict(),
    }
    return {"data": data, "training": config.to_dict()}


def claim(folder: RunFolder, document: dict[str, Any], fabric: Any, overwrite: bool) -> None:
    """See that the folder holds this run or none; empty it where it is to be replaced.

    Raises
    ------
    OutputError
        If it holds another run, with what differs, and `overwrite` is not set.
    """
    if not overwrite:
        _check_folder(folder, document)
    elif fabric.is_global_zero:
        folder.clear()
    fabric.barrier()  # nobody goes on from what is just being removed


def _check_folder(folder: RunFolder, document: dict[str, Any]) -> None:
    before = folder.read_config()
    # A value that an older version did not know is None where it was not there.
    changed = [] if before is None else sorted(_differences(before, document))
    if not changed:
        return
    raise OutputError(
        f"{folder.path} holds another run: {'; '.join(changed[:4])}"
        f"{'; …' if len(changed) > 4 else ''}. Go on with the old values, name another "
        f"folder, or start again with --overwrite ({folder / CONFIG} has the old ones)."
    )


def _differences(old: Any, new: Any, path: str = "") -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        nested = (_differences(old.get(k), new.get(k), f"{path}.{k}" if path else k) for k in keys)
        return [line for lines in nested for line in lines]
    return [] if old == new else [f"{path} was {old!r}, now {new!r}"]
