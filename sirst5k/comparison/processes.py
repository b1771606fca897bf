"""Cells in processes of their own, which cannot take the others with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from sirst5k.comparison.experiment import Cell
from sirst5k.errors import TrainingError

INTERRUPTED = (130, -signal.SIGINT, -signal.SIGTERM)


class Processes:
    """Starts a worker for a cell and waits for it, from as many threads as there are workers.

    Parameters
    ----------
    root : Path
        The experiment's folder.
    device : str
    gpus : int
        A worker takes the GPU that has the fewest.
    """

    def __init__(self, root: Path, device: str, gpus: int) -> None:
        self._root, self._device = root, device
        seen = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
        self._gpus = (seen or [str(number) for number in range(gpus)])[:gpus]
        self._load = dict.fromkeys(self._gpus, 0)
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self.stopped = False

    def run(self, cell: Cell) -> None:
        """Run a cell to its end.

        Raises
        ------
        TrainingError
            With the worker's last line, if it fails.
        KeyboardInterrupt
            If it was interrupted.
        """
        with self._lock:
            if self.stopped:
                raise KeyboardInterrupt
            gpu = min(self._gpus, key=self._load.__getitem__)
            self._load[gpu] += 1
            process = self._start(cell, gpu)
            self._running.add(process)
        try:
            _, errors = process.communicate()
        finally:
            with self._lock:
                self._load[gpu] -= 1
                self._running.discard(process)
        if process.returncode == 0:
            return
        if self.stopped or process.returncode in INTERRUPTED:
            raise KeyboardInterrupt
        lines = errors.strip().splitlines()
        raise TrainingError(
            lines[-1] if lines else f"the process ended with exit code {process.returncode}"
        )

    def stop(self) -> None:
        """Ask every worker to save its state and end; no further one starts."""
        with self._lock:
            self.stopped = True
            for process in self._running:
                process.terminate()

    def _start(self, cell: Cell, gpu: str) -> subprocess.Popen[str]:
        words = ["-m", "sirst5k.comparison.worker", str(self._root), cell.name, self._device]
        environment = {"OMP_NUM_THREADS": "1", **os.environ}
        if self._device != "cpu":
            environment["CUDA_VISIBLE_DEVICES"] = gpu
        return subprocess.Popen(
            [sys.executable, *words],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
