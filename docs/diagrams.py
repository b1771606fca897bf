"""Data flow of the networks, drawn as SVG for their pages.

python docs/diagrams.py FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from pathlib import Path

WIDTHS = (16, 32, 64, 128, 256)  # of DNANet, MSHNet and the U-Net at their defaults
DSTRANSNET = (32, 64, 128, 256, 256)

INK, MUTED, LINE = "#1f2933", "#52606d", "#7b8794"
KINDS = {  # fill and outline
    "frame": ("#f5f7fa", "#7b8794"),
    "encoder": ("#e6f1fb", "#3573ad"),
    "decoder": ("#e7f5ea", "#3a8550"),
    "merge": ("#f2e9fa", "#7b4fae"),
    "head": ("#fff1dd", "#b9711a"),
}
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A labelled rectangle that arrows can start and end at."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> Point:
        """Middle of that side."""
        return self.x, self.y + self.height / 2

    @property
    def right(self) -> Point:
        """Middle of that side."""
        return self.x + self.width, self.y + self.height / 2

    @property
    def top(self) -> Point:
        """Middle of that side."""
        return self.x + self.width / 2, self.y

    @property
    def bottom(self) -> Point:
        """Middle of that side."""
        return self.x + self.width / 2, self.y + self.height


@dataclass
class Sheet:
    """An SVG drawing in the making."""

    title: str
    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def box(
        self,
        x: float,
        y: float,
        lines: Sequence[str],
        kind: str,
        width: float = 86,
        height: float = 44,
    ) -> Box:
        """Draw a box with centred lines of text, the first one strong."""
        fill, outline = KINDS[kind]
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" '
            f'fill="{fill}" stroke="{outline}" stroke-width="1.5"/>'
        )
        first = y + height / 2 - 8 * (len(lines) - 1) + 5
        for number, line in enumerate(lines):
            self.text(x + width / 2, first + 16 * number, line, strong=number == 0)
        return Box(x, y, width, height)

    def text(
        self, x: float, y: float, text: str, anchor: str = "middle", strong: bool = False
    ) -> None:
        """Write a line of text."""
        style = f'font-size="14" font-weight="600" fill="{INK}"'
        if not strong:
            style = f'font-size="12" fill="{MUTED}"'
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" {style}>{escape(text)}</text>'
        )

    def arrow(self, *points: Point, dashed: bool = False, head: bool = True) -> None:
        """Draw straight lines from point to point."""
        path = " L ".join(f"{x:g} {y:g}" for x, y in points)
        self._path(f"M {path}", dashed, head)

    def arc(self, start: Point, end: Point, height: float) -> None:
        """Draw a dashed curve that rises by a height."""
        (x1, y1), (x2, y2) = start, end
        bend = f"{x1 + 12:g} {y1 - height:g} {x2 - 12:g} {y2 - height:g}"
        self._path(f"M {x1:g} {y1:g} C {bend} {x2:g} {y2:g}", dashed=True, head=True)

    def key(self, y: float, entries: Iterable[tuple[bool, str]]) -> None:
        """Explain the lines: whether dashed, and what they mean."""
        x = 24.0
        for dashed, meaning in entries:
            self.arrow((x, y - 4), (x + 30, y - 4), dashed=dashed)
            self.text(x + 38, y, meaning, anchor="start")
            x += 58 + 6.6 * len(meaning)

    def svg(self) -> str:
        """Return the whole drawing."""
        size = f'width="{self.width:g}" height="{self.height:g}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
            f'viewBox="0 0 {self.width:g} {self.height:g}" role="img" font-family="{FONT}">\n'
            f"<title>{escape(self.title)}</title>\n"
            f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M 0 0 L 8 4 L 0 8 z" fill="{LINE}"/></marker>'
            f"</defs>\n"
            f'<rect {size} rx="8" fill="#ffffff"/>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )

    def _path(self, path: str, dashed: bool, head: bool) -> None:
        style = ' stroke-dasharray="5 4"' if dashed else ""
        tip = ' marker-end="url(#tip)"' if head else ""
        self.parts.append(
            f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="1.4"{style}{tip}/>'
        )


def draw_network_diagrams(folder: Path) -> None:
    """Write an SVG for every network, and one for the block that two share, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    drawings = {
        "attention-block": attention_block(),
        "dnanet": dnanet(),
        "dstransnet": dstransnet(),
        "mshnet": mshnet(),
        "sstnet": sstnet(),
        "stmenet": stmenet(),
        "unet": unet(),
    }
    for name, sheet in drawings.items():
        target, text = folder / f"{name}.svg", sheet.svg()
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


def attention_block() -> Sheet:
    """Draw the block of DNANet and MSHNet."""
    sheet = Sheet("Attention block of DNANet and MSHNet", 960, 214)
    steps = [
        (("3×3", "norm, ReLU"), "encoder"),
        (("3×3", "norm"), "encoder"),
        (("channel gate", "× (B, C, 1, 1)"), "merge"),
        (("spatial gate", "× (B, 1, H, W)"), "merge"),
        (("+", "ReLU"), "decoder"),
    ]
    boxes = [
        sheet.box(110 + 156 * k, 92, lines, kind, width=112)
        for k, (lines, kind) in enumerate(steps)
    ]
    sheet.text(44, 119, "a channels")
    sheet.arrow((80, 114), boxes[0].left)
    for one, two in pairwise(boxes):
        sheet.arrow(one.right, two.left)
    sheet.arrow(boxes[-1].right, (872, 114))
    sheet.text(916, 119, "b channels")
    sheet.arrow((92, 114), (92, 46), (boxes[-1].top[0], 46), boxes[-1].top)
    sheet.text(450, 38, "shortcut: the input itself, or 1×1 and norm where a ≠ b (none in vgg_10)")
    for x, lines in (
        (478, ("mean and maximum", "over H × W, through", "the same two layers")),
        (634, ("mean and maximum", "over C, then 7×7")),
    ):
        for number, line in enumerate(lines):
            sheet.text(x, 160 + 16 * number, line)
    return sheet


def dnanet() -> Sheet:
    """Draw the grid of nodes."""
    sheet = Sheet("Data flow of DNANet", 1010, 560)
    width, height, step, row = 62, 42, 82, 88

    def node(level: int, place: int) -> Box:
        x, y = 24 + step * (2 * place + level), 116 + row * level
        kind = "encoder" if place == 0 else "decoder"
        return sheet.box(x, y, (f"N{level}{place}", f"{WIDTHS[level]}"), kind, width, height)

    grid = [[node(level, place) for place in range(5 - level)] for level in range(5)]
    for level, nodes in enumerate(grid):
        for place, box in enumerate(nodes):
            if place == 0 and level:
                sheet.arrow(grid[level - 1][0].bottom, (box.x + 8, box.y))
            if place:
                sheet.arrow(nodes[place - 1].right, box.left, dashed=True)
                sheet.arrow(grid[level + 1][place - 1].top, (box.x + 10, box.y + height))
            if place and level:
                sheet.arrow(grid[level - 1][place].bottom, (box.x + 10, box.y))
            for before in range(place - 1):
                start = nodes[before].top
                sheet.arc((start[0] + 8, start[1]), (box.x + 24, box.y), 18 + 9 * (place - before))
    merge = sheet.box(826, 116, ("merge", "80 → 16"), "merge", 76, height)
    sheet.arrow(grid[0][4].right, merge.left)
    for level in range(1, 5):
        end = grid[level][-1].right
        sheet.arrow(end, (merge.bottom[0], end[1]), head=False)
        sheet.text(end[0] + 12, end[1] - 7, f"1×1, × {2**level}", anchor="start")
    sheet.arrow((merge.bottom[0], grid[4][-1].right[1]), merge.bottom)
    for number in range(1, 4):
        box = grid[0][number]
        head = sheet.box(box.x - 2, 18, (f"head {number - 1}",), "head", 66, 28)
        sheet.arrow(box.top, head.bottom)
    final = sheet.box(merge.x - 10, 18, ("prediction",), "head", 96, 28)
    sheet.arrow(merge.top, final.bottom)
    sheet.text(55, 66, "frame")
    sheet.arrow((55, 74), grid[0][0].top)
    for level, resolution in enumerate(("1/1", "1/2", "1/4", "1/8", "1/16")):
        sheet.text(990, 142 + row * level, resolution, anchor="end")
    sheet.key(
        540,
        [
            (False, "down: max pooling in the first column, else interpolation; up: interpolation"),
            (True, "all earlier nodes of the level, concatenated"),
        ],
    )
    return sheet


@dataclass(frozen=True)
class Shape:
    """Both arms of a U."""

    encoder: list[Box]
    decoder: list[Box]


def u_shape(
    sheet: Sheet,
    names: tuple[Sequence[str], Sequence[str]],
    widths: tuple[Sequence[int], Sequence[int]],
    apart: float = 330,
    skips: bool = True,
) -> Shape:
    """Draw frame, encoder and decoder, the deepest stage between them."""
    top, row, shift = 60, 78, 26
    encoder = [
        sheet.box(96 + shift * k, top + row * k, (name, f"{width}"), "encoder")
        for k, (name, width) in enumerate(zip(names[0], widths[0], strict=True))
    ]
    decoder = [
        sheet.box(96 + apart - shift * k, top + row * k, (name, f"{width}"), "decoder")
        for k, (name, width) in enumerate(zip(names[1], widths[1], strict=True))
    ]
    sheet.text(60, 30, "frame", anchor="end")
    sheet.arrow((66, 26), (encoder[0].top[0], 26), encoder[0].top)
    for one, two in pairwise(encoder):
        sheet.arrow(one.bottom, (one.bottom[0], two.y))
    for shallow, deep in pairwise(decoder):
        sheet.arrow(deep.top, (deep.top[0], shallow.bottom[1]))
    deepest, turn = encoder[-1].right, decoder[-1].bottom
    sheet.arrow(deepest, (turn[0], deepest[1]), turn)
    if skips:
        for one, two in zip(encoder, decoder, strict=False):
            sheet.arrow(one.right, two.left, dashed=True)
    for k, box in enumerate(encoder):
        sheet.text(24, box.left[1] + 4, f"1/{2**k}", anchor="start")
    return Shape(encoder, decoder)


def mshnet() -> Sheet:
    """Draw a U with a head at every scale."""
    sheet = Sheet("Data flow of MSHNet", 900, 500)
    names = ("e0", "e1", "e2", "e3", "middle"), ("d0", "d1", "d2", "d3")
    shape = u_shape(sheet, names, (WIDTHS, WIDTHS[:4]))
    sheet.text(146, 42, "1×1", anchor="start")
    fuse = sheet.box(704, shape.decoder[0].y, ("fuse", "3×3"), "merge")
    for k, box in enumerate(shape.decoder):
        head = sheet.box(556, box.y, (f"head {k}", "1×1"), "head", 72)
        sheet.arrow(box.right, head.left)
        if k == 0:
            sheet.arrow(head.right, fuse.left)
        else:
            sheet.arrow(head.right, (fuse.bottom[0], head.right[1]), head=False)
            sheet.text(head.right[0] + 12, head.right[1] - 7, f"× {2**k}", anchor="start")
    sheet.arrow((fuse.bottom[0], shape.decoder[-1].right[1]), fuse.bottom)
    sheet.arrow(fuse.right, (814, fuse.right[1]))
    sheet.text(820, fuse.right[1] + 4, "prediction", anchor="start")
    sheet.key(
        480,
        [
            (False, "down: 2×2 max pooling; up: bilinear interpolation, × 2"),
            (True, "concatenated, before what comes up"),
        ],
    )
    return sheet


def unet() -> Sheet:
    """Draw the plain U."""
    sheet = Sheet("Data flow of the U-Net", 820, 500)
    shape = u_shape(sheet, (["2 × 3×3"] * 5, ["2 × 3×3"] * 4), (WIDTHS, WIDTHS[:4]))
    for k, box in enumerate(shape.decoder):
        head = sheet.box(
            556, box.y, (f"head at 1/{2**k}" if k else "prediction", "1×1"), "head", 104
        )
        sheet.arrow(box.right, head.left)
    sheet.text(556, shape.decoder[-1].y + 62, "coarse heads: with deep_supervision", anchor="start")
    sheet.key(
        480,
        [
            (False, "down: 2×2 max pooling; up: bilinear interpolation, × 2"),
            (True, "concatenated, before what comes up"),
        ],
    )
    return sheet


def dstransnet() -> Sheet:
    """Draw a U whose skips pass a transformer, with its heads."""
    sheet = Sheet("Data flow of DSTransNet", 980, 500)
    names = [f"encoder {k}" for k in range(1, 6)], [f"decoder {k}" for k in range(1, 5)]
    shape = u_shape(sheet, names, (DSTRANSNET, (32, 32, 64, 128)), apart=440, skips=False)
    left, right = shape.encoder[3].right[0] + 30, shape.decoder[3].x - 30
    tall = sheet.box(left, 60, ("cross-scale", "transformer"), "merge", right - left, 278)
    for one, two in zip(shape.encoder, shape.decoder, strict=False):
        sheet.arrow(one.right, (tall.x, one.right[1]))
        sheet.arrow((tall.right[0], two.left[1]), two.left, dashed=True)
    fused = sheet.box(866, shape.encoder[4].y, ("fused", "1×1"), "head", 82)
    names_of_heads = ("main", "1/2", "1/4", "1/8", "1/16")
    bus = fused.top[0]
    for k, box in enumerate([*shape.decoder, shape.encoder[4]]):
        head = sheet.box(690, box.y, (names_of_heads[k], "1×1"), "head", 82)
        if k < 4:
            sheet.arrow(box.right, head.left)
            sheet.arrow(head.right, (bus, head.right[1]), head=False)
        else:
            sheet.arrow((shape.decoder[3].bottom[0], box.right[1]), head.left)
            sheet.arrow(head.right, fused.left)
        if k:
            sheet.text(head.right[0] + 12, head.right[1] - 7, f"× {2**k}", anchor="start")
    sheet.text(790, shape.decoder[0].right[1] - 7, "prediction", anchor="start")
    sheet.arrow((bus, shape.decoder[0].right[1]), fused.top)
    sheet.key(
        480,
        [
            (False, "down: 2×2 max pooling; up: repeated pixels, × 2"),
            (True, "gated by the deeper feature, then concatenated before it"),
        ],
    )
    return sheet


def sstnet() -> Sheet:
    """Draw five frames that a neck couples, and the branch that only training has."""
    sheet = Sheet("Data flow of SSTNet", 1010, 486)
    rows = [36 + 56 * k for k in range(5)]
    names = [f"t - {4 - k}" if k < 4 else "t" for k in range(5)]
    frames = [sheet.box(24, y, (n,), "frame", 60, 38) for n, y in zip(names, rows, strict=True)]
    seen = [sheet.box(116, y, ("extractor",), "encoder", 92, 38) for y in rows]
    for one, two in zip(frames, seen, strict=True):
        sheet.arrow(one.right, two.left)
    past, key_row = 236, seen[4].right[1]
    for box in seen[:4]:
        sheet.arrow(box.right, (past, box.right[1]), dashed=True, head=False)
    gate = sheet.box(270, 33, ("gate", "512 → 128"), "merge", 92)
    pair = sheet.box(270, 149, ("4 × pair", "256 → 128"), "merge", 92)
    for box in (gate, pair):
        sheet.arrow((past, box.left[1]), box.left, dashed=True)
    sheet.arrow((past, seen[0].right[1]), (past, seen[3].right[1]), dashed=True, head=False)
    current = sheet.box(412, 33, ("× , current",), "merge", 104)
    mix = sheet.box(560, 33, ("mix", "256 → 128"), "merge", 92)
    added = sheet.box(412, 149, ("Σ weight ·",), "merge", 104)
    smooth = sheet.box(560, 149, ("mix", "128 → 128"), "merge", 92)
    final = sheet.box(710, 91, ("final", "256 → 128"), "decoder", 92)
    head = sheet.box(838, 91, ("head",), "head", 72)
    for one, two in ((gate, current), (current, mix), (pair, added), (added, smooth)):
        sheet.arrow(one.right, two.left)
    for box in (mix, smooth):
        sheet.arrow(box.right, (690, box.right[1]), (690, final.left[1]), head=False)
    sheet.arrow((690, final.left[1]), final.left)
    sheet.arrow(final.right, head.left)
    sheet.arrow(head.right, (936, head.right[1]))
    sheet.text(942, head.right[1] + 4, "6 at 1/8", anchor="start")
    sheet.arrow(seen[4].right, (mix.bottom[0] - 20, key_row), head=False)
    for x, bottom in ((pair.bottom[0], pair.bottom[1]), (536, current.bottom[1] - 22)):
        sheet.arrow((x, key_row), (x, bottom), head=x != 536)
    sheet.arrow((536, current.bottom[1] - 22), mix.left)
    sheet.arrow((392, key_row), (392, current.left[1] + 12), (412, current.left[1] + 12))
    sheet.text(mix.bottom[0] + 2, key_row + 4, "features of the key frame", anchor="start")
    y = 352
    encode = sheet.box(116, y, ("encode", "64 at 1/4"), "encoder", 92)
    memory = sheet.box(270, y, ("ConvLSTM", "64 at 1/4"), "merge", 92)
    decode = sheet.box(412, y, ("decode", "640 at 1/8"), "decoder", 104)
    loss = sheet.box(580, y, ("motion loss",), "head", 104)
    clip = sheet.box(24, y + 3, ("clip",), "frame", 60, 38)
    sheet.arrow(clip.right, encode.left)
    for one, two in ((encode, memory), (memory, decode), (decode, loss)):
        sheet.arrow(one.right, two.left)
    sheet.text(700, y + 18, "mean square of the difference to the", anchor="start")
    sheet.text(700, y + 34, "features of all frames; in training alone", anchor="start")
    sheet.text(
        24,
        436,
        "All extractors are one and the same; frames go through it one after the other.",
        anchor="start",
    )
    sheet.key(
        466, [(False, "features of the key frame"), (True, "features of the frames before it")]
    )
    return sheet


def stmenet() -> Sheet:
    """Draw the networks of the frame and of the clip, and how three scales are fused."""
    sheet = Sheet("Data flow of STMENet", 1010, 400)
    key = sheet.box(24, 60, ("key", "frame t"), "frame", 84)
    clip = sheet.box(24, 250, ("clip", "5 frames"), "frame", 84)
    scales = ("128 at 1/8", "256 at 1/16", "512 at 1/32")
    rows = (38, 138, 238)
    darknet = sheet.box(146, 60, ("Darknet", "2-D"), "encoder", 92)
    shuffle = sheet.box(146, 250, ("ShuffleNet", "3-D"), "encoder", 92)
    sheet.arrow(key.right, darknet.left)
    sheet.arrow(clip.right, shuffle.left)
    encoders = []
    for k, (scale, y) in enumerate(zip(scales, rows, strict=True)):
        box = sheet.box(470, y, (f"encoder {k + 1}", "→ 128"), "merge", 96)
        encoders.append(box)
        start, end = (darknet.right[0] + 40 + 12 * k, darknet.right[1]), box.left[1] - 10
        sheet.arrow(darknet.right, start, (start[0], end), (box.x, end))
        sheet.text(366, end - 6, scale, anchor="start")
        low, join = shuffle.right, box.left[1] + 10
        sheet.arrow(low, (320, low[1]), (320, join), (box.x, join), dashed=True)
        if k < 2:
            sheet.text(366, join + 16, f"× {4 >> k}", anchor="start")
    sheet.text(252, shuffle.bottom[1] + 2, "464 at 1/32", anchor="start")
    lateral = sheet.box(650, 188, ("lateral", "256 → 128"), "decoder", 92)
    reduce_ = sheet.box(780, 88, ("reduce", "256 → 128"), "decoder", 92)
    head = sheet.box(908, 88, ("head", "6 at 1/8"), "head", 84)
    sheet.arrow(encoders[2].right, (lateral.bottom[0], encoders[2].right[1]), lateral.bottom)
    sheet.text(encoders[2].right[0] + 12, encoders[2].right[1] - 7, "× 2", anchor="start")
    sheet.arrow(encoders[1].right, (lateral.top[0], encoders[1].right[1]), lateral.top)
    sheet.arrow(lateral.right, (reduce_.bottom[0], lateral.right[1]), reduce_.bottom)
    sheet.text(lateral.right[0] + 12, lateral.right[1] - 7, "× 2", anchor="start")
    sheet.arrow(encoders[0].right, (reduce_.top[0], encoders[0].right[1]), reduce_.top)
    sheet.arrow(reduce_.right, head.left)
    sheet.text(
        24,
        346,
        "× 2, × 4: repeated cells. The variant for IRDST has one more block in front of lateral.",
        anchor="start",
    )
    sheet.key(380, [(False, "features of the key frame"), (True, "features of the clip")])
    return sheet


if __name__ == "__main__":
    draw_network_diagrams(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
