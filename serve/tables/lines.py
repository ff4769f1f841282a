"""Physical lines of decoded text, with a bound on how much of one is held in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

LINE_LIMIT = 1 << 24
"""Characters. A longer line is cut to `KEPT` characters and marked, so no input can fill the memory."""

KEPT = 1000
"""Characters that are kept of a line beyond `LINE_LIMIT`."""


class CutLine(str):
    """The start of a line that was too long to hold. `length` is how many characters it had."""

    length: int

    @classmethod
    def of(cls, start: str, length: int) -> CutLine:
        """The line that begins with `start` and had `length` characters."""
        line = cls(start)
        line.length = length
        return line


def physical_lines(blocks: Iterable[str]) -> Iterator[str]:
    r"""Lines with their line ends. Only \n ends a line; in a file without any, \r does (old Macintosh)."""
    rest, size, translate = "", 0, None
    for block in blocks:
        if translate is None and block:
            translate = "\r" in block[:-1] and "\n" not in block
        if translate:
            block = block.replace("\r", "\n")
        lines = block.split("\n")
        if len(lines) == 1:
            size += len(block)
            rest = rest + block if size <= LINE_LIMIT else rest[:KEPT] or block[:KEPT]
            continue
        yield _line(rest + lines[0] if size <= LINE_LIMIT else rest, size + len(lines[0]))
        for line in lines[1:-1]:
            yield line + "\n"
        rest, size = lines[-1], len(lines[-1])
    if size:
        yield _line(rest, size, end="")


def _line(text: str, size: int, end: str = "\n") -> str:
    return text + end if size <= LINE_LIMIT else CutLine.of(text[:KEPT], size)
