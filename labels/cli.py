"""`xuncha labels …`: look at the taxonomy; check, count, split and convert labelled rows."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xuncha.labels.commands.agree import agree
from xuncha.labels.commands.convert import convert
from xuncha.labels.commands.dedup import dedup
from xuncha.labels.commands.migrate import migrate
from xuncha.labels.commands.options import Force, Json, Paths, TaxonomyFile
from xuncha.labels.commands.options import show_json as _show_json
from xuncha.labels.errors import user_errors
from xuncha.labels.rows import SPLITS
from xuncha.labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from xuncha.labels.rows import Row
    from xuncha.labels.split import Splitting

app = typer.Typer(
    name="labels",
    help="Look at the taxonomy; check, count, split and convert labelled rows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(convert)
app.command()(dedup)
app.command()(agree)
app.command()(migrate)


@app.command("list")
def list_labels(taxonomy: TaxonomyFile = None, as_json: Json = False) -> None:
    """Show every label and reason, and the rule each reason breaks.

    Example: xuncha labels list
    """
    with user_errors():
        known = Taxonomy.load(taxonomy)
        if as_json:
            _show_json(known.to_json())
            return
        from xuncha.labels.tables import show_table

        lines = [
            [label.id, reason.id, reason.name_zh, reason.name_en, reason.rule.citation]
            for label in known.labels
            for reason in label.reasons
        ]
        show_table(f"Taxonomy, version {known.version}", ["label", "reason", "名称", "name", "rule"], lines)


@app.command()
def decisions(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Downloads of the report page, review workbooks, judged samples."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the labelled rows go; - for stdout.")],
    annotator: Annotated[
        str | None,
        typer.Option(help="Who judged the rows that name nobody; default, in a workbook: who saved it last."),
    ] = None,
    force: Force = False,
    taxonomy: TaxonomyFile = None,
    as_json: Json = False,
) -> None:
    """Turn what reviewers decided into labelled rows: confirmed is true, overturned false, unsure null.

    Example: xuncha labels decisions review.xlsx -o reviewed.jsonl
    """
    with user_errors():
        from xuncha.labels.decisions import read_decisions
        from xuncha.labels.files import refuse_existing
        from xuncha.labels.io import STDIO, write_rows

        refuse_existing((output,), force=force)
        found = read_decisions(paths, Taxonomy.load(taxonomy), annotator)
        write_rows(output, found.rows)
        out = sys.stderr if output == STDIO else sys.stdout
        counts = {name: getattr(found, name) for name in ("confirmed", "overturned", "unsure", "undecided")}
        if as_json:
            _show_json({"rows": len(found.rows), **counts}, out)
            return
        said = ", ".join(f"{count} {name}" for name, count in counts.items())
        print(f"{output}: {len(found.rows)} rows; {said}", file=out)


@app.command()
def validate(
    paths: Paths,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
    taxonomy: TaxonomyFile = None,
    as_json: Json = False,
) -> None:
    """Find bad lines, contradictions, leaks between splits and doubtful evidence.

    Exit code 1 if there are errors.

    Example: xuncha labels validate labels/data
    """
    with user_errors():
        from xuncha.labels.validate import validate_files

        found = validate_files(paths, Taxonomy.load(taxonomy))
        if as_json:
            _show_json(
                {
                    "rows": found.rows,
                    "errors": [asdict(one) for one in found.errors],
                    "warnings": [asdict(one) for one in found.warnings],
                }
            )
        else:
            for level, findings in (("error", found.errors), ("warning", found.warnings)):
                for one in findings:
                    print(f"{level}: {one.message}")
            print(f"{found.rows} rows: {len(found.errors)} errors, {len(found.warnings)} warnings")
    if found.errors or (strict and found.warnings):
        raise typer.Exit(1)


@app.command()
def stats(
    paths: Paths,
    card: Annotated[
        Path | None, typer.Option("--card", help="Write the counts between the marks of this README instead.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Also draw the counts into this SVG file.")] = None,
    force: Force = False,
    taxonomy: TaxonomyFile = None,
    as_json: Json = False,
) -> None:
    """Count rows by origin, source, kind and split: true rows a label, spans a reason.

    Example: xuncha labels stats labels/data --picture stats.svg
    """
    with user_errors():
        from xuncha.labels.card import write_card
        from xuncha.labels.files import refuse_existing
        from xuncha.labels.io import read_files
        from xuncha.labels.stats import count_rows, tables
        from xuncha.labels.tables import show_table

        refuse_existing((picture,), force=force)
        known = Taxonomy.load(taxonomy)
        rows = [row for found in read_files(paths, known).values() for row in found]
        if picture is not None:
            _draw(picture, rows, known)
        if card is not None:
            write_card(card, rows, known)
            print(f"{card}: counts of {len(rows)} rows written")
            return
        counted = count_rows(rows)
        if as_json:
            _show_json(counted.to_json())
            return
        for table in tables(counted, known):
            show_table(table.title, table.columns, table.lines)


@app.command()
def split(
    paths: Paths,
    ratios: Annotated[str, typer.Option(help="Shares of train, dev and test.")] = "0.8,0.1,0.1",
    write: Annotated[bool, typer.Option("--write", help="Write the splits into the files.")] = False,
    taxonomy: TaxonomyFile = None,
    as_json: Json = False,
) -> None:
    """Give rows without a split one; rows that have one stay where they are.

    Contrast pairs and near-duplicates stay together. Exit code 1 if some already stand apart.

    Example: xuncha labels split labels/data --write
    """
    with user_errors():
        from xuncha.labels.io import STDIO
        from xuncha.labels.split import parse_ratios, split_files

        result, written = split_files(paths, Taxonomy.load(taxonomy), parse_ratios(ratios), write)
        with redirect_stdout(sys.stderr if STDIO in written else sys.stdout):
            _show_split(result, written, as_json)
            if not (as_json or write):
                print("nothing written: add --write")
    if result.leaks:
        raise typer.Exit(1)


@app.command("fetch")
def fetch_corpora(
    source: Annotated[Path, typer.Option("--from", help="A folder with a local copy: NAME.jsonl(.gz) a corpus.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where texts and judged rows go.")] = Path("corpora"),
    force: Force = False,
    taxonomy: TaxonomyFile = None,
    as_json: Json = False,
) -> None:
    """Take the public corpora of sources.yaml from a local copy, with the judgements that this project has made.

    Example: xuncha labels fetch --from ~/corpora -o corpora
    """
    with user_errors():
        from xuncha.labels.corpora import read_corpora
        from xuncha.labels.fetch import JUDGED, TEXTS, fetch
        from xuncha.labels.files import refuse_existing
        from xuncha.labels.tables import show_table

        refuse_existing((output / JUDGED, *sorted((output / TEXTS).glob("*"))), force=force)
        fetched = fetch(source, output, read_corpora(), Taxonomy.load(taxonomy))
        if as_json:
            _show_json([asdict(one) for one in fetched])
            return
        lines = [
            [
                one.corpus.name,
                f"{one.texts:,}" if one.texts else "not found",
                str(one.judged),
                f"{one.corpus.repository} @ {one.corpus.commit or '?'}",
                one.corpus.licence,
            ]
            for one in fetched
        ]
        show_table(f"Corpora found under {source}", ["corpus", "texts", "judged", "repository", "licence"], lines)
        print(
            f"{output / TEXTS}: texts for a teacher to score; {output / JUDGED}: rows to train on. Keep them private."
        )


def _draw(path: Path, rows: Sequence[Row], taxonomy: Taxonomy) -> None:
    from xuncha.labels.files import write_lines
    from xuncha.labels.picture import stats_picture
    from xuncha.labels.stats import count_rows

    write_lines(path, [stats_picture(count_rows(rows), taxonomy).encode("utf-8")])


def _show_split(result: Splitting, written: Sequence[Path], as_json: bool) -> None:
    grouping = result.grouping
    counts = {name: list(result.splits.values()).count(name) for name in SPLITS}
    if as_json:
        matches, leaks = ([asdict(one) for one in found] for found in (grouping.matches, result.leaks))
        report = {"counts": counts, "fresh": sorted(result.fresh), "groups": len(grouping.groups)}
        _show_json({**report, "matches": matches, "leaks": leaks, "written": [str(file) for file in written]})
        return
    for leak in result.leaks:
        match = leak.match
        print(
            f"leak: {match.first} in {leak.first_split}, {match.second} in {leak.second_split} "
            f"({match.tie}, similarity {match.similarity:.2f})"
        )
    ties = Counter(match.tie for match in grouping.matches)
    joined = ", ".join(f"{count} by {tie}" for tie, count in sorted(ties.items())) or "none"
    print(f"{len(result.splits)} rows in {len(grouping.groups)} groups; joined: {joined}")
    print(f"{len(result.fresh)} rows newly assigned, {len(written)} files written")
    print(", ".join(f"{name} {count}" for name, count in counts.items()))
