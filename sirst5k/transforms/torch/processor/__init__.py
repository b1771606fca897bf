"""What a processor does instead: shapes that depend on the data, and nothing but targets' pixels.

A GPU wants fixed shapes, and no waiting for what it has found. A processor has nothing to wait
for, and pays for every slot. Here targets are looked for only where masks are not empty, windows
have as many slots as pixels, and noise is added by one call of OpenCV for each image. Given equal
parameters, targets, windows and turned pixels are those of the fixed shapes, bit for bit; and those
that `compiled` has, which takes over where numba is installed.
"""

from __future__ import annotations

import torch
from torch import Tensor


def on_processor(*tensors: Tensor) -> bool:
    """Return whether tensors can be worked on as arrays.

    They lie in memory, no graph is being traced, and no gradient flows through them.
    """
    return in_memory(*tensors) and not (torch.compiler.is_compiling() or torch.jit.is_tracing())


def in_memory(*tensors: Tensor | None) -> bool:
    """Return whether those that there are lie in memory, and no gradient flows through them."""
    for part in tensors:
        if part is None:
            continue
        if not part.is_cpu or (part.requires_grad and torch.is_grad_enabled()):
            return False
    return True
