"""Frames of a stored run over sequences made again, where their sources are at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sirst5k.errors import DatasetError, Sirst5kError
from sirst5k.synthesis.executor import run_in_order
from sirst5k.synthesis.faults import Fault
from sirst5k.synthesis.output_folder import OutputFolder
from sirst5k.synthesis.recomputing import Pick, version_notes
from sirst5k.synthesis.sequences.recomputing import (
    SequenceRecomputer,
    open_source_sequences,
    originals_of,
)


def recompute_frames(
    root: Path,
    facts: Mapping[str, Any],
    picks: Sequence[Pick],
    sample: int | None,
    source: str | Path | None,
    jobs: int,
) -> tuple[int, list[Fault], list[str]]:
    """Make frames again; return how many, what is wrong, and why there are not more.

    Parameters
    ----------
    root : Path
        The output folder.
    facts : mapping
        What it says of its run.
    picks : sequence of Pick
        The frames.
    sample : int, optional
        How many were asked for; None if nobody did.
    source : path, optional
        The source; by default the originals in the folder.
    jobs : int
        Worker processes.

    Raises
    ------
    DatasetError
        If frames were asked for and their sources are not at hand.
    """
    if not picks:
        return 0, [], []
    try:
        folder = OutputFolder(root)
        noise = folder.sequence_noise()
        if folder.recipe.needs_noise and noise is None:
            raise DatasetError("what the run was made with is damaged")
        dataset = originals_of(folder) if source is None else None
    except Sirst5kError as error:
        return 0, [], [f"No frame was made again: {error}"]
    if source is not None:
        dataset = open_source_sequences(source, facts)
    if dataset is None:
        if sample is not None:
            raise DatasetError(
                f"Expected the originals in {root}, to make frames again, but its recipe leaves "
                f"them out. Name the source: --source PATH."
            )
        return 0, [], ["No frame was made again: name the source for that, with --source PATH."]
    task = SequenceRecomputer(folder, noise, dataset, [pick.record for pick in picks])
    faults = [fault for fault in run_in_order(task, 0, len(picks), jobs) if fault is not None]
    return len(picks), faults, version_notes(facts)
