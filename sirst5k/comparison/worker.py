"""One cell in a process of its own: python -m sirst5k.comparison.worker ROOT CELL DEVICE."""

from __future__ import annotations

import sys
from pathlib import Path

from sirst5k.comparison.cells import run_cell
from sirst5k.comparison.experiment import Experiment
from sirst5k.errors import Sirst5kError


def main(root: str, name: str, device: str) -> int:
    """Run the cell; return an exit code: 0 done, 2 a user's mistake, 130 interrupted."""
    experiment = Experiment.load(Path(root))
    cell = next(cell for cell in experiment.cells() if cell.name == name)
    try:
        run_cell(experiment, cell, Path(root), device=device, jobs=1)
    except Sirst5kError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
