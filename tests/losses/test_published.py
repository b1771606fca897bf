"""Every number of the published losses: values, gradients, totals, and where they are NaN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sirst5k.losses import (  # noqa: E402
    BCELoss,
    DeepSupervision,
    SLSIoULoss,
    SoftIoULoss,
    for_detector,
    location_term,
    probability_cross_entropy,
)

CASES = [
    "all_empty",
    "all_foreground",
    "displaced_nonsquare",
    "mixed_sizes",
    "one_of_three_empty",
    "perfect",
    "realistic_256",
    "soft_target",
    "underflow_empty",
    "underflow_half_empty",
    "underflow_targets",
]
# Name of the fixture -> (loss given `published`, epoch).
LOSSES: dict[str, Any] = {
    "softiou_batch": (lambda published: SoftIoULoss("batch"), None),
    "softiou_sample": (lambda published: SoftIoULoss("sample"), None),
    "sls_epoch5_warm5": (lambda published: SLSIoULoss(published=published), 5),
    "sls_epoch6_warm5": (lambda published: SLSIoULoss(published=published), 6),
    "sls_noloc_epoch6_warm5": (lambda p: SLSIoULoss(location=False, published=p), 6),
    "bce_prob_mean": (lambda published: BCELoss(published=published), None),
}
SATURATED = {"perfect", "underflow_empty", "underflow_half_empty", "underflow_targets"}


@pytest.fixture(scope="module")
def stored(shared: Path) -> dict[str, np.ndarray]:
    with np.load(shared / "parity" / "losses.seed0.npz") as archive:
        return dict(archive)


def measured(stored: Any, case: str, loss: Any, epoch: int | None, dtype: Any) -> Any:
    """Value and gradient with respect to the logits."""
    logits = torch.from_numpy(stored[f"{case}__logits"]).to(dtype).requires_grad_()
    value = loss(logits, torch.from_numpy(stored[f"{case}__target"]), epoch=epoch)
    value.backward()
    return value.item(), logits.grad.numpy()


def agree(found: float, wanted: float, dtype: Any) -> None:
    if dtype == torch.float32:
        assert found == pytest.approx(wanted, abs=1e-6, rel=0, nan_ok=True)
    else:
        assert found == pytest.approx(wanted, rel=1e-8, abs=1e-15)


def test_all_cases_are_here(stored: dict[str, np.ndarray]) -> None:
    assert sorted(key[:-8] for key in stored if key.endswith("__logits")) == CASES


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("case", CASES)
def test_published_form(stored: dict[str, np.ndarray], case: str, name: str) -> None:
    make, epoch = LOSSES[name]
    value, gradient = measured(stored, case, make(True), epoch, torch.float32)
    agree(value, float(stored[f"{case}__{name}"]), torch.float32)
    assert np.isfinite(gradient).all() == bool(stored[f"{case}__{name}__grad_finite"])
    value, gradient = measured(stored, case, make(True), epoch, torch.float64)
    agree(value, float(stored[f"{case}__{name}__f64"]), torch.float64)
    wanted = stored.get(f"{case}__{name}__grad_f64")
    if wanted is not None:
        np.testing.assert_allclose(gradient, wanted, rtol=1e-8, atol=1e-8 * np.abs(wanted).max())


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "bce_prob_mean"])
@pytest.mark.parametrize("case", CASES)
def test_safe_form(stored: dict[str, np.ndarray], case: str, name: str) -> None:
    """Equal wherever the published one is finite, and elsewhere to its limit in float64."""
    make, epoch = LOSSES[name]
    value, gradient = measured(stored, case, make(False), epoch, torch.float32)
    wanted = float(stored[f"{case}__{name}"])
    exact = float(stored[f"{case}__{name}__f64"])
    agree(value, exact if np.isnan(wanted) else wanted, torch.float32)
    assert np.isfinite(gradient).all()
    agree(measured(stored, case, make(False), epoch, torch.float64)[0], exact, torch.float64)
    if not np.isnan(wanted):
        published = measured(stored, case, make(True), epoch, torch.float32)[1]
        np.testing.assert_array_equal(gradient, published)


@pytest.mark.parametrize("case", sorted(set(CASES) - SATURATED))
def test_cross_entropy_from_logits(stored: dict[str, np.ndarray], case: str) -> None:
    value, gradient = measured(stored, case, BCELoss(), None, torch.float32)
    agree(value, float(stored[f"{case}__bce_prob_mean"]), torch.float32)
    wanted = measured(stored, case, BCELoss(published=True), None, torch.float64)[1]
    np.testing.assert_allclose(gradient, wanted, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_location_alone(stored: dict[str, np.ndarray], case: str, dtype: Any) -> None:
    logits = torch.from_numpy(stored[f"{case}__logits"]).to(dtype).requires_grad_()
    levels = torch.from_numpy(stored[f"{case}__target"]).to(dtype)
    term = location_term(torch.sigmoid(logits), levels)
    assert term.shape == (len(levels),)
    ending = "" if dtype == torch.float32 else "__f64"
    agree(float(term.detach().mean()), float(stored[f"{case}__location{ending}"]), dtype)
    wanted = stored.get(f"{case}__location__grad_f64")
    if dtype == torch.float64 and wanted is not None:
        term.mean().backward()
        found = logits.grad.numpy()
        np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-8 * np.abs(wanted).max())


def test_cross_entropy_at_0_and_1(stored: dict[str, np.ndarray]) -> None:
    probability = torch.from_numpy(stored["bce_clamp__prob"])
    assert {0.0, 1.0} <= set(probability.flatten().tolist())
    value = probability_cross_entropy(probability, torch.from_numpy(stored["bce_clamp__target"]))
    assert float(value) == pytest.approx(float(stored["bce_clamp__value"]), rel=1e-6)


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_totals(stored: dict[str, np.ndarray], dtype: Any, published: bool) -> None:
    ending = "" if dtype == torch.float32 else "__f64"
    mask = torch.from_numpy(stored["total__target"]).bool()

    def total(network: str, names: list[str], key: str, **context: Any) -> None:
        heads = [torch.from_numpy(stored[name]).to(dtype) for name in names]
        found = for_detector(network, published=published)(heads, mask, **context)
        assert found.dtype == dtype
        agree(float(found), float(stored[key + ending]), dtype)

    scales = [f"total_msh__mask{k}" for k in range(4)]
    six = [f"total_six__logits{k}" for k in range(6)]
    total("mshnet", [*scales, "total_msh__pred"], "total_msh__epoch6_warm5", epoch=6)
    total("mshnet", [*scales, "total_msh__pred"], "total_msh__epoch6_warm5")  # as at the end
    total("mshnet", ["total_msh__pred"], "total_msh__epoch5_warm5", epoch=5)
    total("dnanet", six[:4], "total_dna_first4_mean", epoch=0)
    total("dstransnet", six, "total_dst_six_bce_sum", epoch=0)


def test_masks_of_the_smaller_heads(stored: dict[str, np.ndarray]) -> None:
    seen: list[Any] = []

    def note(head: Any, mask: Any) -> Any:
        seen.append(mask)
        return head.mean()

    heads = [torch.zeros(2, 1, 64 >> k, 64 >> k) for k in range(4)]
    DeepSupervision(note)(heads, torch.from_numpy(stored["total__target"]))
    for k in (1, 2, 3):
        np.testing.assert_array_equal(seen[k].numpy(), stored[f"label_pyramid{k}"])
