"""Errors a user can act on, and the one place that turns them into exit code 2."""

from __future__ import annotations

import errno
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


class XunchaError(Exception):
    """Something the user can put right; the message is one sentence: where, what, and what to do."""


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """A hint to append to a message, with a leading blank, or nothing.

    >>> did_you_mean("off_platfrom", ["off_platform", "exaggerated"])
    ' Did you mean "off_platform"?'
    >>> did_you_mean("zzz", ["off_platform"])
    ''
    """
    import difflib

    close = difflib.get_close_matches(word, list(options), n=1, cutoff=0.6)
    return f' Did you mean "{close[0]}"?' if close else ""


def quote(text: str, limit: int = 40) -> str:
    r"""`text` in double quotes, cut to `limit` characters, with control characters made visible.

    >>> print(quote("a" + chr(27) + "b"))
    "a\x1bb"
    """
    cut = text if len(text) <= limit else text[:limit] + "…"
    return f'"{escape_controls(cut)}"'


def escape_controls(text: str) -> str:
    r"""`text` with every character that a terminal would obey or hide written as an escape.

    Control, format, private and surrogate characters and line breaks become `\x..`, `\u....` or `\U........`.
    """
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if unicodedata.category(char) not in _INVISIBLE:
        return char
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


@contextmanager
def user_errors() -> Iterator[None]:
    """Run a command's body; an error the user can act on becomes one line on stderr and exit code 2.

    Covers `XunchaError`, everything the operating system refuses (`OSError`), a closed output pipe and
    Ctrl-C. Any other exception is a bug and passes through.
    """
    try:
        yield
        sys.stdout.flush()
    except (XunchaError, OSError, UnicodeEncodeError, KeyboardInterrupt) as error:
        if isinstance(error, BrokenPipeError):
            _silence_stdout()
        print(escape_controls(sentence(error)), file=sys.stderr)
        raise SystemExit(2) from None


def sentence(error: BaseException) -> str:
    """The one line that `user_errors` prints for `error`; `str(error)` where it has no better one."""
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted: nothing more was written."
    if isinstance(error, UnicodeEncodeError):
        char = quote(error.object[error.start])
        return f"The output cannot hold {char} as {error.encoding}: set PYTHONIOENCODING=utf-8 and run again."
    if isinstance(error, OSError):
        return _os_sentence(error)
    return str(error)


def _os_sentence(error: OSError) -> str:
    where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "the output"
    if isinstance(error, BrokenPipeError):
        return "The output was closed before all of it was written."
    if isinstance(error, FileNotFoundError):
        return f"{where}: there is no such file or folder. Check the path."
    if isinstance(error, PermissionError):
        return f"{where}: permission denied. Check who owns it, or choose another path."
    if isinstance(error, IsADirectoryError):
        return f"{where}: this is a folder; a file is needed here."
    if error.errno in _NO_SPACE:
        return f"{where}: the disk is full. Free some space and run again."
    return f"{where}: {error.strerror or error}."


def _silence_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not fail on the closed pipe."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
