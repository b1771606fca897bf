"""How long a training is: in steps, or in passes over its images."""

from __future__ import annotations

from sirst5k.errors import ParameterError


def check_length(steps: int | None, epochs: int | None) -> None:
    """Raise `ParameterError` unless one of the two is given, and only one."""
    if steps is None and epochs is None:
        raise ParameterError(
            "Expected how long to train, got neither --steps nor --epochs. Give --steps, the same "
            "work for every training, or as many --epochs as were published."
        )
    if steps is not None and epochs is not None:
        raise ParameterError(
            f"Expected a number of steps or of epochs, got both: {steps} and {epochs}. Leave "
            "--epochs out for that many steps, or --steps for that many passes over the images."
        )
