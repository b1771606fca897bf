"""Fitting a detector to a dataset: one call."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from sirst5k.datasets import Dataset, open_dataset, test_part, training_part
from sirst5k.datasets.sequences import SequenceDataset
from sirst5k.detectors.registry import task_of
from sirst5k.errors import OutputError
from sirst5k.noise import NoiseBank, SequenceNoise
from sirst5k.synthesis import Recipe
from sirst5k.training.agreeing import Agreement
from sirst5k.training.claiming import claim, document_of
from sirst5k.training.config import TrainingConfig
from sirst5k.training.curves import draw_curves
from sirst5k.training.devices import check_shares, make_fabric
from sirst5k.training.environment import environment
from sirst5k.training.failures import out_of_memory
from sirst5k.training.loop import Loop
from sirst5k.training.mask_preparing import check_masks, prepare, trial
from sirst5k.training.material import cache_folder
from sirst5k.training.optimizers import OPTIMIZERS
from sirst5k.training.parameter_groups import GROUPS
from sirst5k.training.preparing import Prepared, Source
from sirst5k.training.records import read_records
from sirst5k.training.resolving import resolve
from sirst5k.training.run_folder import (
    BEST,
    CURVES,
    LAST,
    METRICS,
    RunFolder,
    check_run_folder,
)
from sirst5k.training.stopping import stop_requests

VALIDATIONS = 20  # in a run, unless it says otherwise


@dataclass(frozen=True)
class FitReport:
    """What a run came to.

    Attributes
    ----------
    folder : Path
    frames : int
        What was trained on, variants included.
    steps : int
        Taken in all.
    best : float, optional
        Highest validation score, and after how many steps.
    best_step : int
    validation : dict
        Scores of the last validation.
    seconds : float
        Spent training, over all starts.
    best_weights, last_weights : Path
    """

    folder: Path
    frames: int
    steps: int
    best: float | None
    best_step: int
    validation: dict[str, float]
    seconds: float
    best_weights: Path
    last_weights: Path

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        paths = ("folder", "best_weights", "last_weights")
        return {key: str(value) if key in paths else value for key, value in vars(self).items()}


def fit(
    data: str | os.PathLike[str] | Dataset | SequenceDataset,
    detector: str,
    out: str | os.PathLike[str],
    *,
    split: str | None = None,
    recipe: Recipe | str | None = None,
    bank: NoiseBank | SequenceNoise | None = None,
    protocol: str = "fair",
    assignments: Iterable[str] = (),
    device: str = "auto",
    devices: int = 1,
    jobs: int = -1,
    cache: str | os.PathLike[str] | bool | None = None,
    overwrite: bool = False,
    held_out: Dataset | SequenceDataset | None = None,
    test: Dataset | SequenceDataset | None = None,
    started: Callable[[int, int, int], Callable[[dict[str, float]], None] | None] | None = None,
    watch: Callable[[Any, int, bool], None] | None = None,
    decoding: Any = None,
    memory: int | None = None,
    **wishes: Any,
) -> FitReport:
    """Train a detector, or go on with a run that was interrupted.

    Parameters
    ----------
    data : path, Dataset or SequenceDataset
        A dataset folder, a synthesised one, or ``demo``; or one part of it. Detectors of
        masks learn from the key frames of sequences; those of boxes need sequences.
    detector : str
        Name of a network, see `sirst5k.detectors.names`.
    out : path
        The run folder.
    split : str, optional
        List or role to train on; ``trainval`` or ``train`` by default.
    recipe : Recipe or str, optional
        Variants of the training images are computed and trained on, without any file.
    bank : NoiseBank, or SequenceNoise for detectors of boxes, optional
        Where their noise comes from; the training images by default.
    protocol : str
        Where the configuration begins, see `sirst5k.training.PROTOCOLS`.
    assignments : iterable of str
        ``dotted.key=value`` words, as ``--set`` gives them.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    devices : int
        How many of them, each a process with its share of every batch; `torchrun` decides
        where that started this one.
    jobs : int
        Processes that decode.
    cache : path or bool, optional
        Where decoded frames are kept between runs; False keeps none.
    overwrite : bool
        Whether another run in `out` is replaced.
    held_out : Dataset, optional
        What is validated on; a fixed share of `data` by default, which is then left out.
    test : Dataset, optional
        Refused if an image of it is trained on, and else not looked at; the dataset's own
        test split by default.
    started : callable, optional
        Called with (steps, steps taken, frames of a batch) before the first step; may
        return what is to be called after every step with loss, iou and validation score.
    watch : callable, optional
        Called at every validation with (network, steps taken, whether it is warming up).
        What it finds has no effect on the run.
    decoding : callable, optional
        Wraps the loop over images that are decoded.
    memory : int, optional
        Bytes that decoded training frames may take; half of what is free by default. More
        are computed or read anew for each batch, in processes beside the training.
    **wishes
        Fields of `TrainingConfig`. A `batch_size` of ``auto`` is the largest power of two
        with which a step was seen to fit; on a CPU no more than the protocol's.

    Returns
    -------
    FitReport

    Raises
    ------
    Sirst5kError
        For what a user can cause: data, configuration, memory, a loss that is not finite.
    Interrupted
        On Ctrl-C or SIGTERM, with the state saved.
    """
    measured = wishes.get("batch_size") == "auto"
    if measured:
        del wishes["batch_size"]
    config = resolve(detector, protocol, assignments, **wishes)
    check_run_folder(out)
    named = isinstance(data, str | os.PathLike)
    dataset: Any = training_part(open_dataset(data, split), split) if named else data  # type: ignore[arg-type]
    _kind(config).check(config, dataset)
    folder = RunFolder(out)
    made_by = Recipe.load(recipe) if isinstance(recipe, str) else recipe
    fabric = make_fabric(config, device, devices)
    if measured:
        fits = _measured_batch(config, folder, fabric, overwrite)
        config = replace(config, batch_size=Agreement(fabric).told(fits))
    check_shares(config, fabric.world_size)
    document = document_of(config, dataset, made_by)
    claim(folder, document, fabric, overwrite)
    kept = None if cache is False else cache_folder(None if cache is True else cache)
    material = Source(
        dataset,
        test if test is not None else test_part(dataset),
        held_out,
        made_by,
        bank,
        jobs,
        kept,
        decoding,
        memory,
    )
    prepared = _kind(config).prepare(config, material, fabric)
    loop = _assemble(config, fabric, folder, prepared)
    loop.watch = watch
    loop.resume()
    if fabric.is_global_zero:
        _note_start(loop, document, prepared.where)
    if started is not None and fabric.is_global_zero:
        loop.observe = started(loop.steps, loop.progress.step, config.batch_size)
    _run(loop)
    return _report(loop, prepared.frames)


def _note_start(loop: Loop, document: dict[str, Any], where: str) -> None:
    """Write what the run is, and on what it goes on now."""
    folder, fabric = loop.folder, loop.fabric
    folder.write_config(document)
    frames = {"frames": where, "processes": fabric.world_size}
    folder.write_environment(environment(fabric.device, loop.progress.step) | frames)
    loop.board = _board(folder)


def _run(loop: Loop) -> None:
    """Train to the end; the curves are drawn of a run that stops before, too."""
    with stop_requests() as stop:
        try:
            loop.run(stop)
        except BaseException:
            with suppress(OutputError):  # what stopped the run is what is said
                _draw(loop)
            raise
        _draw(loop)


def _draw(loop: Loop) -> None:
    if loop.fabric.is_global_zero:
        draw_curves(read_records(loop.folder / METRICS), loop.folder / CURVES)


def _report(loop: Loop, frames: int) -> FitReport:
    folder, progress = loop.folder, loop.progress
    rows = [row for row in read_records(folder / METRICS) if "validation" in row]
    return FitReport(
        folder=folder.path,
        frames=frames,
        steps=progress.step,
        best=progress.best,
        best_step=progress.best_step,
        validation=rows[-1]["validation"] if rows else {},
        seconds=progress.seconds,
        best_weights=folder / BEST,
        last_weights=folder / LAST,
    )


class _Kind(NamedTuple):
    """How runs of one kind of detector are prepared, and their batches measured.

    `check` raises for what cannot be trained so, before anything is made.
    """

    check: Callable[..., None]
    prepare: Callable[..., Prepared]
    trial: Callable[..., int]


def _kind(config: TrainingConfig) -> _Kind:
    if task_of(config.detector) == "boxes":
        from sirst5k.training.clips.preparing import check_clips, prepare_clips, trial_clips

        return _Kind(check_clips, prepare_clips, trial_clips)
    return _Kind(check_masks, prepare, trial)


def _assemble(config: TrainingConfig, fabric: Any, folder: RunFolder, prepared: Prepared) -> Loop:
    if config.compile != "off":
        prepared.outputs.compile(mode=config.compile)
    parameters = GROUPS[config.optimizer.groups](prepared.network)
    optimizer = OPTIMIZERS[config.optimizer.name](parameters, config.optimizer)
    wrapped, optimizer = fabric.setup(prepared.outputs, optimizer)
    return Loop(
        config=config,
        fabric=fabric,
        network=prepared.network,
        wrapped=wrapped,
        optimizer=optimizer,
        task=prepared.task,
        notes=prepared.notes,
        folder=folder,
        steps=prepared.steps,
        validate_every=config.validate_every or max(1, math.ceil(prepared.steps / VALIDATIONS)),
    )


def _measured_batch(config: TrainingConfig, folder: RunFolder, fabric: Any, overwrite: bool) -> int:
    """Return the batch size that an earlier start measured, or one measured now."""
    before = None if overwrite else folder.read_config()
    with suppress(KeyError, TypeError):
        return int(before["training"]["batch_size"])  # type: ignore[index]
    ranks = int(fabric.world_size)
    most = None if fabric.device.type == "cuda" else max(1, config.batch_size // ranks)
    fits = _kind(config).trial(config, fabric.device, most)
    if fits < 1:
        raise out_of_memory(ranks, 0)
    return fits * ranks


def _board(folder: RunFolder) -> Any:
    """Return a TensorBoard writer where TensorBoard is installed."""
    with suppress(ImportError):
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(folder.path / "tensorboard"))
    return None
