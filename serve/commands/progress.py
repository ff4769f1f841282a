"""How a run shows itself on stderr: a bar on a terminal, JSON lines for a scheduler, one line in a pipe, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from xuncha.labels.errors import escape_controls
from xuncha.serve.run import Plan, Progress, Silence
from xuncha.serve.summary import Tally
from xuncha.serve.tables.json_values import shown_json

_EVERY = 1.0  # seconds between two JSON lines


class Style(StrEnum):
    """How progress is shown."""

    AUTO = "auto"
    BAR = "bar"
    JSON = "json"
    NONE = "none"


@contextmanager
def progress_for(*, quiet: bool, style: Style = Style.AUTO) -> Iterator[Progress]:
    """The progress to hand to `score_file`: nothing if `quiet`, else `style`; `auto` is a bar on a terminal."""
    if quiet or style is Style.NONE:
        yield Silence()
    elif style is Style.JSON:
        yield JsonLines()
    elif style is Style.AUTO and not sys.stderr.isatty():
        yield Announcement()
    else:
        bar = Bar()
        try:
            yield bar
        finally:
            bar.close()


class Announcement:
    """Says which columns were guessed, and nothing else."""

    def started(self, plan: Plan) -> None:
        """Name guessed text columns, and what others are taken for."""
        if plan.guessed:
            columns = ", ".join(plan.text_columns)
            _say(f"text columns, guessed from their names: {columns} (or name them: --text-column)")
        if plan.roles:
            roles = ", ".join(f"{role} = {name}" for role, name in plan.roles.items())
            _say(f"other columns: {roles} (or name them: --column ROLE=NAME)")
        if plan.resumed:
            _say(f"resumed after {plan.resumed:,} of {plan.rows or 0:,} rows")

    def advanced(self, tally: Tally) -> None:
        """Say nothing."""


def _say(line: str) -> None:
    print(escape_controls(line), file=sys.stderr)


class JsonLines:
    """One JSON object at the start, then at most one a second."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._began = self._told = 0.0

    def started(self, plan: Plan) -> None:
        """Tell what will be scored."""
        self._plan, self._began = plan, time.monotonic()
        self._tell({
            "event": "started", "input": plan.source, "rows_total": plan.rows, "rows_resumed": plan.resumed,
            "files": plan.files, "encoding": plan.encoding, "text_columns": list(plan.text_columns),
            "text_columns_guessed": plan.guessed, "columns": dict(plan.roles),
        })  # fmt: skip

    def advanced(self, tally: Tally) -> None:
        """Tell how far it is, if the last line is a second old or all rows are there."""
        now = time.monotonic()
        assert self._plan is not None
        if now - self._told < _EVERY and tally.rows != self._plan.rows:
            return
        self._told = now
        speed = (tally.rows - self._plan.resumed) / max(now - self._began, 1e-9)
        left = None if self._plan.rows is None else (self._plan.rows - tally.rows) / max(speed, 1e-9)
        self._tell({
            "event": "progress", "rows": tally.rows, "rows_total": self._plan.rows, "files": tally.files,
            "rows_per_second": round(speed, 1), "eta_seconds": None if left is None else round(left, 1),
            "flagged": tally.flagged, "rejects": tally.rejects,
        })  # fmt: skip

    def _tell(self, event: dict[str, Any]) -> None:
        print(shown_json(event), file=sys.stderr, flush=True)


class Bar(Announcement):
    """A bar with rows a second, the time left and the flags so far."""

    def __init__(self) -> None:
        """Prepare the bar; it appears when scoring starts."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        self._plan: Plan | None = None
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[what]}"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[flags]}"),
            console=Console(stderr=True),
            transient=True,
        )

    def started(self, plan: Plan) -> None:
        """Show the bar."""
        super().started(plan)
        self._plan = plan
        by_rows = plan.rows is not None
        total, what = (plan.rows, "rows") if by_rows else (plan.files, "files")
        self._bar.add_task("rows", total=total, completed=plan.resumed, what=what, speed="", flags="")
        self._bar.start()

    def advanced(self, tally: Tally) -> None:
        """Move the bar."""
        assert self._plan is not None
        task = self._bar.tasks[0]
        elapsed = task.elapsed or 0.0
        speed = f"{(tally.rows - self._plan.resumed) / elapsed:,.0f} rows/s" if elapsed else ""
        done = tally.files if self._plan.rows is None else tally.rows
        rejects = f" · {tally.rejects:,} rejects" if tally.rejects else ""
        self._bar.update(task.id, completed=done, speed=speed, flags=f"{tally.flagged:,} flagged{rejects}")

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()
