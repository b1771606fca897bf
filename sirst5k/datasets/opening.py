"""Opening a dataset folder of any known layout."""

from __future__ import annotations

import os
from pathlib import Path

from sirst5k.datasets.dataset import Dataset, Source
from sirst5k.datasets.files import FileSource
from sirst5k.datasets.index import SampleIndex
from sirst5k.datasets.layouts import LAYOUTS, Found, Layout
from sirst5k.datasets.links import may_follow
from sirst5k.datasets.pairs import PairIndex
from sirst5k.datasets.reading import Reading
from sirst5k.datasets.scanning import is_folder
from sirst5k.datasets.sequences import SequenceDataset
from sirst5k.datasets.sequences.registry import SEQUENCE_LAYOUTS, recognise_sequences
from sirst5k.datasets.sequences.windows import LENGTH
from sirst5k.datasets.splits import Splits
from sirst5k.datasets.unfinished import check_finished
from sirst5k.errors import DatasetError, DatasetNotFoundError, ParameterError, UnknownLayoutError
from sirst5k.imaging import pixel_limit


def open_dataset(
    path: str | os.PathLike[str],
    split: str | None = None,
    *,
    frames: int = LENGTH,
    mask_threshold: float | None = None,
    on_error: str = "stop",
    max_pixels: int | None = None,
    follow_links: bool | None = None,
) -> Dataset | SequenceDataset:
    """Open a folder of images or sequences in any known layout, or embedded scenes.

    Folders are listed; no pixel is read until a sample is asked for.

    Parameters
    ----------
    path : str or path
        A dataset folder, or ``demo`` (``demo:n=64,seed=1,size=256``) for procedural scenes,
        ``demo:sequences=8,frames=40,size=128`` for sequences of moving targets; or
        ``moving:PATH`` for moving targets on the images of a dataset
        (``moving:PATH?frames=20,scr=5``). A folder called ``demo`` is opened as ``./demo``.
    split : str, optional
        A list's name (``50_50/train``) or a role (``train``, ``val``, ``trainval``,
        ``test``); ``all`` or None for every pair there is.
    frames : int
        Of a clip, where the dataset holds sequences.
    mask_threshold : float, optional
        Mask levels strictly above it are target. By default ``{0, 1}`` and ``{0, 255}`` are
        taken as they are, and others thresholded at half of their depth, with a warning.
    on_error : {"stop", "skip"}
        What to do about images without mask, masks without image, and listed ids without
        files: refuse the dataset, or leave them out and record them in ``.skipped``.
    max_pixels : int, optional
        Larger images are refused unread: by default those of more than 100 million pixels,
        or of what the environment variable ``SIRST5K_MAX_PIXELS`` says.
    follow_links : bool, optional
        Whether files, folders and lists may be symbolic links that lead out of the folder; by
        default only if the environment variable ``SIRST5K_FOLLOW_LINKS`` is 1.

    Returns
    -------
    Dataset or SequenceDataset
        A sequence of samples, or of clips where the layout is one of sequences; both with
        ``.ids``, ``.splits`` and ``.layout``. `open_stills` returns samples in either case.

    Raises
    ------
    DatasetNotFoundError
        If there is no such folder.
    UnknownLayoutError
        If no layout fits; `known_layouts` lists what is looked for.
    PairingError, SplitError, DatasetError
        If pairs are incomplete, the split is missing or wrong, or there is no pair.
    """
    if on_error not in ("stop", "skip"):
        raise ParameterError(f"Expected on_error to be 'stop' or 'skip', got {on_error!r}.")
    text = os.fspath(path)
    if text.startswith("moving:"):
        from sirst5k.datasets.moving.composite import open_composite, split_address

        stills = open_stills(
            split_address(text)[0],
            split,
            mask_threshold=mask_threshold,
            on_error=on_error,
            max_pixels=max_pixels,
            follow_links=follow_links,
        )
        return open_composite(text, frames, stills)
    if text == "demo" or text.startswith("demo:"):
        embedded = _open_embedded(text, frames)
        return embedded if split is None else embedded.of_split(split)
    root = _folder(text)
    check_finished(root)
    reading = Reading(
        mask_threshold, pixel_limit(max_pixels), on_error == "skip", may_follow(follow_links)
    )
    opener = recognise_sequences(root)
    if opener is not None:
        return _opened_sequences(opener(reading, frames), split)
    layout, found = recognise(root)
    source, index = _open(root, layout, found, reading)
    dataset = Dataset(
        source,
        (),
        Splits(found.lists, found.canonical, index),
        layout.name,
        root,
        everything=index.under,
        skipped=index.incomplete if reading.skip else {},
    )
    opened = dataset.of_split("all" if split is None else split)
    if not len(opened):
        part = f", split {opened.split!r}," if opened.split else ""
        why = f" Left out: {next(iter(opened.skipped.values()))}" if opened.skipped else ""
        raise DatasetError(
            f"Expected at least one image with its mask in {opened.describe()}{part} "
            f"but there is none.{why}"
        )
    return opened


def open_stills(
    path: str | os.PathLike[str],
    split: str | None = None,
    *,
    mask_threshold: float | None = None,
    on_error: str = "stop",
    max_pixels: int | None = None,
    follow_links: bool | None = None,
) -> Dataset:
    """Open a dataset as single images: of sequences, each key frame is one.

    Takes what `open_dataset` takes, and raises what it raises. See
    `sirst5k.datasets.SequenceDataset.stills` for the masks of frames that only have boxes.
    """
    opened = open_dataset(
        path,
        split,
        mask_threshold=mask_threshold,
        on_error=on_error,
        max_pixels=max_pixels,
        follow_links=follow_links,
    )
    return opened.stills() if isinstance(opened, SequenceDataset) else opened


def _opened_sequences(sequences: SequenceDataset, split: str | None) -> SequenceDataset:
    opened = sequences if split in (None, "all") else sequences.of_split(str(split))
    if not len(opened):
        why = f" Left out: {next(iter(opened.skipped.values()))}" if opened.skipped else ""
        raise DatasetError(
            f"Expected at least one labelled frame in {opened.describe()} but there is none.{why}"
        )
    return opened


def _open_embedded(text: str, frames: int) -> Dataset | SequenceDataset:
    from sirst5k.datasets.demo import open_demo
    from sirst5k.datasets.moving import is_moving, open_moving

    return open_moving(text, frames) if is_moving(text) else open_demo(text)


def _open(root: Path, layout: Layout, found: Found, reading: Reading) -> tuple[Source, SampleIndex]:
    """Return where the samples of a folder come from, and which there are."""
    if found.opener is not None:
        opened = found.opener(reading)
        return opened.source, opened.index
    pairs = PairIndex(str(root), found.parts, reading.skip, reading.follow_links)
    if not len(pairs) and not pairs.incomplete:
        folders = " and ".join(
            dict.fromkeys(p for part in found.parts for p in (part.images, part.masks))
        )
        raise DatasetError(
            f"Expected images with masks in {root} ({layout.name} layout), but there is no pair: "
            f"{folders} hold no PNG, BMP, JPEG or TIFF file that fits."
        )
    return FileSource(pairs, reading.mask_threshold, reading.max_pixels), pairs


def recognise(root: Path) -> tuple[Layout, Found]:
    """Return the first layout that fits a folder, and what it found there.

    Raises
    ------
    UnknownLayoutError
        If none fits.
    """
    for layout in LAYOUTS.values():
        found = layout.recognise(root)
        if found is not None:
            return layout, found
    remedy = _hint(root) or (
        " The simplest has images in images/ and their masks, called alike, in masks/; "
        "`sirst5k inspect --layouts` lists all that are known."
    )
    raise UnknownLayoutError(
        f"Expected a dataset in a known layout, but {root} {_holds(root)}.{remedy}"
    )


def known_layouts() -> dict[str, str]:
    """Return what each layout is recognised by, in the order in which they are tried."""
    sequences = {layout.name: layout.looks_for for layout in SEQUENCE_LAYOUTS.values()}
    return {**sequences, **{layout.name: layout.looks_for for layout in LAYOUTS.values()}}


def _folder(text: str) -> Path:
    root = Path(text)
    if not root.exists():
        raise DatasetNotFoundError(
            f"Expected a dataset folder, but there is no {text!r}. Check the path, or take 'demo'."
        )
    if not root.is_dir():
        raise DatasetNotFoundError(
            f"Expected a dataset folder, but {text!r} is a file. Name the folder that holds "
            "the images and masks."
        )
    if not os.access(root, os.R_OK | os.X_OK):
        raise DatasetError(f"Expected a readable dataset folder, but {text!r} cannot be read.")
    return root


def _holds(root: Path) -> str:
    with os.scandir(root) as entries:
        names = sorted(entry.name + ("/" if is_folder(entry) else "") for entry in entries)
    if not names:
        return "is empty"
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"holds {', '.join(names[:8])}{more}"


def _hint(root: Path) -> str:
    """Name a folder inside that would open, the commonest mistake after unpacking."""
    with os.scandir(root) as entries:
        inside = sorted(entry.path for entry in entries if is_folder(entry))[:20]
    for folder in inside:
        try:
            fits = recognise_sequences(Path(folder)) is not None or any(
                layout.recognise(Path(folder)) for layout in LAYOUTS.values()
            )
        except OSError:
            continue
        if fits:
            return f" Did you mean {folder}?"
    return ""
