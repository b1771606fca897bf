"""The field's public datasets: where each is, under what terms, and how to get it."""

from __future__ import annotations

from sirst5k.datasets.public.catalogue import CATALOGUE, PublicDataset
from sirst5k.datasets.public.getting import GetReport, get_dataset
from sirst5k.datasets.public.unpacking import unpack

__all__ = ["CATALOGUE", "GetReport", "PublicDataset", "get_dataset", "unpack"]
