"""Whose prediction is which file: names matched leniently, and every liberty reported."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sirst5k.datasets.pairs import natural_key
from sirst5k.errors import PairingError

# What toolboxes put behind an image's name. Taken off as long as one fits.
_SUFFIX = re.compile(
    r"[_\-. ](pred|predict|prediction|mask|masks|pixels\d*|prob|probs|probability|map|out|output"
    r"|result|res|seg|sal|score|scores|gt|label|sigmoid|logits?)$"
)
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


def _plain(name: str) -> str:
    return name


def _without_suffixes(name: str) -> str:
    name = name.casefold()
    while (shorter := _SUFFIX.sub("", name)) != name and shorter:
        name = shorter
    return name


def _without_zeros(name: str) -> str:
    return _ZEROS.sub("", _without_suffixes(name))


# From strict to lenient; the first that fits decides.
_FORMS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("", _plain),
    ("case", str.casefold),
    ("suffix", _without_suffixes),
    ("zero padding", _without_zeros),
)


@dataclass(frozen=True, slots=True)
class Matching:
    """Which file holds whose prediction.

    Attributes
    ----------
    files : mapping of str to Path
        By id, in the order of the ids.
    lenient : mapping of str to str
        Ids whose file's name differs from them, with what was overlooked.
    missing : tuple of str
        Ids without a file.
    extra : tuple of str
        Files, below the folder, that belong to none of the ids.
    """

    files: Mapping[str, Path]
    lenient: Mapping[str, str]
    missing: tuple[str, ...]
    extra: tuple[str, ...]


def match_names(
    ids: Sequence[str], files: Iterable[Path], root: Path, others: Iterable[str] = ()
) -> Matching:
    """Match prediction files to ids.

    A name fits exactly, or without regard to the folders around it, to case, to suffixes
    like ``_pred`` or ``_pixels0``, to zero padding; in that order, and a file that fits one
    id better is not considered for another.

    Parameters
    ----------
    ids : sequence of str
        The samples wanted.
    files : iterable of Path
        Candidates below `root`.
    root : Path
        The folder of predictions.
    others : iterable of str
        Further ids of the dataset, which have a claim to their own files.

    Raises
    ------
    PairingError
        If two files fit one id equally well, or two ids one file.
    """
    # The ending stays in the key: x.png and x.npy are two files that fit one id.
    names = {
        f"{file.relative_to(root).with_suffix('').as_posix()}\0{file.suffix}": file
        for file in sorted(files)
    }
    open_files = dict(names)
    wanted = dict.fromkeys(ids)
    open_ids = dict.fromkeys([*wanted, *others])
    found: dict[str, str] = {}
    lenient: dict[str, str] = {}
    for liberty, form in _FORMS:
        for folders in (False, True):
            for sample_id, name in _round(open_ids, open_files, form, folders, wanted, root):
                found[sample_id] = name
                del open_ids[sample_id], open_files[name]
                parts = [part for part in (liberty, "folders" if folders else "") if part]
                if parts:
                    lenient[sample_id] = " and ".join(parts)
    used = {found[i] for i in wanted if i in found}
    extra = [names[n].relative_to(root).as_posix() for n in names if n not in used]
    return Matching(
        {i: names[found[i]] for i in wanted if i in found},
        {i: lenient[i] for i in wanted if i in lenient},
        tuple(i for i in wanted if i not in found),
        tuple(sorted(extra, key=natural_key)),
    )


def _round(
    ids: Mapping[str, None],
    files: Mapping[str, Path],
    form: Callable[[str], str],
    folders: bool,
    wanted: Mapping[str, None],
    root: Path,
) -> list[tuple[str, str]]:
    """Return the pairs that fit in one form, after checking that each fits alone."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for name in files:
        stem = name.partition("\0")[0]
        keys = {form(stem)} if not folders else set(_tails(form(stem)))
        for key in keys:
            by_key[key].append(name)
    claims: dict[str, list[str]] = defaultdict(list)
    for sample_id in ids:
        key = form(sample_id)
        candidates = by_key.get(key, [])
        if not candidates and folders:
            candidates = by_key.get(key.rpartition("/")[2], [])
        if len(candidates) > 1 and sample_id in wanted:
            raise PairingError(_two_files(sample_id, [files[n] for n in candidates], root))
        if len(candidates) == 1:
            claims[candidates[0]].append(sample_id)
    for name, claimants in claims.items():
        if len(claimants) > 1 and any(sample_id in wanted for sample_id in claimants):
            raise PairingError(
                f"Expected to know whose prediction {files[name]} is, but its name fits "
                f"{claimants[0]!r} and {claimants[1]!r} alike. Name predictions like the images."
            )
    return [(claimants[0], name) for name, claimants in claims.items() if len(claimants) == 1]


def _tails(path: str) -> list[str]:
    """Return a path and what remains when folders are taken off its front."""
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _two_files(sample_id: str, files: Sequence[Path], root: Path) -> str:
    first, second = files[:2]
    hint = "Remove one."
    if first.parent != second.parent:
        hint = f"Name the folder that is meant, as --predictions {first.parent}."
    return (
        f"Expected one prediction for {sample_id!r} in {root}, but "
        f"{first.relative_to(root)} and {second.relative_to(root)} fit alike. {hint}"
    )
