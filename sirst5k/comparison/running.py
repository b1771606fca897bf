"""Running an experiment: every cell that is not finished, some of them side by side."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from sirst5k.comparison.cells import is_finished, run_cell
from sirst5k.comparison.checking import check_data, check_machine, check_names
from sirst5k.comparison.experiment import FILE, Cell, Experiment
from sirst5k.comparison.processes import Processes
from sirst5k.errors import OutputError, Sirst5kError
from sirst5k.imaging.writable import check_folder_path, check_own_folder

FAILED = "failed.txt"
STARTS = "starts.jsonl"
TRIES = 2


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """How a cell went.

    Attributes
    ----------
    cell : Cell
    status : str
        ``done``, ``there`` (from an earlier start) or ``failed``.
    seconds : float
    message : str
        Why it failed.
    """

    cell: Cell
    status: str
    seconds: float = 0.0
    message: str = ""


Observer = Callable[[CellOutcome, int, int], None]
"""Called after every cell with its outcome, how many are over, and how many there are."""

Make = Callable[[Cell], CellOutcome]


def run(
    experiment: Experiment,
    out: str | os.PathLike[str],
    *,
    device: str = "auto",
    workers: int = 1,
    gpus: int = 1,
    jobs: int = -1,
    limit: float | None = None,
    observe: Observer | None = None,
    started: Callable[..., Any] | None = None,
) -> list[CellOutcome]:
    """Run what is missing of an experiment.

    Parameters
    ----------
    experiment : Experiment
    out : path
        Its folder. The same call again goes on: finished cells stay, a training that was
        interrupted resumes, a failed cell is tried again.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    workers : int
        Cells side by side, each in a process of its own where there are several.
    gpus : int
        GPUs that the workers are spread over.
    jobs : int
        Processes that decode images, where cells run one by one.
    limit : float, optional
        Seconds after which no further cell is begun, for slices of a GPU's time.
    observe : callable, optional
        See `Observer`.
    started : callable, optional
        See `sirst5k.training.fit`; for cells that run one by one.

    Returns
    -------
    list of CellOutcome
        One a cell that was looked at, in the order of their ends.

    Raises
    ------
    Sirst5kError
        Before any training, for what can be known to fail: no such data, no test split,
        another experiment in the folder, a setting that its network does not have. What fails
        in one cell nevertheless is in its outcome.
    """
    root = Path(out)
    check_names(experiment)
    check_machine(device, workers, gpus)
    check_folder_path(root)
    if not (root / FILE).is_file():
        check_own_folder(root, "an experiment")
    missing = [cell for cell in experiment.cells() if not is_finished(experiment, cell, root)]
    check_data(experiment, missing)
    try:
        experiment = experiment.save(root)
        _note_start(root)
    except OutputError:
        raise  # an OSError too, whose sentence says what is wrong: another experiment is there
    except OSError as error:
        raise OutputError(f"Cannot write the experiment to {root}: {error.strerror}.") from error
    began = time.monotonic()
    cells = experiment.cells()
    outcomes: list[CellOutcome] = []

    def over(outcome: CellOutcome) -> None:
        outcomes.append(outcome)
        if observe is not None:
            observe(outcome, len(outcomes), len(cells))

    waiting = []
    for cell in cells:
        if is_finished(experiment, cell, root):
            over(CellOutcome(cell, "there"))
        else:
            waiting.append(cell)

    def out_of_time() -> bool:
        return limit is not None and time.monotonic() - began > limit

    if workers == 1:

        def here(cell: Cell) -> None:
            run_cell(experiment, cell, root, device=device, jobs=jobs, started=started)

        ends = _one_by_one(waiting, _tried(root, here), out_of_time)
    else:
        ends = _side_by_side(waiting, root, Processes(root, device, gpus), workers, out_of_time)
    for outcome in ends:
        over(outcome)
    return outcomes


def _note_start(root: Path) -> None:
    """Keep what was typed: the report prints it."""
    row = {"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "command": sys.argv}
    with (root / STARTS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def _one_by_one(
    cells: list[Cell], make: Make, out_of_time: Callable[[], bool]
) -> Iterator[CellOutcome]:
    for cell in cells:
        if out_of_time():
            return
        yield make(cell)


def _side_by_side(
    cells: list[Cell],
    root: Path,
    processes: Processes,
    workers: int,
    out_of_time: Callable[[], bool],
) -> Iterator[CellOutcome]:
    make = _tried(root, processes.run)

    def one(cell: Cell) -> CellOutcome | None:
        return None if out_of_time() or processes.stopped else make(cell)

    with _terminable(), ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(one, cell) for cell in cells]
        try:
            for future in as_completed(futures):
                outcome = future.result()
                if outcome is not None:
                    yield outcome
        except BaseException:
            processes.stop()
            for future in futures:
                future.cancel()
            raise


@contextmanager
def _terminable() -> Iterator[None]:
    """Let a scheduler's SIGTERM stop the workers too, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tried(root: Path, run_one: Callable[[Cell], None]) -> Make:
    """Return what runs a cell, once more if it fails, and says how it went."""

    def make(cell: Cell) -> CellOutcome:
        began = time.monotonic()
        folder = root / cell.name
        message = ""
        for _ in range(TRIES):
            try:
                run_one(cell)
            except Exception as error:  # one cell must not take the grid with it
                kind = "" if isinstance(error, Sirst5kError) else f"{type(error).__name__}: "
                message = f"{kind}{error}"
            else:
                (folder / FAILED).unlink(missing_ok=True)
                return CellOutcome(cell, "done", time.monotonic() - began)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FAILED).write_text(message + "\n", encoding="utf-8")
        return CellOutcome(cell, "failed", time.monotonic() - began, message)

    return make
