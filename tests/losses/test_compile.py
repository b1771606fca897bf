"""Losses inside a compiled training step: one graph, and no new one every epoch."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from sirst5k.losses import create, for_detector, names  # noqa: E402


def counting(graphs: list[Any]) -> Any:
    def backend(graph: Any, example: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    return backend


@pytest.mark.parametrize("name", names())
def test_one_graph(name: str) -> None:
    torch._dynamo.reset()
    graphs: list[Any] = []
    loss = create(name)
    compiled = torch.compile(loss, fullgraph=True, backend=counting(graphs))
    logits, mask = torch.randn(2, 1, 16, 16), torch.rand(2, 1, 16, 16) > 0.9
    for _ in range(2):
        assert torch.equal(compiled(logits, mask), loss(logits, mask))
    assert len(graphs) == 1


def test_epochs_do_not_compile_again_and_again() -> None:
    torch._dynamo.reset()
    graphs: list[Any] = []
    criterion = for_detector("mshnet")
    compiled = torch.compile(criterion, fullgraph=True, backend=counting(graphs))
    heads = [torch.randn(2, 1, 16 >> k, 16 >> k) for k in (0, 1, 2, 3, 0)]
    mask = torch.rand(2, 1, 16, 16) > 0.9
    for epoch in range(12):
        assert torch.equal(compiled(heads, mask, epoch=epoch), criterion(heads, mask, epoch=epoch))
    assert len(graphs) <= 3  # epoch 0 as a constant, any in the warm-up, any after it


def test_gradients_through_a_compiled_criterion() -> None:
    torch._dynamo.reset()
    criterion = for_detector("dstransnet")
    compiled = torch.compile(criterion, fullgraph=True, backend="aot_eager")
    mask = torch.rand(2, 1, 16, 16) > 0.9
    gradients = []
    for call in (criterion, compiled):
        heads = [torch.linspace(-3, 3, 512).view(2, 1, 16, 16).requires_grad_() for _ in range(6)]
        call(heads, mask, epoch=0).backward()
        gradients.append(heads[2].grad)
    torch.testing.assert_close(*gradients)
