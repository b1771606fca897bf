"""The cross-slice ConvLSTM of SSTNet: one cell, and the grid of slices and layers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

_POOLED = 32  # cells a side that the attention sees, whatever the size of the maps
_HEADS = 8

State = tuple[Tensor | None, Tensor | None]
"""Hidden state and memory; None stands for zeros."""


class Crossing(nn.Module):
    """What hands a cell's state on to the next slice: attention to past and future.

    Parameters
    ----------
    width : int
        Channels of every state.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.past_attention = nn.MultiheadAttention(
            _POOLED**2, _HEADS, dropout=0.1, batch_first=True
        )
        self.future_attention = nn.MultiheadAttention(
            _POOLED**2, _HEADS, dropout=0.1, batch_first=True
        )
        self.mix_past = nn.Conv2d(2 * width, width, 1, bias=False)
        self.mix_future = nn.Conv2d(2 * width, width, 1, bias=False)
        self.gates = nn.Conv2d(3 * width, 4 * width, 3, padding=1)

    def forward(
        self, moment: Tensor, sequence: Tensor, hidden: Tensor, memory: Tensor, handed: State
    ) -> tuple[Tensor, Tensor]:
        """Return the hidden state and the memory for the next slice.

        Parameters
        ----------
        moment : (B, D, h, w) floating
            The head's input at this time.
        sequence : (B, T, D, h, w) floating
            The head's input at all times.
        hidden, memory : (B, D, h, w) floating
            The cell's new state.
        handed : two (B, D, h, w) tensors or None
            What the slice before handed on.
        """
        before, memory_before = (torch.zeros_like(hidden) if x is None else x for x in handed)
        tokens = _tokens(before)
        seen = self._attend(self.past_attention, _tokens(sequence[:, 0]), tokens)
        foreseen = self._attend(self.future_attention, _tokens(sequence[:, -1]), seen)
        past = self._mixed(self.mix_past, seen, before)
        future = self._mixed(self.mix_future, foreseen, before)
        gates = self.gates(torch.cat((moment, past, future), dim=1))
        # In another order than the gates of the cell: output and candidate change places.
        take, keep, new, give = gates.chunk(4, dim=1)
        kept = keep.sigmoid() * memory_before + take.sigmoid() * new.tanh() + memory
        return give.sigmoid() * kept.tanh() + hidden, kept

    @staticmethod
    def _attend(attention: nn.MultiheadAttention, query: Tensor, memory: Tensor) -> Tensor:
        attended: Tensor = attention(query, memory, memory, need_weights=False)[0]
        return attended

    @staticmethod
    def _mixed(mix: nn.Module, attended: Tensor, before: Tensor) -> Tensor:
        cells = attended.unflatten(2, (_POOLED, _POOLED))
        cells = F.interpolate(cells, before.shape[-2:], mode="bilinear", align_corners=True)
        mixed: Tensor = mix(torch.cat((cells.sigmoid() + before, before), dim=1))
        return mixed


def _tokens(maps: Tensor) -> Tensor:
    """Return channels as tokens ``(B, D, 1024)``, of the maxima over 32 × 32 parts."""
    return F.adaptive_max_pool2d(maps, _POOLED).flatten(2)


class CrossSliceCell(nn.Module):
    """A ConvLSTM cell whose gates also see the head's input and the slice before.

    Parameters
    ----------
    width : int
        Channels of inputs and states.
    crossing : bool
        Whether it hands something on to the next slice.
    """

    def __init__(self, width: int, crossing: bool) -> None:
        super().__init__()
        self.width = width
        self.gates = nn.Conv2d(2 * width, 4 * width, 3, padding=1)
        self.cross_gates = nn.Conv2d(4 * width, 4 * width, 3, padding=1)
        self.crossing = Crossing(width) if crossing else None

    def kernel(self) -> Tensor:
        """Return the two kernels as one, for input, hidden state, head's input, and handed.

        The sum of two convolutions of the same map is the convolution with the sum of their
        kernels, which costs a third less.
        """
        both = 2 * self.width
        shared = self.gates.weight + self.cross_gates.weight[:, :both]
        return torch.cat((shared, self.cross_gates.weight[:, both:]), dim=1)

    def forward(self, inputs: Tensor, heads: Tensor, handed: list[State], hand_on: bool) -> Any:
        """Go through time once.

        Parameters
        ----------
        inputs, heads : (B, T, D, h, w) floating
            May be one and the same tensor.
        handed : list of T states
            From the slice before.
        hand_on : bool
            Whether anything is to be handed on.

        Returns
        -------
        states : (B, T, D, h, w) floating
            Hidden states.
        handed : list of T states
            For the next slice; pairs of None where nothing is handed on.
        memory : (B, D, h, w) floating
            The last one.
        """
        driven = self.drive(inputs, heads)
        state: State = (None, None)
        states: list[Tensor] = []
        passed: list[State] = []
        for time in range(inputs.shape[1]):
            hidden, memory = state = self.step(driven[:, time], state, handed[time][0])
            states.append(hidden)
            if self.crossing is not None and hand_on:
                moment = heads[:, time]
                passed.append(self.crossing(moment, heads, hidden, memory, handed[time]))
            else:
                passed.append((None, None))
        return torch.stack(states, dim=1), passed, state[1]

    def drive(self, inputs: Tensor, heads: Tensor) -> Tensor:
        """Return what the inputs of all times contribute to the gates, with the biases."""
        kernel = self.kernel()
        of_inputs, of_heads = kernel[:, : self.width], kernel[:, 2 * self.width : 3 * self.width]
        bias = self.gates.bias + self.cross_gates.bias
        if inputs is heads:
            flat = F.conv2d(inputs.flatten(0, 1), of_inputs + of_heads, bias, padding=1)
        else:
            flat = F.conv2d(inputs.flatten(0, 1), of_inputs, bias, padding=1)
            flat = flat + F.conv2d(heads.flatten(0, 1), of_heads, padding=1)
        return flat.unflatten(0, inputs.shape[:2])

    def step(self, gates: Tensor, state: State, handed: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the new hidden state and memory.

        Parameters
        ----------
        gates : (B, 4 · D, h, w) floating
            What `drive` returned for this time.
        state : two (B, D, h, w) tensors or None
            Of the time before.
        handed : (B, D, h, w) floating or None
            The hidden state that the slice before handed on.
        """
        kernel, (hidden, memory) = self.kernel(), state
        if hidden is not None:
            gates = gates + F.conv2d(hidden, kernel[:, self.width : 2 * self.width], padding=1)
        if handed is not None:
            gates = gates + F.conv2d(handed, kernel[:, 3 * self.width :], padding=1)
        take, keep, give, new = gates.chunk(4, dim=1)
        fresh = take.sigmoid() * new.tanh()
        memory = fresh if memory is None else keep.sigmoid() * memory + fresh
        return give.sigmoid() * memory.tanh(), memory


class CrossSlices(nn.Module):
    """Slices of layers of cells, each slice handed the states of the one before.

    Parameters
    ----------
    width : int
        Channels of inputs and states.
    slices, layers : int
    dead_parts : bool
        Give the very last cell a crossing too. It is never evaluated, because there is no
        slice to hand anything to.
    """

    def __init__(self, width: int, slices: int, layers: int, dead_parts: bool) -> None:
        super().__init__()
        last = (slices - 1, layers - 1)
        self.places = [(row, place) for row in range(slices) for place in range(layers)]
        self.cells = nn.ModuleDict(
            {
                f"{row}{place}": CrossSliceCell(width, dead_parts or (row, place) != last)
                for row, place in self.places
            }
        )

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden states ``(B, T, D, h, w)`` of the last cell, and its memory."""
        heads, states = inputs, inputs
        handed: dict[int, list[State]] = {}
        memory = inputs[:, 0]
        nothing: list[State] = [(None, None)] * inputs.shape[1]
        for row, place in self.places:
            cell, more = self.cells[f"{row}{place}"], (row, place) != self.places[-1]
            states, passed, memory = cell(states, heads, handed.get(place, nothing), more)
            handed[place] = passed
            if more:
                heads = torch.stack([hidden for hidden, _ in passed], dim=1)
        return states, memory
