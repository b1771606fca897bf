"""Batched noise is the array version's given its parameters, and as faithful to the bank."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.fft
from scipy.special import ndtri

torch = pytest.importorskip("torch")

from torch_scenes import real_batch, wild_batch  # noqa: E402

from sirst5k import NoiseBank  # noqa: E402
from sirst5k.errors import NoiseError, ParameterError, ShapeError  # noqa: E402
from sirst5k.noise import add_residual, log_spectral_distance, radial_spectrum  # noqa: E402
from sirst5k.noise.fidelity import moments  # noqa: E402
from sirst5k.noise.marginal import LEVELS, REACH  # noqa: E402
from sirst5k.noise.spectrum import cut_crops  # noqa: E402
from sirst5k.synthesis.displacing import apply_displacement, noise_alone  # noqa: E402
from sirst5k.transforms import NoiseDisplacement as Single  # noqa: E402
from sirst5k.transforms.torch import NoiseDisplacement  # noqa: E402

METHODS = [
    {"canvas": 0},
    {"canvas": 4},
    {"field": "tile", "canvas": 0},
    {"field": "tile", "canvas": 2},
    {"field": "resize"},
    {"signal_dependence": 0.6, "canvas": 0},
    {"signal_dependence": 1.0},
    {"scr_range": (2.0, 9.0), "canvas": 0},
    {"method": "mixup", "weights": (0.1, 0.4)},
    {"method": "mixup", "field": "spectral", "weight_range": (0.1, 0.5), "canvas": 0},
    {"method": "mixup", "field": "tile", "weights": (0.3,)},
]


def coloured(rng: np.random.Generator, count: int = 384, skewed: bool = True) -> np.ndarray:
    """Windows with a spectrum and a distribution of their own, at many noise levels."""
    white = rng.normal(size=(count, 32, 32))
    spread = 0.6 * np.roll(white, 1, 1) + 0.3 * np.roll(white, 1, 2) + white
    windows = spread[:, :16, :16]
    if skewed:
        windows = windows + 0.15 * (windows**2 - windows.var())
    windows *= np.linspace(2.0, 3.0, count)[:, None, None]
    return np.clip(np.rint(windows + 100), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def bank() -> NoiseBank:
    return NoiseBank.from_windows(coloured(np.random.default_rng(0)))


def to_torch(images: np.ndarray, masks: np.ndarray):
    return torch.from_numpy(images)[:, None], torch.from_numpy(masks)[:, None]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("settings", METHODS, ids=str)
def test_equal_parameters_displace_equally(bank, settings, dtype) -> None:
    images, masks = wild_batch(7, 5, (72, 60), dtype)
    tensors = to_torch(images, masks)
    single, many = Single(bank, **settings, p=0.8), NoiseDisplacement(bank, **settings, p=0.8)
    rng = np.random.default_rng(3)
    documents = [single.draw(image, mask, rng) for image, mask in zip(images, masks)]
    noisy, same = many.apply(*tensors, many.from_json(documents, tensors[0]))
    assert noisy.dtype == tensors[0].dtype
    assert torch.equal(same, tensors[1])
    for place, document in enumerate(documents):
        wanted = single.apply(images[place], masks[place], document)[0].astype(np.float64)
        difference = np.abs(noisy[place, 0].numpy() - wanted)
        # Stretched contrast multiplies what rounding leaves apart.
        limit = 1e-4 * max(1.0, np.abs(wanted).max()) if dtype is np.float32 else 1.0
        assert difference.max() <= limit
        if document["op"] == "nothing":
            assert difference.max() == 0


@pytest.mark.parametrize("settings", [{"field": "resize"}, {"canvas": 4}], ids=str)
def test_what_was_drawn_here_is_replayed_by_the_array_version(bank, settings) -> None:
    images, masks = wild_batch(8, 6, (72, 60))
    tensors = to_torch(images, masks)
    many, single = NoiseDisplacement(bank, **settings), Single(bank, **settings)
    drawn = many.draw(*tensors, torch.Generator().manual_seed(1))
    noisy, _ = many.apply(*tensors, drawn)
    documents = many.to_json(drawn, tensors[0])
    assert {document["op"] for document in documents} == {"nothing", "displace"}
    for place, document in enumerate(documents):
        wanted = single.apply(images[place], masks[place], document)[0]
        assert np.abs(noisy[place, 0].int().numpy() - wanted.astype(int)).max() <= 1


def test_real_images_within_one_grey_level(shared: Path, bank) -> None:
    images, masks = real_batch(shared, step=20)
    tensors = to_torch(images, masks)
    for canvas in (0, 4):
        single, many = Single(bank, canvas=canvas, p=1.0), NoiseDisplacement(bank, canvas=canvas)
        rng = np.random.default_rng(0)
        documents = [single.draw(image, mask, rng) for image, mask in zip(images, masks)]
        noisy, _ = many.apply(*tensors, many.from_json(documents, tensors[0]))
        wanted = [single.apply(*one)[0] for one in zip(images, masks, documents)]
        difference = np.abs(noisy[:, 0].int().numpy() - np.stack(wanted).astype(int))
        assert difference.max() <= 1
        if not canvas:
            assert (difference > 0).mean() < 1e-4


def fields_of(many: NoiseDisplacement, count: int, shape: tuple[int, int]) -> np.ndarray:
    """The fields that a transform adds, in the bank's grey levels and not rounded."""
    images = torch.zeros(count, 1, *shape)
    drawn = many.draw(images, generator=torch.Generator().manual_seed(0))
    drawn["std"] = torch.full((count,), many.bank.std)
    return many.apply(images, None, drawn)[0][:, 0].numpy()


@pytest.mark.parametrize(("field", "limit"), [("spectral", 0.5), ("tile", 1.5)])
def test_fields_are_faithful_to_the_bank(bank, field, limit) -> None:
    many = NoiseDisplacement(bank, field=field, canvas=0, p=1.0)
    fields = fields_of(many, 100, (128, 160))
    crops = np.concatenate([cut_crops(made, bank.size) for made in fields])
    distance = log_spectral_distance(radial_spectrum(crops), radial_spectrum(bank.tiles))
    assert distance < limit
    assert np.abs(fields.mean((1, 2))).max() < 1e-5
    if field == "spectral":
        assert abs(fields.std() / bank.std - 1) < 0.03
        np.testing.assert_allclose(moments(fields), moments(bank.tiles), atol=0.15)


def test_real_noise_is_kept(shared: Path) -> None:
    """On the noise of real images, as near as the array version's fields are."""
    from sirst5k import open_dataset

    data = open_dataset(shared / "data" / "sirst-v1", "val")
    bank = NoiseBank.sample(data)
    fields = fields_of(NoiseDisplacement(bank, canvas=0, p=1.0), 60, (256, 256))
    crops = np.concatenate([cut_crops(made, bank.size) for made in fields])
    real = radial_spectrum(bank.tiles)
    assert log_spectral_distance(radial_spectrum(crops), real) < 0.5
    np.testing.assert_allclose(moments(fields), moments(bank.tiles), atol=0.2)


def test_spectrum_to_field_is_the_array_versions_transform(bank) -> None:
    """The same phases give the same field, before it is mapped onto the distribution."""
    source = NoiseDisplacement(bank, canvas=0).fresh
    shape = (70, 90)
    amplitude, size, deviation = bank.shaping.amplitude(shape)
    phases = np.random.default_rng(0).integers(256, size=amplitude.shape)
    turned = np.exp(2j * np.pi * phases / 256)
    wanted = scipy.fft.irfft2(amplitude * turned, s=size) * (LEVELS / (2 * REACH * deviation))
    scaled, mine = source.prepare(shape, torch.device("cpu"))
    assert mine == size
    spectrum = torch.from_numpy(turned.T.astype(np.complex64)[None]) * scaled
    steps = source.steps(spectrum, size)[0].numpy() - LEVELS / 2
    assert np.abs(steps - wanted).max() < 2e-3 * LEVELS / (2 * REACH)


def test_lookup_gives_a_normal_field_the_banks_distribution(bank) -> None:
    from sirst5k.transforms.torch.spectral import expected_lookup

    lookup = expected_lookup(bank.shaping)
    assert (np.diff(lookup) >= 0).all()
    ranks = (np.arange(200_000) + 0.5) / 200_000
    steps = np.clip(ndtri(ranks) * LEVELS / (2 * REACH) + LEVELS / 2, 0, LEVELS - 1).astype(int)
    ordered = np.sort(bank.tiles, axis=None)
    quantiles = ordered[(ranks * ordered.size).astype(int)]
    assert np.abs(lookup[steps] - (quantiles - quantiles.mean())).mean() < 0.02 * bank.std


def test_levels_are_those_of_the_bank(bank) -> None:
    images = torch.zeros(3000, 1, 8, 8, dtype=torch.uint8)
    many = NoiseDisplacement(bank, gain_range=(1.0, 1.0), p=1.0)
    levels = many.draw(images, generator=torch.Generator().manual_seed(0))["std"].numpy()
    rng = np.random.default_rng(0)
    single = Single(bank, gain_range=(1.0, 1.0), p=1.0)
    blank = images[0, 0].numpy()
    theirs = [single.draw(blank, blank > 0, rng)["std"] for _ in range(3000)]
    np.testing.assert_allclose(
        np.quantile(levels, [0, 0.2, 0.5, 0.8, 1]),
        np.quantile(theirs, [0, 0.2, 0.5, 0.8, 1]),
        rtol=0.05,
    )
    assert levels.min() >= bank.level_at(0.05) - 1e-3
    assert levels.max() <= bank.level_at(0.95) + 1e-3


def test_depths_get_noise_of_their_own_scale(bank) -> None:
    many = NoiseDisplacement(bank, p=1.0)
    stds = [
        many.draw(torch.zeros(4, 1, 16, 16, dtype=dtype), seeds=torch.arange(4))["std"]
        for dtype in (torch.uint8, torch.uint16, torch.float32, torch.float16)
    ]
    for std, white in zip(stds, (255, 65535, 1, 1)):
        torch.testing.assert_close(std / white, stds[0] / 255)


def test_frames_of_a_clip_share_a_level_but_not_the_noise(bank) -> None:
    clips = torch.full((2, 3, 4, 32, 32), 0.5)
    for canvas in (0, 4):
        many = NoiseDisplacement(bank, gain_range=(1.0, 1.0), canvas=canvas, p=1.0)
        noise = many(clips, generator=torch.Generator().manual_seed(0))[0] - clips
        assert torch.equal(noise[:, 0], noise[:, 1])
        assert torch.equal(noise[:, 0], noise[:, 2])
        frames = noise[:, 0].flatten(2)
        levels = frames.std(2)
        assert (levels / levels.mean(1, keepdim=True) - 1).abs().max() < 0.25
        together = torch.corrcoef(frames.flatten(0, 1)) - torch.eye(8)
        assert together.abs().max() < 0.3


def test_targets_are_moved_to_a_drawn_scr(bank) -> None:
    from sirst5k.contrast import measure_targets

    images = torch.full((4, 1, 80, 80), 0.4)
    masks = torch.zeros(4, 1, 80, 80)
    masks[:, :, 30:33, 30:32] = masks[:, :, 60:62, 10:14] = 1.0
    images[masks > 0] = 0.7
    many = NoiseDisplacement(bank, scr_range=(6.0, 6.0), p=1.0)
    noisy, _ = many(images, masks)
    for image, mask in zip(noisy[:, 0].numpy(), masks[:, 0].numpy() > 0):
        for measured in measure_targets(image, mask):
            assert abs(measured.scr - 6.0) < 1e-3
            assert measured.contrast > 0


def test_mixup_weights_are_drawn_from_those_given(bank) -> None:
    images = torch.zeros(600, 1, 8, 8, dtype=torch.uint8)
    many = NoiseDisplacement(bank, "mixup", weights=(0.1, 0.2, 0.5), p=1.0)
    drawn = many.draw(images, generator=torch.Generator().manual_seed(0))
    values, counts = drawn["weight"].unique(return_counts=True)
    torch.testing.assert_close(values, torch.tensor([0.1, 0.2, 0.5]))
    assert (counts - 200).abs().max() < 60
    assert len(drawn["tile"].unique()) > 0.7 * len(bank)


def test_nan_stays_where_it_is(bank) -> None:
    images = torch.rand(2, 1, 40, 40)
    images[0, 0, 5, 6] = torch.nan
    masks = torch.zeros(2, 1, 40, 40)
    masks[:, :, 20:22, 20:22] = 1
    for settings in ({}, {"canvas": 0}, {"signal_dependence": 0.5}, {"scr_range": (1.0, 5.0)}):
        noisy, _ = NoiseDisplacement(bank, **settings, p=1.0)(images, masks)
        assert noisy.isnan().sum() == 1
        assert noisy[0, 0, 5, 6].isnan()


def test_a_signal_with_nan_in_it_has_the_mean_of_the_rest(bank) -> None:
    images = torch.rand(1, 1, 40, 40)
    images[0, 0, 3, 3] = 0.0
    broken = images.clone()
    broken[0, 0, 3, 3] = torch.nan
    many = NoiseDisplacement(bank, signal_dependence=1.0, p=1.0)
    seeds = torch.tensor([4])
    noisy, wanted = many(broken, seeds=seeds)[0], many(images, seeds=seeds)[0]
    kept = ~noisy.isnan()
    assert torch.equal(noisy[kept], wanted[kept])


@pytest.mark.parametrize(
    "settings",
    [{"canvas": 0}, {"canvas": 4}, {"field": "tile", "canvas": 0}, {"field": "resize"}],
    ids=str,
)
def test_every_sample_has_noise_of_its_own(bank, settings) -> None:
    fields = fields_of(NoiseDisplacement(bank, **settings, p=1.0), 12, (64, 64)).reshape(12, -1)
    together = np.abs(np.corrcoef(fields) - np.eye(12))
    # Windows of one canvas may overlap, a stretched tile may be drawn twice.
    assert np.median(together) < 0.2
    assert (together.max(0) < 0.9).sum() >= 8


def test_grey_levels_saturate_rather_than_overflow(bank) -> None:
    for dtype, white in ((torch.uint8, 255), (torch.uint16, 65535)):
        many = NoiseDisplacement(bank, gain_range=(8.0, 8.0), p=1.0)
        for level in (0, white):
            images = torch.full((2, 1, 32, 32), level).to(dtype)
            noisy = many(images)[0].to(torch.int64)
            assert (noisy == level).float().mean() > 0.3
            assert (noisy - level).abs().max() < 0.9 * white


def test_documents_that_do_not_fit_are_sentences(bank) -> None:
    images = torch.zeros(1, 1, 32, 32, dtype=torch.uint8)
    fresh = NoiseDisplacement(bank, canvas=0, p=1.0)
    with pytest.raises(ParameterError, match="has no document"):
        fresh.to_json(fresh.draw(images), images)
    blank = np.zeros((32, 32), np.uint8)
    mixed = Single(bank, "mixup", p=1.0).draw(blank, blank > 0)
    with pytest.raises(ParameterError, match="noise with method 'residual'"):
        fresh.from_json([mixed], images)
    with pytest.raises(ShapeError, match="with scr_range"):
        NoiseDisplacement(bank, scr_range=(1.0, 2.0))(images)
    with pytest.raises(NoiseError):
        NoiseDisplacement("no/such/bank.npz")


def test_noise_is_what_the_array_version_would_add(bank) -> None:
    """`noise_alone` of the synthesis, for a float image: the same field, scaled the same."""
    image = np.random.default_rng(0).random((40, 44)).astype(np.float32)
    single = Single(bank, canvas=0, p=1.0)
    document = single.draw(image, image > 2, np.random.default_rng(4))
    many = NoiseDisplacement(bank, canvas=0, p=1.0)
    tensor = torch.from_numpy(image)[None, None]
    added = many.apply(tensor, None, many.from_json([document], tensor))[0] - tensor
    np.testing.assert_allclose(added[0, 0], noise_alone(image, document, bank), atol=1e-6)
    assert np.array_equal(
        add_residual(image, np.zeros_like(image)),
        apply_displacement(image, image > 2, {**document, "std": 0.0}, bank),
    )
