"""A spot check, and how its plain command lines are read without loading the command line package.

Typer and what it needs are a third of the start of one check. `read_arguments` understands the plain forms only; every
other line, a mistaken one too, is left to Typer, which also writes the help.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from typing import TYPE_CHECKING

from xuncha.labels.errors import user_errors
from xuncha.labels.rows import Source

if TYPE_CHECKING:
    from xuncha.serve.scorer import Scorer
    from xuncha.serve.verdict import Verdict

_AT_ONCE = 256
_BOM = b"\xef\xbb\xbf"


class Point(StrEnum):
    """Operating points of every model."""

    STRICT = "strict"
    BALANCED = "balanced"
    LENIENT = "lenient"


class Device(StrEnum):
    """What scores are computed on."""

    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line of `xuncha check` asks for. No texts: lines of stdin."""

    texts: tuple[str, ...] = ()
    model: str | None = None
    point: Point = Point.BALANCED
    source: Source | None = None
    as_json: bool = False
    device: Device = Device.CPU


def read_arguments(arguments: Sequence[str]) -> Asked | None:
    """What `xuncha check …` asks for; None for a line that is not plain.

    >>> asked = read_arguments(["check", "--json", "加V"])
    >>> asked.texts, asked.as_json
    (('加V',), True)
    >>> read_arguments(["check", "--jsn", "加V"]) is None
    True
    """
    if not arguments or arguments[0] != "check":
        return None
    texts: list[str] = []
    given: dict[str, str] = {}
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "--":
            texts += rest
        elif not argument.startswith("-"):
            texts.append(argument)
        else:
            name, equals, value = argument.partition("=")
            if name == "--json" and not equals:
                given[name] = ""
            elif name in ("--model", "--point", "--source", "--device"):
                given[name] = value if equals else next(rest, "-")
                if given[name].startswith("-"):  # a value that looks like an option, or is missing
                    return None
            else:
                return None
    try:
        point = Point(given.get("--point", Point.BALANCED))
        source = Source(given["--source"]) if "--source" in given else None
        device = Device(given.get("--device", Device.CPU))
    except ValueError:
        return None
    return Asked(tuple(texts), given.get("--model"), point, source, "--json" in given, device)


def spot_check(asked: Asked) -> int:
    """Print a verdict a text and return the exit code: 1, something is flagged; else 2, a text could not be scored."""
    flagged, unread = False, 0
    with user_errors():
        scorer = _scorer(asked)
        texts: Iterator[object] = iter(asked.texts) if asked.texts else _stdin_lines()
        for text, verdict in _verdicts(scorer, texts, asked.source):
            flagged = flagged or getattr(verdict, "flagged", False)
            unread += getattr(verdict, "reason", "empty") != "empty"
            _print_json(scorer, text, verdict) if asked.as_json else _print(scorer, text, verdict)
        if unread:
            count = "1 text was" if unread == 1 else f"{unread} texts were"
            print(
                f"{count} not scored. Give texts in UTF-8 or GB18030, of 1,000,000 characters at most.", file=sys.stderr
            )
    return 1 if flagged else 2 if unread else 0


def _scorer(asked: Asked) -> Scorer:
    # A start makes many objects and drops next to none: looking for garbage only costs time.
    gc.disable()
    try:
        from xuncha.serve.scorer import Scorer

        return Scorer.load(asked.model, operating_point=asked.point, device=asked.device)
    finally:
        gc.enable()


def _verdicts(scorer: Scorer, texts: Iterator[object], source: str | None) -> Iterator[tuple[object, Verdict]]:
    at_once = 1 if sys.stdin.isatty() else _AT_ONCE
    while batch := list(islice(texts, at_once)):
        yield from zip(batch, scorer.score(batch, [source] * len(batch)), strict=True)


def _stdin_lines() -> Iterator[object]:
    """Lines of stdin, without their ends; one that does not fit the encoding comes as bytes."""
    if sys.stdin.isatty():
        print("Reading texts from the terminal, one a line; Ctrl-D ends.", file=sys.stderr)
    lines = (
        line.rstrip(b"\r\n").removeprefix(_BOM if number == 0 else b"") for number, line in enumerate(sys.stdin.buffer)
    )
    for line in lines:
        if line.isascii():
            yield line.decode("ascii")
        else:
            encoding, ahead = _encoding(line, lines)
            yield from (_decoded(one, encoding) for one in chain(ahead, lines))


def _encoding(line: bytes, lines: Iterator[bytes]) -> tuple[str, list[bytes]]:
    """The encoding of the first line that is not ASCII and of those after it, and the lines that were read for that."""
    if isinstance(_decoded(line, "utf-8"), str):
        return "utf-8", [line]
    from xuncha.labels.encoding import decided
    from xuncha.labels.errors import XunchaError

    ahead = [line] if sys.stdin.isatty() else [line, *islice(lines, _AT_ONCE)]
    try:
        return decided("stdin", b"\n".join([*ahead, b""])), ahead
    except XunchaError:
        return "utf-8", ahead


def _decoded(line: bytes, encoding: str) -> str | bytes:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return line


def _print_json(scorer: Scorer, text: object, verdict: Verdict) -> None:
    import json

    shown = text if isinstance(text, str) else repr(text)
    found = {"text": shown, **verdict.to_json(), "model": scorer.model_id, "point": scorer.operating_point}
    line = json.dumps(found, ensure_ascii=False)
    print(line.encode("utf-8", "backslashreplace").decode("utf-8"), flush=True)


def _print(scorer: Scorer, text: object, verdict: Verdict) -> None:
    from xuncha.serve.terminal import View, show, verdict_lines

    show(verdict_lines(text, verdict, View(scorer.bundle.taxonomy, scorer.thresholds)))
