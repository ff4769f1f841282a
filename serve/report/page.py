"""The report page: one file with everything in it, that loads nothing and runs only its own script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from xuncha.labels.taxonomy import Taxonomy
from xuncha.labels.validate import same_form
from xuncha.serve.allow import Entry
from xuncha.serve.report.announcement import NOTICE
from xuncha.serve.report.flags import Flag
from xuncha.serve.report.markup import Html, element, escaped, joined
from xuncha.serve.report.names import label_name, reason_name
from xuncha.serve.report.read import Reviewed
from xuncha.serve.report.rollup import SOURCES
from xuncha.serve.report.scored import Piece

_UNFIT = re.compile(r"[^\w.-]+")  # for a file name, on any system
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of the page with their keys, and what they are shown with. `left_out` counts flagged rows beyond."""

    rows: Sequence[Reviewed]
    keys: Sequence[str]
    labels: Sequence[str]
    entries: Sequence[Entry]
    taxonomy: Taxonomy
    origin: str
    identity: str
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the page that stands still."""

    id: str
    name: str
    body: Html


def page(title: str, meta: str, footer: str, overview: Html, panels: Sequence[Panel], listed: Listed) -> str:
    """The whole page. Text from the table stands in it escaped, or as JSON that no parser takes for markup."""
    css, js, template = (_packaged(name) for name in ("page.css", "page.js", "page.html"))
    policy = (
        f"default-src 'none'; script-src 'sha256-{_digest(js)}'; style-src 'sha256-{_digest(css)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    tabs = [("overview", "概览"), ("review", f"复核（{len(listed.rows):,}）"), *((one.id, one.name) for one in panels)]
    parts: dict[str, str] = {
        "policy": policy, "title": escaped(title), "css": css, "meta": escaped(meta), "notice": escaped(NOTICE),
        "tabs": joined(_tab(*tab) for tab in tabs), "overview": overview, "cut": _cut(listed),
        "panels": joined(map(_panel, panels)), "footer": escaped(footer), "data": embedded(_data(listed)), "js": js,
    }  # fmt: skip
    return _PLACE.sub(lambda found: parts[found[1]], template)


def embedded(value: object) -> str:
    r"""`value` as JSON for the inside of a script element: no `<`, so nothing in it can end the element.

    >>> embedded("</script>")
    '"\\u003c/script>"'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _packaged(name: str) -> str:
    return (files("xuncha.serve.report") / name).read_text("utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()


def _tab(ident: str, name: str) -> Html:
    return element(
        "button", name, type="button", role="tab", id=f"tab-{ident}", aria_controls=f"panel-{ident}",
        aria_selected="false",
    )  # fmt: skip


def _panel(one: Panel) -> Html:
    title = element("h2", one.name, class_="unseen")
    return element(
        "section", title, one.body, class_="panel", id=f"panel-{one.id}", role="tabpanel",
        aria_labelledby=f"tab-{one.id}",
    )  # fmt: skip


def _cut(listed: Listed) -> Html:
    if not listed.left_out:
        return Html("")
    words = f"本页只列出复核需要度最高的 {len(listed.rows):,} 条，另有 {listed.left_out:,} 条未列出，全部见 flags.csv。"
    return element("p", words, class_="notice")


def _data(listed: Listed) -> dict[str, Any]:
    table = _Coded(listed)
    rows = [table.row(one, key) for one, key in zip(listed.rows, listed.keys, strict=True)]
    reasons = {piece.reason: None for one in listed.rows for piece in one.row.evidence}
    return {
        "id": listed.identity,
        "origin": listed.origin,
        "download": f"判定-{_UNFIT.sub('_', listed.origin)[:60]}.jsonl",
        "labels": [{"id": label, "name": label_name(listed.taxonomy, label)} for label in listed.labels],
        "reasons": {reason: {"name": reason_name(listed.taxonomy, reason)} for reason in sorted(reasons)},
        "sources": {str(source): name for source, name in SOURCES.items()},
        "entries": [
            {"id": one.id, "owner": one.owner, "reason": one.reason, "proof": one.proof, "expires": str(one.expires)}
            for one in listed.entries
        ],
        "fields": list(table.fields),
        "rules": list(table.rules),
        "categories": list(table.categories),
        "merchants": [list(one) for one in table.merchants],
        "rows": rows,
    }


@dataclass(slots=True)
class _Coded:
    """Rows as lists, what repeats as a place in a table: a third of the size."""

    listed: Listed
    fields: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    categories: dict[str, int] = field(default_factory=dict)
    merchants: dict[tuple[str, str], int] = field(default_factory=dict)
    same: dict[tuple[object, ...], int] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    entries: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Number what is known before."""
        self.labels = {label: at for at, label in enumerate(self.listed.labels)}
        self.entries = {entry.id: at for at, entry in enumerate(self.listed.entries)}

    def row(self, one: Reviewed, key: str) -> list[object]:
        """One row; page.js names its places."""
        row = one.row
        texts = [[_at(self.fields, name), text] for name, text in row.texts.items()]
        forms = tuple(same_form(text) for text in row.texts.values())
        alike = _at(self.same, (forms, tuple(flag.label for flag in one.flags if flag.asked)))
        return [
            key, row.number,
            _at(self.merchants, (row.merchant, row.merchant_name)) if row.merchant else -1,
            _at(self.categories, row.category) if row.category else -1,
            row.day, str(row.source), round(one.need, 3), row.title, texts,
            [self._flag(flag) for flag in one.flags],
            self._pieces(one),
            alike,
        ]  # fmt: skip

    def _flag(self, flag: Flag) -> list[object]:
        entries = [self.entries[entry.id] for entry in flag.entries]
        said = flag.decision
        decided = [{True: 1, False: 0, None: -1}[said.verdict], said.who, said.at] if said else 0
        return [self.labels[flag.label], flag.score, int(bool(flag.entries)), entries, decided]

    def _pieces(self, one: Reviewed) -> list[list[object]]:
        """The pieces of the flags, in the order in which the table has them."""
        entries = {
            id(piece): self.entries[entry.id] if entry else -1
            for flag in one.flags
            for piece, entry in zip(flag.pieces, flag.allowed, strict=True)
        }
        return [self._piece(piece, entries[id(piece)]) for piece in one.row.evidence if id(piece) in entries]

    def _piece(self, piece: Piece, entry: int) -> list[object]:
        return [
            _at(self.fields, piece.field), self.labels[piece.label], piece.reason, piece.start, piece.end,
            _at(self.rules, piece.rule), int(piece.placed), entry, "" if piece.placed else piece.text,
        ]  # fmt: skip


def _at(numbers: dict[Any, int], value: object) -> int:
    return numbers.setdefault(value, len(numbers))
