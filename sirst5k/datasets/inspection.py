"""What is in a dataset, and what is wrong with it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import joblib
import numpy as np

from sirst5k.datasets.dataset import Dataset
from sirst5k.datasets.survey import PairSurvey, survey_pair
from sirst5k.errors import DatasetError, Sirst5kWarning

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)

_CHUNK = 32  # pairs a worker takes at a time


@dataclass(frozen=True)
class Problem:
    """Something wrong with a dataset.

    Attributes
    ----------
    kind : str
        ``unreadable``, ``sizes differ``, ``incomplete``, ``non-binary mask``, ``overlap`` or
        ``list``.
    where : str
        The id or list concerned.
    text : str
        A sentence.
    """

    kind: str
    where: str
    text: str


@dataclass(frozen=True)
class Inspection:
    """The findings of `inspect_dataset`.

    Attributes
    ----------
    path, layout : str
        Where, and in which layout.
    split : str or None
        The list inspected; None for everything.
    splits : dict of str to int
        Images in every list; -1 for a list that cannot be used.
    roles : dict of str to str
        Role to the list it means.
    images : int
        Pairs inspected, unreadable ones included.
    sizes : dict of str to int
        ``640x512`` (width × height) to images, commonest first.
    modes : dict of str to int
        Colour and depth of the image files to images.
    dtypes : dict of str to int
        dtype of the images as read.
    targets : int
        Targets of all images.
    targets_per_image : dict of int to int
        Number of targets to images.
    empty_masks : int
        Images without target.
    touching_border : int
        Targets with a pixel on the border.
    areas : dict of float to float
        Quantile to target area in pixels; empty without targets.
    scr : dict of float to float
        Quantile to signal-to-clutter ratio of targets; empty where undefined.
    problems : tuple of Problem
    """

    path: str
    layout: str
    split: str | None
    splits: dict[str, int]
    roles: dict[str, str]
    images: int
    sizes: dict[str, int]
    modes: dict[str, int]
    dtypes: dict[str, int]
    targets: int
    targets_per_image: dict[int, int]
    empty_masks: int
    touching_border: int
    areas: dict[float, float]
    scr: dict[float, float]
    problems: tuple[Problem, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as JSON-like values."""
        plain = asdict(self)
        plain["problems"] = [asdict(problem) for problem in self.problems]
        for name in ("targets_per_image", "areas", "scr"):
            plain[name] = {f"{key:g}": value for key, value in plain[name].items()}
        return plain


def inspect_dataset(
    dataset: Dataset,
    *,
    jobs: int = 1,
    progress: Callable[[Iterable[PairSurvey], int], Iterable[PairSurvey]] | None = None,
) -> Inspection:
    """Read every pair of a dataset and gather what it holds.

    Parameters
    ----------
    dataset : Dataset
        Opened with ``on_error="skip"``, so that incomplete pairs become findings.
    jobs : int
        Worker processes; -1 for one a core.
    progress : callable, optional
        Wraps the stream of findings, given their number; a tqdm bar.
    """
    surveys: list[PairSurvey] = []
    stream: Iterable[PairSurvey] = _surveys(dataset, jobs)
    for survey in progress(stream, len(dataset)) if progress is not None else stream:
        surveys.append(survey)
    counts, list_problems = _lists(dataset)
    return summarise(dataset, surveys, counts, list_problems)


def summarise(
    dataset: Dataset,
    surveys: Sequence[PairSurvey],
    splits: dict[str, int],
    problems: Sequence[Problem],
) -> Inspection:
    """Gather findings on single pairs into an `Inspection`; see `inspect_dataset`."""
    readable = [survey for survey in surveys if not survey.error]
    areas = [area for survey in readable for area in survey.areas]
    ratios = [ratio for survey in readable for ratio in survey.scr if ratio == ratio]
    per_image = Counter(len(survey.areas) for survey in readable)
    return Inspection(
        path=str(dataset.root) if dataset.root is not None else dataset.layout,
        layout=dataset.layout,
        split=dataset.split,
        splits=splits,
        roles=dict(dataset.splits.roles),
        images=len(surveys),
        sizes=_counted(f"{survey.width}x{survey.height}" for survey in readable),
        modes=_counted(survey.mode for survey in readable),
        dtypes=_counted(survey.dtype for survey in readable),
        targets=len(areas),
        targets_per_image=dict(sorted(per_image.items())),
        empty_masks=per_image[0],
        touching_border=sum(survey.touching_border for survey in readable),
        areas=_quantiles(areas),
        scr=_quantiles(ratios),
        problems=(*_pair_problems(dataset, surveys), *problems),
    )


def _surveys(dataset: Dataset, jobs: int) -> Iterable[PairSurvey]:
    if jobs == 1 or len(dataset) <= _CHUNK:
        for sample_id in dataset.ids:
            yield survey_pair(dataset, sample_id)
        return
    chunks = [dataset.ids[k : k + _CHUNK] for k in range(0, len(dataset), _CHUNK)]
    workers = joblib.Parallel(n_jobs=jobs, return_as="generator")
    for surveys in workers(joblib.delayed(_survey_chunk)(dataset, chunk) for chunk in chunks):
        yield from surveys


def _survey_chunk(dataset: Dataset, ids: Sequence[str]) -> list[PairSurvey]:
    return [survey_pair(dataset, sample_id) for sample_id in ids]


def _lists(dataset: Dataset) -> tuple[dict[str, int], list[Problem]]:
    """Return the length of every list, and what is wrong with lists."""
    counts: dict[str, int] = {}
    problems: list[Problem] = []
    for name in dataset.splits:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", Sirst5kWarning)
            try:
                counts[name] = len(dataset.splits[name])
            except DatasetError as error:
                counts[name] = -1
                problems.append(Problem("list", name, str(error)))
                continue
        problems += [Problem("list", name, str(warning.message)) for warning in caught]
        dropped = dataset.splits.dropped(name)
        unknown = {i: why for i, why in dropped.items() if i not in dataset.skipped}
        problems += [Problem("list", name, f"{i}: {why}") for i, why in unknown.items()]
    usable = [name for name, count in counts.items() if count >= 0]
    return counts, problems + _overlaps(dataset, usable)


def _overlaps(dataset: Dataset, names: Sequence[str]) -> list[Problem]:
    """Find images that are both in a test list and in a list of its family to learn from."""
    problems = []
    for name in names:
        test = dataset.splits.sibling(name, "test")
        if test is None or test == name or test not in names:
            continue
        both = sorted(set(dataset.splits[name]) & set(dataset.splits[test]))
        if both:
            more = f", and {len(both) - 1} more are" if len(both) > 1 else ""
            text = f"{both[0]!r} is both in {name} and in {test}{more}."
            problems.append(Problem("overlap", name, text))
    return problems


def _pair_problems(dataset: Dataset, surveys: Sequence[PairSurvey]) -> list[Problem]:
    problems = [Problem(s.problem, s.id, s.error) for s in surveys if s.error]
    problems += [Problem("incomplete", i, why) for i, why in dataset.skipped.items()]
    grey = [survey.id for survey in surveys if not survey.mask_binary]
    if grey:
        more = f" and {len(grey) - 1} more" if len(grey) > 1 else ""
        text = (
            f"The mask of {grey[0]!r}{more} has more than two levels; levels above half of what "
            "its depth can hold were read as target, unless --mask-threshold says otherwise."
        )
        problems.append(Problem("non-binary mask", grey[0], text))
    return problems


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _quantiles(values: Sequence[float]) -> dict[float, float]:
    if not values:
        return {}
    found = np.quantile(np.asarray(values, dtype=np.float64), QUANTILES)
    return dict(zip(QUANTILES, found.tolist(), strict=True))
