"""The pictures of the page on the data of sequences: what moves in them, and what does not.

python docs/clip_pictures.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from sirst5k import SequenceDataset, open_dataset
from sirst5k.drawing import (
    Box,
    Panel,
    Picture,
    blank,
    draw_text,
    noise_stretch,
    place,
    save_picture,
)
from sirst5k.drawing.theme import BODY, MUTED, SMALL

EMBEDDED = "demo:sequences=12,frames=40,seed=1"
SHOWN = ("demo_sky_0004", "demo_sea_0001", "demo_ground_0002", "demo_urban_0007")
STILLS = "moving:demo:n=16,size=128,seed=4?frames=40"
STILLS_SHOWN = ("demo_sky_0004", "demo_sea_0009")
CELL, GAP, MARGIN, HEAD, LABEL = 192, 12, 20, 40, 26
TIMES, ROOM = 3, 6


def draw_clip_pictures(folder: Path) -> None:
    """Write both pictures into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    save_picture(folder / "embedded.png", draw_sequences(EMBEDDED, SHOWN))
    save_picture(folder / "on-stills.png", draw_sequences(STILLS, STILLS_SHOWN))


def draw_sequences(address: str, names: tuple[str, ...]) -> Picture:
    """Draw a row a sequence: three frames, the change to the next, the deviation over time."""
    data = open_dataset(address)
    assert isinstance(data, SequenceDataset)
    heads = ("First frame", "Middle", "Last", "Change to the next", "Deviation over time")
    picture = blank(
        2 * MARGIN + HEAD + len(names) * (CELL + LABEL + GAP) - GAP,
        2 * MARGIN + len(heads) * (CELL + GAP) - GAP,
    )
    for column, head in enumerate(heads):
        draw_text(picture, head, MARGIN + column * (CELL + GAP), MARGIN + 16, BODY, bold=True)
    for row, name in enumerate(names):
        top = MARGIN + HEAD + row * (CELL + LABEL + GAP)
        draw_text(picture, name, MARGIN, top + 8, SMALL, MUTED)
        for column, panel in enumerate(panels(data, name)):
            left = MARGIN + column * (CELL + GAP)
            place(picture, panel.whole(CELL, CELL), top + LABEL, left)
    return picture


def panels(data: SequenceDataset, name: str) -> list[Panel]:
    """Return the cells of a row."""
    ids = data.sequences[name]
    frames = np.stack([data.read_frame(frame_id) for frame_id in ids]).astype(np.float32)
    middle, last = len(ids) // 2, len(ids) - 1
    shown = [
        Panel(enlarged(data.read_frame(ids[k])), boxes=boxes(data, ids[k]))
        for k in (0, middle, last)
    ]
    change = frames[middle + 1] - frames[middle]
    deviation = frames.std(axis=0)
    top = float(np.percentile(deviation, 99.5))
    changes = Panel(change, stretch=noise_stretch(change, 6.0), plain=True)
    grey = np.clip(255 * deviation / max(top, 1e-6), 0, 255).astype(np.uint8)
    return [*shown, changes, Panel(grey, plain=True)]


def boxes(data: SequenceDataset, frame_id: str) -> tuple[Box, ...]:
    """Return boxes of an enlarged frame with room around targets: top, left, bottom, right."""
    found = data.labels(frame_id, with_mask=False).boxes.tolist()
    return tuple(
        (TIMES * y1 - ROOM, TIMES * x1 - ROOM, TIMES * y2 + ROOM, TIMES * x2 + ROOM)
        for x1, y1, x2, y2 in found
    )


def enlarged(frame: np.ndarray) -> np.ndarray:
    """Return a frame in which boxes of a few pixels can be drawn."""
    return np.repeat(np.repeat(frame, TIMES, axis=0), TIMES, axis=1)


if __name__ == "__main__":
    draw_clip_pictures(Path(sys.argv[1]))
