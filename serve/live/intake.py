"""How lines are taken in: the zone of their dates, and what becomes of one that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypeVar

from xuncha.labels.errors import XunchaError
from xuncha.serve.live.zones import CHINA

T = TypeVar("T")


def refused(error: XunchaError) -> None:
    """Leave nothing out: a line that cannot be read is an error."""
    raise error


@dataclass(frozen=True, slots=True)
class Intake:
    """`zone`: of dates that name none. `left_out` is told of every line (cue, entry) that is left out, and why."""

    zone: tzinfo = CHINA
    left_out: Callable[[XunchaError], None] = refused

    def taken(self, read: Callable[[], T]) -> T | None:
        """What `read` gives, or None where that cannot be read."""
        try:
            return read()
        except XunchaError as error:
            self.left_out(error)
            return None
