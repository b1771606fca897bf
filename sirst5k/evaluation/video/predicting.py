"""Running a detector over sequences and storing boxes, tracks and overlays."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sirst5k._version import __version__
from sirst5k.detectors.boxes import Detections
from sirst5k.errors import ImageError, ParameterError
from sirst5k.evaluation.clips.adapting import as_box_detector
from sirst5k.evaluation.clips.box_detector import BoxDetector
from sirst5k.evaluation.clips.found import best
from sirst5k.evaluation.video.drawing import draw_frame
from sirst5k.evaluation.video.movies import Movie, open_movie
from sirst5k.evaluation.video.products import PRODUCTS, ProductFolder
from sirst5k.evaluation.video.sources import FrameSequence, VideoSource
from sirst5k.sample import Image
from sirst5k.tracking import Tracker, TrackerSettings

_TRAIL = 20  # frames of a track that are drawn
_WEAK = 0.2  # share of the threshold that continues a track


@dataclass(frozen=True, slots=True)
class VideoReport:
    """What a run of `predict_sequences` did.

    Attributes
    ----------
    root : str
        The output folder.
    sequences, frames : int
    detections : int
        Of at least the threshold.
    tracks : int
        Confirmed ones.
    overlays : tuple of str
        Video files, or folders of PNG frames.
    skipped : mapping of str to str
        Frames left out on the user's wish, with the reason.
    """

    root: str
    sequences: int
    frames: int
    detections: int
    tracks: int
    overlays: tuple[str, ...]
    skipped: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {**asdict(self), "overlays": list(self.overlays)}


def predict_sequences(
    detector: Any,
    source: VideoSource,
    out: str | Path,
    *,
    threshold: float = 0.5,
    least: float | None = None,
    products: tuple[str, ...] = PRODUCTS,
    tracker: TrackerSettings | None = None,
    overlay: str = "auto",
    rate: float | None = None,
    overwrite: bool = False,
    on_error: str = "stop",
    advance: Callable[[int], Any] | None = None,
    **options: Any,
) -> VideoReport:
    """Run a detector over sequences, frame after frame, and store what it finds.

    Parameters
    ----------
    detector : str, path, torch.nn.Module, Detector, BoxDetector or callable
        See `sirst5k.evaluation.clips.as_box_detector`.
    source : VideoSource
        From `open_video_source`.
    out : path
        A new folder.
    threshold : float
        Detections of at least this score are drawn, counted, and begin tracks.
    least : float, optional
        Detections of at least this score are written into the files of boxes; by default the
        threshold. 0.001 keeps what an evaluation over all scores needs.
    products : tuple of str
        Any of ``boxes``, ``tracks``, ``overlays``.
    tracker : TrackerSettings, optional
        By default that of `sirst5k.tracking`, with detections of at least the threshold for
        sure ones and those of a fifth of it for weak ones.
    overlay : {"auto", "mp4", "png"}
        ``auto`` is mp4 where OpenCV can write it.
    rate : float, optional
        Frames a second of overlays; by default the source's, or 10.
    overwrite : bool
        Replace earlier predictions in the folder.
    on_error : {"stop", "skip"}
        What to do about a frame that cannot be read; skipped, it has neither boxes nor a
        picture, and its number is counted.
    advance : callable, optional
        Called with 1 after every frame.
    **options
        For `as_box_detector`.

    Raises
    ------
    OutputError
        If the folder holds something else, or cannot be written.
    DatasetError
        If a frame cannot be read.
    """
    if not 0 <= threshold <= 1:
        raise ParameterError(f"Expected a threshold of scores in 0…1, got {threshold}.")
    if on_error not in ("stop", "skip"):
        raise ParameterError(f"Expected on_error to be 'stop' or 'skip', got {on_error!r}.")
    least = threshold if least is None else least
    if not 0 <= least <= threshold:
        raise ParameterError(f"Expected a least score from 0 to {threshold:g}, got {least}.")
    if tracker is None:
        tracker = replace(TrackerSettings(), sure=threshold, weak=_WEAK * threshold)
    ready = as_box_detector(detector, **options)
    folder = ProductFolder(Path(out), tuple(p for p in PRODUCTS if p in products) or products)
    folder.begin(overwrite)
    skipped: dict[str, str] | None = {} if on_error == "skip" else None
    runs = [
        _Run(ready, sequence, folder, threshold, least, tracker, overlay, rate, skipped).go(advance)
        for sequence in source.sequences
    ]
    folder.finish(
        {
            "detector": ready.name,
            "configuration": repr(ready),
            "threshold": threshold,
            "least": least,
            "tracker": asdict(tracker),
            "source": source.what,
            "version": __version__,
        }
    )
    return VideoReport(
        root=str(folder.root),
        sequences=len(runs),
        frames=sum(run.frames for run in runs),
        detections=sum(run.detections for run in runs),
        tracks=sum(run.tracks for run in runs),
        overlays=tuple(run.overlay for run in runs if run.overlay),
        skipped=skipped or {},
    )


@dataclass(frozen=True, slots=True)
class _Done:
    frames: int
    detections: int
    tracks: int
    overlay: str


@dataclass(frozen=True, slots=True)
class _Run:
    """One sequence on its way through detector, tracker and pen."""

    detector: BoxDetector
    sequence: FrameSequence
    folder: ProductFolder
    threshold: float
    least: float
    tracker: TrackerSettings
    overlay: str
    rate: float | None
    skipped: dict[str, str] | None

    def go(self, advance: Callable[[int], Any] | None) -> _Done:
        sequence, folder = self.sequence, self.folder
        stream, tracker = self.detector.start(), Tracker(self.tracker)
        movie = self._movie()
        ways: dict[int, deque[tuple[float, float]]] = {}
        seen: dict[int, int] = {}
        frames = detections = 0
        for number, (name, read) in enumerate(sequence.frames()):
            image = self._image(f"{sequence.name}/{name}", read)
            if image is None:
                tracker.update([], [])
                continue
            found = stream.push(image)
            assert found is not None  # every frame's boxes are wanted
            sure = best(found, least=self.threshold)
            detections += len(sure)
            height, width = image.shape
            folder.add(f"{sequence.name}/{name}", (height, width), best(found, least=self.least))
            owners = tracker.update(found.boxes, found.scores)
            _lengthen(ways, seen, found, owners, number)
            if movie is not None:
                labels = None if sequence.labels is None else sequence.labels(name)
                trails = {n: way for n, way in ways.items() if number - seen[n] <= 2}
                title = f"{sequence.name}/{name}"
                movie.add(draw_frame(title, image, sure, trails, labels))
            frames += 1
            if advance is not None:
                advance(1)
        tracks = tracker.tracks()
        if "tracks" in folder.products:
            folder.write_tracks(sequence.name, tracks)
        if movie is not None:
            movie.close()
        return _Done(frames, detections, len(tracks), "" if movie is None else str(movie.path))

    def _image(self, frame_id: str, read: Callable[[], Image]) -> Image | None:
        """Return a frame, or None if it cannot be read and may be skipped."""
        try:
            return read()
        except ImageError as error:
            if self.skipped is None:
                raise
            self.skipped[frame_id] = str(error)
            return None

    def _movie(self) -> Movie | None:
        if "overlays" not in self.folder.products:
            return None
        path = self.folder.path_of("overlays", self.sequence.name)
        return open_movie(path, self.overlay, self.rate or self.sequence.rate)


def _lengthen(
    ways: dict[int, deque[tuple[float, float]]],
    seen: dict[int, int],
    found: Detections,
    owners: list[int | None],
    frame: int,
) -> None:
    """Add this frame's detections to the ways of their tracks."""
    for box, owner in zip(found.boxes.tolist(), owners, strict=True):
        if owner is not None:
            way = ways.setdefault(owner, deque(maxlen=_TRAIL))
            way.append(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
            seen[owner] = frame
