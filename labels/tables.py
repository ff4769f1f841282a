"""Tables on stdout: drawn for a terminal, tab-separated for a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from xuncha.labels.errors import escape_controls


def show_table(title: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a table. Control characters in cells are made visible; nothing in them is taken as markup."""
    safe = [[escape_controls(cell) for cell in line] for line in lines]
    if not sys.stdout.isatty():
        print("\n".join("\t".join(line) for line in [list(columns), *safe]))
        return
    print(_drawn(title, columns, safe), end="")


def _drawn(title: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(columns):
        numeric = all(line[place].isdigit() for line in lines)
        drawn.add_column(Text(name), justify="right" if numeric else "left", overflow="fold")
    for line in lines:
        drawn.add_row(*map(Text, line))
    console = Console()
    with console.capture() as capture:
        console.print(drawn)
    return capture.get()
