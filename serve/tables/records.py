"""CSV records with the physical lines they stand on, recovering at the next line where quotes go wrong."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from xuncha.serve.tables.encoding import is_damaged, mended
from xuncha.serve.tables.lines import LINE_LIMIT, CutLine
from xuncha.serve.tables.rows import CELL_LIMIT, TOO_LONG, malformed

_UNCLOSED = malformed("a quote is not closed")


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its first physical line (from 1), its cells as found, its size in characters, and its problem."""

    line: int
    cells: list[str]
    size: int
    problem: str | None


class _Swallowed(Exception):
    """One record has taken more lines than it may."""


class _Feed:
    """Physical lines for `csv.reader`, which remembers the record's lines and can take them back."""

    def __init__(self, lines: Iterator[str], first: int) -> None:
        self._lines, self._first = lines, first
        self._back: deque[str] = deque()
        self._size = 0
        self.line = 0  # physical line on which the current record begins
        self.taken: list[str] = []
        self.ended = False

    def begin(self) -> None:
        """Start a new record."""
        self.line = self.line + len(self.taken) if self.line else self._first
        self.taken = []
        self._size = 0
        self.ended = False

    def give_back(self) -> None:
        """Keep the record's first line and let the others be read again."""
        self._back.extendleft(reversed(self.taken[1:]))
        self.taken = self.taken[:1]

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self._back:
            line = self._back.popleft()
        else:
            try:
                line = next(self._lines)
            except StopIteration:
                self.ended = True
                raise
        self.taken.append(line)
        self._size += len(line)
        if isinstance(line, CutLine) or (self._size > LINE_LIMIT and len(self.taken) > 1):
            raise _Swallowed
        return line


class RecordReader:
    """Iterate over the records of CSV text; blank lines between records are no rows.

    Every record comes out, in order. `width` is the number of cells a record should have (None: any).
    A stray quote costs its own line, not the rows after it: a record over several lines that is not strict CSV
    is given up after its first line, and reading goes on at the second.
    """

    def __init__(self, lines: Iterator[str], delimiter: str, width: int | None = None, first: int = 1) -> None:
        """Read `lines`, each with its line end; `first` is the number of the first."""
        csv.field_size_limit(max(csv.field_size_limit(), LINE_LIMIT))
        self.width = width
        self._delimiter = delimiter
        self._feed = _Feed(lines, first)

    def __iter__(self) -> Iterator[Record]:
        """Yield the records from where reading stands."""
        feed = self._feed
        reader = csv.reader(feed, delimiter=self._delimiter)
        while True:
            feed.begin()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except _Swallowed:
                first = feed.taken[0]
                yield self._too_long(first) if isinstance(first, CutLine) else self._first_line(_UNCLOSED)
                continue
            except csv.Error as error:
                yield self._first_line(malformed(f"not CSV: {error}"))
                continue
            if feed.ended or (len(feed.taken) > 1 and self._ran_on(cells)):
                yield self._first_line(_UNCLOSED)
            elif cells:
                yield self._record(cells)

    def _record(self, cells: list[str]) -> Record:
        feed = self._feed
        width = self.width
        if width is not None and len(cells) > width and not any(cells[width:]):
            cells = cells[:width]  # spreadsheets write delimiters for empty columns beyond the header
        size = sum(map(len, feed.taken))
        problem = None
        if any(map(is_damaged, feed.taken)):
            cells, problem = [mended(cell) for cell in cells], malformed("some bytes do not fit the encoding")
        elif any("\0" in line for line in feed.taken):
            problem = malformed("a NUL character")
        elif width is not None and len(cells) != width:
            problem = malformed(f"{_counted(len(cells))}, the header has {width}")
        elif size > CELL_LIMIT and any(len(cell) > CELL_LIMIT for cell in cells):
            problem = TOO_LONG
        return Record(feed.line, cells, size, problem)

    def _ran_on(self, cells: list[str]) -> bool:
        """Whether a record over several lines is one row that a stray quote glued to the rows after it."""
        taken = self._feed.taken
        if not _parsed(taken, self._delimiter, strict=True):
            return True
        if self.width in (None, 1, len(cells)):
            return False
        return list(map(len, _parsed(taken[1:2], self._delimiter))) == [self.width]

    def _first_line(self, problem: str) -> Record:
        self._feed.give_back()
        line = self._feed.taken[0]
        cells = [mended(cell) for cell in line.rstrip("\r\n").split(self._delimiter)]
        return Record(self._feed.line, cells, len(line), problem)

    def _too_long(self, line: CutLine) -> Record:
        cells = [mended(cell) for cell in line.split(self._delimiter, (self.width or 1) - 1)]
        problem = f"{TOO_LONG}: a line of {line.length} characters, cut to {len(line)}"
        return Record(self._feed.line, cells, len(line), problem)


def _parsed(lines: list[str], delimiter: str, *, strict: bool = False) -> list[list[str]]:
    """The records of these lines, or none if they are not CSV."""
    try:
        return list(csv.reader(lines, delimiter=delimiter, strict=strict))
    except csv.Error:
        return []


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"
