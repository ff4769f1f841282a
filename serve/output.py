"""Where scored rows go: straight into a stream, or kept chunk by chunk until the output is whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from xuncha.labels.errors import XunchaError
from xuncha.serve.engines import Unreadable
from xuncha.serve.summary import Tally
from xuncha.serve.tables.added import Added, Shape
from xuncha.serve.tables.formats import STDIO, Layout
from xuncha.serve.tables.packing import packed, packing_stream
from xuncha.serve.tables.reading import Table
from xuncha.serve.tables.rejects import Rejects, encoded
from xuncha.serve.tables.rows import Rows
from xuncha.serve.tables.target import Target
from xuncha.serve.tables.workplace import Work
from xuncha.serve.tables.writing import ARROW_FORMATS, Encoder, WriteOptions, Writer, encoder_for, open_writer

Records = Sequence[Mapping[str, object]]


@dataclass(slots=True)
class StreamOutput:
    """Stdout, a named pipe, a device: what is written is gone. Rejects are only counted."""

    target: Target
    layout: Layout
    scratch: Path
    finished: bool = False
    _writer: Writer | None = field(default=None, init=False)
    _rejects: Rejects | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.target.path

    def rejects_name(self, tally: Tally) -> str | None:
        """Nowhere."""
        return None

    @contextmanager
    def opened(
        self, table: Table, shape: Shape, options: WriteOptions, failures: Records, roles: Mapping[str, str]
    ) -> Iterator[Tally]:
        """Take rows within the block; the output is whole when it ends."""
        self._rejects = Rejects(table, self.layout.format, {})
        with (
            _stream(self.target) as stream,
            open_writer(stream, self.layout, table, shape, options, self.scratch) as self._writer,
        ):
            yield Tally(shape.labels)

    def add(self, rows: Rows, added: Added, tally: Tally) -> None:
        """Write rows that are counted in `tally` already."""
        assert self._writer is not None
        assert self._rejects is not None
        self._writer.write(rows, added)
        tally.rejects += len(self._rejects.lines(rows, added, tally.rows - len(rows)))


@contextmanager
def _stream(target: Target) -> Iterator[BinaryIO]:
    if target.path == STDIO:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with target.real.open("wb") as stream:
        yield stream


@dataclass(slots=True)
class WorkOutput:
    """A file or URL that appears when it is whole; until then each chunk is kept in the journal."""

    work: Work
    layout: Layout
    job: Mapping[str, Any]
    finished: bool = False
    _encoder: Encoder | None = field(default=None, init=False)
    _rejects: Rejects | None = field(default=None, init=False)
    _failures: Records = field(default=(), init=False)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.work.target.path

    def rejects_name(self, tally: Tally) -> str | None:
        """The name of the rejects file, if there is one."""
        return self.work.rejects.path if tally.rejects or self._failures else None

    @contextmanager
    def opened(
        self, table: Table, shape: Shape, options: WriteOptions, failures: Records, roles: Mapping[str, str]
    ) -> Iterator[Tally]:
        """Take rows within the block, after those that are counted in the tally; when it ends, publish them."""
        self._failures = failures
        try:
            self._encoder = encoder_for(self.layout, table, shape, options)
        except XunchaError as error:  # of a folder's files one may have columns that this format cannot hold
            raise Unreadable(str(error)) from None
        named = {role: name for role, name in roles.items() if role in ("id", "merchant")}
        self._rejects = Rejects(table, self.layout.format, named)
        self.work.begin(self.job)
        self.finished = self.work.finished is not None
        kept = self.work.finished or (self.work.journal.kept.state if self.work.journal.kept else None)
        tally = Tally.from_json(shape.labels, kept) if kept else Tally(shape.labels)
        yield tally
        if not self.finished:
            if self.work.journal.kept is None:
                self._commit(b"", b"", tally)
            self.work.publish(self._whole())

    def add(self, rows: Rows, added: Added, tally: Tally) -> None:
        """Keep rows that are counted in `tally` already."""
        assert self._encoder is not None
        assert self._rejects is not None
        records = self._rejects.lines(rows, added, tally.rows - len(rows))
        tally.rejects += len(records)
        self._commit(self._encoder.encode(rows, added), encoded(records), tally)

    def _commit(self, rows: bytes, rejects: bytes, tally: Tally) -> None:
        assert self._encoder is not None
        journal = self.work.journal
        if journal.kept is None:
            rows, rejects = self._encoder.head() + rows, encoded(self._failures) + rejects
        if self.layout.format not in ARROW_FORMATS:
            rows = packed(rows, self.layout.packing)
        journal.commit(rows, rejects, tally.to_json())

    def _whole(self) -> Path:
        """The file that has all rows, in the work folder."""
        journal = self.work.journal
        if self.layout.format not in ARROW_FORMATS:
            return journal.path("rows")
        from xuncha.serve.tables.arrow_output import ArrowEncoder, assemble, open_sink

        encoder = self._encoder
        assert isinstance(encoder, ArrowEncoder)
        whole = self.work.folder / "whole.part"
        with (
            journal.path("rows").open("rb") as spool,
            whole.open("wb") as stream,
            packing_stream(stream, self.layout.packing) as out,
            open_sink(out, self.layout.format, encoder.schema, encoder.compression, self.work.folder) as sink,
        ):
            assemble(spool, journal.ends, sink)
        return whole
