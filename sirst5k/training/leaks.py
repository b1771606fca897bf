"""Images that are in a training and in a test split, whatever they are called there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sirst5k.sample import Image, Sample
from sirst5k.training.leaks_signatures import signatures_of


@dataclass(frozen=True, slots=True)
class Leak:
    """One image in both splits.

    Attributes
    ----------
    train_id, test_id : str
        What it is called in each.
    how : str
        ``same pixels``, or ``flipped or turned``.
    """

    train_id: str
    test_id: str
    how: str = "same pixels"


def find_leaks(
    train: Sequence[Sample],
    test: Sequence[Sample],
    *,
    jobs: int = 1,
    cache: Path | None = None,
) -> list[Leak]:
    """Return the images that are in both splits, also flipped or turned by quarters.

    Grey levels are compared, not files or depths: an image saved again in another format is
    the same. Of a rescaled or otherwise changed copy nothing is found, and images of a single
    grey level are passed over, for nothing can be learned from them.

    Parameters
    ----------
    train, test : sequence of Sample
        Each image is decoded once, and again if its histogram is in both.
    jobs : int
        Processes that decode.
    cache : Path, optional
        Folder in which the histograms' hashes of a dataset of files are kept, so that looking
        again decodes nothing.

    Returns
    -------
    list of Leak
        In the order of `train`; every pair, if an image is there several times.
    """
    known: dict[str, list[int]] = {}
    for index, signature in enumerate(signatures_of(test, jobs, cache)):
        if signature:
            known.setdefault(signature, []).append(index)
    leaks = []
    for index, signature in enumerate(signatures_of(train, jobs, cache)):
        places = known.get(signature, [])
        if not places:
            continue
        sample = train[index]
        for place in places:
            other = test[place]
            how = _how(sample.image, other.image)
            if how:
                leaks.append(Leak(sample.id, other.id, how))
    return leaks


def _how(one: Image, other: Image) -> str:
    for turns in range(4):
        for flipped in (False, True):
            turned = np.rot90(one[:, ::-1] if flipped else one, turns)
            if np.array_equal(turned, other):
                return "flipped or turned" if turns or flipped else "same pixels"
    return ""
