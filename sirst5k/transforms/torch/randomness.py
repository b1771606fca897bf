"""Random numbers that are addressed: every one follows from a seed and a place, on any device.

Torch's own generators give numbers in the order in which they are asked for, other ones on
other devices. Here a sample has one 64-bit seed, and what is drawn for it is a hash of that
seed and of what it is for: the same in any batch, beside any neighbours, on any device, and
without a generator that a compiled or captured graph would have to know of.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from sirst5k.errors import ParameterError, ShapeError
from sirst5k.seeds import stable_hash
from sirst5k.transforms.torch.processor import on_processor
from sirst5k.transforms.torch.processor.compiled import kernels
from sirst5k.transforms.torch.processor.namespaces import (
    Array,
    count_up,
    integers,
    namespace,
    single,
)

_ODD = -7046029254386353131  # 2^64 divided by the golden ratio, as a signed number
_WORD_ODD = -1640531527  # likewise of 2^32
# Odd numbers without a pattern: what is a multiple of one is none of another for very long.
_EPOCH, _CALL = -3335678366873096957, 3935559000370003845


def mix(values: Array) -> Array:
    """Scramble 64-bit numbers: one to one, every bit of each depending on all of its bits.

    The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014), in signed arithmetic that wraps.

    Parameters
    ----------
    values : int64 tensor or array
    """
    values = (values ^ ((values >> 30) & 0x3FFFFFFFF)) * -4658895280553007687
    values = (values ^ ((values >> 27) & 0x1FFFFFFFFF)) * -7723592293110705685
    return values ^ ((values >> 31) & 0x1FFFFFFFF)


def derive(seeds: Tensor, place: int) -> Tensor:
    """Return seeds for a numbered part of what seeds are for.

    Parameters
    ----------
    seeds : int64 tensor
    place : int
        Not negative.
    """
    if on_processor(seeds):
        return derive_many(seeds, 1, place).view(seeds.shape)
    derived: Tensor = mix(seeds + _wrapped(_ODD * (place + 1)))
    return derived


def derive_many(seeds: Tensor, count: int, first: int = 0) -> Tensor:
    """Return ``(..., count)`` seeds, those of `derive` for `first` and the places after it."""
    if on_processor(seeds):
        if seeds.ndim == 1 and (compiled := kernels("hashing")):
            return torch.from_numpy(compiled.derive_many(seeds.numpy(), count, first))
        return torch.from_numpy(_derive_many(seeds.numpy(), count, first))
    derived: Tensor = (_derive_whole if seeds.is_cpu else _derive_many)(seeds, count, first)
    return derived


def _derive_many(seeds: Array, count: int, first: int) -> Array:
    places = count_up(count, seeds) * _ODD
    return mix(seeds[..., None] + places + _wrapped(_ODD * (first + 1)))


# Opaque to torch.compile. A range times a constant becomes, in inductor's C++, a loop's counter
# times it: in 32 bits where it goes many by many, and else a product that must not run over, so
# that GCC may leave out what comes after it has, which is the way back to the caller.
@torch.library.custom_op(
    "sirst5k::derive_many",
    mutates_args=(),
    schema="(Tensor seeds, SymInt count, SymInt first) -> Tensor",
)
def _derive_whole(seeds: Tensor, count: int, first: int) -> Tensor:
    return torch.from_numpy(_derive_many(seeds.numpy(), count, first))


@_derive_whole.register_fake
def _(seeds: Tensor, count: int, first: int) -> Tensor:  # noqa: ARG001
    return seeds.new_empty(*seeds.shape, count)


def uniform(seeds: Tensor, stream: int, count: int) -> Tensor:
    """Draw numbers in [0, 1), evenly.

    Parameters
    ----------
    seeds : (B,) int64
    stream : int
        What they are for; numbers of different streams have nothing to do with each other.
    count : int

    Returns
    -------
    (B, count) float32
        Multiples of 2^-24.
    """
    first = (stream + 1) << 32
    if on_processor(seeds):
        if compiled := kernels("hashing"):
            return torch.from_numpy(compiled.uniform(seeds.numpy(), count, first))
        return torch.from_numpy(_fractions(_derive_many(seeds.numpy(), count, first)))
    drawn: Tensor = _fractions(derive_many(seeds, count, first))
    return drawn


def _fractions(bits: Array) -> Array:
    return single((bits >> 40) & 0xFFFFFF) * 2.0**-24


def below(uniforms: Tensor, limits: Tensor | int) -> Tensor:
    """Turn numbers in [0, 1) into whole ones in ``0 … limit - 1``; 0 where the limit is 0."""
    if isinstance(limits, int):
        if on_processor(uniforms):
            return torch.from_numpy(_below(uniforms.numpy(), limits, max(limits - 1, 0)))
        chosen: Tensor = _below(uniforms, limits, max(limits - 1, 0))
        return chosen
    whole = torch.floor(uniforms * limits).to(torch.int64)
    return torch.minimum(whole, limits - 1).clamp(min=0)


def _below(uniforms: Array, limit: int, most: int) -> Array:
    # The product of floats may round up to the limit itself.
    return integers(namespace(uniforms).floor(uniforms * limit)).clip(0, most)


def random_bytes(seeds: Tensor, count: int) -> Tensor:
    """Draw bytes, many for each seed, by a hash of 32 bits.

    Parameters
    ----------
    seeds : (N,) int64
    count : int
        A multiple of 4.

    Returns
    -------
    (N, count) int32
        0 to 255.
    """
    low, high = _as_word(seeds)[:, None], _as_word(seeds >> 32)[:, None]
    places = torch.arange(count // 4, device=seeds.device, dtype=torch.int32)
    words = _mix_words(places * _WORD_ODD + low) ^ high
    return words.view(torch.uint8).to(torch.int32)


def sample_seeds(
    seed: int, epoch: int, ids: Iterable[str], device: torch.device | str | None = None
) -> Tensor:
    """Return seeds that depend on a run's seed, the epoch and each sample's name alone.

    Hand them to a transform as ``seeds=``: what happens to a sample then depends neither on
    the batch that it comes in nor on the number of workers that load it.

    Parameters
    ----------
    seed, epoch : int
        Not negative.
    ids : iterable of str
        Names of the samples, in the order of the batch.
    device : torch.device or str, optional
        Where the images are.

    Returns
    -------
    (B,) int64

    Examples
    --------
    >>> both = sample_seeds(0, 3, ["Misc_1", "Misc_2"])
    >>> bool(both[1] == sample_seeds(0, 3, ["Misc_2"])[0])
    True
    """
    if seed < 0 or epoch < 0:
        raise ParameterError(f"Expected seed and epoch not negative, got {seed} and {epoch}.")
    names = torch.tensor([_wrapped(stable_hash(name)) for name in ids], dtype=torch.int64)
    seeds = mix(names ^ mix(torch.tensor(_wrapped(seed)) + _wrapped(_ODD * (epoch + 1))))
    return seeds if device is None else seeds.to(device)


@torch.compiler.disable
def draw_seeds(count: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Draw ``(count,)`` seeds from a generator on the images' device."""
    if generator.device.type != device.type:
        raise ParameterError(
            f"Expected a generator on the images' device {device}, got one on "
            f"{generator.device}. Make it with torch.Generator({str(device)!r})."
        )
    return _any_seeds(count, device, generator)


def any_seeds(count: int, device: torch.device) -> Tensor:
    """Draw ``(count,)`` seeds from torch's own generator of a device."""
    return _any_seeds(count, device, None)


def check_seeds(seeds: Tensor, count: int) -> Tensor:
    """Return seeds handed in, or raise `ShapeError`."""
    if seeds.shape != (count,) or seeds.dtype != torch.int64:
        raise ShapeError(
            f"Expected seeds (B,) = ({count},) of int64, got {tuple(seeds.shape)} of "
            f"{seeds.dtype}. Make them with sirst5k.transforms.torch.sample_seeds."
        )
    return seeds


def counted_seeds(key: int, clock: Tensor, count: int) -> Tensor:
    """Return ``(count,)`` seeds of a numbered call, from a clock of epoch and call."""
    epoch, call = clock.unbind()
    return derive_many(epoch * _EPOCH + call * _CALL, count, key)


def _any_seeds(count: int, device: torch.device, generator: torch.Generator | None) -> Tensor:
    limits = (-(2**63), 2**63 - 1)
    if generator is None:
        # A generator of None would still be one too many for a compiled graph.
        return torch.randint(*limits, (count,), device=device)
    return torch.randint(*limits, (count,), device=device, generator=generator)


def _as_word(values: Tensor) -> Tensor:
    """Return the low 32 bits of each number."""
    return (((values + 2**31) & 0xFFFFFFFF) - 2**31).to(torch.int32)


def _mix_words(words: Tensor) -> Tensor:
    words = (words ^ ((words >> 16) & 0xFFFF)) * 0x7FEB352D
    words = (words ^ ((words >> 15) & 0x1FFFF)) * -2073254261
    return words ^ ((words >> 16) & 0xFFFF)


def _wrapped(value: int) -> int:
    """Return a whole number as a signed one of 64 bits."""
    return (value + 2**63) % 2**64 - 2**63
