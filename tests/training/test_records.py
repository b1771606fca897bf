"""The records of a run survive being cut off."""

from __future__ import annotations

import json
from pathlib import Path

from sirst5k.training.records import Records, read_records


def test_rows_come_back(tmp_path: Path) -> None:
    records = Records(tmp_path / "metrics.jsonl")
    records.add(step=1, loss=0.5)
    records.add(step=2, validation={"miou": float("nan"), "pd": 1.0})
    records.close()
    assert read_records(tmp_path / "metrics.jsonl") == [
        {"step": 1, "loss": 0.5},
        {"step": 2, "validation": {"miou": None, "pd": 1.0}},
    ]


def test_a_run_that_goes_on_drops_what_it_will_do_again(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    lines = [json.dumps({"step": step}) for step in (1, 2, 3, 4)]
    path.write_text("\n".join(lines) + '\n{"step": 5, "lo', encoding="utf-8")
    records = Records(path, upto=2)
    records.add(step=3, again=True)
    records.close()
    assert read_records(path) == [{"step": 1}, {"step": 2}, {"step": 3, "again": True}]


def test_no_file_is_no_rows(tmp_path: Path) -> None:
    assert read_records(tmp_path / "metrics.jsonl") == []
