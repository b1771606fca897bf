"""A run: every sample that it stores, each made when its turn comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sirst5k.datasets import Dataset
from sirst5k.errors import DatasetError
from sirst5k.synthesis.manifest import MANIFEST
from sirst5k.synthesis.sink import (
    Packed,
    Sink,
    manifest_line,
    pack_sample,
    pack_untouched,
    skipped,
)
from sirst5k.synthesis.state import LISTS
from sirst5k.synthesis.summary import Summary, summarise
from sirst5k.synthesis.units import Units
from sirst5k.synthesis.virtual import SyntheticDataset
from sirst5k.synthesis.working import stop_if_orphaned


class Run:
    """Everything a worker needs to store any unit of a run.

    Parameters
    ----------
    synthetic : SyntheticDataset
    test : Dataset, optional
        Passed through untouched, after the outputs.
    sink : Sink
    limit : int, optional
        Only the first so many outputs.
    on_error : str
        ``stop`` or ``skip``.

    Attributes
    ----------
    outputs : int
        Training outputs of the run; its test images come after them.
    units : Units
    """

    def __init__(
        self,
        synthetic: SyntheticDataset,
        test: Dataset | None,
        sink: Sink,
        limit: int | None,
        on_error: str,
    ) -> None:
        self.synthetic = synthetic
        self.test = test
        self.sink = sink
        self.on_error = on_error
        planned = len(synthetic)
        self.outputs = planned if limit is None else min(limit, planned)
        tests = len(test) if test is not None else 0
        self.units = Units(self.outputs, tests, sink.unit_size)

    def __len__(self) -> int:
        return self.units.outputs + self.units.tests

    def id_at(self, place: int) -> str:
        """Return the id of the sample at a place."""
        if place < self.outputs:
            return self.synthetic.plan[place].id
        assert self.test is not None
        return self.test.ids[place - self.outputs]

    def store(self, number: int) -> str:
        """Store a unit and return its lines of the manifest.

        The lines, not the records: a worker has more time to write JSON than the parent.
        """
        unit = self.units[number]
        return "".join(
            map(manifest_line, self.sink.store(unit, self._samples(unit.start, unit.stop)))
        )

    def summarise(self, root: Path) -> Summary:
        """Write the split lists of a folder, and return what its manifest adds up to."""
        lists = root / LISTS if self.sink.form == "folder" else None
        summary = summarise(root / MANIFEST, lists, has_test=self.test is not None)
        summary.skipped = {**self.synthetic.dataset.skipped, **summary.skipped}
        return summary

    def _samples(self, start: int, stop: int) -> Iterator[Packed]:
        for place in range(start, stop):
            stop_if_orphaned()
            yield self._pack(place)

    def _pack(self, place: int) -> Packed:
        if place < self.outputs:
            variant = self.synthetic.plan[place]
            output_id, source_id = variant.id, variant.source_id
        else:
            output_id = source_id = self.id_at(place)
        try:
            if place < self.outputs:
                return pack_sample(self.synthetic.make(variant), "train")
            assert self.test is not None
            return pack_untouched(self.test, source_id, "test")
        except DatasetError as error:
            if self.on_error == "stop":
                raise
            return skipped(output_id, source_id, error)
