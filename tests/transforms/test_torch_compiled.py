"""Batched transforms under torch.compile: on a processor a graph holds the call as a whole."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch_makers import MAKERS, batch, seeded  # noqa: E402

from sirst5k.transforms.torch import NegativeRotation  # noqa: E402
from sirst5k.transforms.torch.randomness import derive_many  # noqa: E402

BOXES = torch.tensor([[[3.0, 4, 8, 9]]]).repeat(3, 1, 1)


@pytest.fixture(autouse=True)
def forgotten_graphs():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def assert_equal(mine, wanted) -> None:
    for one, other in zip(mine, wanted, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.equal(one, other)


def operations(graph) -> list[str]:
    return [str(node.target) for node in graph.graph.nodes if node.op == "call_function"]


@pytest.mark.parametrize("name", ["turn", "canvas", "all"])
def test_a_graph_holds_the_call_and_nothing_else(name) -> None:
    seen = []

    def backend(graph, _):
        seen.extend(operations(graph))
        return graph

    images, masks = batch(3)
    compiled = torch.compile(MAKERS[name](p=0.9), backend=backend, fullgraph=True)
    compiled(images, masks, seeds=torch.arange(3))
    assert len([found for found in seen if found.startswith("sirst5k.transform")]) == 1
    assert len(seen) < 10


@pytest.mark.parametrize("name", ["turn", "canvas", "fresh", "one"])
def test_compiled_is_the_same_to_the_pixel(name) -> None:
    images, masks = batch(3)
    transform, seeds = MAKERS[name](p=0.9), torch.arange(3)
    compiled = torch.compile(transform, backend="aot_eager", fullgraph=True)
    floats = images.float() / 255
    for parts in ((images, masks), (floats, masks, BOXES), (images.mT, masks.mT)):
        assert_equal(compiled(*parts, seeds=seeds), transform(*parts, seeds=seeds))
    assert compiled(images, masks)[0].shape == images.shape


def test_without_masks_none_comes_back() -> None:
    images, _ = batch(3)
    for name, boxes in (("turn", BOXES), ("canvas", None)):
        transform, seeds = MAKERS[name](p=0.9), torch.arange(3)
        compiled = torch.compile(transform, backend="aot_eager", fullgraph=True)
        mine = compiled(images, None, boxes, seeds=seeds)
        assert mine[1] is None
        assert_equal(mine, transform(images, None, boxes, seeds=seeds))


def test_a_graph_finds_copies_and_what_was_pickled() -> None:
    images, masks = batch(3)
    one, seeds = NegativeRotation(p=1.0), torch.arange(3)
    wanted = one(images, masks, seeds=seeds)
    others = [copy.deepcopy(one), pickle.loads(pickle.dumps(one)), one]
    del one
    for other in others:
        compiled = torch.compile(other, backend="aot_eager", fullgraph=True)
        assert_equal(compiled(images, masks, seeds=seeds), wanted)
    assert len({other._number for other in others}) == 3


@pytest.mark.parametrize("name", ["turn", "fresh"])
def test_a_graph_that_gradients_flow_through_has_fixed_shapes(name) -> None:
    images, masks = batch(3, np.float32)
    images = (images / 255).requires_grad_()
    transform, seeds = MAKERS[name](p=0.9), torch.arange(3)
    transform.prepare(images)
    compiled = torch.compile(transform, backend="aot_eager", fullgraph=True)
    mine = compiled(images, masks, seeds=seeds)
    assert mine[0].requires_grad
    assert_equal(mine, transform(images, masks, seeds=seeds))


def test_compiles_around_a_generator_and_counts_with_a_seed() -> None:
    images, masks = batch(2)
    transform = NegativeRotation(p=1.0, seed=3)
    compiled = torch.compile(transform, backend="eager")
    for generator in (seeded(0), None):
        plain = NegativeRotation(p=1.0, seed=3)
        again = None if generator is None else seeded(0)
        wanted = [plain(images, masks, generator=generator)[0] for _ in range(2)]
        mine = [compiled(images, masks, generator=again)[0] for _ in range(2)]
        assert torch.equal(torch.stack(wanted), torch.stack(mine))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's, of torch
def test_inductor_changes_no_pixel() -> None:
    for make in MAKERS.values():
        torch._dynamo.reset()
        images, masks = batch(3)
        transform, seeds = make(p=0.9), torch.arange(3)
        compiled = torch.compile(transform, fullgraph=True)
        for parts in ((images, masks), (images / 255, masks, BOXES)):
            assert_equal(compiled(*parts, seeds=seeds), transform(*parts, seeds=seeds))
        again = torch.compile(make(p=0.9, seed=5), fullgraph=True)
        plain = make(p=0.9, seed=5)
        for _ in range(2):
            assert_equal(again(images, masks), plain(images, masks))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's, of torch
def test_inductor_draws_the_same_in_fixed_shapes() -> None:
    # A range times a constant, in a loop of its C++, ran over: other numbers, or a crash.
    seeds = torch.arange(32) * 0x3243F6A8885A308D
    compiled = torch.compile(lambda given: derive_many(given, 33), fullgraph=True)
    assert torch.equal(compiled(seeds), derive_many(seeds, 33))
    images, masks = batch(3, np.float32)
    images = (images / 255).requires_grad_()
    turn = NegativeRotation(p=1.0, seam="hard")
    turned = torch.compile(turn, fullgraph=True)(images, masks, seeds=seeds[:3])
    assert_equal(turned, turn(images, masks, seeds=seeds[:3]))
