"""The loop: steps, and between them validation, records, and a state to go on from."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from traceback import clear_frames
from typing import Any

import torch
from torch import Tensor, nn

from sirst5k.detectors.weights import save_weights
from sirst5k.errors import ParameterError, TrainingError
from sirst5k.training.agreeing import Agreement
from sirst5k.training.averaging import WeightAverage
from sirst5k.training.checkpoint import Progress, load_state, save_state
from sirst5k.training.config import TrainingConfig
from sirst5k.training.failures import (
    diverged,
    diverged_elsewhere,
    is_lost_process,
    is_out_of_memory,
    out_of_memory,
    stopped_elsewhere,
)
from sirst5k.training.records import Records
from sirst5k.training.run_folder import BEST, LAST, METRICS, STATE, RunFolder
from sirst5k.training.schedules import Course, rate_at
from sirst5k.training.stopping import StopRequest
from sirst5k.training.task import Task

RECORD_EVERY = 20  # steps
SAVE_EVERY = 30.0  # seconds


class Interrupted(KeyboardInterrupt):
    """A run was asked to stop, and has saved its state."""


@dataclass
class Loop:
    """Trains a network from where it stands to its last step.

    Attributes
    ----------
    config : TrainingConfig
        With a number of steps.
    fabric : lightning_fabric.Fabric
        Device, precision and processes.
    network : nn.Module
        The network itself.
    wrapped : nn.Module
        Its supervised outputs, as fabric has set them up: precision, devices, compilation.
    optimizer : torch.optim.Optimizer
    task : Task
        Batches, their loss, and the scores of what is held out.
    folder : RunFolder
    steps : int
        Where training ends.
    validate_every : int
    observe : callable, optional
        Called after every step with what a progress bar shows.
    watch : callable, optional
        Called at every validation with the network in evaluation mode, the steps taken and
        whether it is warming up. What it finds has no effect on the run.
    board : SummaryWriter, optional
        Of TensorBoard.
    notes : dict of str to str
        Kept in the files of weights.
    """

    config: TrainingConfig
    fabric: Any
    network: nn.Module
    wrapped: Any
    optimizer: Any
    task: Task
    folder: RunFolder
    steps: int
    validate_every: int
    observe: Callable[[dict[str, float]], None] | None = None
    watch: Callable[[nn.Module, int, bool], None] | None = None
    board: Any = None
    notes: dict[str, str] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        config, device = self.config, self.fabric.device
        self.agreement = Agreement(self.fabric)
        self.average = (
            WeightAverage(self.network, config.ema, config.ema_updates) if config.ema else None
        )
        # Loss, intersection and union stay on the device: reading one would stop the GPU.
        self._losses = torch.zeros(RECORD_EVERY, dtype=torch.float64, device=device)
        self._overlap = torch.zeros(2, dtype=torch.float64, device=device)
        self._since = 0
        self._iou = self._loss = math.nan
        self._validated: dict[str, float] = {}

    def resume(self) -> None:
        """Go on from the saved state, if there is one."""
        file = self.folder / STATE
        if file.is_file():
            self.progress = load_state(file, self.network, self.optimizer, self.average)
            tally = self.progress.tally
            self._since = int(tally["since"])
            sums = [tally["intersection"], tally["union"]]
            self._overlap += torch.tensor(
                sums, dtype=self._overlap.dtype, device=self._overlap.device
            )
            for place in range(self._since):
                self._losses[place] = tally[f"loss{place}"]

    def run(self, stop: StopRequest) -> Progress:
        """Train to the end.

        Raises
        ------
        Interrupted
            If `stop` was asked for; the state is saved.
        TrainingError
            If the loss is not finite, or memory runs out.
        """
        try:
            return self._run(stop)
        except RuntimeError as error:
            if self.agreement.alone or not is_lost_process(error):
                raise
            raise stopped_elsewhere() from error

    def _run(self, stop: StopRequest) -> Progress:
        first = self.agreement.first
        records = Records(self.folder / METRICS, self.progress.step) if first else None
        self._recall(records)
        started, saved = time.monotonic(), time.monotonic()
        before = self.progress.seconds
        self.network.train()
        self.task.follow(self.progress.step, self.steps)
        try:
            while self.progress.step < self.steps and not self._stale():
                self._step(self.progress.step)
                self.progress.step += 1
                now = time.monotonic()
                self.progress.seconds = before + now - started
                at_end = self.progress.step == self.steps
                if self._since == RECORD_EVERY or at_end:
                    self._record(records)
                if self.progress.step % self.validate_every == 0 or at_end:
                    self._validate(records)
                    self.agreement.by_first(self._save)
                    saved = now
                elif now - saved > SAVE_EVERY and self._may_stop():
                    self._save()
                    saved = now
                self._show()
                if not at_end and self._may_stop() and self.agreement.any(stop.asked):
                    self._save()
                    raise Interrupted
        finally:
            if records is not None:
                records.close()
        return self.progress

    def _step(self, step: int) -> None:
        try:
            self._learn(step)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            clear_frames(error.__traceback__)  # they hold the batch and what was made of it
            raise self._too_large(step) from error
        if self.average is not None:
            self.average.update(self.network)
        self._since += 1

    def _learn(self, step: int) -> None:
        batch = self.task.make(step)
        self._set_rate(step)
        found = self.task.loss(self.wrapped, batch, step)
        if self.fabric.device.type == "cpu":
            self._check_finite(found.total.detach()[None], step)
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(found.total)
        if self.config.gradient_clip is not None:
            # A gradient that is not finite shows in the next loss, which names its batch.
            self.fabric.clip_gradients(
                self.wrapped,
                self.optimizer,
                max_norm=self.config.gradient_clip,
                error_if_nonfinite=False,
            )
        self.optimizer.step()
        self._losses[self._since] = found.total.detach()
        self._overlap += found.overlap

    def _too_large(self, step: int) -> TrainingError:
        """Return the error for a batch that did not fit, with one that does."""
        self.optimizer.zero_grad(set_to_none=True)
        frames, ranks = len(self.task.names(step)), int(self.fabric.world_size)
        fits = self.task.largest_batch(self.network, frames - 1)
        return out_of_memory(frames * ranks, fits * ranks)

    def _may_stop(self) -> bool:
        """Return whether a run may end after this step, and its state say all there is.

        With several processes only where a row of the records is full: asking the others
        after every step would cost time, and each has sums of its own in between.
        """
        return self.agreement.alone or self._since == 0

    def _set_rate(self, step: int) -> None:
        per_epoch = self.task.per_epoch
        epochs = self.config.epochs or math.ceil(self.steps / per_epoch)
        course = Course(step, self.steps, step // per_epoch, epochs)
        self._rate = self.config.optimizer.lr * rate_at(course, self.config.schedule)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate

    def _check_finite(self, losses: Tensor, first: int) -> None:
        """Stop at a loss that is not finite; makes its batch once more to save it."""
        own = ~torch.isfinite(losses)
        wrong = self.agreement.total(own.double()).nonzero()
        if len(wrong) == 0:
            return
        place = int(wrong[0])
        step = first + place
        if not own[place]:
            raise diverged_elsewhere(step)
        arrays = self.task.arrays(self.task.make(step))
        raise diverged(step, self.task.names(step), self.folder.path, arrays, process=self._process)

    def _score(self, step: int) -> dict[str, float]:
        """Score the network after some steps; name the last batch where it has diverged."""
        try:
            return self.task.score(self.network, self.fabric.autocast, step)
        except ParameterError as error:  # the metrics take no NaN
            last = step - 1
            arrays = self.task.arrays(self.task.make(last))
            names = self.task.names(last)
            expected = "finite predictions after step"
            raise diverged(
                last, names, self.folder.path, arrays, expected, self._process
            ) from error

    @property
    def _process(self) -> int | None:
        """Which of several processes this is."""
        return None if self.agreement.alone else int(self.fabric.global_rank)

    def _record(self, records: Records | None) -> None:
        """Write the mean of the last steps; a GPU is waited for here and nowhere else."""
        losses = self._losses[: self._since]
        self._check_finite(losses, self.progress.step - self._since)
        intersection, union = self.agreement.total(self._overlap).tolist()
        self._iou = intersection / union if union else math.nan
        self._loss = float(self.agreement.total(losses.mean())) / self.fabric.world_size
        row: dict[str, Any] = {
            "step": self.progress.step,
            "epoch": self.progress.step / self.task.per_epoch,
            "loss": self._loss,
            "iou": self._iou,
            "lr": self._rate,
            "seconds": round(self.progress.seconds, 3),
        }
        if records is not None:
            records.add(**row)
            self._to_board({key: row[key] for key in ("loss", "iou", "lr")}, "train")
        self._since = 0
        self._overlap.zero_()

    def _validate(self, records: Records | None) -> None:
        step = self.progress.step
        self._check_finite(self._losses[: self._since], step - self._since)
        averaged = self.average.applied(self.network) if self.average else nullcontext()
        with averaged:
            self._validated = self.agreement.by_first(lambda: self._score(step))
            value = self._validated[self.config.select_by]
            better = value == value and (self.progress.best is None or value > self.progress.best)
            if better:
                self.progress.best, self.progress.best_step = value, step
                self.progress.stale = 0
            else:
                self.progress.stale += 1
            self.agreement.by_first(lambda: self._keep(better, records))

    def _keep(self, better: bool, records: Records | None) -> None:
        """Write what a validation found, and the weights as they are scored."""
        step = self.progress.step
        if better:
            self._save_weights(BEST)
        self._save_weights(LAST)
        if self.watch is not None:
            self.network.eval()
            self.watch(self.network, step, self.task.warming_up(step - 1))
            self.network.train()
        if records is not None:
            records.add(step=step, validation=self._validated)
            self._to_board(self._validated, "validation")

    def _stale(self) -> bool:
        patience = self.config.patience
        return patience is not None and self.progress.stale >= patience

    def _save(self) -> None:
        """Write the state to go on from."""
        if not self.fabric.is_global_zero:
            return
        tally = {"since": float(self._since)}
        tally["intersection"], tally["union"] = self._overlap.tolist()
        for place, loss in enumerate(self._losses[: self._since].tolist()):
            tally[f"loss{place}"] = loss
        self.progress.tally = tally
        save_state(self.folder / STATE, self.progress, self.network, self.optimizer, self.average)

    def _save_weights(self, name: str) -> None:
        said = {**self.notes, "step": str(self.progress.step)}
        save_weights(self.network, self.folder / name, **said)

    def _recall(self, records: Records | None) -> None:
        """Take from the records what the bar of an interrupted run showed."""
        for row in records.rows if records is not None else ():
            self._validated = row.get("validation", self._validated)

    def _show(self) -> None:
        if self.observe is None:
            return
        shown = {"step": self.progress.step, "loss": self._loss, "iou": self._iou}
        if self._validated:
            shown["val"] = self._validated[self.config.select_by]
        self.observe(shown)

    def _to_board(self, values: dict[str, float], group: str) -> None:
        if self.board is not None:
            for key, value in values.items():
                self.board.add_scalar(f"{group}/{key}", value, self.progress.step)
