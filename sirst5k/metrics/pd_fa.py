"""Pd against false alarms over thresholds, as one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sirst5k.errors import ParameterError
from sirst5k.metrics.arrays import as_batch, as_scores, check_inputs, check_same
from sirst5k.metrics.curves import PdFaCurve
from sirst5k.metrics.cuts import exact_cuts
from sirst5k.metrics.detection import DISTANCE, check_distance
from sirst5k.metrics.detection_tally import COLUMNS, curve_from, detect
from sirst5k.metrics.target_mask import read_mask


def pd_fa_curve(
    scores: Any,
    masks: Any,
    thresholds: Sequence[float],
    inputs: str = "logits",
    distance: float = DISTANCE,
) -> PdFaCurve:
    """Return Pd and false alarms at each of several thresholds.

    Parameters
    ----------
    scores : (B, 1, H, W), (B, H, W) or (H, W) array or tensor
        Logits or probabilities.
    masks : same shape
        Bool, 0/1, or 0…255; above half is target.
    thresholds : sequence of float
        Probabilities; a pixel is predicted where its own is strictly above.
    inputs : {"logits", "prob"}
    distance : float
        Pixels, above 0.

    Raises
    ------
    ShapeError, ParameterError
        If shapes differ, a score is NaN, or a threshold or probability is outside 0…1.

    Examples
    --------
    >>> scores = np.zeros((32, 32))
    >>> scores[4:7, 4:7], scores[20:23, 20:23] = 0.9, 0.4
    >>> print(pd_fa_curve(scores, scores > 0.8, [0.2, 0.6], inputs="prob"))
    threshold       Pd   Fa (1e-6)  false targets per image
          0.2   1.0000    8789.062       1.000
          0.6   1.0000       0.000       0.000
    """
    kind = check_inputs(inputs)
    check_distance(distance)
    levels = np.sort(np.array(thresholds, np.float64).ravel())
    if not len(levels) or not ((levels >= 0) & (levels <= 1)).all():
        raise ParameterError(f"Expected thresholds as probabilities in 0…1, got {thresholds!r}.")
    maps, truth = as_batch(scores, "scores"), as_batch(masks, "masks")
    check_same(maps, truth, ("scores", "masks"))
    cuts = exact_cuts(levels.tolist(), kind)
    counts = np.zeros((len(COLUMNS), len(cuts)), np.int64)
    targets = 0
    for place, (values, mask) in enumerate(zip(maps, truth, strict=True)):
        found = detect(
            as_scores(values, kind, f"scores of image {place}"),
            read_mask(mask, f"mask of image {place}").target,
            cuts,
            distance,
        )
        counts += found.counts
        targets += len(found.table)
    return curve_from(levels, counts, targets, len(truth), truth.size)
