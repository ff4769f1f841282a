"""The seam between tables and the model: columns of texts in, columns of verdicts out.

`score_batch` is one pure function over a record batch, so any engine that hands out Arrow batches (Ray Data's
`map_batches`, Spark's `mapInArrow`) gives the columns that the local engine writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from xuncha.serve.tables.added import Added, Shape
from xuncha.serve.tables.encoding import mended
from xuncha.serve.verdict import Evidence, Ruled, RuledReason, Scored, Verdict

if TYPE_CHECKING:
    import pyarrow as pa

OK = "ok"
DIGITS = 6
"""Decimal places of a score in every output."""

_GRAVEST = (RuledReason.TOO_LONG, RuledReason.NOT_TEXT, RuledReason.EMPTY)


class TextScorer(Protocol):
    """What scores texts: `xuncha.serve.Scorer`, or a stand-in."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Label ids, in order."""

    @property
    def model_id(self) -> str:
        """`name@fingerprint` of the model."""

    def score(self, texts: Sequence[object], sources: Sequence[str | None] | None = None) -> list[Verdict]:
        """One verdict a text, in order; no text raises."""


def score_batch(
    batch: pa.RecordBatch, text_columns: Sequence[str], scorer: TextScorer, source_column: str | None = None
) -> pa.RecordBatch:
    """`batch` with the columns of a scored table after its own; the same rows, in order.

    Raises `KeyError` for a column that is not there. The batch must have no column that scoring adds.
    """
    import pyarrow as pa

    from xuncha.serve.tables.parquet import values_of

    fields = {name: values_of(batch.column(name)) for name in text_columns}
    sources = None if source_column is None else values_of(batch.column(source_column))
    added = score_columns(fields, scorer, sources=sources).batch()
    schema = pa.schema([*batch.schema, *added.schema], metadata=batch.schema.metadata)
    return pa.RecordBatch.from_arrays([*batch.columns, *added.columns], schema=schema)


def added_schema(labels: Sequence[str], text_columns: Sequence[str]) -> pa.Schema:
    """Types of the added columns. With several text columns each piece of evidence names its `field`."""
    return Shape.of(labels, text_columns).schema


def score_columns(
    fields: Mapping[str, Sequence[object]],
    scorer: TextScorer,
    *,
    sources: Sequence[object] | None = None,
    problems: Sequence[str | None] | None = None,
) -> Added:
    """Score columns of equal length and give the added columns.

    A row with a problem is not scored; the problem is its status. A row of several fields has the highest score of
    them, is flagged if one is, and has the verdict of each in `fields`. Scores and flags of a row that is not scored
    are null; its evidence is [].
    """
    rows = len(next(iter(fields.values())))
    statuses = problems or [None] * rows
    asked = [row for row in range(rows) if statuses[row] is None]
    texts = [values[row] for values in fields.values() for row in asked]
    given = None if sources is None else [_source(sources[row]) for _ in fields for row in asked]
    verdicts = scorer.score(texts, given)
    names = list(fields)
    shape = Shape.of(scorer.labels, names)
    table = [_row(shape, scorer, _nothing(shape), [], [], status) for status in statuses]
    for at, row in enumerate(asked):
        table[row] = _judged_row(verdicts[at :: len(asked)], names, shape, scorer)
    return Added(shape, table)


def _source(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _judged_row(verdicts: Sequence[Verdict], names: Sequence[str], shape: Shape, scorer: TextScorer) -> list[object]:
    scored = [verdict for verdict in verdicts if isinstance(verdict, Scored)]
    fields = list(map(_field, [shape] * len(names), names, verdicts)) if shape.several else []
    status = _status(verdicts, names)
    if not scored:
        return _row(shape, scorer, _nothing(shape), [], fields, status)
    scores = [round(max(one.scores[label] for one in scored), DIGITS) for label in shape.labels]
    flags = [any(one.flags[label] for one in scored) for label in shape.labels]
    evidence = [
        _piece(piece, name if shape.several else None)
        for name, verdict in zip(names, verdicts, strict=True)
        if isinstance(verdict, Scored)
        for piece in verdict.evidence
    ]
    return _row(shape, scorer, [*scores, *flags], evidence, fields, status)


def _row(
    shape: Shape,
    scorer: TextScorer,
    values: Sequence[object],
    evidence: Sequence[object],
    fields: Sequence[object],
    status: str | None,
) -> list[object]:
    """One row of the added columns, in the order of `Shape.names`; `values`: scores, then flags."""
    return [*values, evidence, *([fields] if shape.several else []), status, scorer.model_id]


def _nothing(shape: Shape) -> list[object]:
    return [None] * (2 * len(shape.labels))


def _field(shape: Shape, name: str, verdict: Verdict) -> dict[str, Any]:
    """The verdict of one field."""
    values, status = _nothing(shape), OK
    if isinstance(verdict, Ruled):
        status = str(verdict.reason)
    else:
        scores = [round(verdict.scores[label], DIGITS) for label in shape.labels]
        values = [*scores, *(verdict.flags[label] for label in shape.labels)]
    return dict(zip(shape.field_keys, (name, *values, status), strict=True))


def _status(verdicts: Sequence[Verdict], names: Sequence[str]) -> str:
    """`ok` if every field that is not empty was scored, else the gravest reason why one was not, and which."""
    if len(verdicts) == 1 and isinstance(verdicts[0], Scored):
        return OK
    ruled = {verdict.reason: name for name, verdict in zip(names, verdicts, strict=True) if isinstance(verdict, Ruled)}
    reason = next((one for one in _GRAVEST if one in ruled), None)
    if reason is None or (reason is RuledReason.EMPTY and len(verdicts) > sum(isinstance(v, Ruled) for v in verdicts)):
        return OK
    return f"{reason}: {ruled[reason]}" if len(names) > 1 and reason is not RuledReason.EMPTY else str(reason)


def _piece(piece: Evidence, field: str | None) -> dict[str, Any]:
    found = {
        "label": piece.label,
        "reason": piece.reason,
        "start": piece.start,
        "end": piece.end,
        "text": mended(piece.text),
        "rule": piece.rule,
    }
    return found if field is None else {**found, "field": field}
