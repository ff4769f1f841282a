"""gzip and zstd around tables: unpacked in constant memory and within limits, packed to the same bytes each time."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from xuncha.labels.errors import XunchaError
from xuncha.serve.tables.formats import Packing

BLOCK = 1 << 20
"""Bytes read at a time."""

BOMB_SIZE = 1 << 28
"""Unpacked bytes up to which any ratio passes."""

BOMB_RATIO = 200
"""Unpacked bytes for each packed one, beyond which larger data is a bomb. Real tables reach 5 to 50."""

_ZSTD_LEVEL = 6
_MAGIC = {b"\x1f\x8b": Packing.GZIP, b"\x28\xb5\x2f\xfd": Packing.ZSTD}


def packing_of(head: bytes) -> Packing:
    """What the first bytes of a file say about its packing."""
    return next((packing for magic, packing in _MAGIC.items() if head.startswith(magic)), Packing.NONE)


def unpacked(name: str, stream: BinaryIO, packing: Packing, *, trusted: bool = False) -> Iterator[bytes]:
    """The bytes inside `stream`, up to 1 MiB a time.

    Raises `XunchaError` for packed data that breaks off, and for data that grows beyond `BOMB_RATIO` unless `trusted`.
    """
    if packing is Packing.NONE:
        while block := stream.read(BLOCK):
            yield block
        return
    size = 0
    with _whole(name, packing):
        opened = _reader(stream, packing)
        while block := opened.read(BLOCK):
            size += len(block)
            if not trusted and size > BOMB_SIZE:
                refuse_bomb(name, size, stream.tell())
            yield block


def probe(name: str, stream: BinaryIO, packing: Packing) -> None:
    """Raise `XunchaError` for a bomb before its rows are read, which may take hours. Stops where data looks honest."""
    if packing is Packing.NONE:
        return
    size = 0
    with _whole(name, packing):
        opened = _reader(stream, packing)
        while block := opened.read(BLOCK):
            size += len(block)
            if size <= BOMB_RATIO * stream.tell():
                return
            refuse_bomb(name, size, stream.tell())


def refuse_bomb(name: str, size: int, packed: int) -> None:
    """Raise `XunchaError` if `packed` bytes that unpack to `size` or more are no honest table."""
    if size > BOMB_SIZE and size > BOMB_RATIO * max(packed, 1):
        raise XunchaError(
            f"{name}: it unpacks to more than {BOMB_RATIO} times its size ({size >> 20:,} MiB so far), as a zip bomb "
            "does. Look at where it comes from; if it is right, add --trust-input."
        )


def packed(data: bytes, packing: Packing) -> bytes:
    """`data` as one gzip member or zstd frame; a file may hold several in a row. Nothing stays nothing."""
    if packing is Packing.NONE or not data:
        return data
    if packing is Packing.GZIP:
        return gzip.compress(data, compresslevel=6, mtime=0)
    import pyarrow as pa

    return cast(bytes, pa.Codec("zstd", _ZSTD_LEVEL).compress(data, asbytes=True))


@contextmanager
def packing_stream(stream: BinaryIO, packing: Packing) -> Iterator[BinaryIO]:
    """A stream whose bytes are packed into `stream`, which stays open."""
    if packing is Packing.NONE:
        yield stream
    elif packing is Packing.GZIP:
        with gzip.GzipFile("", "wb", compresslevel=6, fileobj=stream, mtime=0) as wrapped:
            yield cast(BinaryIO, wrapped)
    else:
        framed = _Frames(stream)
        yield cast(BinaryIO, framed)
        framed.flush_frame()


class _Frames:
    """A sink that packs what it gets into zstd frames of one size, whatever the sizes of the writes."""

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting = bytearray()
        self._size = 0

    def write(self, block: bytes) -> int:
        self._waiting += block
        self._size += len(block)
        while len(self._waiting) >= 4 * BLOCK:
            self._stream.write(packed(bytes(self._waiting[: 4 * BLOCK]), Packing.ZSTD))
            del self._waiting[: 4 * BLOCK]
        return len(block)

    def flush_frame(self) -> None:
        self._stream.write(packed(bytes(self._waiting), Packing.ZSTD))
        self._waiting.clear()

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Frames are written when they are full."""

    def seekable(self) -> bool:
        return False


def _reader(stream: BinaryIO, packing: Packing) -> BinaryIO:
    if packing is Packing.GZIP:
        return cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb"))
    import pyarrow as pa

    return cast(BinaryIO, pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd"))


@contextmanager
def _whole(name: str, packing: Packing) -> Iterator[None]:
    """Turn what gzip and zstd say about broken data into one sentence."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile) and error.errno is not None:
            raise
        reason = str(error).removesuffix(".")
        raise XunchaError(f"{name}: not a whole {packing} file ({reason}). Fetch or compress it again.") from None
