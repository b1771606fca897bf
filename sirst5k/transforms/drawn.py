"""What a transform drew, as plain values.

An operation is recorded as the synthesis records it in a sample's ``meta["operations"]``.
Around operations there are three forms: ``{"op": "nothing"}`` where `p` said no,
``{"op": "sequence", "parts": [...]}`` of a `Compose`, and ``{"op": "choice", "index": k,
"part": {...}}`` of a `OneOf`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sirst5k.errors import ParameterError

Drawn = dict[str, Any]
Parameters = Mapping[str, Any]


def nothing() -> Drawn:
    """Return the parameters of no change."""
    return {"op": "nothing"}


def operations(params: Parameters) -> list[Drawn]:
    """Return the operations that drawn parameters hold, in their order, as a flat list.

    Examples
    --------
    >>> operations({"op": "sequence", "parts": [{"op": "nothing"}, {"op": "turn"}]})
    [{'op': 'turn'}]
    """
    op = op_of(params)
    if op == "nothing":
        return []
    if op == "sequence":
        return [leaf for part in params["parts"] for leaf in operations(part)]
    return operations(params["part"]) if op == "choice" else [dict(params)]


def op_of(params: object) -> str:
    """Return which operation drawn parameters are of, or raise `ParameterError`."""
    if not isinstance(params, Mapping) or not isinstance(params.get("op"), str):
        raise ParameterError(f"params: expected what draw returned, got {params!r:.80}.")
    return str(params["op"])
