"""`xuncha live`: records and streams of live rooms."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from xuncha.labels.errors import XunchaError, quote, user_errors
from xuncha.serve.commands.options import ModelOption, PointOption, ThreadsOption
from xuncha.serve.commands.spot import Point

if TYPE_CHECKING:
    from xuncha.serve.live.events import Event
    from xuncha.serve.live.records import Reading
    from xuncha.serve.live.turns import Turn
    from xuncha.serve.scorer import Scorer

_KINDS = ("jsonl", "txt", "srt", "vtt", "html")
_KIND_OF = {"ndjson": "jsonl", "json": "jsonl", "text": "txt", "webvtt": "vtt", "htm": "html"}
_TAKES = "srt, vtt, json (Whisper, FunASR), jsonl, csv, tsv or txt (time, tab, text); default: by name and contents."


def live(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Transcripts, comment logs; - for stdin.", show_default=False),
    ],
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUTPUT",
            help="Where events go: .jsonl, .txt, .srt, .vtt or .html; may be repeated. Default: the terminal.",
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Read stdin as a stream and print events at once.")] = False,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="FILE", help="With --follow: survive a restart; kept in FILE.")
    ] = None,
    room: Annotated[str | None, typer.Option("--room", metavar="NAME", help="All inputs are of this room.")] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="DATE", help="When second 0 of a transcript was.")
    ] = None,
    shift: Annotated[
        list[str] | None,
        typer.Option("--shift", metavar="INPUT=SECONDS", help="Add to the times of INPUT; repeatable."),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option("--tolerance", metavar="SECONDS", min=0, help="How late a line may come. Default: 10."),
    ] = None,
    input_format: Annotated[str | None, typer.Option("--format", metavar="FORMAT", help=_TAKES)] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="NAME", help="Of the inputs; default: found out.")
    ] = None,
    model: ModelOption = None,
    point: PointOption = Point.BALANCED,
    threads: ThreadsOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print events as JSONL.")] = False,
) -> None:
    """Find violations in records of live rooms, or in a running stream, with their time, words and rule.

    Example: xuncha live room.srt comments.jsonl -o events.jsonl -o report.html

    Example: tail -F room.jsonl | xuncha live - --follow
    """
    with user_errors():
        from xuncha.serve.live.records import Reading

        if state and not follow:
            raise XunchaError("--state: a record needs no state. Add --follow, or leave --state out.")
        targets = [(_kind(one, follow), one) for one in outputs or []]
        reading = Reading(input_format, encoding, room, _moment(start), _shifts(shift or []))
        if follow:
            _follow(inputs, targets, reading, _Run(model, point, threads, tolerance, quiet, as_json, state))
        else:
            _record(inputs, targets, reading, _Run(model, point, threads, tolerance, quiet, as_json, None))


class _Run:
    """What both ways of reading share."""

    def __init__(
        self, model: str | None, point: Point, threads: int | None, tolerance: float | None, quiet: bool,
        as_json: bool, state: Path | None,
    ) -> None:  # fmt: skip
        self.model, self.point, self.threads, self.tolerance = model, point, threads, tolerance
        self.quiet, self.as_json, self.state = quiet, as_json, state

    def scorer(self) -> Scorer:
        from xuncha.serve.scorer import Scorer

        return Scorer.load(self.model, operating_point=self.point, threads=self.threads)


def _record(inputs: list[str], targets: list[tuple[str, str]], reading: Reading, run: _Run) -> None:
    from xuncha.serve.live.monitor import Monitor
    from xuncha.serve.live.outputs import summary_lines
    from xuncha.serve.live.records import read_records

    turns = read_records(inputs, reading)
    scorer = run.scorer()
    monitor = Monitor(scorer)
    last = {event.id: event for event in (*monitor.feed(turns), *monitor.close())}
    events = sorted(last.values(), key=lambda event: (event.room, event.start, event.id))
    for kind, target in targets:
        _write(kind, target, turns, events, scorer)
    if not targets:
        _printer(run, scorer)(events)
    if not run.quiet:
        rooms = len({turn.room for turn in turns})
        print("\n".join(summary_lines(events, rooms, len(turns), 0)), file=sys.stderr)


def _follow(inputs: list[str], targets: list[tuple[str, str]], reading: Reading, run: _Run) -> None:
    from dataclasses import replace

    from xuncha.serve.live.follow import Follower, Reader, complain
    from xuncha.serve.live.lines import arriving
    from xuncha.serve.live.monitor import Monitor
    from xuncha.serve.live.settings import SETTINGS
    from xuncha.serve.live.state import State

    if inputs != ["-"]:
        raise XunchaError("--follow reads one stream from stdin: tail -F room.jsonl | xuncha live - --follow.")
    settings = SETTINGS if run.tolerance is None else replace(SETTINGS, tolerance_s=run.tolerance)
    scorer = run.scorer()
    state = State(run.state, scorer.model_id, scorer.operating_point) if run.state else None
    with _appended(targets) as files, _stopping() as stopped:
        printer = _printer(run, scorer)

        def give(events: Sequence[Event]) -> None:
            _append(files, events, scorer)
            if not targets:
                printer(events)

        follower = Follower(Monitor(scorer, settings), Reader(reading.room or "stdin", complain), give, state)
        follower.run(arriving(sys.stdin.fileno()), stopped)
    if not run.quiet:
        late, bad = follower.monitor.late, follower.reader.bad
        print(f"{follower.reader.number:,} lines: {follower.events:,} events, {late:,} late, {bad:,} unreadable",
              file=sys.stderr)  # fmt: skip


def _printer(run: _Run, scorer: Scorer) -> Callable[[Sequence[Event]], None]:
    """Prints events to stdout as they come."""
    from xuncha.serve.live.outputs import event_lines, json_line

    def give(events: Sequence[Event]) -> None:
        if run.as_json:
            sys.stdout.buffer.write("".join(map(json_line, events)).encode("utf-8"))
        else:
            from xuncha.serve.terminal import show

            for event in events:
                show(event_lines(event, scorer.bundle.taxonomy))
        sys.stdout.flush()

    return give


def _write(kind: str, target: str, turns: Sequence[Turn], events: Sequence[Event], scorer: Scorer) -> None:
    from xuncha.labels.io import replacing

    with replacing(Path(target)) as stream:
        stream.write(_rendered(kind, turns, events, scorer).encode("utf-8", "backslashreplace"))


def _rendered(kind: str, turns: Sequence[Turn], events: Sequence[Event], scorer: Scorer) -> str:
    from xuncha.serve.live.outputs import cues, event_lines, json_line
    from xuncha.serve.live.page import page

    taxonomy = scorer.bundle.taxonomy
    if kind == "jsonl":
        return "".join(map(json_line, events))
    if kind == "html":
        return page(turns, events, taxonomy, f"{scorer.model_id} · {scorer.operating_point}")
    if kind in ("srt", "vtt"):
        return cues(events, taxonomy, _zeros(turns), vtt=kind == "vtt")
    lines = [line for event in events for line in event_lines(event, taxonomy)]
    return "".join("".join(piece.text for piece in line) + "\n" for line in lines)


def _zeros(turns: Sequence[Turn]) -> dict[str, float]:
    """Of a room whose times are dates, the first turn is taken as the start of the recording."""
    from xuncha.serve.live.turns import is_date

    zeros: dict[str, float] = {}
    for turn in turns:
        if is_date(turn.start):
            zeros[turn.room] = min(turn.start, zeros.get(turn.room, turn.start))
    return zeros


@contextmanager
def _appended(targets: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, TextIO]]]:
    """Files that a stream's events are added to."""
    files: list[tuple[str, TextIO]] = []
    try:
        for kind, target in targets:
            files.append((kind, sys.stdout if target == "-" else _added_to(target)))
        yield files
    finally:
        for _, stream in files:
            if stream is not sys.stdout:
                stream.close()


def _added_to(target: str) -> TextIO:
    return open(target, "a", encoding="utf-8", errors="backslashreplace")


def _append(files: Sequence[tuple[str, TextIO]], events: Sequence[Event], scorer: Scorer) -> None:
    for kind, stream in files:
        stream.write(_rendered(kind, (), events, scorer))
        stream.flush()


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or a request to end has come; the step under way is finished first."""
    came: list[int] = []
    before = {one: signal.signal(one, lambda number, _: came.append(number)) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _kind(target: str, follow: bool) -> str:
    ending = Path(target).suffix.lower().lstrip(".") if target != "-" else "jsonl"
    kind = _KIND_OF.get(ending, ending)
    if kind not in _KINDS:
        raise XunchaError(f"{target}: events are written as .{', .'.join(_KINDS)}. Give OUTPUT one of these endings.")
    if follow and kind not in ("jsonl", "txt"):
        raise XunchaError(f"{target}: a stream is written as .jsonl or .txt. Make .{kind} from the record later.")
    return kind


def _moment(word: str | None) -> float | None:
    from xuncha.serve.live.turns import is_date, seconds_of

    if word is None:
        return None
    seconds = seconds_of(word)
    if seconds is None or not is_date(seconds):
        raise XunchaError(f'--start: {quote(word)} is no date and time. Write "2026-11-25 20:00:00".')
    return seconds


def _shifts(words: Sequence[str]) -> dict[str, float]:
    found = {}
    for word in words:
        name, equals, seconds = word.rpartition("=")
        try:
            found[name] = float(seconds)
        except ValueError:
            equals = ""
        if not equals or not name:
            raise XunchaError(f"--shift: {quote(word)} does not say how far. Write comments.jsonl=-12.5.")
    return found
