"""What is told on stderr of lines: the first of them by name, the others by their number."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from xuncha.labels.errors import XunchaError, escape_controls

_MOST = 20


@dataclass(slots=True)
class Complaints:
    """`told` counts all messages, `lines` those of lines that were left out."""

    told: int = 0
    lines: int = 0

    def tell(self, message: str) -> None:
        """One sentence on stderr, if not enough have been."""
        self.told += 1
        if self.told <= _MOST:
            print(escape_controls(message), file=sys.stderr, flush=True)

    def left_out(self, error: XunchaError) -> None:
        """Tell of a line that is left out."""
        self.lines += 1
        self.tell(f"{error} It is left out.")

    def end(self) -> None:
        """Say how many messages were held back."""
        if self.told > _MOST:
            print(f"… and {self.told - _MOST:,} more.", file=sys.stderr, flush=True)
