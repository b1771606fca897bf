"""The room of losses where torch is not installed."""

from __future__ import annotations

import subprocess
import sys


def test_without_torch_the_room_says_what_to_install() -> None:
    program = "import sys; sys.modules['torch'] = None; import sirst5k.losses"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "MissingDependencyError" in last
    assert "pip install 'sirst5k[train]'" in last
