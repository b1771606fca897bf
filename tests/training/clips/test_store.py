"""Frames decoded once, and the clips that are windows of them."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sirst5k import open_dataset  # noqa: E402
from sirst5k.datasets import SequenceDataset  # noqa: E402
from sirst5k.detectors.normalisation import IMAGENET  # noqa: E402
from sirst5k.errors import DatasetError, SplitError  # noqa: E402
from sirst5k.imaging.letterbox import Letterbox  # noqa: E402
from sirst5k.training.clips.batches import ClipMaker, centred  # noqa: E402
from sirst5k.training.clips.dividing import divide_sequences  # noqa: E402
from sirst5k.training.clips.frames import ClipFrames  # noqa: E402
from sirst5k.training.clips.store import ClipStore, build_clips  # noqa: E402
from sirst5k.training.config import TrainingConfig  # noqa: E402
from sirst5k.training.sampling import ShuffledBatches  # noqa: E402

SIDE = 64


@pytest.fixture(scope="module")
def sequences() -> SequenceDataset:
    found = open_dataset("demo:sequences=3,frames=7,size=48x40,seed=4,depth=8")
    assert isinstance(found, SequenceDataset)
    return found


@pytest.fixture(scope="module")
def store(sequences: SequenceDataset) -> ClipStore:
    return build_clips(sequences, SIDE)


def test_every_frame_is_there_once_and_clips_are_windows(
    sequences: SequenceDataset, store: ClipStore
) -> None:
    assert store.frames.shape == (21, SIDE, SIDE)
    assert store.frames.dtype == np.uint8
    assert store.windows.shape == (21, 5)
    for place in (0, 2, 9, 20):
        clip = sequences[place]
        letterbox = Letterbox.of(clip.shape, SIDE)
        assert np.array_equal(store.frames[store.windows[place]], letterbox.apply(clip.frames))
        count = store.counts[place]
        assert np.array_equal(store.boxes[place, :count], letterbox.boxes_in(clip.boxes))
        assert not store.boxes[place, count:].any()
        assert np.array_equal(store.truth[place], clip.boxes)


def test_levels_are_those_of_the_frames_without_padding(
    sequences: SequenceDataset, store: ClipStore
) -> None:
    levels = np.stack([sequences.read_frame(name) for name in sequences.ids]) / 255
    mean, deviation = store.mean_and_deviation()
    assert mean == pytest.approx(levels.mean(), rel=1e-9)
    assert deviation == pytest.approx(levels.std(), rel=1e-6)


def test_boxes_as_published_are_whole(sequences: SequenceDataset) -> None:
    store = build_clips(sequences, SIDE, whole_boxes=True)
    assert np.array_equal(store.boxes, np.trunc(store.boxes))
    one = sequences.labels(sequences.ids[0])
    wanted, _ = Letterbox.of((40, 48), SIDE).published_boxes_in(one.boxes)
    assert np.array_equal(store.boxes[0, : store.counts[0]], wanted)


def test_depths_are_widened_and_no_clip_is_an_error(sequences: SequenceDataset) -> None:
    class Mixed:
        ids = sequences.ids[:3]
        window, labels = sequences.window, sequences.labels

        def read_frame(self, name: str) -> np.ndarray:
            frame = sequences.read_frame(name)
            return frame.astype(np.uint16) * 257 if name == self.ids[1] else frame

    store = build_clips(Mixed(), SIDE)
    assert store.frames.dtype == np.uint16
    eight = build_clips(sequences.subset(sequences.ids[:3]), SIDE).frames
    assert np.array_equal(store.frames[0], eight[0].astype(np.uint16) * 257)
    with pytest.raises(DatasetError, match="at least one clip"):
        build_clips(sequences.subset([]), SIDE)


def test_a_batch_follows_from_its_step(store: ClipStore) -> None:
    config = TrainingConfig(
        "sstnet",
        in_channels=3,
        steps=9,
        batch_size=4,
        augmentation=TrainingConfig("sstnet", steps=1).augmentation.__class__(
            crop=SIDE, scale_range=(1.0, 1.0), blur=0.0, flip_vertical=0.5, quarter_turn=0.5
        ),
    )
    device = torch.device("cpu")
    batches = ShuffledBatches(len(store), 4)
    maker = ClipMaker(store, ClipFrames(store, device), batches, config, IMAGENET)
    batch, again = maker.make(3), maker.make(3)
    assert batch.clips.shape == (4, 3, 5, SIDE, SIDE)
    assert torch.equal(batch.clips, again.clips)
    assert torch.equal(batch.boxes, again.boxes)
    assert batch.counts.tolist() == store.counts[maker.indices(3)].tolist()
    assert batch.boxes.shape[1] == max(1, int(batch.counts.max()))
    mean, std = torch.tensor(IMAGENET.mean), torch.tensor(IMAGENET.std)
    grey = batch.clips * std.view(1, 3, 1, 1, 1) + mean.view(1, 3, 1, 1, 1)
    assert torch.allclose(grey[:, 0], grey[:, 2], atol=1e-5)
    one, two = (
        ClipMaker(store, ClipFrames(store, device), batches, config, IMAGENET, rank, 2)
        for rank in (0, 1)
    )
    assert sorted([*one.indices(3), *two.indices(3)]) == sorted(maker.indices(3))


def test_a_bright_target_is_where_its_box_is(store: ClipStore) -> None:
    """Through gathering, flips, turns and normalisation: the box holds the marked pixels."""
    marked = np.zeros_like(store.frames)
    for place in range(len(store)):
        x1, y1, x2, y2 = np.rint(store.boxes[place, 0]).astype(int)
        marked[store.windows[place, -1], y1:y2, x1:x2] = 255
    fields = {**vars(store), "frames": marked, "boxes": np.rint(store.boxes)}
    whole = ClipStore(**fields)
    config = TrainingConfig.from_dict(
        {
            "detector": "sstnet",
            "steps": 1,
            "batch_size": 21,
            "augmentation": {"crop": SIDE, "flip_vertical": 0.5, "quarter_turn": 0.5},
        }
    )
    frames = ClipFrames(whole, torch.device("cpu"))
    maker = ClipMaker(whole, frames, ShuffledBatches(21, 21), config, _plain())
    batch = maker.make(0)
    for clip, box in zip(batch.clips[:, 0, -1], batch.boxes[:, 0], strict=True):
        rows, columns = np.nonzero(clip.numpy() == 1)
        centre = [(columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2]
        size = [columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min()]
        assert box.tolist() == [*centre, *size]


def _plain() -> object:
    from sirst5k.detectors.normalisation import Normalisation

    return Normalisation()


def test_whole_sequences_are_held_out(sequences: SequenceDataset) -> None:
    training, held_out = divide_sequences(sequences, 0.1)
    assert len(held_out.sequences) == 1
    assert not set(training.sequences) & set(held_out.sequences)
    assert sorted((*training.ids, *held_out.ids)) == sorted(sequences.ids)
    other = divide_sequences(sequences.subset(sequences.ids[::-1]), 0.1)[1]
    assert set(other.sequences) == set(held_out.sequences)
    with pytest.raises(SplitError, match="share no sequence"):
        divide_sequences(sequences, 0.1, test=held_out)
    with pytest.raises(SplitError, match="share no sequence"):
        divide_sequences(sequences, 0.1, held_out=held_out)
    with pytest.raises(SplitError, match="at least two sequences"):
        divide_sequences(held_out, 0.1)


def test_boxes_as_centres() -> None:
    assert centred(np.array([[2, 4, 8, 5]], np.float32)).tolist() == [[5, 4.5, 6, 1]]
