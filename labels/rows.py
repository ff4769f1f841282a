"""A labelled row: one text, what is known about it, and where the evidence stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

SPLITS = ("train", "dev", "test")
"""The names a row's `split` may have, in the order of every table and ratio."""


class Source(StrEnum):
    """Where a text comes from."""

    LISTING = "listing"
    SPEECH = "speech"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Span:
    """Evidence for `label`: `text[start:end]`, in code points of the original text, `end` exclusive."""

    start: int
    end: int
    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text.

    `labels` maps a label id to true, false or null. Null or absent means that nobody has judged it: it is
    masked in losses and metrics, never taken as negative. `group` names rows that must share a split.
    `judged_at` says when `annotator` judged, as ISO 8601 with a time zone. `meta` holds what other tools keep beside
    a text (JSON values): no command reads it, every format carries it.
    """

    id: str
    text: str
    source: Source
    labels: Mapping[str, bool | None]
    spans: tuple[Span, ...] = ()
    origin: str = ""
    kind: str | None = None
    group: str | None = None
    merchant: str | None = None
    annotator: str | None = None
    judged_at: str | None = None
    split: str | None = None
    meta: Mapping[str, object] = field(default_factory=dict)
