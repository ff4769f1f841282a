"""What reading alone cannot see: rows that contradict each other, leak between splits, or lack evidence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from xuncha.labels.errors import XunchaError, quote
from xuncha.labels.io import read_entries
from xuncha.labels.rows import Row
from xuncha.labels.split import find_leaks
from xuncha.labels.taxonomy import Taxonomy

_JOINER = "\u200d"
_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]*$")


class Check(StrEnum):
    """What a finding is about."""

    FORMAT = "format"
    CONTRADICTION = "contradiction"
    LEAK = "leak"
    CUT_CHARACTER = "cut-character"
    NO_EVIDENCE = "no-evidence"
    BLANK_EDGE = "blank-edge"
    REPEATED_SPAN = "repeated-span"


ERRORS = frozenset({Check.FORMAT, Check.CONTRADICTION, Check.LEAK, Check.CUT_CHARACTER})
"""Checks whose findings make rows unfit for training or measuring; the others are warnings."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend; `message` begins with the place. `row_id` is "" for lines that cannot be read."""

    check: Check
    row_id: str
    message: str


@dataclass(frozen=True, slots=True)
class Validation:
    """Everything found in `rows` rows, in order of check and row."""

    rows: int
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that must be mended."""
        return tuple(one for one in self.findings if one.check in ERRORS)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that should be looked at."""
        return tuple(one for one in self.findings if one.check not in ERRORS)


def validate_files(paths: Iterable[Path], taxonomy: Taxonomy) -> Validation:
    """`validate_rows` over all files, with every line that cannot be read as a finding of its own.

    Raises `XunchaError` only for a file that cannot be read as a whole.
    """
    rows: list[Row] = []
    places: dict[str, str] = {}
    unread: list[Finding] = []
    for entry in read_entries(paths, taxonomy):
        if isinstance(entry.row, XunchaError):
            unread.append(Finding(Check.FORMAT, "", str(entry.row)))
        else:
            rows.append(entry.row)
            places[entry.row.id] = entry.where
    found = validate_rows(rows, places)
    return Validation(found.rows + len(unread), (*unread, *found.findings))


def validate_rows(rows: Iterable[Row], places: Mapping[str, str] | None = None) -> Validation:
    """Check rows against each other and their spans against their texts.

    `places` says where each row id stands (such as `rows.jsonl:17`); without it messages name the id alone.
    """
    rows = list(rows)
    named = {row.id: _name(row.id, places or {}) for row in rows}
    findings = [*_contradictions(rows, named), *_leaks(rows, named)]
    for row in rows:
        findings += [Finding(check, row.id, f"{named[row.id]}: {said}") for check, said in _row_findings(row)]
    return Validation(len(rows), tuple(findings))


def same_form(text: str) -> str:
    """`text` as contradictions compare it: NFKC, lower case, without blanks and invisible characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] not in "CZ")


def cuts_character(text: str, offset: int) -> bool:
    """Whether `offset` falls inside what a reader sees as one character (marks, emoji sequences, flags).

    >>> cuts_character("e\u0301a", 1), cuts_character("e\u0301a", 2)
    (True, False)
    """
    if not 0 < offset < len(text):
        return False
    before, after = text[offset - 1], text[offset]
    skin_tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    if unicodedata.category(after)[0] == "M" or skin_tone or after == _JOINER:
        return True
    if before == _JOINER:
        return unicodedata.category(after) == "So"
    flags = _REGIONAL.search(text[:offset])
    return bool(_REGIONAL.match(after)) and after != "" and flags is not None and len(flags[0]) % 2 == 1


def _contradictions(rows: Sequence[Row], named: Mapping[str, str]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        form = same_form(row.text)
        for label, judged in row.labels.items():
            if judged is None:
                continue
            other = first.setdefault((form, label), row)
            if other.labels[label] != judged:
                here, there = str(judged).lower(), str(not judged).lower()
                said = f'label "{label}" is {here} here, {there} in {named[other.id]}, which has the same text.'
                yield Finding(Check.CONTRADICTION, row.id, f"{named[row.id]}: {said} Change one of them.")


def _leaks(rows: Sequence[Row], named: Mapping[str, str]) -> Iterator[Finding]:
    for leak in find_leaks(rows):
        match = leak.match
        tie = f"{match.tie}, similarity {match.similarity:.2f}"
        said = f"stands in {leak.first_split}, but {named[match.second]} in {leak.second_split} ({tie})."
        yield Finding(Check.LEAK, match.first, f"{named[match.first]}: {said} Give both the same split.")


def _row_findings(row: Row) -> Iterator[tuple[Check, str]]:
    for label, judged in row.labels.items():
        if judged and not any(span.label == label for span in row.spans):
            yield Check.NO_EVIDENCE, f'label "{label}" is true without a span. Mark its evidence.'
    for number, span in enumerate(row.spans):
        piece = row.text[span.start : span.end]
        shown = f"spans[{number}] {quote(piece)}"
        if any(cuts_character(row.text, edge) for edge in (span.start, span.end)):
            yield Check.CUT_CHARACTER, f"{shown} begins or ends inside a character. Move the edge."
        if piece != piece.strip():
            yield Check.BLANK_EDGE, f"{shown} begins or ends with a blank. Move the edge."
        if span in row.spans[:number]:
            yield Check.REPEATED_SPAN, f"{shown} stands twice. Take one out."


def _name(row_id: str, places: Mapping[str, str]) -> str:
    row = f"row {quote(row_id)}"
    return f"{places[row_id]}: {row}" if row_id in places else row
