"""How a run shows itself on stderr: a bar on a terminal, one line in a pipe, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from xuncha.labels.errors import escape_controls
from xuncha.serve.batch import Plan, Progress, Silence
from xuncha.serve.summary import Tally


@contextmanager
def progress_for(*, quiet: bool) -> Iterator[Progress]:
    """The progress to hand to `score_file`: nothing if `quiet`, a bar if stderr is a terminal."""
    if quiet:
        yield Silence()
    elif not sys.stderr.isatty():
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
        """Name guessed text columns."""
        if plan.guessed:
            columns = ", ".join(plan.text_columns)
            print(
                escape_controls(f"text columns, guessed from their names: {columns} (or name them: --text-column)"),
                file=sys.stderr,
            )

    def advanced(self, tally: Tally) -> None:
        """Say nothing."""


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

        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[flags]}"),
            console=Console(stderr=True),
            transient=True,
        )

    def started(self, plan: Plan) -> None:
        """Show the bar."""
        super().started(plan)
        self._bar.add_task("rows", total=plan.rows, speed="", flags="")
        self._bar.start()

    def advanced(self, tally: Tally) -> None:
        """Move the bar."""
        task = self._bar.tasks[0]
        elapsed = task.elapsed or 0.0
        speed = f"{tally.rows / elapsed:,.0f} rows/s" if elapsed else ""
        self._bar.update(task.id, completed=tally.rows, speed=speed, flags=f"{tally.flagged:,} flagged")

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()
