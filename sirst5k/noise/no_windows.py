"""The error where no window is quiet, in the words of whoever set the rule."""

from __future__ import annotations

from sirst5k.errors import NoiseError

_NAMES = ("size", "guard", "tolerance", "max_variance")


class NoWindowsError(NoiseError):
    """No usable window; its sentence names the options of `sirst5k noise sample`.

    Parameters
    ----------
    found : str
        What was found instead.
    remedy : str
        How to loosen the rule, the names of its values in braces.
    """

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(found, remedy)
        self._found, self._remedy = found, remedy

    def __str__(self) -> str:
        return self._say({name: f"--{name.replace('_', '-')}" for name in _NAMES})

    def of_recipe(self) -> NoiseError:
        """Return the error as those read it who set the rule in a recipe."""
        text = self._say({name: f"--set sampling.{name}=…" for name in _NAMES})
        return NoiseError(
            f"{text} For train and compare, write these values into a recipe file. Or give a "
            "bank of other images with --noise."
        )

    def _say(self, names: dict[str, str]) -> str:
        return f"{self._found} {self._remedy.format(**names)}"
