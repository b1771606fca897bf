"""Where a call's randomness comes from, and that no worker changes it."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from transform_scenes import make_bank, make_frame

from sirst5k.errors import ParameterError
from sirst5k.sample import Sample
from sirst5k.seeds import rng_for
from sirst5k.transforms import Compose, NegativeRotation, NoiseDisplacement

START = ["fork", "spawn", "forkserver"]


def pipeline(seed: int | None = 11) -> Compose:
    noise = NoiseDisplacement(make_bank(), canvas=2, p=0.8)
    return Compose([NegativeRotation(p=0.8), noise], seed=seed)


def sample(number: int = 0) -> Sample:
    return Sample(f"frame-{number}", *make_frame(seed=number))


def pixels(made: Sample) -> bytes:
    return bytes(made.image.tobytes() + made.mask.tobytes())


def test_a_seed_addresses_by_sample_and_epoch() -> None:
    change = pipeline()
    first = change(sample())
    [change(sample(number)) for number in range(5)]  # nothing is consumed
    assert pixels(change(sample())) == pixels(first)
    by_hand = pipeline(None)(sample(), rng=rng_for(11, "frame-0", 0))
    assert pixels(by_hand) == pixels(first)
    image, mask = change(sample().image, sample().mask, key="frame-0")
    assert np.array_equal(image, first.image)
    assert np.array_equal(mask, first.mask)
    drawn = change.draw(sample().image, sample().mask, key="frame-0")
    assert drawn == pipeline().draw(sample().image, sample().mask, key="frame-0")
    change.set_epoch(3)
    assert change.epoch == 3
    assert pixels(change(sample())) != pixels(first)
    assert pixels(change(sample())) == pixels(
        pipeline(None)(sample(), rng=rng_for(11, "frame-0", 3))
    )
    assert pixels(pipeline(12)(sample())) != pixels(first)


def test_a_generator_that_is_handed_in_wins_over_the_seed() -> None:
    a = pipeline()(sample(), rng=np.random.default_rng(1))
    b = pipeline(None)(sample(), rng=np.random.default_rng(1))
    assert pixels(a) == pixels(b)


def test_without_seed_every_call_is_another() -> None:
    change = pipeline(None)
    assert len({pixels(change(sample())) for _ in range(12)}) > 8
    assert not np.array_equal(
        *(np.stack([change(sample()).image for _ in range(6)]) for _ in range(2))
    )


def test_the_global_generator_plays_no_role() -> None:
    """What every worker inherits alike must not be what it draws from."""
    change = pipeline(None)
    made = []
    for _ in range(8):
        np.random.seed(0)  # noqa: NPY002
        made.append(pixels(change(sample())))
    assert len(set(made)) > 4


def test_a_seeded_transform_must_know_whom_it_is_for() -> None:
    image, mask = make_frame()
    with pytest.raises(ParameterError, match="Call it with a Sample, or with key="):
        pipeline()(image, mask)
    with pytest.raises(ParameterError, match="seed=0"):
        pipeline(None)(image, mask, key="a")


def test_copies_have_an_epoch_of_their_own() -> None:
    change = pipeline()
    change.set_epoch(2)
    copies = [copy.deepcopy(change), copy.copy(change._epoch), pickle.loads(pickle.dumps(change))]
    change.set_epoch(5)
    assert copies[0].epoch == copies[2].epoch == 2
    assert copies[1] is not None
    assert copies[1].number == 2
    copies[0].set_epoch(9)
    assert change.epoch == 5


def test_an_epoch_without_a_seed_is_let_be() -> None:
    change = pipeline(None)
    change.set_epoch(4)
    assert change.epoch == 0


def _work(change: Compose, asked: Any, answers: Any) -> None:
    while (number := asked.get(timeout=60)) is not None:
        answers.put(pixels(change(sample(number))))


@pytest.fixture
def worker() -> Iterator[Callable[[str, Compose], Callable[[int], bytes]]]:
    """Start a process that outlives epochs; returns how to ask it for a sample."""
    started = []

    def start(method: str, change: Compose) -> Callable[[int], bytes]:
        context = multiprocessing.get_context(method)
        asked, answers = context.Queue(), context.Queue()
        process = context.Process(target=_work, args=(change, asked, answers), daemon=True)
        process.start()
        started.append((process, asked, answers))

        def ask(number: int) -> bytes:
            asked.put(number)
            return bytes(answers.get(timeout=60))

        return ask

    yield start
    for process, asked, answers in started:
        asked.put(None)
        process.join(20)
        asked.close()
        answers.close()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(
    "method", [m for m in START if m in multiprocessing.get_all_start_methods()]
)
def test_running_workers_see_a_new_epoch(
    method: str, worker: Callable[[str, Compose], Callable[[int], bytes]]
) -> None:
    change = pipeline()
    ask = worker(method, change)
    for epoch in (0, 1, 4):
        change.set_epoch(epoch)
        for number in (0, 2):
            assert ask(number) == pixels(change(sample(number)))
