"""A flagged row as reviewers meet it: its key, the labelled rows that a decision makes, its text in pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from xuncha.labels.decisions import CONFIRM, ONLY, OVERTURN, UNSURE
from xuncha.labels.rows import Row, Span
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.report.flags import Decision, Flag
from xuncha.serve.report.names import label_name
from xuncha.serve.report.read import Reviewed
from xuncha.serve.report.scored import Piece


def keys(rows: Sequence[Reviewed]) -> list[str]:
    """A name for each row that no other has: its id, followed by `@` and its number where ids stand twice."""
    times = Counter(one.row.id for one in rows)
    return [one.row.id if times[one.row.id] == 1 else f"{one.row.id}@{one.row.number}" for one in rows]


def labelled(one: Reviewed, key: str, origin: str) -> list[Row]:
    """The labelled rows that a decision on `one` makes, one for each text with evidence, every asked label true.

    Flags that an entry hides are not asked. A flag without evidence is asked of the row's texts together, joined by
    line ends.
    """
    row = one.row
    asked: dict[str, list[str]] = {}
    for flag in [flag for flag in one.flags if flag.asked]:
        for field in dict.fromkeys(piece.field for piece in flag.pieces) or [""]:
            asked.setdefault(field, []).append(flag.label)
    several = len(row.texts) > 1
    found = []
    for field, labels in asked.items():
        text = row.texts.get(field) if field else "\n".join(row.texts.values())
        if not text:
            continue
        spans = [
            Span(piece.start, piece.end, piece.label, piece.reason)
            for piece in row.evidence
            if piece.field == field and piece.placed and piece.label in labels
        ]
        found.append(
            Row(
                id=f"{key}#{field}" if several and field else key,
                text=text,
                source=row.source,
                labels=dict.fromkeys(labels, True),
                spans=tuple(spans),
                origin=origin,
                group=key,
                merchant=row.merchant or None,
            )
        )
    return found


def decided(flags: Sequence[Flag]) -> Mapping[str, Decision]:
    """What was decided of the flags that are asked, by label; nothing unless all of them are decided."""
    found = {flag.label: flag.decision for flag in flags if flag.asked}
    return {label: said for label, said in found.items() if said} if all(found.values()) else {}


def decision_cell(found: Mapping[str, Decision], taxonomy: Taxonomy) -> str:
    """Decisions as a cell of the workbook says them: a choice of its drop-down, or label by label."""
    words = {True: CONFIRM, False: OVERTURN, None: UNSURE}
    verdicts = {said.verdict for said in found.values()}
    if len(verdicts) <= 1:
        return "".join(words[one] for one in verdicts)
    holding = [label for label, said in found.items() if said.verdict]
    if len(holding) == 1 and verdicts == {True, False}:
        return f"{ONLY}{label_name(taxonomy, holding[0])}"
    return "；".join(f"{label_name(taxonomy, label)}：{words[said.verdict]}" for label, said in found.items())


def segments(text: str, pieces: Iterable[Piece], whole: int, around: int) -> Iterator[tuple[str, bool]]:
    """`text` in order, as stretches that are evidence or not. Of a text longer than `whole` characters only what
    stands at most `around` characters from evidence; what is left out is told in its place.
    """
    marked = [(piece.start, piece.end) for piece in pieces if piece.placed]
    shown = [(0, len(text))]
    if len(text) > whole:
        shown = [(max(0, start - around), min(len(text), end + around)) for start, end in marked] or [(0, around)]
    edges = sorted({0, len(text), *(at for pair in (*marked, *shown) for at in pair)})
    left_out = 0
    for start, end in pairwise(edges):
        if any(first <= start and end <= last for first, last in shown):
            if left_out:
                yield f"…（略 {left_out} 字）…", False
                left_out = 0
            yield text[start:end], any(first <= start and end <= last for first, last in marked)
        else:
            left_out += end - start
    if left_out:
        yield f"…（略 {left_out} 字）…", False
