"""Which samples a dataset has: known by id, looked up for lists, complained about in sentences."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

from sirst5k.datasets.links import Fence
from sirst5k.datasets.lists import Entry
from sirst5k.datasets.names import natural_key
from sirst5k.errors import PairingError, SplitError
from sirst5k.imaging import ENDINGS


class SampleIndex:
    """The ids that there are, and those that cannot be used.

    Parameters
    ----------
    root : str
        The dataset's folder.
    skip : bool
        Whether samples that cannot be used are left out instead of refused.
    follow_links : bool
        Whether files may be links out of the folder.
    ids : iterable of str
        The samples; a subclass may add others.
    where : str
        What holds them, for messages: ``images``.

    Attributes
    ----------
    fence : Fence
        What its files must lie in.
    incomplete : dict of str to str
        Ids that cannot be used, with a sentence each.
    """

    def __init__(
        self,
        root: str,
        skip: bool = False,
        follow_links: bool = False,
        ids: Iterable[str] = (),
        where: str = "",
    ) -> None:
        self.root = root
        self.skip = skip
        self.fence = Fence(root, follow_links)
        self.where = where
        # Numbers, not paths: an index of 200,000 samples travels to worker processes.
        self._where: dict[str, int] = dict.fromkeys(ids, 0)
        self.incomplete: dict[str, str] = {}

    def __contains__(self, sample_id: object) -> bool:
        return sample_id in self._where

    def __len__(self) -> int:
        return len(self._where)

    def under(self, prefix: str = "") -> tuple[str, ...]:
        """Return every sample whose id begins so, in natural order (``a2`` before ``a10``).

        Raises
        ------
        PairingError
            If some cannot be used, and skipping was not asked for.
        """
        lacking = [sample_id for sample_id in self.incomplete if sample_id.startswith(prefix)]
        if lacking and not self.skip:
            raise PairingError(self._complaint(sorted(lacking, key=natural_key)))
        ids = self._where if not prefix else [i for i in self._where if i.startswith(prefix)]
        return tuple(sorted(ids, key=natural_key))

    def look_up(
        self, entries: Sequence[Entry], where: str
    ) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the samples that list entries name, and those left out with the reason.

        Parameters
        ----------
        entries : sequence of Entry
            Lines of a list.
        where : str
            The list, for messages.

        Raises
        ------
        SplitError, PairingError
            If an entry has no files, or only one, and skipping was not asked for.
        """
        found: list[str] = []
        lacking: list[Entry] = []
        for entry in entries:
            known = entry.id if entry.id in self._where else self._named_otherwise(entry)
            if known is None:
                lacking.append(entry)
            else:
                found.append(known)
        if lacking and not self.skip:
            self._refuse(lacking, where)
        why = {
            e.id: self.incomplete.get(e.id, f"{where} lists it, but it has no file")
            for e in lacking
        }
        return tuple(dict.fromkeys(found)), why  # `a` and `a.png` are one

    def _named_otherwise(self, entry: Entry) -> str | None:
        """Return the sample meant by a line that is no id: with ending, blanks, other accents."""
        for name in (_without_ending(entry.id), entry.raw, _without_ending(entry.raw)):
            if name in self._where:
                return name
        if entry.id.isascii():
            return None
        composed = unicodedata.normalize("NFC", entry.id)
        return self._composed.get(composed) or self._composed.get(_without_ending(composed))

    @cached_property
    def _composed(self) -> dict[str, str]:
        """Ids by their composed form, where that names one: é is one sign there, or two."""
        forms = {name: unicodedata.normalize("NFC", name) for name in self._where}
        counts = Counter(forms.values())
        return {form: name for name, form in forms.items() if counts[form] == 1}

    def _refuse(self, lacking: Sequence[Entry], where: str) -> None:
        missing = [entry for entry in lacking if entry.id not in self.incomplete]
        if not missing:
            raise PairingError(self._complaint([entry.id for entry in lacking]))
        first = missing[0]
        more = f" (and {len(missing) - 1} more such lines)" if len(missing) > 1 else ""
        raise SplitError(
            f"Line {first.line} of {where} lists {_shown(first.id)}{more}, but {self.root} has no "
            f"such image in {self.where}. Correct the list, or skip such lines with "
            "on_error='skip' (--on-error skip)."
        )

    def _complaint(self, ids: list[str]) -> str:
        shown = " ".join(self.incomplete[sample_id] for sample_id in ids[:3])
        more = f" And {len(ids) - 3} more." if len(ids) > 3 else ""
        return (
            f"Expected one mask to every image in {self.root}, but {len(ids)} "
            f"{'pair is' if len(ids) == 1 else 'pairs are'} incomplete. {shown}{more} "
            "Add the missing files, or leave such pairs out with on_error='skip' "
            "(--on-error skip)."
        )


def _without_ending(sample_id: str) -> str:
    stem, dot, ending = sample_id.rpartition(".")
    return stem if dot + ending.lower() in ENDINGS else sample_id


def _shown(name: str) -> str:
    """Return a name in quotes; of one that is no name, its start."""
    return repr(name) if len(name) <= 300 else f"{name[:300]!r}…"
