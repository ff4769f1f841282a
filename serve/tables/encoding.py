"""Bytes to text without silent mojibake: UTF-8, GB18030 and UTF-16 are told apart; bad bytes stay visible."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xuncha.labels.encoding import WINDOW, decided
from xuncha.labels.errors import XunchaError, did_you_mean, quote

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMMON = ("utf-8", "gb18030", "gbk", "gb2312", "big5", "utf-16", "utf-16-le", "utf-16-be", "shift_jis", "latin-1")
_ERRORS = "xuncha-keep"
_MARK = 0xDC00  # an undecodable byte b becomes the lone surrogate U+DC00+b, which no valid input can hold
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class Decoding:
    """How a file is decoded. `name` stays None as long as only ASCII was seen."""

    where: str
    name: str | None = None
    bom: bool = False
    _given: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Check a name that the user gave."""
        if self.name is not None:
            self.name, self._given = checked_name(self.name), True

    @property
    def label(self) -> str:
        """The encoding's name for messages and summaries, for example "utf-8 with BOM"."""
        return (self.name or "utf-8") + (" with BOM" if self.bom else "")

    def decoded(self, blocks: Iterable[bytes]) -> Iterator[str]:
        """The text of `blocks`, without a BOM. Undecodable bytes become marks (see `is_damaged`).

        Without a name, decides at the first bytes that are not ASCII, from up to 1 MiB that follows; what came
        before reads the same in either encoding. Raises `XunchaError` if the bytes fit no encoding it knows.
        """
        stream = iter(blocks)
        head = next(stream, b"")
        head = self._take_bom(head)
        if self.name is None:
            for text, rest in self._ascii(head, stream):
                if rest is None:
                    yield text
                else:
                    head = rest
        if self.name is None:
            return
        decoder = codecs.getincrementaldecoder(self.name)(_ERRORS)
        yield decoder.decode(head)
        for block in stream:
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)

    def _take_bom(self, head: bytes) -> bytes:
        for mark, name in _BOMS:
            if not head.startswith(mark):
                continue
            if self._given and _family(self.name or "") != _family(name):
                return head
            self.bom = True
            if not self._given:
                self.name = name
            # utf-16 and utf-32 need their BOM to know the byte order; the names with -le or -be would keep it.
            return head if self.name in ("utf-16", "utf-32") else head[len(mark) :]
        return head

    def _ascii(self, head: bytes, stream: Iterator[bytes]) -> Iterator[tuple[str, bytes | None]]:
        """Yield (text, None) while all is ASCII; at the first other byte set `name` and yield ("", what is left)."""
        block: bytes | None = head
        while block is not None:
            if head is block and (order := self._unmarked(head)):
                self.name = order
                yield "", head
                return
            if not block.isascii():
                more = next(stream, b"") if len(block) < 2 * WINDOW else b""
                self.name = decided(self.where, block + more)
                yield "", block + more
                return
            yield block.decode("ascii"), None
            block = next(stream, None)

    def _unmarked(self, head: bytes) -> str | None:
        """UTF-16 without a byte order mark, told by its NULs: those of ASCII and line ends all stand at one side."""
        sample = head[:4096]
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        order = "utf-16-le" if odd > even else "utf-16-be"
        units = [sample[at : at + 2] for at in range(0, len(sample), 2)]
        if min(even, odd) * 8 <= max(even, odd) and "\n".encode(order) in units:
            return order
        if (even + odd) * 4 > len(sample):
            raise XunchaError(f"{self.where}: a quarter of it is NUL bytes, so it is no text. Fetch or write it again.")
        return None


def checked_name(name: str) -> str:
    """The plain name of a text encoding that Python knows. Raises `XunchaError` with a hint for another."""
    try:
        plain = codecs.lookup(name).name
        "".encode(plain)
    except (LookupError, ValueError):
        hint = did_you_mean(name.lower(), _COMMON)
        raise XunchaError(f"--encoding: there is no text encoding {quote(name)}.{hint} Try utf-8 or gb18030.") from None
    return {"utf-8-sig": "utf-8", "gb2312": "gb18030", "gbk": "gb18030"}.get(plain, plain)


def is_damaged(text: str) -> bool:
    """Whether `text` holds bytes that could not be decoded."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def mended(text: str) -> str:
    r"""`text` with undecodable bytes as `\xNN` and other lone surrogates as `\uNNNN`, fit for any file."""
    return _SURROGATE.sub(_escape, text) if is_damaged(text) else text


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - _MARK:02x}" if _MARK <= code < _MARK + 256 else f"\\u{code:04x}"


def _keep(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(_MARK + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_ERRORS, _keep)


def _family(name: str) -> str:
    return "-".join(name.split("-")[:2])
