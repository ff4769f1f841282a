"""Earlier penalties: a table of merchant, day and (if it has one) ladder, matched with the merchants of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from xuncha.labels.column_names import ROLES, column_of, folded
from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.serve.policy import Policy
from xuncha.serve.report.roles import NONE
from xuncha.serve.report.values import day_of, text_of
from xuncha.serve.tables import Rows, Table, open_table
from xuncha.serve.tables.reading import listed, require_column

COLUMNS = ("merchant", "merchant_name", "day", "ladder")
"""Parts that the columns of a history play."""

_DAYS = (
    "处罚日期", "处罚时间", "执行日期", "执行时间", "处置日期", "处置时间", "处理日期", "处理时间", "生效日期",
    "生效时间", "penaltyday", "penaltydate", "penalizedat", "penalizedon",
)  # fmt: skip
_LADDERS = (
    "ladder", "阶梯", "处罚类型", "违规类型", "处罚措施", "处罚方式", "处罚结果", "处罚", "处置措施", "处理措施",
    "step", "penalty",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Penalty:
    """An earlier penalty. `where` names its row; `ladders` are ids, none for all."""

    where: str
    merchant: str
    name: str
    ladders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The penalties within the period of the policy, and how many lie outside it."""

    penalties: Sequence[Penalty]
    outside: int


@dataclass(frozen=True, slots=True)
class Prior:
    """Penalties of the merchants of a report, by (merchant, ladder); ladder "" for all.

    `used` are those counted, `unknown` those of merchants that the table does not have, `first` one such merchant,
    `outside` those outside the period.
    """

    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    used: int = 0
    unknown: int = 0
    first: str = ""
    outside: int = 0

    def of(self, merchant: str, ladder: str) -> int:
        """How often a merchant was penalised on a ladder."""
        return self.counts.get((merchant, ladder), 0) + self.counts.get((merchant, ""), 0)


def read_history(path: str, policy: Policy, as_of: date, columns: Mapping[str, str] | None = None) -> History:
    """Every penalty in the `repeat_days` before `as_of`, that day included.

    `columns` names columns by part (`COLUMNS`; `-` for none). Raises `XunchaError` naming row and fix.
    """
    since = as_of - timedelta(days=policy.repeat_days)
    ladders = _ladders(policy)
    found: list[Penalty] = []
    number = 0
    with open_table(path) as table:
        roles = _columns(table, columns or {})
        for chunk in table.chunks(4096):
            parts = (_cells(chunk, roles[role]) for role in COLUMNS)
            for who, name, when, which in zip(*parts, strict=True):
                number += 1
                where = f"{table.name}: row {number}"
                day = day_of(when)
                if not day:
                    raise XunchaError(f"{where}: {quote(text_of(when))} is no day. Write it as 2026-11-25.")
                if since <= date.fromisoformat(day) <= as_of:
                    on = _on(where, text_of(which).strip(), ladders)
                    found.append(Penalty(where, text_of(who).strip(), text_of(name).strip(), on))
    return History(found, number - len(found))


def matched(history: History, ids: Collection[str], named: Mapping[str, Collection[str]]) -> Prior:
    """The penalties of merchants in a table with these `ids`; `named` gives the ids that bear a name.

    An id goes before a name. Raises `XunchaError` for a name that several merchants bear.
    """
    counts: Counter[tuple[str, str]] = Counter()
    unknown: list[str] = []
    for one in history.penalties:
        merchant = _merchant(one, ids, named)
        if merchant:
            counts.update((merchant, ladder) for ladder in one.ladders or ("",))
        else:
            unknown.append(one.merchant or one.name or "?")
    used = len(history.penalties) - len(unknown)
    return Prior(counts, used, len(unknown), unknown[0] if unknown else "", history.outside)


def _merchant(one: Penalty, ids: Collection[str], named: Mapping[str, Collection[str]]) -> str:
    said = [name for name in (one.merchant, one.name) if name]
    for name in said:
        if name in ids:
            return name
    for name in said:
        bearers = sorted(named.get(name, ()))
        if len(bearers) > 1:
            shown = ", ".join(bearers[:3]) + (", …" if len(bearers) > 3 else "")
            raise XunchaError(
                f"{one.where}: {len(bearers)} merchants of the table are named {quote(name)} ({shown}). Write the "
                "merchant's id."
            )
        if bearers:
            return bearers[0]
    return ""


def _columns(table: Table, given: Mapping[str, str]) -> dict[str, str | None]:
    plain = {folded(name): name for name in reversed(table.columns)}
    found: dict[str, str | None] = {
        "merchant": column_of("merchant", table.columns),
        "merchant_name": column_of("merchant_name", table.columns),
        "day": next((plain[name] for name in (*_DAYS, *ROLES["time"]) if name in plain), None),
        "ladder": next((plain[name] for name in _LADDERS if name in plain), None),
    }
    for role, name in given.items():
        found[role] = None if name == NONE else require_column(table, name, f"--history-column {role}")
    if not (found["merchant"] or found["merchant_name"]) or not found["day"]:
        raise XunchaError(
            f"{table.name}: a history needs a column of merchants (such as merchant_id, merchant, 商家ID, 商家, "
            "店铺名称) and one of days (such as day, date, 处罚日期, 处罚时间, 执行日期). Rename one, or give "
            f"--history-column merchant=NAME or day=NAME; it has: {listed(table.columns)}."
        )
    return found


def _cells(chunk: Rows, name: str | None) -> Sequence[object]:
    return chunk.values(name) if name else [None] * len(chunk)


def _ladders(policy: Policy) -> dict[str, tuple[str, ...]]:
    """The ladders that an id or name of a ladder or a step speaks of."""
    found: dict[str, tuple[str, ...]] = {}
    for ladder in policy.ladders:
        for step in ladder.steps:
            for key in {step.id, step.name}:
                found[key] = (*found.get(key, ()), ladder.id)
    return found | {key: (ladder.id,) for ladder in policy.ladders for key in (ladder.id, ladder.name)}


def _on(where: str, name: str, ladders: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if name and name not in ladders:
        raise XunchaError(
            f"{where}: the policy has no ladder or step {quote(name)}.{did_you_mean(name, ladders)} It has: "
            f"{', '.join(ladders)}. Without a ladder a penalty counts on all: empty the cell, or give "
            "--history-column ladder=-."
        )
    return ladders.get(name, ())
