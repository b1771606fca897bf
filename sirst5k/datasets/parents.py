"""Which image each image of a synthesised dataset was made of."""

from __future__ import annotations

import json

from sirst5k.datasets.dataset import Dataset
from sirst5k.datasets.sequences import SequenceDataset


def parents_of(dataset: Dataset | SequenceDataset) -> dict[str, str]:
    """Return of every sample the image that it was made of, or itself.

    A folder that `sirst5k synth` wrote says so in its manifest.
    """
    parents = {sample_id: sample_id for sample_id in dataset.ids}
    manifest = dataset.root / "manifest.jsonl" if dataset.root is not None else None
    if manifest is None or not manifest.is_file():
        return parents
    for line in manifest.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and row.get("id") in parents:
            parents[row["id"]] = str(row.get("parent") or row["id"])
    return parents
