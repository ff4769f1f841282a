"""`xuncha check`: one or a few texts, at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from xuncha.labels.errors import user_errors
from xuncha.serve.commands.options import ModelOption, Point, PointOption, TextSource

if TYPE_CHECKING:
    from xuncha.serve.scorer import Scorer
    from xuncha.serve.verdict import Verdict

_AT_ONCE = 256


def check(
    texts: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="Texts; else lines of stdin.")] = None,
    model: ModelOption = None,
    point: PointOption = Point.BALANCED,
    source: Annotated[TextSource | None, typer.Option("--source", help="Where the texts come from.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a text.")] = False,
) -> None:
    """Check texts: what is flagged, by which words, for which reason, against which rule.

    Exit code 0: nothing is flagged; 1: something is; 2: usage or error.

    Example: xuncha check "加V看货,全网最低价"
    """
    flagged = False
    with user_errors():
        from xuncha.serve.scorer import Scorer

        scorer = Scorer.load(model, operating_point=point)
        for text, verdict in _verdicts(scorer, iter(texts) if texts else _stdin_lines(), source):
            flagged = flagged or getattr(verdict, "flagged", False)
            _print_json(scorer, text, verdict) if as_json else _print(scorer, text, verdict)
    if flagged:
        raise typer.Exit(1)


def _verdicts(scorer: Scorer, texts: Iterator[object], source: str | None) -> Iterator[tuple[object, Verdict]]:
    at_once = 1 if sys.stdin.isatty() else _AT_ONCE
    while batch := list(islice(texts, at_once)):
        yield from zip(batch, scorer.score(batch, [source] * len(batch)), strict=True)


def _stdin_lines() -> Iterator[object]:
    """Lines of stdin as UTF-8, without their ends; a line that is not UTF-8 comes as bytes."""
    if sys.stdin.isatty():
        print("Reading texts from the terminal, one a line; Ctrl-D ends.", file=sys.stderr)
    for number, line in enumerate(sys.stdin.buffer):
        raw = line.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf" if number == 0 else b"")
        try:
            yield raw.decode("utf-8")
        except UnicodeDecodeError:
            yield raw


def _print_json(scorer: Scorer, text: object, verdict: Verdict) -> None:
    import json

    shown = text if isinstance(text, str) else repr(text)
    found = {"text": shown, **verdict.to_json(), "model": scorer.model_id, "point": scorer.operating_point}
    line = json.dumps(found, ensure_ascii=False)
    print(line.encode("utf-8", "backslashreplace").decode("utf-8"), flush=True)


def _print(scorer: Scorer, text: object, verdict: Verdict) -> None:
    from xuncha.serve.terminal import View, show, verdict_lines

    show(verdict_lines(text, verdict, View(scorer.bundle.taxonomy, scorer.thresholds)))
