"""One sentence an arm: did it help, by how much, and how sure is that."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from sirst5k.comparison.arms import BASELINE
from sirst5k.comparison.kinds import kind_of
from sirst5k.comparison.report.tables import name_of

UNTRAINED = 0.01  # a mean score below it, with and without, says that nothing was learned
FEW = 3  # seeds below which an interval says little about training anew


def verdicts(block: Mapping[str, Any], choice: str = "last") -> list[str]:
    """Return a sentence for each arm but the baseline.

    Parameters
    ----------
    block : mapping
        A detector's part of the results, at one share of the labels.
    choice : str
        Which weights are judged.
    """
    return [
        _sentence(arm, block, gaps[choice])
        for arm, gaps in block["differences"].items()
        if choice in gaps
    ]


def _sentence(arm: str, block: Mapping[str, Any], gaps: Mapping[str, Any]) -> str:
    main = kind_of(block).main
    gap, word = gaps[main], name_of(main)
    shared = len(set(block["arms"][arm]["seeds"]) & set(block["arms"][BASELINE]["seeds"]))
    if gap["value"] is None:
        return f"{arm}: {word} cannot be compared with {BASELINE}."
    if gap["low"] is None:
        return (
            f"{arm} differs by {_signed(gap['value'])} points of {word}; there is too little to "
            "test on for an interval."
        )
    with_it, without = _main(block, arm), _main(block, BASELINE)
    if max(with_it or 0.0, without or 0.0) < UNTRAINED:
        return (
            f"Neither {arm} nor {BASELINE} has learned yet: {word} is below 1 % with both. Train "
            "longer before comparing them."
        )
    sure = f"(interval {_signed(gap['low'])} to {_signed(gap['high'])}, {_seeds(shared)})"
    if gap["clear"]:
        how = "helped: it gains" if gap["value"] > 0 else "hurt: it loses"
        text = f"{arm} {how} {abs(gap['value']) * 100:.1f} points of {word} {sure}."
    else:
        text = (
            f"{arm} made no clear difference to {word}: {_signed(gap['value'])} points {sure}. "
            f"A gain of {abs(gap['high']) * 100:.1f} and a loss of "
            f"{abs(gap['low']) * 100:.1f} points are both within it."
        )
    text += _others(gaps)
    if shared == 1:
        text += " One seed: what another training would give is not in the interval."
    elif shared < FEW:
        text += f" Fewer than {FEW} seeds: take the interval as too narrow."
    return text


def _others(gaps: Mapping[str, Any]) -> str:
    """Say what happened to Fa and Pd where that is clear."""
    parts = []
    if "pd" not in gaps:
        return ""
    if gaps["pd"]["clear"]:
        change = gaps["pd"]["value"] * 100
        parts.append(f"Pd {'rises' if change > 0 else 'falls'} by {abs(change):.1f} points")
    if gaps["fa"]["clear"]:
        change = gaps["fa"]["value"] * 1e6
        word = "rise" if change > 0 else "fall"
        parts.append(f"false alarms {word} by {abs(change):.1f} pixels per million")
    return f" {' and '.join(parts)}." if parts else ""


def worth(fractions: Mapping[str, Any]) -> list[str]:
    """Return for each arm what it was worth in labels, a sentence each.

    The baseline's main figure between two shares of the labels is taken for straight over the
    share's logarithm. That is a reading of a curve, without an interval.
    """
    line = [(float(share), _main(block, BASELINE)) for share, block in fractions.items()]
    baseline = sorted((share, value) for share, value in line if value is not None)
    if len(baseline) < 2:
        return []
    if any(after[1] <= before[1] for before, after in pairwise(baseline)):
        return [
            f"What the data was worth in labels cannot be read: {BASELINE} does not gain with "
            "every larger share of them."
        ]
    arms = dict.fromkeys(arm for block in fractions.values() for arm in block["arms"])
    found = []
    for arm in arms:
        parts = [
            f"{_equivalent(value, float(share), baseline)} at {float(share):.0%}"
            for share, block in sorted(fractions.items(), key=lambda item: float(item[0]))
            if arm != BASELINE and (value := _main(block, arm)) is not None
        ]
        if parts:
            found.append(f"{arm} was worth, in labels: {', '.join(parts)} of them.")
    return found


def _main(block: Mapping[str, Any], arm: str) -> float | None:
    if arm not in block["arms"]:
        return None
    value: float | None = block["arms"][arm]["scores"]["last"][kind_of(block).main]["mean"]
    return value


def _equivalent(value: float, share: float, baseline: list[tuple[float, float]]) -> str:
    """Return how many times the labels the baseline needs for a score, in words."""
    if value > max(score for _, score in baseline):
        return f"more than {baseline[-1][0] / share:.1f} times"
    if value < baseline[0][1]:
        return f"less than {baseline[0][0] / share:.1f} times"
    (low, one), (high, two) = next(
        pair for pair in pairwise(baseline) if pair[0][1] <= value <= pair[1][1]
    )
    part = (value - one) / (two - one)
    return f"{low * (high / low) ** part / share:.1f} times"


def _signed(value: float) -> str:
    text = f"{value * 100:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"
