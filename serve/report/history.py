"""Earlier penalties, from a table of merchant, day and (if it has one) ladder."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from xuncha.labels.column_names import folded
from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.serve.policy import Policy
from xuncha.serve.report.roles import guessed_roles
from xuncha.serve.report.values import day_of, text_of
from xuncha.serve.tables import open_table
from xuncha.serve.tables.reading import listed

_LADDERS = ("ladder", "阶梯", "处罚类型", "违规类型")


def read_history(path: str, policy: Policy, as_of: date) -> Counter[tuple[str, str]]:
    """How often each (merchant, ladder) was penalised in the `repeat_days` before `as_of`, that day included.

    A row without ladder counts for every ladder, under (merchant, ""). Raises `XunchaError` naming row and fix.
    """
    since = as_of - timedelta(days=policy.repeat_days)
    ladders = {key: ladder.id for ladder in policy.ladders for key in (ladder.id, ladder.name)}
    counts: Counter[tuple[str, str]] = Counter()
    with open_table(path) as table:
        roles = guessed_roles(table.columns)
        merchant, day = roles["merchant"], roles["day"]
        if not merchant or not day:
            raise XunchaError(
                f"{table.name}: a history needs a column of merchants and one of days, such as merchant and day; "
                f"it has: {listed(table.columns)}."
            )
        ladder = next((name for name in table.columns if folded(name) in _LADDERS), None)
        number = 0
        for chunk in table.chunks(4096):
            names = chunk.values(ladder) if ladder else [None] * len(chunk)
            for who, when, which in zip(chunk.values(merchant), chunk.values(day), names, strict=True):
                number += 1
                where = f"{table.name}: row {number}"
                found = day_of(when)
                if not found:
                    raise XunchaError(f"{where}: {quote(text_of(when))} is no day. Write it as 2026-11-25.")
                if since <= date.fromisoformat(found) <= as_of:
                    counts[text_of(who).strip(), _ladder(where, text_of(which).strip(), ladders)] += 1
    return counts


def _ladder(where: str, name: str, ladders: dict[str, str]) -> str:
    if name and name not in ladders:
        hint = did_you_mean(name, ladders)
        raise XunchaError(f"{where}: the policy has no ladder {quote(name)}.{hint} It has: {', '.join(ladders)}.")
    return ladders.get(name, "")
