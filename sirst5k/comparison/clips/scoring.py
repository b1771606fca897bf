"""Scores of one run on test sequences: at every validation, and at its end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sirst5k.comparison.clips.figures import Run
from sirst5k.comparison.clips.found import evaluator_of, find_boxes, read_boxes, save_boxes
from sirst5k.comparison.kinds import BOXES
from sirst5k.detectors import load_weights
from sirst5k.training import TrainingConfig
from sirst5k.training.records import Records

CURVE = ("ap50", "f1", "best_f1")
PROFILES = ("corrected", "published")


class BoxCurve:
    """Scores a network's boxes in the test sequences at every validation, for the record alone.

    Nothing is chosen by it; see `sirst5k.comparison.cells.TestCurve`.

    Parameters
    ----------
    path : Path
        A `metrics.jsonl` of its own; goes on after an interruption.
    test : SequenceDataset
    config : TrainingConfig
    """

    def __init__(self, path: Path, test: Any, config: TrainingConfig) -> None:
        self._path, self._test, self._config = path, test, config
        self._records: Records | None = None

    def watch(self, network: Any, step: int, warming_up: bool) -> None:
        """Score a network as it stands after a step, with or without its warm-up over.

        Parameters
        ----------
        network : VideoNetwork or Network
        step : int
            Steps of the optimiser so far.
        warming_up : bool
            Makes no difference to boxes.
        """
        del warming_up
        if self._records is None:
            self._records = Records(self._path, upto=step - 1)
        device = str(next(network.parameters()).device)
        side = self._config.augmentation.crop if hasattr(network, "clip_length") else None
        found = evaluator_of(find_boxes(network, self._test, device, side), "corrected")
        figures = found.pool().figures(found.confidence, False)
        self._records.add(step=step, **{key: float(figures[key]) for key in CURVE})

    def close(self) -> None:
        """Close the file."""
        if self._records is not None:
            self._records.close()


def score_boxes(
    detector: str,
    weights: Mapping[str, Path],
    test: Any,
    others: Mapping[str, Any],
    folder: Path,
    device: str,
    profiles: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Score the weights of a run on every test set; return the document.

    Parameters
    ----------
    detector : str
    weights : mapping of str to Path
        By what they are: ``last`` ones are also scored on the other test sets.
    test : SequenceDataset
    others : mapping of str to SequenceDataset
        Further test sets by name.
    folder : Path
        Of the run; gets what was found, for the paired comparison.
    device : str
    profiles : tuple of str
        Beside those of `PROFILES`.
    """
    document: dict[str, Any] = {"kind": BOXES.name, "test": {}, "axes": {}}
    for name, file in weights.items():
        network = load_weights(detector, file)
        frames = find_boxes(network, test, device)
        save_boxes(folder / boxes_file(name), frames)
        document["test"][name] = {
            profile: evaluator_of(frames, profile).compute().to_dict()
            for profile in dict.fromkeys((*PROFILES, *profiles))
        }
        if name == "last":
            document["parameters"] = sum(part.numel() for part in network.parameters())
            for axis, other in others.items():
                scored = evaluator_of(find_boxes(network, other, device), "corrected")
                document["axes"][axis] = scored.compute().to_dict()
    return document


def boxes_file(which: str) -> str:
    """Return the name of the file with what the weights found."""
    return f"boxes_{which}.npz"


def read_run(folder: Path, which: str = "last") -> Run:
    """Return what a finished cell found in the test sequences, pooled."""
    return Run.of(read_boxes(folder / boxes_file(which)))
