"""What of a dataset a contact sheet shows: which samples, which variants, which target."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sirst5k.errors import DatasetError
from sirst5k.negatives import PatchWindow
from sirst5k.seeds import rng_for

Operations = Sequence[Mapping[str, Any]]
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Turn:
    """One target turned by an output's operations.

    Attributes
    ----------
    target : int
        Its number among the source's targets.
    window : PatchWindow
    symmetry : int
        0 to 7; 0 leaves it.
    """

    target: int
    window: PatchWindow
    symmetry: int


def turns_of(operations: Operations) -> list[Turn]:
    """Return what an output's operations did to each target they name."""
    found = []
    for operation in operations:
        if operation["op"] == "turn":
            # A published output turns one target and states it directly.
            for turn in operation.get("turns", [operation]):
                window = PatchWindow(*turn["window"])
                found.append(Turn(turn["target"], window, turn["symmetry"]))
    return found


def main_target(shown: Sequence[Operations]) -> int | None:
    """Return the target that is turned in most outputs, the largest of several."""
    count: Counter[int] = Counter()
    area: dict[int, int] = {}
    for operations in shown:
        for turn in turns_of(operations):
            count[turn.target] += turn.symmetry != 0
            area[turn.target] = turn.window.height * turn.window.width
    if not count:
        return None
    return max(count, key=lambda target: (count[target], area[target], -target))


def choose_variants(candidates: Sequence[Operations], count: int) -> list[int]:
    """Choose the outputs of one sample that show best what is done.

    Those come first that turn the target which most of them turn; they are spread evenly
    over what there is.

    Returns
    -------
    list of int
        Places in `candidates`, ascending, at most `count`.
    """
    target = main_target(candidates)
    turned = [
        place
        for place, operations in enumerate(candidates)
        if any(turn.target == target and turn.symmetry for turn in turns_of(operations))
    ]
    chosen = _spread(turned, count)
    others = [place for place in range(len(candidates)) if place not in chosen]
    return sorted([*chosen, *_spread(others, count - len(chosen))])


def choose_samples(
    ids: Sequence[str], count: int, seed: int, shows_target: Callable[[str], bool]
) -> list[str]:
    """Choose samples spread evenly over a list, one in each of `count` equal parts.

    Within a part chance decides, addressed by the seed; but samples without a target, and
    such as bear the name of one already chosen but for its digits, are passed over where a
    few tries find a better one.
    """
    count = min(count, len(ids))
    chosen: list[str] = []
    for part in range(count):
        among = ids[part * len(ids) // count : (part + 1) * len(ids) // count]
        order = rng_for(seed, "preview", part).permutation(len(among))[:_TRIES]
        tried = [among[place] for place in order]
        kinds = {_kind(name) for name in chosen}
        tried.sort(key=lambda name: _kind(name) in kinds)
        chosen.append(next((name for name in tried if shows_target(name)), tried[0]))
    return chosen


def _kind(name: str) -> str:
    """Return a name without its digits: ``demo_sea_`` of ``demo_sea_0017``."""
    return re.sub(r"\d+", "", name)


def check_ids(wanted: Sequence[str], known: Sequence[str], where: str) -> None:
    """Raise `DatasetError` for the first wanted id that does not exist, naming the nearest."""
    present = set(known)
    for name in wanted:
        if name not in present:
            near = get_close_matches(name, known, n=3, cutoff=0.6)
            hint = (
                f"Did you mean {' or '.join(map(repr, near))}?"
                if near
                else f"There are {len(known)}, as {known[0]!r}."
            )
            raise DatasetError(f"There is no source image {name!r} in {where}. {hint}")


def _spread(places: Sequence[int], count: int) -> list[int]:
    """Return `count` of the places, or all, evenly spread from the first to the last."""
    count = max(0, min(count, len(places)))
    last = len(places) - 1
    return [places[round(k * last / max(1, count - 1))] for k in range(count)]
