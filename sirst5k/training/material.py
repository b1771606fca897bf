"""From a dataset to frames to train on and frames held out, no image in both."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sirst5k.datasets import Dataset
from sirst5k.datasets.parents import parents_of
from sirst5k.errors import SplitError
from sirst5k.noise import NoiseBank
from sirst5k.sample import Sample
from sirst5k.synthesis import Recipe, SyntheticDataset, sample_noise
from sirst5k.training.frames import (
    FrameStore,
    ResidentFrames,
    StreamedFrames,
    build_store,
    choose_frames,
    scan_samples,
)
from sirst5k.training.frames.memory import available_memory, expected_bytes
from sirst5k.training.holdout import hold_out
from sirst5k.training.leaks import find_leaks


@dataclass(frozen=True)
class Parts:
    """What is trained on and what is held out.

    Attributes
    ----------
    training : sequence of Sample
        A part of the dataset, or variants of it computed when they are asked for.
    originals : Dataset
        The part of the dataset that `training` is made of.
    held_out : Dataset
        Originals only.
    bank : NoiseBank, optional
        The noise of the variants, sampled from `originals` alone.
    """

    training: Sequence[Sample]
    originals: Dataset
    held_out: Dataset
    bank: NoiseBank | None = None


def divide(
    dataset: Dataset,
    fraction: float,
    *,
    test: Dataset | None = None,
    recipe: Recipe | None = None,
    bank: NoiseBank | None = None,
    held_out: Dataset | None = None,
    seed: int = 0,
    jobs: int = 1,
    cache: Path | None = None,
) -> Parts:
    """Hold out a part of a training split, and make variants of the rest.

    Parameters
    ----------
    dataset : Dataset
        The training split.
    fraction : float
        Share of its images that is held out, by a fixed hash of their names.
    test : Dataset, optional
        Looked through for images that are in the training split as well.
    recipe : Recipe, optional
        Makes the variants; None trains on the images as they are.
    bank : NoiseBank, optional
        Sampled from the images trained on, if the recipe needs one and none is given.
    held_out : Dataset, optional
        Held out in place of a share of `dataset`, all of which is then trained on.
    seed : int
        Of the variants.
    jobs : int
        Processes that look for images in both splits.
    cache : Path, optional
        Where what they find is kept between runs.

    Raises
    ------
    SplitError
        If there is too little to divide, or an image is in both splits.
    """
    if test is not None:
        _refuse_leaks(dataset, test, jobs, cache)
    if held_out is not None:
        originals = dataset
    else:
        originals, held_out = _split_off(dataset, fraction)
    if recipe is None:
        return Parts(originals, originals, held_out, bank)
    if recipe.needs_noise and bank is None:
        bank = sample_noise(originals, recipe.sampling)
    return Parts(SyntheticDataset(originals, recipe, bank, seed), originals, held_out, bank)


def _split_off(dataset: Dataset, fraction: float) -> tuple[Dataset, Dataset]:
    parents = parents_of(dataset)
    images = list(dict.fromkeys(parents.values()))
    if len(images) < 2:
        raise SplitError(
            f"Expected at least two images to train on and to hold out, got {len(images)} in "
            f"{dataset.describe()}."
        )
    _, held = hold_out(images, fraction)
    held_names = {images[index] for index in held}
    own = [name for name in dataset.ids if parents[name] not in held_names]
    # Scores on variants would say how well a network does on our noise, not on the sensor's.
    others = [name for name in dataset.ids if name in held_names] or [
        name for name in dataset.ids if parents[name] in held_names
    ]
    return dataset.subset(own), dataset.subset(others)


def _refuse_leaks(dataset: Dataset, test: Dataset, jobs: int, cache: Path | None) -> None:
    leaks = find_leaks(dataset, test, jobs=jobs, cache=cache)
    if not leaks:
        return
    shown = ", ".join(f"{leak.train_id} = {leak.test_id} ({leak.how})" for leak in leaks[:5])
    raise SplitError(
        f"Expected training and test split to share no image, but {len(leaks)} are in both: "
        f"{shown}{', …' if len(leaks) > 5 else ''}. Take them out of one list."
    )


def cache_folder(wish: str | os.PathLike[str] | None) -> Path:
    """Return where decoded frames are kept between runs."""
    if wish is not None:
        return Path(wish)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("SIRST5K_CACHE") or Path(base) / "sirst5k" / "frames")


def frames_of(
    samples: Sequence[Sample],
    device: Any,
    *,
    jobs: int,
    cache: Path | None,
    progress: Any = None,
    memory: int | None = None,
) -> ResidentFrames | StreamedFrames:
    """Return the frames to train on where batches are made of them.

    Decoded once if they fit into memory, or into a file of the cache. Otherwise each is
    computed or read anew whenever a batch needs it, and only what is known beside the pixels
    is held. The batches are the same.

    Parameters
    ----------
    samples : sequence of Sample
    device : torch.device
    jobs, cache, progress
        See `store_of`.
    memory : int, optional
        Bytes that decoded frames may take; half of what is free by default.
    """
    if not _on_disk(samples, cache):
        free = available_memory()
        limit = memory if memory is not None else None if free is None else free // 2
        needed = expected_bytes(samples)
        if limit is not None and needed > limit:
            table = scan_samples(samples, jobs=jobs, progress=progress)
            frames = StreamedFrames(samples, device, _readers(jobs), table)
            frames.reason = (
                f"streamed: frames take about {needed / 2**30:.2f} GiB, more than the "
                f"{limit / 2**30:.2f} GiB that they may"
            )
            return frames
    return choose_frames(store_of(samples, jobs=jobs, cache=cache, progress=progress), device)


def _on_disk(samples: Sequence[Sample], cache: Path | None) -> bool:
    """Return whether decoded frames go into a file rather than into memory."""
    return isinstance(samples, Dataset) and samples.root is not None and cache is not None


def _readers(jobs: int) -> int:
    """Return how many processes compute frames beside the training: none for one job."""
    return (os.cpu_count() or 1) - 1 if jobs < 0 else jobs - 1


def store_of(
    samples: Sequence[Sample], *, jobs: int, cache: Path | None, progress: Any = None
) -> FrameStore:
    """Return the frames of samples, decoded once.

    A folder's frames are kept in `cache`, if one is given; computed variants are held in
    memory alone.
    """
    if not isinstance(samples, Dataset):
        return build_store(samples, jobs=jobs, progress=progress)
    on_disk = _on_disk(samples, cache)
    return build_store(
        samples,
        jobs=jobs,
        progress=progress,
        parents=parents_of(samples),
        cache=cache if on_disk else None,
        fingerprint=samples.fingerprint() if on_disk else "",
    )
