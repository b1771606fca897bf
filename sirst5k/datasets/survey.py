"""What one pair of files holds, for the inspection of a dataset."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sirst5k.components import label_targets
from sirst5k.contrast import contrasts
from sirst5k.datasets.dataset import Dataset
from sirst5k.datasets.files import FileSource, SizeMismatchError
from sirst5k.errors import ImageError
from sirst5k.imaging import probe


@dataclass(frozen=True, slots=True)
class PairSurvey:
    """Findings on one pair.

    Attributes
    ----------
    id : str
    error : str
        Why it cannot be read; empty if it can, and the rest only holds then.
    problem : str
        ``unreadable`` or ``sizes differ``, if there is an error.
    width, height : int
        Pixels.
    dtype : str
        Of the image as read.
    mode : str
        Colour and depth of the file.
    mask_binary : bool
        Whether the mask file had two levels, or the user set the threshold.
    areas : tuple of int
        Pixels of each target.
    scr : tuple of float
        Of each target, NaN where undefined.
    touching_border : int
        Targets with a pixel on the border.
    """

    id: str
    error: str = ""
    problem: str = ""
    width: int = 0
    height: int = 0
    dtype: str = ""
    mode: str = ""
    mask_binary: bool = True
    areas: tuple[int, ...] = ()
    scr: tuple[float, ...] = ()
    touching_border: int = 0


def survey_pair(dataset: Dataset, sample_id: str) -> PairSurvey:
    """Read one pair and say what it holds; a pair that cannot be read is a finding too.

    Parameters
    ----------
    dataset : Dataset
        Whose sample it is.
    sample_id : str
        Which one.
    """
    source = dataset.source
    try:
        if isinstance(source, FileSource):
            sample, reading = source.read_with_mask_levels(sample_id)
            mode = probe(sample.meta["image_path"]).mode
            binary = reading.was_binary or source.mask_threshold is not None
        else:
            sample, binary = source.read(sample_id), True
            mode = f"grey {sample.image.dtype}"
    except SizeMismatchError as error:
        return PairSurvey(sample_id, error=str(error), problem="sizes differ")
    except ImageError as error:
        return PairSurvey(sample_id, error=str(error), problem="unreadable")
    labels, targets = label_targets(sample.mask)
    height, width = sample.shape
    measured = contrasts(sample.image, sample.mask, labels, targets)
    touching = sum(
        t.top == 0 or t.left == 0 or t.bottom == height or t.right == width for t in targets
    )
    return PairSurvey(
        sample_id,
        width=width,
        height=height,
        dtype=str(sample.image.dtype),
        mode=mode,
        mask_binary=binary,
        areas=tuple(target.area for target in targets),
        scr=tuple(m.scr if math.isfinite(m.scr) else math.nan for m in measured),
        touching_border=touching,
    )
