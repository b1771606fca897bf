"""Losses by name, criteria by network."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from sirst5k import losses  # noqa: E402
from sirst5k.detectors.registry import NETWORKS  # noqa: E402
from sirst5k.errors import ParameterError  # noqa: E402
from sirst5k.losses import create, for_detector, names  # noqa: E402


@pytest.mark.parametrize("name", names())
def test_every_loss_falls_with_a_better_prediction(name: str) -> None:
    mask = torch.zeros(2, 1, 8, 8, dtype=torch.bool)
    mask[:, :, 3:5, 3:5] = True
    right = torch.where(mask, 6.0, -6.0)
    loss = create(name)
    values = [float(loss(scale * right, mask)) for scale in (-1.0, 0.0, 0.5, 1.0)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.1 * values[0]
    assert repr(loss) == repr(eval(repr(loss), vars(losses)))


@pytest.mark.parametrize(
    ("name", "config", "sentence"),
    [
        ("softyou", {}, "Did you mean 'softiou'"),
        ("xyz", {}, "Known: bce, dice"),
        ("softiou", {"smoth": 1}, "Did you mean 'smooth'"),
        ("softiou", {"smooth": -1}, "smooth of at least 0"),
        ("softiou", {"smooth": float("nan")}, "smooth of at least 0"),
        ("softiou", {"smooth": "much"}, "cannot be made"),
        ("dice", {"reduction": "mean"}, "'batch' or 'sample'"),
        ("focal", {"alpha": 2}, "alpha in 0…1"),
        ("focal", {"gamma": float("inf")}, "gamma"),
        ("tversky", {"beta": -0.1}, "beta"),
        ("slsiou", {"warm_up_epochs": -2}, "warm_up_epochs"),
    ],
)
def test_mistakes(name: str, config: dict[str, object], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        create(name, **config)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_every_network_has_a_criterion(name: str) -> None:
    criterion = for_detector(name)
    mask = torch.zeros(2, 1, 16, 16, dtype=torch.bool)
    head = torch.zeros(2, 1, 16, 16, requires_grad=True)
    criterion([head, head], mask, epoch=0).backward()
    assert head.grad is not None
    assert criterion.warming_up(0) == (name == "mshnet")
    assert not criterion.warming_up(6)


def test_a_published_criterion_takes_other_parameters() -> None:
    criterion = for_detector("mshnet", warm_up_epochs=80)
    assert criterion.warming_up(80)
    assert not criterion.warming_up(81)
    assert for_detector("dnanet", smooth=0.5).loss.smooth == 0.5
    with pytest.raises(ParameterError, match="Did you mean 'warm_up_epochs'"):
        for_detector("mshnet", warm_up_epoch=3)


def test_no_criterion() -> None:
    with pytest.raises(ParameterError, match=r"Did you mean 'mshnet'.*losses\.create.*YOLOXLoss"):
        for_detector("mshnot")
