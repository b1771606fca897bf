"""A plain folder of pairs: two folders by any usual names, or one with masks beside images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sirst5k.datasets.layouts.layout import Found, Layout, find_lists, picture_folders
from sirst5k.datasets.pairs import Part, image_files
from sirst5k.datasets.splits import ROLES, FolderList, ListFile
from sirst5k.imaging import ENDINGS

_IMAGE_FOLDERS = ("images", "image", "imgs", "img", "frames")
_MASK_FOLDERS = ("masks", "mask", "labels", "label", "gt", "groundtruth", "annotations")
_MASK_SUFFIXES = ("_pixels0", "_mask", "_masks", "_gt", "_label", "_GT", "-mask", "_seg")
_LOOKED_AT = 20  # masks that are looked at to learn how they are named


def _detect(root: Path) -> Found | None:
    folders = {entry.name.lower(): entry.name for entry in root.iterdir() if entry.is_dir()}
    roles = [folders[role] for role in ROLES if role in folders]
    split_parts = {role: part for role in roles if (part := _part(root, role)) is not None}
    if split_parts:
        lists = {role.lower(): FolderList(part.prefix) for role, part in split_parts.items()}
        return Found(tuple(split_parts.values()), lists)
    part = _part(root, "") or _flat(root)
    if part is None:
        return None
    found: dict[str, Sequence[str] | ListFile | FolderList] = {
        role: FolderList(f"{role}/") for role in ROLES if (root / part.images / role).is_dir()
    }
    found |= find_lists(root, ("*.txt", "*/*.txt"), picture_folders((part,)))
    return Found((part,), found)


def _part(root: Path, below: str) -> Part | None:
    """Return the image and mask folder of a folder, whatever they are called."""
    folders = {
        entry.name.lower(): entry.name for entry in (root / below).iterdir() if entry.is_dir()
    }
    images = next((folders[name] for name in _IMAGE_FOLDERS if name in folders), None)
    masks = next((folders[name] for name in _MASK_FOLDERS if name in folders), None)
    if images is None or masks is None:
        return None
    prefix = f"{below}/" if below else ""
    images, masks = prefix + images, prefix + masks
    suffix = _mask_suffix(root / images, f"{root / masks}/")
    return Part(images, masks, mask_suffix=suffix, prefix=prefix)


def _mask_suffix(images: Path, masks: str) -> str:
    for (stem, _), _ in zip(image_files(masks), range(_LOOKED_AT), strict=False):
        if any((images / (stem + ending)).is_file() for ending in ENDINGS):
            return ""
        for suffix in _MASK_SUFFIXES:
            bare = stem.removesuffix(suffix)
            if bare != stem and any((images / (bare + ending)).is_file() for ending in ENDINGS):
                return suffix
    return ""


def _flat(root: Path) -> Part | None:
    """Return the root itself if masks lie beside images in it: ``a.png``, ``a_mask.png``."""
    stems = {stem for stem, _ in image_files(f"{root}/", deep=False)}
    for suffix in _MASK_SUFFIXES:
        if any(stem.endswith(suffix) and stem.removesuffix(suffix) in stems for stem in stems):
            return Part(images=".", masks=".", mask_suffix=suffix)
    return None


PLAIN = Layout(
    name="plain",
    looks_for=(
        f"a folder {'/'.join(_IMAGE_FOLDERS)} with a folder {'/'.join(_MASK_FOLDERS)} "
        "(also inside train/, val/, test/), or X.png with X_mask.png, X_gt.png, X_label.png "
        "or X_pixels0.png in one folder"
    ),
    detect=_detect,
)
