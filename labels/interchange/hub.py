"""Rows from `datasets` objects, which are only looped over: this module needs no package of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from xuncha.labels.errors import XunchaError
from xuncha.labels.interchange.options import DEFAULT_READING, Reading
from xuncha.labels.interchange.records import json_cell, row_of
from xuncha.labels.record import check_label
from xuncha.labels.rows import SPLITS, Row
from xuncha.labels.taxonomy import Taxonomy

_SPLITS = {"validation": "dev", "valid": "dev", "val": "dev", **{name: name for name in SPLITS}}
_LISTS = ("labels", "label")


def rows_from_dataset(dataset: Any, taxonomy: Taxonomy, reading: Reading = DEFAULT_READING) -> Iterator[Row]:
    """The rows of a `Dataset`, `IterableDataset` or `DatasetDict` of the `datasets` package.

    Labels are boolean columns `label_<id>` or `<id>`, or one column `labels` (a list of label ids, or of the classes of
    a `ClassLabel`; those that are missing are false with `reading.unchosen_false`). The splits of a `DatasetDict`
    become the rows' (validation is dev) where rows name none. Raises `XunchaError` that names split, row and fix.
    """
    if not isinstance(dataset, Mapping):
        yield from _rows(dataset, "dataset", None, taxonomy, reading)
        return
    for name, part in dataset.items():
        yield from _rows(part, str(name), _SPLITS.get(str(name)), taxonomy, reading)


def _rows(
    dataset: Iterable[Mapping[str, Any]], name: str, split: str | None, taxonomy: Taxonomy, reading: Reading
) -> Iterator[Row]:
    names = _class_names(dataset)
    for number, given in enumerate(dataset):
        where = f"{name}[{number}]"
        record = dict(given)
        for key in _LISTS:
            if key in record and key not in taxonomy.label_ids:
                record |= _judged(where, record.pop(key), names, taxonomy, reading)
        if not record.get("split") and split is not None:
            record["split"] = split
        for key in ("exact", "meta"):
            if record.get(key):
                record[key] = json_cell(where, key, record[key])
        yield row_of(where, record, taxonomy, reading, f"{name}-{number}")


def _judged(where: str, value: object, names: list[str], taxonomy: Taxonomy, reading: Reading) -> dict[str, Any]:
    """Label columns that one column of labels stands for."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        for label in value:
            check_label(where, str(label), taxonomy)
        return dict(value)
    listed = value if isinstance(value, list | tuple) else [value]
    found: dict[str, Any] = {}
    for one in listed:
        if isinstance(one, int) and not isinstance(one, bool):
            if not 0 <= one < len(names):
                raise XunchaError(f"{where}: label {one} has no name. Give label ids, or a ClassLabel feature.")
            one = names[one]
        check_label(where, str(one), taxonomy)
        found[str(one)] = True
    if reading.unchosen_false:
        found = {label: label in found for label in taxonomy.label_ids}
    return found


def _class_names(dataset: object) -> list[str]:
    """The classes of the `labels` column, where it is a `ClassLabel` or a list of them."""
    features = getattr(dataset, "features", None) or {}
    for key in _LISTS:
        feature = features.get(key)
        names = getattr(feature, "names", None) or getattr(getattr(feature, "feature", None), "names", None)
        if names:
            return list(names)
    return []
