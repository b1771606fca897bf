"""Boxes as a video network codes them: one in every cell of a grid, in units of the cell."""

from __future__ import annotations

from typing import Any

# exp of it is 5e8 cells: nothing that is learnt gets there, and squares stay finite in float32.
LARGEST_LOG = 20.0


def decode_cells(coded: Any, stride: int) -> Any:
    """Return the box of every cell in pixels.

    As YOLOX codes them: the centre of a box is (dx, dy) cells from the cell's corner, its
    sides are exp(log w) and exp(log h) cells. Sides above ``exp(20)`` cells, where training
    has long diverged, are cut there.

    Parameters
    ----------
    coded : (B, 4 or more, h, w) floating torch tensor
        dx, dy, log w, log h in the first four channels.
    stride : int
        Side of a cell in pixels.

    Returns
    -------
    (B, h · w, 4) floating
        Centre x and y, width and height; cells row by row.
    """
    import torch  # whoever has a tensor has it

    rows, columns = coded.shape[-2:]
    y = torch.arange(rows, dtype=coded.dtype, device=coded.device)[:, None]
    x = torch.arange(columns, dtype=coded.dtype, device=coded.device)
    sides = coded[:, 2:4].clamp(max=LARGEST_LOG).exp()
    parts = (coded[:, 0] + x, coded[:, 1] + y, sides[:, 0], sides[:, 1])
    return torch.stack(parts, dim=-1).flatten(1, 2) * stride
