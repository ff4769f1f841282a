"""JSONL: one object a line, carried through character for character; a line that is none stays a row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from xuncha.labels.errors import XunchaError
from xuncha.serve.tables.encoding import Decoding, is_damaged, mended
from xuncha.serve.tables.formats import Format
from xuncha.serve.tables.json_values import Number, dumps, kind, loads, plain
from xuncha.serve.tables.lines import CutLine, physical_lines
from xuncha.serve.tables.reading import CHUNK_CHARS
from xuncha.serve.tables.rows import JSON_BLANKS, TOO_LONG, Rows, free_name, malformed
from xuncha.serve.tables.storage import Source

if TYPE_CHECKING:
    import pyarrow as pa

RAW = "_raw"
"""Key that keeps a line which is not a JSON object, as text."""

_KEY_LIMIT = 2000
_DEEP = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: its number (from 1), its text, the object in it, and the status of one that is not scored."""

    line: int
    text: str
    found: dict[str, object]
    problem: str | None
    raw: bool = False


@dataclass(frozen=True, slots=True)
class ObjectRows:
    """Rows of JSON objects."""

    entries: list[Entry]

    @property
    def lines(self) -> list[int]:
        """The physical line of each row."""
        return [entry.line for entry in self.entries]

    @property
    def problems(self) -> list[str | None]:
        """The status of each row that is not scored."""
        return [entry.problem for entry in self.entries]

    @property
    def size(self) -> int:
        """Characters of the lines."""
        return sum(len(entry.text) for entry in self.entries)

    def __len__(self) -> int:
        """How many rows."""
        return len(self.entries)

    def values(self, column: str) -> list[object]:
        """The values under one key."""
        return [entry.found.get(column) for entry in self.entries]

    def cells(self, columns: Sequence[str]) -> Iterable[list[str]]:
        """Strings bare, other values as JSON, null and missing as nothing."""
        for entry in self.entries:
            yield [mended(plain(entry.found.get(name)) or "") for name in columns]

    def members(self, dropped: frozenset[str]) -> Iterable[str]:
        """The objects' insides as written; put together anew only where a key is dropped."""
        for entry in self.entries:
            if entry.raw or not dropped.isdisjoint(entry.found):
                kept = {key: value for key, value in entry.found.items() if key not in dropped}
                yield mended(dumps(kept)[1:-1])
            else:
                yield entry.text.strip(JSON_BLANKS)[1:-1].strip(JSON_BLANKS)

    def batch(self, schema: pa.Schema) -> pa.RecordBatch:
        """Arrow columns of the types that `JsonlTable.schema` chose."""
        import pyarrow as pa

        columns = [
            pa.array([_typed(value, str(field.type)) for value in self.values(field.name)], field.type)
            for field in schema
        ]
        return pa.RecordBatch.from_arrays(columns, schema=schema)


class JsonlTable:
    """A JSONL table. Blank lines are no rows."""

    format = Format.JSONL

    def __init__(self, source: Source, encoding: str | None = None) -> None:
        """Read the table through once. Raises `XunchaError` if no line of it is a JSON object."""
        self.name = source.name
        self._source = source
        self._decoding = Decoding(source.name, encoding)
        self._kinds: dict[str, set[str]] = {}
        self._raw = RAW
        self._survey()

    def _survey(self) -> None:
        self.rows, raw, first = 0, 0, ""
        for entry in self._entries():
            self.rows += 1
            if entry.raw:
                if self.rows == 1 and entry.text.strip() == "[":
                    raise XunchaError(f"{self.name}: this is one JSON array. Write one object a line: jq -c '.[]'.")
                raw += 1
                first = first or entry.problem or ""
                continue
            if len(self._kinds) <= _KEY_LIMIT:
                for key, value in entry.found.items():
                    self._kinds.setdefault(key, set()).add(kind(value))
        if raw == self.rows:
            why = first.removeprefix("malformed: ") if raw else "it holds only blank lines"
            raise XunchaError(
                f"{self.name}: no line is a JSON object ({why}). Write one object a line, or name the format with "
                "--input-format."
            )
        self._raw = free_name(RAW, self._kinds)
        self.columns = (*self._kinds, self._raw) if raw else tuple(self._kinds)

    @property
    def encoding(self) -> str:
        """The encoding in words."""
        return self._decoding.label

    @property
    def bom(self) -> bool:
        """Whether a byte order mark stood at the start."""
        return self._decoding.bom

    @cached_property
    def schema(self) -> pa.Schema:
        """A type for each key that holds all its values; string where they are of several kinds."""
        import pyarrow as pa

        self.refuse_many()
        return pa.schema([(name, _arrow_type(self._kinds.get(name, set()))) for name in self.columns])

    def refuse_many(self) -> None:
        """Raise `XunchaError` if there are too many different keys to make each a column."""
        if len(self._kinds) > _KEY_LIMIT:
            raise XunchaError(f"{self.name}: more than {_KEY_LIMIT} different keys. Write JSONL, which has no columns.")

    def chunks(self, rows: int) -> Iterator[Rows]:
        """The rows in order, at most `rows` at a time, fewer where they are long."""
        chunk, chars = ObjectRows([]), 0
        for entry in self._entries():
            chunk.entries.append(entry)
            chars += len(entry.text)
            if len(chunk) >= rows or chars >= CHUNK_CHARS:
                yield chunk
                chunk, chars = ObjectRows([]), 0
        if len(chunk):
            yield chunk

    def _entries(self) -> Iterator[Entry]:
        lines = physical_lines(self._decoding.decoded(self._source.blocks()))
        for number, line in enumerate(lines, start=1):
            if not line.isspace():
                yield self._entry(number, line)

    def _entry(self, number: int, line: str) -> Entry:
        if isinstance(line, CutLine):
            cut = f"{TOO_LONG}: a line of {line.length} characters, cut to {len(line)}"
            return self._unread(number, line, cut)
        if is_damaged(line):
            return self._unread(number, line, malformed("some bytes do not fit the encoding"))
        try:
            found = loads(line)
        except json.JSONDecodeError as error:
            return self._unread(number, line, malformed(f"not JSON: {error.msg} at column {error.colno}"))
        except (ValueError, RecursionError):
            return self._unread(number, line, malformed("JSON nested too deep"))
        if not isinstance(found, dict):
            return self._unread(number, line, malformed("a JSON value, but not an object"))
        if line.count("[") + line.count("{") > _DEEP and _is_deep(found):
            return self._unread(number, line, malformed("JSON nested too deep"))
        if "\\u" in line and any(map(is_damaged, found)):
            return self._unread(number, line, malformed("a key with half a character"))
        return Entry(number, line, found, None)

    def _unread(self, number: int, line: str, problem: str) -> Entry:
        text = mended(line.rstrip("\r\n"))
        return Entry(number, text, {self._raw: text}, problem, raw=True)


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(_DEEP):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(level)


def _arrow_type(kinds: set[str]) -> pa.DataType:
    import pyarrow as pa

    seen = kinds - {"null"}
    if seen == {"bool"}:
        return pa.bool_()
    if seen and seen <= {"int", "long"}:
        return pa.int64()
    if seen and seen <= {"int", "float"}:
        return pa.float64()
    return pa.string()


def _typed(value: object, wanted: str) -> object:
    if isinstance(value, Number) and wanted in ("int64", "double"):
        return int(value.text) if wanted == "int64" else float(value.text)
    if wanted == "bool":
        return value
    shown = plain(value)
    return None if shown is None else mended(shown)
