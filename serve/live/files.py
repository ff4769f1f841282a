"""Events as the contents of a file, by its kind: JSONL, text, cues, a page."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path

from xuncha.labels.io import replacing
from xuncha.serve.live.events import Event
from xuncha.serve.live.monitor import Judge
from xuncha.serve.live.outputs import cues, event_lines, json_line
from xuncha.serve.live.page import page
from xuncha.serve.live.turns import Turn, is_date
from xuncha.serve.live.zones import CHINA


def write(
    kind: str, target: str, turns: Sequence[Turn], events: Sequence[Event], judge: Judge, zone: tzinfo = CHINA
) -> None:  # fmt: skip
    """Write the events of a record to a file, which appears when it is whole, or to stdout (`-`)."""
    content = rendered(kind, turns, events, judge, zone).encode("utf-8", "backslashreplace")
    if target == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    with replacing(Path(target)) as stream:
        stream.write(content)


def rendered(
    kind: str, turns: Sequence[Turn], events: Sequence[Event], judge: Judge, zone: tzinfo = CHINA
) -> str:  # fmt: skip
    """The events as jsonl, html, srt, vtt or txt. `turns`: of the record, for the page and the cues' first second."""
    taxonomy = judge.bundle.taxonomy
    if kind == "jsonl":
        return "".join(map(json_line, events))
    if kind == "html":
        return page(turns, events, taxonomy, f"{judge.model_id} · {judge.operating_point}", zone)
    if kind in ("srt", "vtt"):
        return cues(events, taxonomy, _zeros(turns), vtt=kind == "vtt")
    lines = [line for event in events for line in event_lines(event, taxonomy)]
    return "".join("".join(piece.text for piece in line) + "\n" for line in lines)


def _zeros(turns: Sequence[Turn]) -> dict[str, float]:
    """Of a room whose times are dates, the first turn is taken as the start of the recording."""
    zeros: dict[str, float] = {}
    for turn in turns:
        if is_date(turn.start):
            zeros[turn.room] = min(turn.start, zeros.get(turn.room, turn.start))
    return zeros
