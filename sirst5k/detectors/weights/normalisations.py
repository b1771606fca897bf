"""Normalisations by name: those that the published weights were trained with."""

from __future__ import annotations

from sirst5k.detectors.normalisation import IMAGENET, Normalisation
from sirst5k.errors import ParameterError, suggest

NORMALISATIONS = {
    "none": Normalisation(),
    "imagenet": IMAGENET,
    # One for each data set that DSTransNet was published for.
    "nuaa-sirst": Normalisation((0.442,), (0.111,)),
    "nudt-sirst": Normalisation((0.424,), (0.130,)),
    "irstd-1k": Normalisation((0.343,), (0.157,)),
    "sirst-aug": Normalisation((0.290,), (0.194,)),
}


def parse_normalisation(text: str) -> Normalisation:
    """Return a normalisation by its name, or from ``MEAN/STD``.

    Parameters
    ----------
    text : str
        A key of `NORMALISATIONS`, or numbers in fractions of full scale, one for all
        channels or several with commas between.

    Raises
    ------
    ParameterError
        If it is neither.

    Examples
    --------
    >>> parse_normalisation("0.424/0.13") == parse_normalisation("nudt-sirst")
    True
    """
    if text in NORMALISATIONS:
        return NORMALISATIONS[text]
    mean, slash, std = text.partition("/")
    if not slash:
        raise ParameterError(
            f"There is no normalisation {text!r}.{suggest(text, NORMALISATIONS)} Or give "
            f"MEAN/STD, as 0.44/0.11."
        )
    try:
        means, stds = ([float(word) for word in part.split(",")] for part in (mean, std))
    except ValueError as error:
        raise ParameterError(
            f"Expected a normalisation as MEAN/STD, as 0.44/0.11, got {text!r}."
        ) from error
    return Normalisation(tuple(means), tuple(stds))
