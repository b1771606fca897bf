"""Storing a run in its folder, of stills or of sequences: held, gone on with, finished."""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sirst5k.errors import OutputError, Sirst5kError
from sirst5k.synthesis.backends import open_backend
from sirst5k.synthesis.executor import CHUNK, InOrder
from sirst5k.synthesis.identity import Identity, Synthetic
from sirst5k.synthesis.lock import FolderLock
from sirst5k.synthesis.manifest import MANIFEST, Expected, ManifestWriter, Progress, read_progress
from sirst5k.synthesis.state import NOISE, OutputState

Advance = Callable[[int], Any]
Started = Callable[[int, int], Advance | None]


class Totals(Protocol):
    """What a finished manifest adds up to."""

    files: dict[str, str]

    def facts(self) -> dict[str, Any]:
        """Return what ``dataset.json`` states of them."""
        ...


Total = TypeVar("Total", bound=Totals)
Total_co = TypeVar("Total_co", bound=Totals, covariant=True)


class Storable(Expected, Protocol[Total_co]):
    """A run whose units can be stored."""

    @property
    def synthetic(self) -> Synthetic:
        """What is stored."""
        ...

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    def store(self, number: int, /) -> str:
        """Store a unit and return its lines of the manifest."""
        ...

    def summarise(self, root: Path, /) -> Total_co:
        """Write the lists that follow from a whole manifest, and return what it adds up to."""
        ...


class Output:
    """An output folder while a run is stored in it; from `open_output`."""

    def __init__(
        self,
        root: Path,
        stack: contextlib.ExitStack,
        backend: contextlib.AbstractContextManager[InOrder],
    ) -> None:
        self.root = root
        self._stack = stack
        self._held = False
        if root.exists():  # a folder in use is refused before hours of looking
            self.hold()
        self._in_order = stack.enter_context(backend)

    def hold(self) -> None:
        """Keep other processes out of the folder, which is made if there is none."""
        if not self._held:
            self._stack.enter_context(FolderLock(self.root))
            self._held = True

    def store(
        self, run: Storable[Total], identity: Identity, overwrite: bool, started: Started | None
    ) -> tuple[int, Total]:
        """Store what the folder lacks of a run, and mark it as complete.

        Returns
        -------
        written : int
            Samples stored now; the others were there already.
        total : Summary or SequenceSummary
            Of all that is stored.
        """
        self.hold()
        state = OutputState(self.root)
        complete = state.claim(identity, overwrite)
        state.sweep()
        run.sink.prepare()
        progress = read_progress(self.root / MANIFEST, run)
        if complete and (progress.lost or progress.units < len(run.units)):
            state.reopen(identity)
        noise = self.root / NOISE
        bank = run.synthetic.bank
        if bank is not None:
            bank.save(noise)
        with state.swept_after_errors():
            written = self._store_units(run, progress, started)
        total = run.summarise(self.root)
        files = dict(total.files)
        if bank is not None:
            files[NOISE] = hashlib.sha256(noise.read_bytes()).hexdigest()
        state.finish(identity, {**total.facts(), "files": files})
        return written, total

    def _store_units(
        self, run: Storable[Totals], progress: Progress, started: Started | None
    ) -> int:
        """Store what is lost and what is still to come; return how many samples that were."""
        units = run.units
        done = units[progress.units].start if progress.units < len(units) else len(run)
        lost = sum(len(units[number]) for number, _ in progress.lost)
        advance = started(len(run), done - lost) if started is not None else None
        chunk = CHUNK if run.sink.unit_size == 1 else 1
        again = _Again(run, [number for number, _ in progress.lost])
        remade = self._in_order(again, 0, len(progress.lost), chunk=chunk)
        for (number, checksum), lines in zip(progress.lost, remade, strict=True):
            if zlib.crc32(lines.encode()) != checksum:
                raise OutputError(
                    f"Expected to make {run.id_at(units[number].start)!r} as it was, but it became "
                    f"another: its source has changed since, or the manifest. Name a new folder, "
                    f"or replace the run with --overwrite."
                )
            if advance:
                advance(len(units[number]))
        with ManifestWriter(self.root / MANIFEST, progress.size) as manifest:
            lines_of_units = self._in_order(run.store, progress.units, len(units), chunk=chunk)
            for number, lines in enumerate(lines_of_units, progress.units):
                manifest.append(lines)
                if advance:
                    advance(len(units[number]))
        return len(run) - done + lost


class _Again:
    """Stores units whose files are lost."""

    def __init__(self, run: Storable[Totals], numbers: list[int]) -> None:
        self.run = run
        self.numbers = numbers

    def __call__(self, place: int) -> str:
        return self.run.store(self.numbers[place])


@contextlib.contextmanager
def open_output(root: Path, jobs: int, backend: str, scheduler: str | None) -> Iterator[Output]:
    """Give an output folder to store a run in, with who makes the samples.

    A folder that is there is held from now on. A new one is made when the run is known to be
    sound, by `Output.hold` or `Output.store`. Parameters are those of `open_backend`.

    Raises
    ------
    OutputError
        If the folder holds something else, another process writes to it, or the operating
        system refuses anything until the end.
    """
    OutputState(root).check()
    with _one_sentence(root), contextlib.ExitStack() as stack:
        yield Output(root, stack, open_backend(root, jobs, backend, scheduler))


@contextlib.contextmanager
def _one_sentence(root: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one sentence that says how to go on."""
    try:
        yield
    except OSError as error:
        if isinstance(error, Sirst5kError):
            raise
        where = error.filename or root
        raise OutputError(
            f"Expected to write to {root}, but cannot: {error.strerror or error} ({where}). Make "
            f"room or make it writable, then run the same command again to go on."
        ) from error
