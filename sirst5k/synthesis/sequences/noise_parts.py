"""Both parts of the noise of sequences in one picture."""

from __future__ import annotations

from itertools import accumulate

from sirst5k.drawing import Picture, blank, place
from sirst5k.noise import SequenceNoise
from sirst5k.synthesis.noise_sheet import draw_noise_bank


def draw_sequence_noise(noise: SequenceNoise) -> Picture:
    """Draw what is new in every frame, and below it what stays, if anything does.

    Parameters
    ----------
    noise : SequenceNoise

    Returns
    -------
    (H, W, 3) uint8
        Red, green, blue; see `sirst5k.synthesis.noise_sheet.draw_noise_bank`.
    """
    sheets = [draw_noise_bank(noise.white, "New in every frame")]
    if noise.fixed is not None:
        sheets.append(draw_noise_bank(noise.fixed, "Stays with the pixels"))
    ends = list(accumulate(map(len, sheets)))
    picture = blank(ends[-1], max(sheet.shape[1] for sheet in sheets))
    for sheet, end in zip(sheets, ends, strict=True):
        place(picture, sheet, end - len(sheet), 0)
    return picture
