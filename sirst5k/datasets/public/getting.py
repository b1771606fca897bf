"""From a name to a dataset folder that opens."""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sirst5k.datasets.opening import open_dataset, recognise
from sirst5k.datasets.public.catalogue import CATALOGUE, PublicDataset
from sirst5k.datasets.public.downloading import Progress, download
from sirst5k.datasets.public.unpacking import remove, unpack
from sirst5k.errors import DatasetError, OutputError, ParameterError, UnknownLayoutError, suggest

_DEPTH = 3  # folders around a dataset in an archive


@dataclass(frozen=True, slots=True)
class GetReport:
    """What was got.

    Attributes
    ----------
    name : str
    path : str
        The dataset folder.
    layout : str
        How it opens.
    samples : int
        What it holds.
    notes : tuple of str
        Where it differs from what its home page says.
    """

    name: str
    path: str
    layout: str
    samples: int
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def get_dataset(
    name: str,
    out: str | os.PathLike[str],
    archive: str | os.PathLike[str] | None = None,
    *,
    cache: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    catalogue: dict[str, PublicDataset] | None = None,
) -> GetReport:
    """Download a public dataset, or take an archive that was downloaded by hand, and unpack it.

    Parameters
    ----------
    name : str
        One of `CATALOGUE`.
    out : path
        The folder to make; it must not exist, or be empty.
    archive : path, optional
        A zip or tar file that was downloaded in a browser.
    cache : path, optional
        Where downloads are kept; the user's cache folder by default.
    progress : callable, optional
        Told of the download, see `sirst5k.datasets.public.downloading.Progress`.
    catalogue : dict, optional
        Other datasets than `CATALOGUE`.

    Raises
    ------
    DatasetError
        If it can be had by hand only (the message says how), the download or the archive fails,
        or no dataset is in it.
    OutputError
        If `out` is not empty, or cannot be written.
    ParameterError
        If there is no such dataset.
    """
    known = CATALOGUE if catalogue is None else catalogue
    if name not in known:
        raise ParameterError(f"There is no public dataset {name!r} here.{suggest(name, known)}")
    entry, target = known[name], Path(out)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError(f"Expected no folder {target} yet, or an empty one. Name another.")
    file = _archive(entry, archive, cache, progress)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        unpack(file, work / "unpacked")
        root = _find(work / "unpacked", file)
        if target.is_dir():
            target.rmdir()
        os.replace(root, target)  # noqa: PTH105  # a folder, in one step
    finally:
        remove(work)
    return _look(entry, target)


def _archive(
    entry: PublicDataset,
    given: str | os.PathLike[str] | None,
    cache: str | os.PathLike[str] | None,
    progress: Progress | None,
) -> Path:
    if given is not None:
        file = Path(given)
        if not file.is_file():
            there = f"{file} is a folder" if file.is_dir() else f"there is no {file}"
            raise DatasetError(
                f"Expected an archive of {entry.title}, but {there}. Name the zip or tar file "
                "that was downloaded; what is unpacked already needs no get."
            )
        return file
    if not entry.url:
        steps = " ".join(entry.steps)
        raise DatasetError(
            f"{entry.title} cannot be downloaded by a program. {steps} Then give the archive: "
            f"sirst5k datasets get {entry.name} OUT --from FILE"
        )
    folder = _cache_folder() if cache is None else Path(cache)
    ending = entry.url.rpartition("/")[2].partition(".")[2]
    return download(entry.url, folder / f"{entry.name}.{ending}", entry.sha256, progress)


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sirst5k" / "archives"


def _find(top: Path, archive: Path) -> Path:
    """Return the folder that opens: the archive's own, or the first one below that does."""
    level = [top]
    for _ in range(_DEPTH + 1):
        for folder in level:
            try:
                recognise(folder)
            except UnknownLayoutError:
                continue
            return folder
        level = sorted(path for folder in level for path in folder.iterdir() if path.is_dir())
    raise DatasetError(
        f"Expected a dataset in a known layout in {archive}, but none of its folders opens. "
        "Unpack it yourself, and see `sirst5k inspect FOLDER` for what is looked for."
    )


def _look(entry: PublicDataset, folder: Path) -> GetReport:
    dataset = open_dataset(folder)
    notes = []
    if len(dataset) != entry.samples:
        notes.append(f"its home page says {entry.samples:,}, the archive holds {len(dataset):,}")
    if dataset.layout != entry.layout:
        notes.append(f"the layout is {dataset.layout}, not {entry.layout}")
    return GetReport(entry.name, str(folder), dataset.layout, len(dataset), tuple(notes))
