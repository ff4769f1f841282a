"""Events for people and machines: JSONL, lines at a terminal, cues to lay over the recording."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.live.campaigns import campaigns
from xuncha.serve.live.events import Event
from xuncha.serve.live.turns import clock
from xuncha.serve.visible import visible

if TYPE_CHECKING:
    from xuncha.serve.terminal import Line

_LEAST_SHOWN = 2.0
"""Seconds that a cue stays at least: a comment has no length."""

_ROLES = {"host": "主播", "assistant": "助播", "viewer": "观众"}
_PLACES = 6


def json_line(event: Event) -> str:
    """One event as a line of JSONL, fit for any file."""
    line = json.dumps(event.to_json(), ensure_ascii=False)
    return line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def event_lines(event: Event, taxonomy: Taxonomy) -> list[Line]:
    """An event for the terminal: when and what, the words of each turn, contact values, the rule."""
    from xuncha.serve.terminal import LABEL_STYLES, OTHER_STYLE, Piece

    label, reason = taxonomy.label(event.label), taxonomy.reason(event.reason)
    style = LABEL_STYLES.get(event.label, OTHER_STYLE)
    span, end = clock(event.start, event.zone), clock(event.end, event.zone)
    span = span if event.end - event.start < 0.05 else f"{span} – {end}"
    times = f" · {event.repeats} times by {event.users} users" if event.repeats > 1 and event.users > 1 else (
        f" · {event.repeats} times" if event.repeats > 1 else "")  # fmt: skip
    lines = [
        [
            Piece(f"{span}  "), Piece(f"{label.name_zh} {event.label}", style),
            Piece(f"  {reason.name_zh} / {reason.name_en}"), Piece(f"  {event.peak:.3f}{times}"),
            Piece(f"  {visible(event.room)}", "dim"),
        ]
    ]  # fmt: skip
    for quote in event.evidence[:_PLACES]:
        who = " ".join(filter(None, (visible(quote.role), visible(quote.user))))
        lines.append([Piece(f"    {who} ", "dim"), Piece(f"「{visible(quote.text)}」", style)])
    if len(event.evidence) > _PLACES:
        lines.append([Piece(f"    … and {len(event.evidence) - _PLACES} more turns", "dim")])
    if event.repeated_by:
        also = ", ".join(f"{one.user} {clock(one.time, event.zone)}" for one in event.repeated_by[:_PLACES])
        more = f" … and {event.repeats - 1 - _PLACES:,} more" if event.repeats - 1 > _PLACES else ""
        lines.append([Piece(f"    also {visible(also)}{more}", "dim")])
    for said in event.handles:
        lines.append([Piece(f"    → {visible(said.value)}", "bold"), Piece(f"  「{visible(said.text)}」", "dim")])
    return [*lines, [Piece(f"    {visible(event.rule)} · {event.id}", "dim")]]


def summary_lines(events: Sequence[Event], rooms: int, turns: int, late: int, left_out: int = 0) -> list[str]:
    """What a run found, in a few lines."""
    labels: dict[str, int] = {}
    for event in events:
        labels[event.label] = labels.get(event.label, 0) + 1
    counts = " · ".join(f"{label} {count}" for label, count in sorted(labels.items())) or "nothing found"
    missed = f", {left_out:,} left out" if left_out else ""
    lines = [f"{rooms:,} rooms, {turns:,} turns{missed}: {len(events):,} events · {counts}"]
    wide = [one for one in campaigns(events) if one.wide]
    lines += [f"{one.value}: {len(one.rooms)} rooms, {one.times} times: {', '.join(one.rooms[:8])}" for one in wide]
    if late:
        lines.append(f"{late:,} lines came later than the tolerance and were judged where they came.")
    return [visible(line) for line in lines]


def cues(events: Iterable[Event], taxonomy: Taxonomy, zeros: Mapping[str, float], *, vtt: bool) -> str:
    """The events as SRT or WebVTT. `zeros` is the time of each room's recording's first second."""
    ordered = sorted(events, key=lambda one: (one.start - zeros.get(one.room, 0.0), one.id))
    several = len({one.room for one in ordered}) > 1
    blocks = ["WEBVTT\n"] if vtt else []
    for number, event in enumerate(ordered, 1):
        start = max(0.0, event.start - zeros.get(event.room, 0.0))
        end = max(event.end - zeros.get(event.room, 0.0), start + _LEAST_SHOWN)
        head = str(number) if not vtt else event.id
        times = f"{_stamp(start, vtt)} --> {_stamp(end, vtt)}"
        blocks.append("\n".join([head, times, *(_inert(line, vtt) for line in _cue(event, taxonomy, several))]) + "\n")
    return "\n".join(blocks)


def _cue(event: Event, taxonomy: Taxonomy, several: bool) -> list[str]:
    label, reason = taxonomy.label(event.label), taxonomy.reason(event.reason)
    room = f"{event.room} " if several else ""
    who = _ROLES.get(event.role, event.role)
    lines = [f"{room}【{label.name_zh}·{reason.name_zh}】{who}", event.text]
    lines += [f"→ {said.value}" for said in event.handles]
    return [*lines, event.rule]


def _inert(line: str, vtt: bool) -> str:
    """A line that cannot end a cue, begin another, or carry markup."""
    plain = visible(line).replace("-->", "→")
    return html.escape(plain, quote=False) if vtt else plain.replace("<", "‹").replace(">", "›").replace("{\\", "{ ")


def _stamp(seconds: float, vtt: bool) -> str:
    thousandths = round(seconds * 1000)
    hours, rest = divmod(thousandths, 3_600_000)
    mark = "." if vtt else ","
    return f"{hours:02}:{rest // 60_000:02}:{rest // 1000 % 60:02}{mark}{rest % 1000:03}"
