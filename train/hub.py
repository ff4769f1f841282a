"""Rows as `datasets` objects; `xuncha.labels.interchange.hub` reads them back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from xuncha.labels.interchange.parquet import arrow_table
from xuncha.labels.rows import SPLITS, Row

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


def to_dataset(rows: Iterable[Row], label_ids: Sequence[str]) -> Dataset:
    """A `Dataset` with the columns that a Parquet file of the rows has: boolean labels, nested spans."""
    from datasets import Dataset
    from datasets.table import InMemoryTable

    return Dataset(InMemoryTable(arrow_table(rows, label_ids)))


def to_dataset_dict(rows: Iterable[Row], label_ids: Sequence[str]) -> DatasetDict:
    """A `DatasetDict` with a `Dataset` for each split that rows stand in; rows without a split go to train."""
    from datasets import DatasetDict

    rows = list(rows)
    parts = {name: [row for row in rows if (row.split or SPLITS[0]) == name] for name in SPLITS}
    return DatasetDict({name: to_dataset(part, label_ids) for name, part in parts.items() if part})
