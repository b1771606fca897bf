"""Tiny datasets for tests: a few small frames, in any layout, at any depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

# Ids -> (image file, mask file) below the root, without ending.
_Place = Callable[[str], tuple[str, str]]


def make_scene(
    rng: np.random.Generator, size: tuple[int, int] = (48, 40), bit_depth: int = 8
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Return a noisy image with one or two bright targets, and its mask.

    `size` is (height, width); `bit_depth` 8, 16, or 32 for float32 in 0…1.
    """
    height, width = size
    level = rng.normal(0.35, 0.03, size) + np.linspace(0, 0.1, width)
    mask = np.zeros(size, dtype=bool)
    for _ in range(int(rng.integers(1, 3))):
        y, x = int(rng.integers(4, height - 4)), int(rng.integers(4, width - 4))
        mask[y - 1 : y + 2, x - 1 : x + 2] = True
    level[mask] += 0.4
    level = np.clip(level, 0, 1)
    if bit_depth == 8:
        return np.rint(level * 255).astype(np.uint8), mask
    if bit_depth == 16:
        return np.rint(level * 65535).astype(np.uint16), mask
    return level.astype(np.float32), mask


def make_tiny(
    folder: Path,
    layout: str = "dnanet",
    n: int = 6,
    bit_depth: int = 8,
    size: tuple[int, int] = (48, 40),
    seed: int = 0,
    ending: str = "",
) -> Path:
    """Write a dataset of `n` pairs, the first two thirds for training; return its folder.

    `layout` is a key of `LAYOUTS`, or ``flat`` for masks beside images in one folder.
    """
    root = Path(folder) / layout
    ids, place, lists = _plan(layout, n, root.name)
    rng = np.random.default_rng(seed)
    for sample_id in ids:
        image, mask = make_scene(rng, size, bit_depth)
        image_stem, mask_stem = place(sample_id)
        write(root / f"{image_stem}{ending or ('.tiff' if bit_depth == 32 else '.png')}", image)
        write(root / f"{mask_stem}.png", mask.astype(np.uint8) * 255)
    for name, lines in lists.items():
        write_list(root / f"{name}.txt", lines)
    for extra in {"nudt-sirst-sea": ("Target_image", "Target_mask")}.get(layout, ()):
        (root / extra).mkdir()
    return root


def write(path: Path, array: NDArray[np.generic]) -> Path:
    """Write an array as an image file, with its folders; colour in BGR order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, array)
    assert done
    path.write_bytes(data.tobytes())
    return path


def write_list(path: Path, lines: Sequence[str], newline: str = "\n") -> Path:
    """Write a split list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(line + newline for line in lines).encode())
    return path


def _plan(
    layout: str, n: int, root_name: str
) -> tuple[list[str], _Place, Mapping[str, Sequence[str]]]:
    ids = [f"{number:06d}" for number in range(1, n + 1)]
    cut = max(1, 2 * n // 3)

    def lists(pattern: str, ids: Sequence[str], learn: str = "train") -> dict[str, Sequence[str]]:
        return {pattern.format(learn): ids[:cut], pattern.format("test"): ids[cut:]}

    def same(images: str, masks: str, suffix: str = "") -> _Place:
        return lambda i: (f"{images}/{i}", f"{masks}/{i}{suffix}")

    two = same("images", "masks")
    misc = [f"Misc_{number}" for number in range(1, n + 1)]
    if layout == "sirst-v1":
        family = lists("idx_427/{}", misc, "trainval")
        family |= {"idx_427/train": misc[: cut - 1], "idx_427/val": misc[cut - 1 : cut]}
        return misc, same("images", "masks", "_pixels0"), family | lists("50_50/{}", misc[::-1])
    if layout == "sirst-v2":
        return (
            misc,
            same("mixed", "annotations/masks", "_pixels0"),
            lists("splits/{}_full", misc) | lists("splits/{}_v1fullv2target", misc),
        )
    if layout == "nudt-sirst-sea":
        return ids, two, lists("idx_4961+847/{}", ids)
    if layout == "irdst-real":
        ids = [f"44/1({number})" for number in range(n)]
        return ids, two, lists("{}_IRDST-real", [f"/{i}" for i in ids])
    if layout == "dnanet":
        return ids, two, lists("50_50/{}", ids)
    if layout == "basicirstd":
        return ids, two, lists(f"img_idx/{{}}_{root_name}", ids)
    if layout == "mshnet":
        return ids, two, lists("{}", ids, "trainval")
    if layout == "irstd1k":
        ids = [f"XDU{number}" for number in range(n)]
        return ids, same("IRSTD1k_Img", "IRSTD1k_Label"), lists("{}", ids, "trainval")
    if layout == "grokcv":
        ids = [f"trainval/{k:06d}" for k in range(cut)] + [f"test/{k:06d}" for k in range(n - cut)]
        return ids, _between_folders, {}
    if layout == "nudt-sirst":
        return ids, two, lists("{}_NUDT-SIRST", ids)
    if layout == "mdvsfa":
        ids = [f"training/{k:06d}" for k in range(cut)] + [f"test/{k:05d}" for k in range(n - cut)]
        return ids, _mdvsfa, {}
    if layout == "plain":
        return ids, two, {}
    if layout == "flat":
        return ids, lambda i: (i, f"{i}_mask"), {}
    raise ValueError(layout)


def _between_folders(sample_id: str) -> tuple[str, str]:
    part, _, stem = sample_id.partition("/")
    return f"{part}/images/{stem}", f"{part}/masks/{stem}"


def _mdvsfa(sample_id: str) -> tuple[str, str]:
    part, _, stem = sample_id.partition("/")
    if part == "training":
        return f"training/{stem}_1", f"training/{stem}_2"
    return f"test_org/{stem}", f"test_gt/{stem}"
