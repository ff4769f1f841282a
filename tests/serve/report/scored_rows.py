"""Scored rows for tests, made by hand, and the sample case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
CASE = ROOT / "serve" / "demo" / "spot_check_scored.csv"
LABELS = {"contact": "off_platform", "redirect": "off_platform", "private_deal": "off_platform"}
RULES = {"contact": "规则甲", "absolute": "规则乙"}


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
