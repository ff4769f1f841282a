"""Public corpora to train on that are not part of the project: where they are, and their licence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from xuncha.labels.errors import XunchaError
from xuncha.labels.io import read_lines
from xuncha.labels.strict import fields, items, load_json, load_yaml, optional_text, text

_SAID = ("name", "repository", "licence", "use")
_UNSURE = ("commit", "part", "labels")


@dataclass(frozen=True, slots=True)
class Corpus:
    """One public corpus.

    `part` is what was taken of it, `labels` what its own labels are; None where that is not recorded or the
    whole was taken, and where it has none. `segmented`: blanks stand between its words.
    """

    name: str
    repository: str
    licence: str
    use: str
    commit: str | None
    part: str | None
    labels: str | None
    segmented: bool = False


def read_corpora() -> tuple[Corpus, ...]:
    """The packaged list, `sources.yaml`. Raises `XunchaError` that names a key that is wrong in it."""
    where = "sources.yaml"
    source = (files("xuncha.labels") / where).read_text("utf-8")
    given = fields(where, load_yaml(where, source), ("corpora",))
    return tuple(
        _corpus(f"{where}: corpora[{number}]", value) for number, value in enumerate(items(where, given, "corpora"))
    )


def _corpus(where: str, value: object) -> Corpus:
    given = fields(where, value, (*_SAID, *_UNSURE), ("segmented",))
    said = {key: text(where, given, key) for key in _SAID}
    commit, part, labels = (optional_text(where, given, key) for key in _UNSURE)
    return Corpus(**said, commit=commit, part=part, labels=labels, segmented=given.get("segmented") is True)


def read_texts(path: Path) -> Iterator[str]:
    """The `text` of every line of a JSONL or JSONL.gz file, blank ones left out.

    Raises `XunchaError` that names the line which is no object with a text.
    """
    for number, line in read_lines(path):
        where = f"{path}:{number}"
        if isinstance(line, XunchaError):
            raise line
        value = load_json(where, line)
        given = value.get("text") if isinstance(value, dict) else None
        if not isinstance(given, str):
            raise XunchaError(f'{where}: is no JSON object with a "text". Mend or drop the line.')
        if given.strip():
            yield given
