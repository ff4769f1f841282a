"""Lines as a stream brings them: whole lines as soon as they are there, and nothing read that cannot be judged yet."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

_BLOCK = 1 << 18
_LONGEST = 1 << 20
"""Bytes of a line; what a longer one has beyond that is dropped, so that no input fills the memory."""


def arriving(descriptor: int, wait_s: float = 0.5) -> Iterator[list[bytes]]:
    """Batches of lines without their ends; an empty batch whenever `wait_s` seconds brought nothing.

    Reads no more than 256 KiB before the last batch was taken: a burst waits in the pipe, and the writer with it.
    """
    rest = b""
    while True:
        ready, _, _ = select.select([descriptor], [], [], wait_s)
        if not ready:
            yield []
            continue
        block = os.read(descriptor, _BLOCK)
        if not block:
            if rest:
                yield [rest]
            return
        whole, _, rest = (rest + block).rpartition(b"\n")
        rest = rest[:_LONGEST]
        if whole or block.startswith(b"\n"):
            yield [line.removesuffix(b"\r")[:_LONGEST] for line in whole.split(b"\n")]
