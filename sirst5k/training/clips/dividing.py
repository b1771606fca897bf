"""From sequences to clips to train on and clips held out, no sequence in both."""

from __future__ import annotations

from typing import Any

from sirst5k.datasets.parents import parents_of
from sirst5k.datasets.sequences import sequence_of
from sirst5k.errors import SplitError
from sirst5k.training.holdout import hold_out


def divide_sequences(
    data: Any,
    fraction: float,
    *,
    test: Any = None,
    held_out: Any = None,
    whole: bool = False,
) -> tuple[Any, Any]:
    """Hold out whole sequences: neighbouring frames are nearly the same.

    Parameters
    ----------
    data : SequenceDataset
        The training split.
    fraction : float
        Share of its sequences that is held out, by a fixed hash of their names. In a folder
        that `sirst5k synth` wrote, variants of a sequence go with it, and originals alone
        are held out, where they are there.
    test : SequenceDataset, optional
        Refused if a sequence of it is trained on; its frames are not looked at.
    held_out : SequenceDataset, optional
        Held out in place of a share of `data`, all of which is then trained on.
    whole : bool
        Train only on key frames whose clips repeat no frame.

    Returns
    -------
    training, held_out : SequenceDataset

    Raises
    ------
    SplitError
        If there is but one sequence, or a sequence is in two parts.
    DatasetError
        If no clip to train on is whole and they are to be.
    """
    training, held = _divided(data, fraction, test, held_out)
    return (training.whole_clips() if whole else training), held


def _divided(data: Any, fraction: float, test: Any, held_out: Any) -> tuple[Any, Any]:
    if test is not None:
        _refuse_shared(data, test, "test")
    if held_out is not None:
        _refuse_shared(data, held_out, "held-out")
        return data, held_out
    parents = parents_of(data)
    names = [sequence_of(parents[key]) for key in data.ids]
    if len(set(names)) < 2:
        raise SplitError(
            f"Expected at least two sequences, one to train on and one to hold out, got "
            f"{len(set(names))} in {data.describe()}. Add sequences, or validate on another "
            "dataset (held_out=… in Python)."
        )
    kept, held = hold_out(names, fraction)
    # Scores on variants would say how well a network does on our noise, not on the sensor's.
    originals = [place for place in held if sequence_of(data.ids[place]) == names[place]]
    return (
        data.subset([data.ids[place] for place in kept]),
        data.subset([data.ids[place] for place in originals or held]),
    )


def _refuse_shared(data: Any, other: Any, what: str) -> None:
    both = sorted({sequence_of(key) for key in data.ids} & {sequence_of(key) for key in other.ids})
    if both:
        raise SplitError(
            f"Expected training and {what} part to share no sequence, but {len(both)} are in "
            f"both, first {both[0]!r}. Take them out of one list."
        )
