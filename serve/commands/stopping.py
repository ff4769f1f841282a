"""SIGTERM and Ctrl-C end a run between two steps; what is finished is kept."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

TERMINATED = 128 + signal.SIGTERM
INTERRUPTED = 128 + signal.SIGINT


class Stopped(BaseException):
    """The process was asked to end. No handler of ordinary errors catches it."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def stoppable(output: str) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C end the block, say what is kept, and exit with 143 or 130."""
    from xuncha.labels.errors import escape_controls

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # one is enough; the end must not be cut short
        raise Stopped(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    code = 0
    try:
        yield
    except Stopped as stopped:
        code = stopped.code
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    if code:
        what = "Interrupted" if code == INTERRUPTED else "Ended by SIGTERM"
        kept = (
            "."
            if output == "-"
            else f": nothing stands under {output} yet; what is finished is kept. Go on with --resume."
        )
        print(escape_controls(what + kept), file=sys.stderr)
        raise SystemExit(code)
