"""`xuncha live`: records and streams of live rooms."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from xuncha.labels.errors import XunchaError, quote, user_errors
from xuncha.serve.commands.options import ModelOption, PointOption, ThreadsOption
from xuncha.serve.commands.spot import Point

if TYPE_CHECKING:
    from xuncha.serve.live.events import Event
    from xuncha.serve.live.records import Reading
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
    zone: Annotated[
        str,
        typer.Option("--zone", metavar="ZONE", help="Of dates that name none, and of those printed: UTC, +08:00, …"),
    ] = "Asia/Shanghai",
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
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing if a line cannot be read.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace OUTPUT if it exists.")] = False,
    model: ModelOption = None,
    point: PointOption = Point.BALANCED,
    threads: ThreadsOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print events as JSONL.")] = False,
) -> None:
    """Find violations in records of live rooms, or in a running stream, with their time, words and rule.

    A line that cannot be read is told of on stderr, counted and left out.

    Exit codes: 0 done; 2 usage or error, a file of which nothing can be read, with --strict one bad line.

    Example: xuncha live room.srt comments.jsonl -o events.jsonl -o report.html

    Example: tail -F room.jsonl | xuncha live - --follow
    """
    with user_errors():
        from xuncha.serve.live.records import Reading

        if state and not follow:
            raise XunchaError("--state: a record needs no state. Add --follow, or leave --state out.")
        targets = [(_kind(one, follow), one) for one in outputs or []]
        of = _zone(zone)
        reading = Reading(input_format, encoding, room, _moment(start, of), _shifts(shift or []), of)
        if follow:
            _refuse_for_streams({"--start": start, "--shift": shift, "--strict": strict, "--force": force})
            _follow(inputs, targets, reading, _Run(model, point, threads, tolerance, quiet, as_json, state))
        else:
            _refuse_existing(targets, force=force)
            run = _Run(model, point, threads, tolerance, quiet, as_json, None)
            _record(inputs, targets, reading, run, strict=strict)


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


def _record(
    inputs: list[str], targets: list[tuple[str, str]], reading: Reading, run: _Run, *, strict: bool
) -> None:  # fmt: skip
    from dataclasses import replace

    from xuncha.serve.live.complaints import Complaints
    from xuncha.serve.live.files import write
    from xuncha.serve.live.monitor import Monitor
    from xuncha.serve.live.outputs import summary_lines
    from xuncha.serve.live.records import read_records
    from xuncha.serve.live.settings import SETTINGS

    said = Complaints()
    reading = replace(reading, warn=said.tell) if strict else replace(reading, warn=said.tell, left_out=said.left_out)
    turns = read_records(inputs, reading)
    said.end()
    scorer = run.scorer()
    monitor = Monitor(scorer, replace(SETTINGS, zone=reading.zone))
    last = {event.id: event for event in (*monitor.feed(turns), *monitor.close())}
    events = sorted(last.values(), key=lambda event: (event.room, event.start, event.id))
    for kind, target in targets:
        write(kind, target, turns, events, scorer, reading.zone)
    if _is_printed(run, targets):
        _printer(run, scorer)(events)
    if not run.quiet:
        rooms = len({turn.room for turn in turns})
        print("\n".join(summary_lines(events, rooms, len(turns), 0, said.lines)), file=sys.stderr)


def _is_printed(run: _Run, targets: Sequence[tuple[str, str]]) -> bool:
    """Whether events go to stdout too: where there is no output, or --json asks for them."""
    return not targets or (run.as_json and all(target != "-" for _, target in targets))


def _refuse_existing(targets: Sequence[tuple[str, str]], *, force: bool) -> None:
    from xuncha.serve.tables.target import Target

    for _, target in targets:
        if not Target(target).is_stream:
            Target(target).refuse(force=force)


def _refuse_for_streams(given: Mapping[str, object]) -> None:
    for name, value in given.items():
        if value:
            raise XunchaError(f"{name} belongs to records: a stream is read as it comes. Leave it out.")


def _follow(inputs: list[str], targets: list[tuple[str, str]], reading: Reading, run: _Run) -> None:
    from dataclasses import replace

    from xuncha.serve.live.complaints import Complaints
    from xuncha.serve.live.follow import Follower, Reader
    from xuncha.serve.live.lines import arriving
    from xuncha.serve.live.monitor import Monitor
    from xuncha.serve.live.settings import SETTINGS
    from xuncha.serve.live.state import State

    if inputs != ["-"]:
        raise XunchaError("--follow reads one stream from stdin: tail -F room.jsonl | xuncha live - --follow.")
    tolerance = SETTINGS.tolerance_s if run.tolerance is None else run.tolerance
    settings = replace(SETTINGS, tolerance_s=tolerance, zone=reading.zone)
    scorer = run.scorer()
    state = State(run.state, scorer.model_id, scorer.operating_point, str(reading.zone)) if run.state else None
    with _appended(targets) as files, _stopping() as stopped:
        printer = _printer(run, scorer)

        def give(events: Sequence[Event]) -> None:
            _append(files, events, scorer)
            if _is_printed(run, targets):
                printer(events)

        said = Complaints()
        reader = Reader(reading.room or "stdin", said.tell, zone=reading.zone)
        follower = Follower(Monitor(scorer, settings), reader, give, state)
        follower.run(arriving(sys.stdin.fileno()), stopped)
        said.end()
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
    from xuncha.serve.live.files import rendered

    for kind, stream in files:
        stream.write(rendered(kind, (), events, scorer))
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


def _zone(word: str) -> tzinfo:
    from xuncha.serve.live.zones import zone_of

    zone = zone_of(word)
    if zone is None:
        raise XunchaError(f"--zone: {quote(word)} is no time zone. Write Asia/Shanghai, UTC or +08:00.")
    return zone


def _moment(word: str | None, zone: tzinfo) -> float | None:
    from xuncha.serve.live.turns import is_date, seconds_of

    if word is None:
        return None
    seconds = seconds_of(word, zone)
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
