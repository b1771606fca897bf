"""In a DataLoader: workers, their number and the order of samples change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from transform_scenes import make_bank, make_frame

torch = pytest.importorskip("torch")

from sirst5k.sample import Sample  # noqa: E402
from sirst5k.transforms import Compose, NegativeRotation, NoiseDisplacement  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
]


class Frames:
    """Eight frames, augmented."""

    def __init__(self) -> None:
        noise = NoiseDisplacement(make_bank(), canvas=2, p=0.8)
        self.change = Compose([NegativeRotation(p=0.8), noise], seed=3)

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> Any:
        made = self.change(Sample(f"frame-{index}", *make_frame((32, 48), seed=index)))
        return index, torch.from_numpy(made.image), torch.from_numpy(made.mask)


def epochs(workers: int, keep: bool = False, shuffle: bool = False) -> list[dict[int, Any]]:
    """Return what three epochs give, by the frame's number."""
    frames = Frames()
    loader = torch.utils.data.DataLoader(
        frames,
        batch_size=3,
        num_workers=workers,
        persistent_workers=keep,
        shuffle=shuffle,
        generator=torch.Generator().manual_seed(workers),
    )
    seen = []
    for epoch in range(3):
        frames.change.set_epoch(epoch)
        batches = [zip(*batch, strict=True) for batch in loader]
        seen.append(
            {int(index): (image, mask) for batch in batches for index, image, mask in batch}
        )
    return seen


def test_neither_workers_nor_order_matter() -> None:
    reference = epochs(0)
    assert not torch.equal(reference[0][0][0], reference[1][0][0])
    for others in (epochs(2), epochs(2, keep=True, shuffle=True), epochs(4, keep=True)):
        for ours, theirs in zip(reference, others, strict=True):
            assert sorted(theirs) == list(range(8))
            for index, (image, mask) in ours.items():
                assert torch.equal(image, theirs[index][0])
                assert torch.equal(mask, theirs[index][1])
