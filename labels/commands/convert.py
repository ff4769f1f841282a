"""`xuncha labels convert`: an adapter."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO

import typer

from xuncha.labels.commands.options import Force, Json, TaxonomyFile, show_json
from xuncha.labels.errors import XunchaError, escape_controls, quote, user_errors
from xuncha.labels.interchange.formats import Format
from xuncha.labels.interchange.options import Others, Reading, Writing
from xuncha.labels.rows import Source
from xuncha.labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from xuncha.labels.interchange.conversion import Conversion

_WRITTEN_BY = "llm-author"


def convert(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A file, a folder of JSONL files, or - for stdin.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the rows go; - for stdout.")],
    read_as: Annotated[
        Format | None, typer.Option("--from", help="Format of SOURCE [told by name and content].")
    ] = None,
    write_as: Annotated[Format | None, typer.Option("--to", help="Format of the output [told by its name].")] = None,
    text_column: Annotated[str, typer.Option(help="Column or field that holds the text.")] = "text",
    row_source: Annotated[Source | None, typer.Option("--source", help="Source of rows that name none.")] = None,
    origin: Annotated[str | None, typer.Option(help="Name of the collection, for rows that name none.")] = None,
    annotator: Annotated[str | None, typer.Option(help="Who labelled, for rows that name nobody.")] = None,
    other_columns: Annotated[
        Others, typer.Option(help="What becomes of columns that rows do not have.")
    ] = Others.REFUSE,
    unchosen: Annotated[
        Literal["unjudged", "false"], typer.Option(help="Labels that a choice in an annotation tool leaves out.")
    ] = "unjudged",
    predictions: Annotated[
        bool, typer.Option("--predictions", help="Label Studio: as predictions, not as annotations.")
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out what is no row, such as empty texts, and name it.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="Also write the labeling interface for Label Studio.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of a CSV or TSV file, such as big5; default: UTF-8 and GB18030 are told apart.")
    ] = None,
    header_row: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Row of the header in CSV, TSV and XLSX [the first].")
    ] = None,
    pin_split: Annotated[
        Literal["train", "dev", "test"] | None, typer.Option(help="Put the whole collection in this split.")
    ] = None,
    force: Force = False,
    taxonomy: TaxonomyFile = None,
    as_json: Json = False,
) -> None:
    """Turn rows of one format into another: JSONL, CSV, TSV, XLSX, Parquet, Label Studio, doccano.

    Nothing is lost on the way and back. A scored table becomes rows as the model would write them; with --predictions
    they are pre-annotations. Written rows (0/1 labels, substring spans) keep the splits that the file which --force
    replaces gives them.

    Example: xuncha labels convert labels/data/H1.jsonl -o tasks.json --predictions
    """
    with user_errors():
        from xuncha.labels.files import refuse_existing
        from xuncha.labels.interchange.conversion import Conversion, exchange, source_format

        refuse_existing((output, config), force=force)
        known = Taxonomy.load(taxonomy)
        reading = Reading(
            row_source, origin, annotator, text_column, other_columns, unchosen == "false", predictions, encoding,
            header_row=header_row,
        )  # fmt: skip
        conversion = Conversion(reading, Writing(predictions), read_as, write_as, pin_split, skip_bad)
        out = sys.stderr if str(output) == "-" else sys.stdout
        if source_format(source, known, read_as) is Format.WRITTEN:
            _convert_written(source, output, known, conversion, (as_json, out))
            return
        done = exchange(source, output, known, conversion)
        if config is not None:
            _write_config(config, known)
        for sentence in done.left_out:
            print(f"left out: {escape_controls(sentence)}", file=sys.stderr)
        if as_json:
            show_json(asdict(done), out)
            return
        print(f"{output}: {done.rows} rows, {done.spans} spans, {done.read_as} to {done.write_as}", file=out)


def _write_config(path: Path, taxonomy: Taxonomy) -> None:
    from xuncha.labels.files import write_lines
    from xuncha.labels.interchange.label_studio import labeling_config

    write_lines(path, [labeling_config(taxonomy).encode("utf-8")])


def _convert_written(
    source: Path, output: Path, taxonomy: Taxonomy, conversion: Conversion, shown: tuple[bool, TextIO]
) -> None:
    from xuncha.labels.written import Provenance, convert_file

    reading, (as_json, out) = conversion.reading, shown
    if reading.origin is None:
        raise XunchaError(f"{source}: written rows do not say where they come from. Give --origin NAME.")
    provenance = Provenance(reading.origin, reading.annotator or _WRITTEN_BY, conversion.pin_split)
    converted = convert_file(source, output, taxonomy, provenance)
    if as_json:
        counted = {"rows": len(converted.rows), "spans": converted.spans}
        show_json({**counted, "repeated": [asdict(one) for one in converted.repeated]}, out)
        return
    for one in converted.repeated:
        print(f"{one.row_id}: {quote(one.text)} stands {one.times} times; took the one at {one.start}", file=out)
    print(f"{output}: {len(converted.rows)} rows, {converted.spans} spans", file=out)
