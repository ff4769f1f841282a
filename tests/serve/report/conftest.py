"""Scored tables of a few rows, and the report of the sample case."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from xuncha.serve.report.build import Built, Options, build_report

ROOT = Path(__file__).parents[3]
CASE = ROOT / "serve" / "demo" / "spot_check_scored.csv"
LABELS = {"contact": "off_platform", "redirect": "off_platform", "private_deal": "off_platform"}
RULES = {"contact": "规则甲", "absolute": "规则乙"}
TODAY = date(2026, 11, 25)


def scored_row(number: int, text: str, *found: tuple[str, str], score: float = 0.9, **cells: Any) -> dict[str, Any]:
    """One scored row; `found` are (reason, words), whose first place in the text is marked."""
    pieces = [
        {
            "label": LABELS.get(reason, "exaggerated"), "reason": reason, "start": text.index(words),
            "end": text.index(words) + len(words), "text": words, "rule": RULES.get(reason, "规则"),
        }
        for reason, words in found
    ]  # fmt: skip
    flagged = {piece["label"] for piece in pieces}
    scores = {label: score if label in flagged else 0.01 for label in ("off_platform", "exaggerated")}
    return {
        "id": f"r{number}", "merchant_id": "m1", "merchant": "甲店", "category": "钱币", "listed_on": "2026-11-02",
        "text": text, **cells,
        **{f"score_{label}": value for label, value in scores.items()},
        **{f"flag_{label}": label in flagged for label in scores},
        "evidence": pieces, "status": "ok", "model": "fake@0",
    }  # fmt: skip


def cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


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
