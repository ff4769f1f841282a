"""The engine that is always there: this process, all its cores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xuncha.serve.annotation import TextScorer, score_columns
from xuncha.serve.engines.task import Task
from xuncha.serve.tables.added import Added
from xuncha.serve.tables.rows import Rows


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Scores with a scorer in this process."""

    scorer: TextScorer

    def annotated(self, task: Task) -> Iterator[tuple[Rows, Added]]:
        """The chunks in order, each with its added columns."""
        source = task.columns.source
        for rows in task.chunks():
            added = score_columns(
                {name: rows.values(name) for name in task.columns.text},
                self.scorer,
                sources=rows.values(source) if source else None,
                problems=rows.problems,
            )
            yield rows, added
