"""Rows that come on top of a recipe's own: decisions of moderators, rows for a new label, judged public text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.groups import group_rows
from xuncha.labels.rows import SPLITS, Row
from xuncha.labels.split import assign_splits, find_leaks
from xuncha.labels.taxonomy import Taxonomy
from xuncha.labels.validate import same_form

# A new label has few rows, and needs some that measure it: more than the usual tenth each for dev and test.
RATIOS = (0.6, 0.2, 0.2)


@dataclass(frozen=True, slots=True)
class Joined:
    """The recipe's rows, `more` rows beside them, how many were `added` to a row of the same text, ids `left_out`."""

    rows: Sequence[Row]
    more: Sequence[Row]
    added: int
    left_out: tuple[str, ...]

    def __str__(self) -> str:
        """Where the extra rows went, in a line."""
        parts = [f"{name} {count:,}" for name in SPLITS if (count := sum(row.split == name for row in self.more))]
        parts += [f"{self.added:,} joined to a row of the same text"] if self.added else []
        if self.left_out:
            named = ", ".join(self.left_out[:3]) + (", …" if len(self.left_out) > 3 else "")
            parts.append(f"{len(self.left_out):,} left out, since a row of another split is nearly the same ({named})")
        return ", ".join(parts) or "none"


def join(rows: Sequence[Row], extra: Sequence[Row], taxonomy: Taxonomy, where: str, own: str = "the rows") -> Joined:
    """The recipe's rows and the extra rows together, each with a split.

    An extra row with the very text of another row adds its judgements to that row. The rest keep the split that they
    carry; without one they only train, unless a label is judged by no other dev row: then its rows are split 6:2:2.
    An extra row that belongs together with a row of another split is left out, since it would flatter the
    measurement. `where` and `own` name both collections in errors. Raises `XunchaError` for a row that contradicts
    another one of the same text, for a doubled id, and for leaks between splits.
    """
    _refuse_contradictions(rows, extra, where)
    places = {row.text: place for place, row in enumerate(rows)}
    out, more = list(rows), []
    for row in extra:
        if row.text in places:
            place = places[row.text]
            out[place] = _with_judgements(out[place], row)
        else:
            more.append(row)
    _refuse_doubled(out, more, where)
    kept, torn = _apart(out, _placed(out, more, taxonomy), where)
    refuse_leaks(torn, own)
    left = {row.id for row in more} - {row.id for row in kept}
    return Joined(out, kept, len(extra) - len(more), tuple(row.id for row in more if row.id in left))


def _with_judgements(row: Row, extra: Row) -> Row:
    """A row with what an extra row of the same text says beyond it."""
    added = {label: judged for label, judged in extra.labels.items() if row.labels.get(label) is None}
    spans = tuple(span for span in extra.spans if span.label in added)
    return replace(row, labels={**row.labels, **added}, spans=(*row.spans, *spans))


def _placed(rows: Sequence[Row], extra: Sequence[Row], taxonomy: Taxonomy) -> list[Row]:
    """The extra rows, each with a split."""
    dev = [row for row in (*rows, *extra) if row.split == "dev"]
    unmeasured = [label for label in taxonomy.label_ids if not {True, False} <= {row.labels.get(label) for row in dev}]
    new = [row for row in extra if row.split is None and any(row.labels.get(one) is not None for one in unmeasured)]
    splits = assign_splits(new, RATIOS).splits if new else {}
    return [replace(row, split=row.split or splits.get(row.id, "train")) for row in extra]


def _apart(rows: Sequence[Row], extra: Sequence[Row], where: str) -> tuple[list[Row], list[Row]]:
    """The extra rows without those that are tied to a row of another split, and the rows of groups that leak."""
    own = {row.id: row for row in rows}
    more = {row.id: row for row in extra}
    tied: set[str] = set()
    torn: list[Row] = []
    for group in group_rows([*rows, *extra]).groups:
        added = [more[one] for one in group if one in more]
        known = [own[one] for one in group if one in own]
        splits = {row.split for row in known}
        torn += known if len(splits) > 1 else []
        if known:
            tied |= {row.id for row in added if splits != {row.split}}
        elif other := next((row for row in added if row.split != added[0].split), None):
            raise XunchaError(
                f"{where}: rows {quote(added[0].id)} ({added[0].split}) and {quote(other.id)} ({other.split}) belong "
                "together but stand in different splits. Give both the same."
            )
    return [row for row in extra if row.id not in tied], torn


def refuse_leaks(rows: Sequence[Row], where: str) -> None:
    """Raise `XunchaError` where rows that belong together stand in different splits."""
    leaks = find_leaks(rows)
    if leaks:
        raise XunchaError(
            f"{where}: {len(leaks)} groups of rows that belong together stand in different splits, so that a "
            "measurement would flatter. Run `xuncha labels split --write` on the folder."
        )


def _refuse_contradictions(rows: Sequence[Row], extra: Sequence[Row], where: str) -> None:
    said: dict[tuple[str, str], Row] = {}
    fresh = {id(row) for row in extra}
    for row, label, judged in _judgements((*rows, *extra)):
        other = said.setdefault((same_form(row.text), label), row)
        if other.labels[label] != judged and id(row) in fresh:
            raise XunchaError(
                f'{where}: row {quote(row.id)} has label "{label}" {str(judged).lower()}, but row {quote(other.id)} '
                f"with the same text has it {str(not judged).lower()}. Change one of them; `xuncha labels validate` "
                "on both files lists all."
            )


def _judgements(rows: Iterable[Row]) -> Iterable[tuple[Row, str, bool]]:
    for row in rows:
        for label, judged in row.labels.items():
            if judged is not None:
                yield row, label, judged


def _refuse_doubled(rows: Sequence[Row], extra: Sequence[Row], where: str) -> None:
    known = {row.id for row in rows}
    for row in extra:
        if row.id in known:
            raise XunchaError(f"{where}: row {quote(row.id)} has the id of another row with another text. Rename it.")
