"""A run over sequences: every frame that it stores, each made when its turn comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sirst5k.datasets.sequences import SequenceDataset
from sirst5k.synthesis.manifest import MANIFEST
from sirst5k.synthesis.sequences.packing import SequenceSink, pack_made, pack_test
from sirst5k.synthesis.sequences.summary import SequenceSummary, summarise_sequences
from sirst5k.synthesis.sequences.virtual import SyntheticSequences
from sirst5k.synthesis.sink import Packed, Sink, manifest_line
from sirst5k.synthesis.units import Units
from sirst5k.synthesis.working import stop_if_orphaned


class SequenceRun:
    """Everything a worker needs to store any frame of a run.

    Parameters
    ----------
    synthetic : SyntheticSequences
    test : SequenceDataset, optional
        Passed through untouched, after the outputs.
    sink : SequenceSink
    limit : int, optional
        Only the first so many output sequences.

    Attributes
    ----------
    outputs : int
        Frames of the output sequences; those of the test sequences come after them.
    units : Units
    """

    def __init__(
        self,
        synthetic: SyntheticSequences,
        test: SequenceDataset | None,
        sink: SequenceSink,
        limit: int | None,
    ) -> None:
        self.synthetic = synthetic
        self.test = test
        self.sink: Sink = sink
        plan = synthetic.plan
        self.outputs = len(plan) if limit is None else plan.frames_of_first(limit)
        self._keys = frozenset(synthetic.dataset.ids)
        self._tests: tuple[str, ...] = ()
        if test is not None:
            self._tests = tuple(frame for frames in test.sequences.values() for frame in frames)
            self._keys |= frozenset(test.ids)
        self.units = Units(self.outputs, len(self._tests), sink.unit_size)

    def __len__(self) -> int:
        return self.units.outputs + self.units.tests

    def id_at(self, place: int) -> str:
        """Return the id of the frame at a place."""
        if place < self.outputs:
            return self.synthetic.plan[place].id
        return self._tests[place - self.outputs]

    def store(self, number: int) -> str:
        """Store a unit and return its lines of the manifest."""
        unit = self.units[number]
        records = self.sink.store(unit, self._frames(unit.start, unit.stop))
        return "".join(map(manifest_line, records))

    def summarise(self, root: Path) -> SequenceSummary:
        """Write annotations and tracks, and return what the manifest adds up to."""
        return summarise_sequences(root, root / MANIFEST, has_test=self.test is not None)

    def _frames(self, start: int, stop: int) -> Iterator[Packed]:
        for place in range(start, stop):
            stop_if_orphaned()
            yield self._pack(place)

    def _pack(self, place: int) -> Packed:
        if place < self.outputs:
            frame = self.synthetic.plan[place]
            return pack_made(self.synthetic.make(frame), frame.source_id in self._keys)
        assert self.test is not None
        name = self.id_at(place)
        return pack_test(
            name, self.test.read_frame(name), self.test.labels(name), name in self._keys
        )
