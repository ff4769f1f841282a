"""The counted part of a data card: Markdown tables, written between two marks of a README."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from xuncha.labels.corpora import Corpus, read_corpora
from xuncha.labels.errors import XunchaError
from xuncha.labels.io import replacing
from xuncha.labels.rows import Row
from xuncha.labels.stats import count_rows, tables
from xuncha.labels.taxonomy import Taxonomy

BEGIN = "<!-- counts: begin -->"
END = "<!-- counts: end -->"


def write_card(card: Path, rows: Iterable[Row], taxonomy: Taxonomy) -> None:
    """Replace what stands between the two marks of `card` by the counts of `rows` and the list of corpora.

    Raises `XunchaError` where the file lacks the marks.
    """
    fresh = with_counts(card.read_text("utf-8"), counts(rows, taxonomy), str(card))
    with replacing(card) as stream:
        stream.write(fresh.encode("utf-8"))


def with_counts(text: str, tables: str, where: str) -> str:
    """`text` with `tables` between the marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise XunchaError(f"{where}: the marks {BEGIN} and {END} are missing. Put them where the counts should go.")
    return f"{before}{BEGIN}\n{tables}\n{END}{after}"


def counts(rows: Iterable[Row], taxonomy: Taxonomy) -> str:
    """Markdown tables by origin, source, kind and split (see `stats.tables`), and the list of corpora."""
    stats = count_rows(rows)
    total = stats.total
    parts = [f"{total.rows:,} rows, {total.spans:,} evidence spans, {total.characters:,} characters."]
    for table in tables(stats, taxonomy):
        parts += [f"### {table.title}", _markdown(table.columns, table.lines)]
    parts += ["### Public corpora, not included", _corpora()]
    return "\n\n".join(parts)


def _corpora() -> str:
    lines = [[one.name, _origin(one), one.licence, one.use] for one in read_corpora()]
    return _markdown(["corpus", "from", "licence", "use"], lines, numbers=False)


def _origin(corpus: Corpus) -> str:
    commit = f" @ {corpus.commit}" if corpus.commit else ""
    return f"{corpus.repository}{commit}" + (f", {corpus.part}" if corpus.part else "")


def _markdown(columns: Sequence[str], lines: Sequence[Sequence[str]], numbers: bool = True) -> str:
    rule = ["---", *("--:" if numbers else "---" for _ in columns[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in [columns, rule, *lines])
