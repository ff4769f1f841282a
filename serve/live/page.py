"""The page of a record: per room a timeline, the events and the transcript with its evidence marked.

One file without scripts, fonts or links to anywhere. Nothing in a text can act: it is escaped, hidden characters are
shown, and the page's own policy forbids scripts and loading.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from html import escape
from importlib.resources import files

from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.live.campaigns import Campaign, campaigns
from xuncha.serve.live.events import Event, Quote
from xuncha.serve.live.turns import Source, Turn, clock
from xuncha.serve.live.zones import CHINA
from xuncha.serve.visible import visible

_ROLES = {"host": "主播", "assistant": "助播", "viewer": "观众"}
_KNOWN = ("off_platform", "exaggerated")
_TICKS = 5
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class Shown:
    """One room of the page: its turns in order of time, and its events."""

    name: str
    turns: Sequence[Turn]
    events: Sequence[Event]
    zone: tzinfo

    def clock(self, seconds: float) -> str:
        """A time for people. The zone's offset stands once, in the head of the room."""
        return clock(seconds, self.zone)[:19]

    @property
    def span(self) -> tuple[float, float]:
        """Start and end of the record, in seconds of its clock."""
        ends = [turn.end if turn.end is not None else turn.start for turn in self.turns]
        return min(turn.start for turn in self.turns), max(*ends, *(event.end for event in self.events), 0.0)


def page(turns: Sequence[Turn], events: Sequence[Event], taxonomy: Taxonomy, model: str, zone: tzinfo = CHINA) -> str:
    """The whole page as HTML: what was found, campaigns, then every room. `zone`: of its dates."""
    rooms = _rooms(turns, events, zone)
    style = files("xuncha.serve.live").joinpath("page.css").read_text("utf-8")
    body = "\n".join(
        [
            _head(rooms, events, taxonomy, model),
            _campaigns(campaigns(events), rooms),
            *(_room(room, f"r{number}", taxonomy) for number, room in enumerate(rooms)),
        ]
    )
    return (
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>直播间巡查 · {len(events)} 处违规</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _rooms(turns: Sequence[Turn], events: Sequence[Event], zone: tzinfo) -> list[Shown]:
    by_room: dict[str, tuple[list[Turn], list[Event]]] = {}
    for turn in turns:
        by_room.setdefault(turn.room, ([], []))[0].append(turn)
    for event in events:
        by_room[event.room][1].append(event)
    return [
        Shown(name, sorted(own, key=lambda one: one.start), sorted(found, key=lambda one: (one.start, one.id)), zone)
        for name, (own, found) in sorted(by_room.items(), key=lambda item: (-len(item[1][1]), item[0]))
    ]


def _head(rooms: Sequence[Shown], events: Sequence[Event], taxonomy: Taxonomy, model: str) -> str:
    counts = " · ".join(
        f'<span class="tag {_tone(label.id)}">{_safe(label.name_zh)}</span> {sum(e.label == label.id for e in events)}'
        for label in taxonomy.labels
    )
    links = "".join(
        f'<li><a href="#r{number}">{_safe(room.name) or "直播间"}</a> {len(room.events)} 处</li>'
        for number, room in enumerate(rooms)
    )
    turns = sum(len(room.turns) for room in rooms)
    nav = f"<nav><ul>{links}</ul></nav>" if len(rooms) > 1 else ""
    return (
        f"<h1>直播间巡查</h1>\n<p>{len(rooms)} 个直播间,{turns} 条语音与评论,"
        f"{len(events)} 处疑似违规:{counts}</p>\n"
        f'<p class="soft">模型 {_safe(model)}。结果供人工复核,不作为处罚的唯一依据。</p>\n{nav}'
    )


def _campaigns(found: Sequence[Campaign], rooms: Sequence[Shown]) -> str:
    if not found:
        return ""
    places = {room.name: f"r{number}" for number, room in enumerate(rooms)}
    rows = "".join(
        f'<tr><td class="value">{_safe(one.value)}</td><td>{_safe(" / ".join(one.spellings()))}</td>'
        f'<td class="number">{one.times}</td><td>'
        + "、".join(f'<a href="#{places[name]}">{_safe(name)}</a>' for name in one.rooms)
        + f"</td><td>{_safe('、'.join(one.merchants)) or '—'}</td><td>{'团伙线索' if one.wide else ''}</td></tr>"
        for one in found
    )
    return (
        '<section id="handles"><h2>联系方式</h2>\n<div class="scroll"><table><thead><tr><th>号码/账号</th><th>原文</th>'
        f"<th>次数</th><th>直播间</th><th>商家</th><th></th></tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _room(room: Shown, anchor: str, taxonomy: Taxonomy) -> str:
    start, end = room.span
    exposed = sum(event.exposed_minutes for event in room.events)
    summary = f"{clock(start, room.zone)} 至 {clock(end, room.zone)} · {len(room.events)} 处疑似违规"
    if room.events:
        summary += f" · 首次 {room.clock(room.events[0].start)} · 违规时长合计 {exposed:.1f} 分钟"
    return (
        f'<section class="room" id="{anchor}"><h2>{_safe(room.name) or "直播间"}</h2>'
        f'<p class="soft">{_safe(summary)}</p>'
        f"{_timeline(room, anchor, taxonomy)}{_events(room, anchor, taxonomy)}{_transcript(room, anchor)}</section>"
    )


def _timeline(room: Shown, anchor: str, taxonomy: Taxonomy) -> str:
    start, end = room.span
    length = max(end - start, 1.0)
    lanes = []
    for label in taxonomy.labels:
        bars = "".join(
            f'<a class="{_tone(event.label)}" href="#{anchor}e{number}" '
            f'style="left:{100 * (event.start - start) / length:.3f}%;'
            f'width:{100 * (event.end - event.start) / length:.3f}%" '
            f'title="{_safe(f"{room.clock(event.start)} {event.text[:60]}")}"></a>'
            for number, event in enumerate(room.events)
            if event.label == label.id
        )
        lanes.append(f'<div class="lane"><span>{_safe(label.name_zh)}</span><div class="bar">{bars}</div></div>')
    ticks = "".join(f"<span>{room.clock(start + length * at / (_TICKS - 1))}</span>" for at in range(_TICKS))
    return (
        f'<div class="timeline" role="img" aria-label="时间轴">{"".join(lanes)}<div class="ticks">{ticks}</div></div>'
    )


def _events(room: Shown, anchor: str, taxonomy: Taxonomy) -> str:
    if not room.events:
        return "<p>未发现疑似违规。</p>"
    rows = "".join(
        _event(event, f"{anchor}e{number}", room, anchor, taxonomy) for number, event in enumerate(room.events)
    )
    return (
        '<div class="scroll"><table class="events"><thead><tr><th>时间</th><th>违规</th><th>原话</th><th>次数</th>'
        f"<th>得分</th><th>依据</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _event(event: Event, own: str, room: Shown, anchor: str, taxonomy: Taxonomy) -> str:
    label, reason = taxonomy.label(event.label), taxonomy.reason(event.reason)
    places = {turn.where: number for number, turn in enumerate(room.turns)}
    quotes = "".join(
        f'<div><span class="soft">{_who(quote.role, quote.user)}</span> '
        f'<a href="#{anchor}t{places.get(quote.where, 0)}">「{_safe(quote.text)}」</a></div>'
        for quote in event.evidence
    )
    values = "".join(
        f'<div>→ <span class="value">{_safe(said.value)}</span> <span class="soft">「{_safe(said.text)}」</span></div>'
        for said in event.handles
    )
    times = f"{event.repeats}" + (f"({event.users} 人)" if event.users > 1 else "")
    repeats = _repeats(event, room, anchor, places)
    return (
        f'<tr id="{own}" class="{_tone(event.label)}"><td class="time">{room.clock(event.start)}<br>'
        f'<span class="soft">{room.clock(event.end)}</span></td><td><span class="tag">{_safe(label.name_zh)}</span><br>'
        f'{_safe(reason.name_zh)}</td><td>{quotes}{values}{repeats}</td><td class="number">{times}</td>'
        f'<td class="number">{event.peak:.2f}</td><td>{_safe(event.rule)}</td></tr>'
    )


def _repeats(event: Event, room: Shown, anchor: str, places: Mapping[str, int]) -> str:
    """Who wrote the same, folded away."""
    if not event.repeated_by:
        return ""
    rows = "".join(
        f'<div><a href="#{anchor}t{places.get(one.where, 0)}">{room.clock(one.time)}</a> {_safe(one.user)}</div>'
        for one in event.repeated_by
    )
    more = event.repeats - 1 - len(event.repeated_by)
    rest = f'<div class="soft">另有 {more} 次</div>' if more > 0 else ""
    return f'<details class="repeats"><summary>重复发布 {event.repeats - 1} 次</summary>{rows}{rest}</details>'


def _transcript(room: Shown, anchor: str) -> str:
    marks = _marks(room.events)
    rows = "".join(
        f'<tr id="{anchor}t{number}" class="{"comment" if turn.source is Source.COMMENT else "speech"}">'
        f'<td class="time">{room.clock(turn.start)}</td><td class="who">{_who(turn.role, turn.user)}</td>'
        f"<td>{''.join(_marked(turn.text, marks.get(turn.where, ())))}</td></tr>"
        for number, turn in enumerate(room.turns)
    )
    opened = " open" if len(room.turns) <= 400 else ""
    return (
        f"<details{opened}><summary>逐条记录({len(room.turns)} 条)</summary>"
        f'<table class="transcript"><tbody>{rows}</tbody></table></details>'
    )


def _marks(events: Iterable[Event]) -> Mapping[str, list[tuple[Quote, str]]]:
    found: dict[str, list[tuple[Quote, str]]] = {}
    for event in events:
        for quote in event.evidence:
            found.setdefault(quote.where, []).append((quote, event.label))
    return found


def _marked(text: str, marks: Sequence[tuple[Quote, str]]) -> Iterator[str]:
    edges = sorted({0, len(text), *(at for quote, _ in marks for at in (quote.begin, quote.stop))})
    for start, end in itertools.pairwise(edges):
        labels = [label for quote, label in marks if quote.begin <= start and end <= quote.stop]
        piece = _safe(text[start:end])
        yield f'<mark class="{_tone(labels[0])}">{piece}</mark>' if labels else piece


def _who(role: str, user: str) -> str:
    return _safe(" ".join(filter(None, (_ROLES.get(role, role), user))))


def _tone(label: str) -> str:
    return label if label in _KNOWN else "other"


def _safe(text: str) -> str:
    return escape(visible(text))
