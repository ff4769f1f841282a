"""A flagged row as reviewers meet it: its key, the labelled rows that a decision makes, its text in pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from xuncha.labels.rows import Row, Span
from xuncha.serve.report.read import Reviewed
from xuncha.serve.report.scored import Piece


def keys(rows: Sequence[Reviewed]) -> list[str]:
    """A name for each row that no other has: its id, followed by `@` and its number where ids stand twice."""
    times = Counter(one.row.id for one in rows)
    return [one.row.id if times[one.row.id] == 1 else f"{one.row.id}@{one.row.number}" for one in rows]


def labelled(one: Reviewed, key: str, origin: str) -> list[Row]:
    """The labelled rows that a decision on `one` makes, one for each text with evidence, every asked label true.

    Only open flags are asked. A flag without evidence is asked of the row's texts together, joined by line ends.
    """
    row = one.row
    asked: dict[str, list[str]] = {}
    for flag in [flag for flag in one.flags if flag.open]:
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
