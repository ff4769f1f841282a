"""Scored tables of a few rows, and their reports."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.serve.report.scored_rows import cell
from xuncha.serve.report.build import build_report
from xuncha.serve.report.outcome import Built, Options

TODAY = date(2026, 11, 25)

Write = Callable[[Sequence[dict[str, Any]]], Path]


@pytest.fixture
def write_scored(tmp_path: Path) -> Write:
    """Writes rows as a scored CSV table and gives its path."""

    def write(rows: Sequence[dict[str, Any]]) -> Path:
        path = tmp_path / "scored.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)
        return path

    return write


Report = Callable[..., tuple[Built, Path]]


@pytest.fixture
def report(tmp_path: Path, write_scored: Write) -> Report:
    """Reports on rows, or on a table, and gives what was built and the folder."""

    def make(source: Sequence[dict[str, Any]] | Path, **options: Any) -> tuple[Built, Path]:
        path = source if isinstance(source, Path) else write_scored(source)
        folder = tmp_path / "report"
        return build_report(str(path), folder, Options(**{"as_of": TODAY, "force": True, **options})), folder

    return make
