"""Batched transforms where they run: in workers, inside models, on a GPU."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.utils.data import DataLoader  # noqa: E402
from torch_makers import BANK, EVERYTHING, MAKERS, batch  # noqa: E402

from sirst5k.errors import ParameterError  # noqa: E402
from sirst5k.transforms.torch import NegativeRotation, from_recipe, sample_seeds  # noqa: E402


@pytest.fixture(params=list(MAKERS))
def make(request):
    return MAKERS[request.param]


def test_autocast_changes_nothing() -> None:
    images, masks = batch(4, np.float32)
    transform = from_recipe(EVERYTHING, BANK, canvas=0)
    seeds = torch.arange(4)
    plain = transform(images, masks, seeds=seeds)
    with torch.autocast("cpu", torch.bfloat16):
        other = transform(images, masks, seeds=seeds)
    assert torch.equal(plain[0], other[0])
    assert other[0].dtype == torch.float32


class Samples(torch.utils.data.Dataset):
    """A dataset that transforms each sample itself, by its name."""

    def __init__(self) -> None:
        self.images, self.masks = batch(8)
        self.transform = from_recipe("sirst5k", BANK)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int):
        seeds = sample_seeds(0, 0, [f"image {place}"])
        one = slice(place, place + 1)
        image, mask = self.transform(self.images[one], self.masks[one], seeds=seeds)
        return image[0], mask[0]


def test_workers_do_what_one_process_does() -> None:
    data = Samples()
    alone = [torch.stack(part) for part in zip(*[data[place] for place in range(8)])]
    context = {"num_workers": 2, "multiprocessing_context": "fork"}
    loaded = list(DataLoader(data, batch_size=4, **context))
    for place in (0, 1):
        assert torch.equal(torch.cat([part[place] for part in loaded]), alone[place])


def test_modules_are_copied_pickled_and_moved_whole(make) -> None:
    images, masks = batch()
    transform = make(p=0.8)
    transform(images, masks)
    seeds = torch.arange(6)
    wanted = transform(images, masks, seeds=seeds)
    for other in (copy.deepcopy(transform), pickle.loads(pickle.dumps(transform))):
        assert torch.equal(other(images, masks, seeds=seeds)[0], wanted[0])
    assert transform.state_dict() == {}
    moved = copy.deepcopy(transform).to("meta")
    assert all(buffer.device.type == "meta" for buffer in moved.buffers())
    halved = copy.deepcopy(transform).half().eval()
    assert torch.equal(halved(images, masks, seeds=seeds)[0], wanted[0])


def test_a_model_with_a_transform_inside_can_be_initialised() -> None:
    model = torch.nn.Sequential(NegativeRotation(), torch.nn.Conv2d(1, 1, 1))
    seen = []
    assert model.apply(seen.append) is model
    assert len(seen) == 4
    with pytest.raises(ParameterError, match="parameters to apply"):
        model[0].apply(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8))


def test_reprs_tell_the_parameters(make) -> None:
    shown = repr(make(p=0.25, seed=9))
    assert "p=0.25" in shown
    assert "seed=9" in shown
    assert len(shown) < 1500


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_cuda_graph_draws_anew_at_every_replay() -> None:
    images, masks = (part.cuda() for part in batch())
    transform = from_recipe("sirst5k", BANK, canvas=0, seed=0).cuda()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            transform(images, masks)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        new, marks = transform(images, masks)
    results = []
    for _ in range(2):
        graph.replay()
        results.append(new.clone())
    assert not torch.equal(*results)
    transform.set_epoch(5)
    graph.replay()
    fresh = from_recipe("sirst5k", BANK, canvas=0, seed=0).cuda()
    fresh.set_epoch(5)
    assert torch.equal(new, fresh(images, masks)[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_does_what_the_processor_does(make) -> None:
    images, masks = batch()
    transform, seeds = make(p=0.9), torch.arange(6)
    wanted = transform(images, masks, seeds=seeds)
    there = transform.cuda()(images.cuda(), masks.cuda(), seeds=seeds.cuda())
    assert torch.equal(there[1].cpu(), wanted[1])
    assert (there[0].cpu().int() - wanted[0].int()).abs().max() <= 1
    torch.cuda.set_sync_debug_mode("error")
    try:
        transform(images.cuda(), masks.cuda(), seeds=seeds.cuda())
    finally:
        torch.cuda.set_sync_debug_mode("default")
