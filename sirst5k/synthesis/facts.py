"""``dataset.json``: what a finished folder says of itself, and whether it says it still."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

FINISHED, UNFINISHED = "dataset.json", "unfinished.json"
_SEAL = "sha256"


def facts_text(facts: Mapping[str, Any]) -> str:
    """Return the text of ``dataset.json``: the facts, sealed with a sha256 over them."""
    return _text({**facts, _SEAL: _digest(facts)})


def is_sealed(text: str) -> bool:
    """Return whether a text is, to the byte, one that `facts_text` has returned."""
    try:
        facts = json.loads(text)
        return (
            isinstance(facts, dict)
            and facts.get(_SEAL) == _digest({k: v for k, v in facts.items() if k != _SEAL})
            and text == _text(facts)
        )
    except (ValueError, RecursionError):
        return False


def _text(facts: Mapping[str, Any]) -> str:
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def _digest(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(_text(facts).encode("utf-8", "surrogatepass")).hexdigest()
