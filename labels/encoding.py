"""Whether bytes are UTF-8 or GB18030, the encodings that Chinese spreadsheet programs write."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from xuncha.labels.errors import XunchaError

WINDOW = 1 << 20
"""Bytes from the first that is not ASCII that are looked at."""

_FEW = 3  # non-ASCII lines that may be plain damage in a file that is ASCII otherwise


def decided(where: str, window: bytes) -> str:
    """UTF-8 or GB18030, by a vote of the lines that are not ASCII. Raises `XunchaError` if neither wins."""
    lines = window.split(b"\n")
    voters = [line for line in lines[:-1] or lines if not line.isascii()] or [lines[-1]]
    if 2 * sum(_fits(line, "utf-8") for line in voters) >= len(voters):
        return "utf-8"
    fitting = [line for line in voters if _fits(line, "gb18030")]
    if 5 * len(fitting) >= 3 * len(voters) and _reads_as_chinese(fitting):
        return "gb18030"
    if len(voters) <= _FEW and len(voters) * 10 < len(lines):
        return "utf-8"
    raise XunchaError(f"{where}: neither UTF-8 nor GB18030. Name its encoding, for example --encoding big5.")


def _fits(line: bytes, encoding: str) -> bool:
    try:
        # Not final: the window may end within a character.
        codecs.getincrementaldecoder(encoding)().decode(line)
    except UnicodeDecodeError:
        return False
    return True


def _reads_as_chinese(lines: Iterable[bytes]) -> bool:
    """Whether characters stand where Chinese text has them, in the rows of GB 2312's common characters and signs.

    Big5, Shift-JIS and Latin-1 often decode as GB18030 without an error, into rare characters.
    """
    common = seen = 0
    for line in lines:
        for char in line.decode("gb18030", "ignore"):
            code = char.encode("gb18030")
            if len(code) == 2:
                seen += 1
                common += code[1] >= 0xA1 and (0xB0 <= code[0] <= 0xD7 or 0xA1 <= code[0] <= 0xA3)
        if seen > 20_000:
            break
    return 2 * common >= seen
