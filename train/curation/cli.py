"""`xuncha labels audit` and `xuncha labels suggest`: adapters."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xuncha.labels.commands.options import Force, Json, Paths, TaxonomyFile, show_json
from xuncha.labels.errors import XunchaError, quote, user_errors
from xuncha.labels.rows import Row, Source
from xuncha.labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from xuncha.labels.interchange import Reading
    from xuncha.train.curation.audit import Audit, Doubt
    from xuncha.train.curation.suggest import Suggestion

ModelName = Annotated[str | None, typer.Option("--model", help="A model folder, or the name of a shipped model.")]
Top = Annotated[int, typer.Option("-n", "--top", help="How many rows.", min=1)]


def audit_command(
    paths: Paths,
    top: Top = 50,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Doubtful rows in any format, such as tasks.json.")
    ] = None,
    model: ModelName = None,
    folds: Annotated[int, typer.Option(help="Parts of which each is judged by a learner of the others.", min=2)] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the folds.", min=0)] = 0,
    force: Force = False,
    taxonomy: TaxonomyFile = None,
    as_json: Json = False,
) -> None:
    """List the labels that are most likely wrong, by out-of-fold probabilities and confident learning (cleanlab).

    A quick learner of n-grams judges each row without having seen it. --model takes a model's probabilities instead;
    they are not out-of-fold for rows that it was trained on, whose errors it may have learned by heart.

    Example: xuncha labels audit labels/data --top 100 -o doubts.csv
    """
    with user_errors():
        from xuncha.labels.files import refuse_existing
        from xuncha.labels.interchange import write_any
        from xuncha.labels.io import read_files
        from xuncha.train.curation.audit import audit

        refuse_existing((output,), force=force)
        known = Taxonomy.load(taxonomy)
        rows = [row for found in read_files(paths, known).values() for row in found]
        scores = None if model is None else _scores(model, rows, known)
        found = audit(rows, known, folds=folds, seed=seed, scores=scores)
        worst = found.doubts[:top]
        if output is not None:
            write_any(output, _doubtful(worst), known.label_ids)
        if as_json:
            listed = [_doubt(one) for one in worst]
            show_json({"doubts": listed, "estimated_wrong": dict(found.wrong), "skipped": list(found.skipped)})
            return
        _show_audit(found, worst, model)


def suggest_command(
    pool: Annotated[
        Path | None, typer.Argument(metavar="POOL", help="Unlabelled texts: JSONL, CSV, TSV, XLSX, Parquet.")
    ] = None,
    top: Top = 100,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where they go; tasks.json gets the model's predictions.")
    ] = None,
    rows: Annotated[
        list[Path] | None, typer.Option(help="Rows labelled so far: learned from, never suggested.")
    ] = None,
    model: ModelName = None,
    text_column: Annotated[str, typer.Option(help="Column or field of POOL that holds the text.")] = "text",
    source: Annotated[Source | None, typer.Option(help="Source of rows that name none.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of a CSV or TSV POOL, such as big5; default: UTF-8 and GB18030 are told apart.")
    ] = None,
    header_row: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Row of the header in a CSV, TSV or XLSX POOL [the first].")
    ] = None,
    replay: Annotated[Path | None, typer.Option(help="Labelled rows to replay on instead, against chance.")] = None,
    budget: Annotated[int, typer.Option(help="Replay: rows labelled at the end.", min=200)] = 800,
    seeds: Annotated[int, typer.Option(help="Replay: how often, each time from other first rows.", min=1)] = 3,
    picture: Annotated[Path | None, typer.Option(help="Replay: draw the curves into this SVG file.")] = None,
    force: Force = False,
    taxonomy: TaxonomyFile = None,
    as_json: Json = False,
) -> None:
    """Say which unlabelled rows to label next: uncertain × unlike each other × frequent.

    Probabilities come from --model, else from a quick learner of --rows, else from the released model. --replay hides
    labelled rows, asks for them again as suggested and at random, and shows what each teaches at equal budget.

    Example: xuncha labels suggest new.csv --rows labels/data -n 200 -o tasks.json
    """
    with user_errors():
        from xuncha.labels.files import refuse_existing

        refuse_existing((output, picture), force=force)
        known = Taxonomy.load(taxonomy)
        if replay is not None:
            _replay(replay, known, (budget, seeds), picture, as_json)
            return
        if pool is None:
            raise XunchaError("Name the file of unlabelled rows, or give --replay ROWS.")
        from xuncha.labels.interchange import Others, Reading

        reading = Reading(
            source=source, text_column=text_column, others=Others.META, encoding=encoding, header_row=header_row
        )
        unlabelled, empty = _pool(pool, known, reading)
        found, predicted = _suggestions(unlabelled, rows or [], model, known, top)
        if output is not None:
            _write_suggestions(output, found, predicted, known)
        _show_suggestions(found, known, output, as_json)
        if empty:
            print(f"{pool}: {empty} rows without a text in {quote(text_column)} left out", file=sys.stderr)


def _scores(model: str, rows: list[Row], taxonomy: Taxonomy) -> Any:
    """Probabilities [N, C] in the taxonomy's order."""
    from xuncha.models.bundle import open_bundle
    from xuncha.models.inference import Inference

    bundle = open_bundle(model)
    own = bundle.taxonomy.label_ids
    missing = [label for label in taxonomy.label_ids if label not in own]
    if missing:
        raise XunchaError(
            f"{bundle.model_id} does not know the label {quote(missing[0])}. Leave --model away, or train one that "
            "does."
        )
    scores = Inference(bundle).scores([row.text for row in rows]).labels.astype(float)
    return scores[:, [own.index(label) for label in taxonomy.label_ids]]


def _doubtful(worst: tuple[Doubt, ...]) -> list[Row]:
    """Each doubtful row once, with its doubts in meta."""
    found: dict[str, Row] = {}
    for one in worst:
        row = found.get(one.row.id, one.row)
        doubts = row.meta.get("doubts")
        said = {"label": one.label, "judged": one.judged, "probability": round(one.probability, 4)}
        listed = [*(doubts if isinstance(doubts, list) else []), said]
        found[row.id] = replace(row, meta={**row.meta, "doubts": listed})
    return list(found.values())


def _doubt(one: Doubt) -> dict[str, Any]:
    place = {"id": one.row.id, "label": one.label, "judged": one.judged, "text": one.row.text}
    return {**place, "probability": one.probability, "quality": one.quality, "unmarked": one.unmarked}


def _show_audit(found: Audit, worst: tuple[Doubt, ...], model: str | None) -> None:
    from xuncha.labels.tables import show_table

    lines = [
        [
            one.row.id,
            one.label,
            "true" if one.judged else "false",
            f"{one.probability:.3f}",
            "no evidence marked" if one.unmarked else "",
            one.row.text[:80],
        ]
        for one in worst
    ]
    show_table("Labels to doubt, worst first", ["row", "label", "says", "probability", "note", "text"], lines)
    said = ", ".join(f"{count} of {label}" for label, count in found.wrong.items())
    print(f"estimated wrong: {said}; of {len(found.doubts)} judgements the {len(worst)} most doubtful are shown")
    if model is not None:
        print(f"probabilities of {model}: not out-of-fold for rows that it was trained on")
    if found.skipped:
        print(f"too few rows to audit: {', '.join(found.skipped)}", file=sys.stderr)


def _pool(path: Path, taxonomy: Taxonomy, reading: Reading) -> tuple[list[Row], int]:
    """The rows of the file, and how many have no text."""
    from xuncha.labels.interchange import Format, read_any, sniff
    from xuncha.labels.interchange.records import EmptyText

    form = sniff(path, taxonomy) if str(path) != "-" else Format.ROWS
    rows, empty = [], 0
    for _, row in read_any(path, taxonomy, reading, form):
        if isinstance(row, EmptyText):
            empty += 1
            continue
        if isinstance(row, XunchaError):
            raise row
        rows.append(row)
    if not rows:
        what = f"its {empty} rows have no text in {quote(reading.text_column)}" if empty else "holds no row"
        raise XunchaError(f"{path}: {what}. Give a file of unlabelled rows.")
    return rows, empty


def _suggestions(
    pool: list[Row], paths: list[Path], model: str | None, taxonomy: Taxonomy, top: int
) -> tuple[list[Suggestion], str | None]:
    """What to label next, and the model whose predictions may go with it."""
    import numpy as np

    from xuncha.labels.io import read_files
    from xuncha.train.curation.grams import Vocabulary
    from xuncha.train.curation.suggest import learned, suggest

    known = [row for found in read_files(paths, taxonomy).values() for row in found] if paths else []
    if model is None and known:
        return suggest(pool, top, *learned(pool, known, taxonomy.label_ids), known), None
    from xuncha.models.bundle import DEFAULT, open_bundle

    name = model or DEFAULT
    thresholds = open_bundle(name).thresholds["balanced"]
    scores = _scores(name, pool, taxonomy)
    centres = np.array([thresholds[label] for label in taxonomy.label_ids])
    vectors = Vocabulary([row.text for row in pool]).texts
    return suggest(pool, top, scores, vectors, known, centres), name


def _write_suggestions(output: Path, found: list[Suggestion], model: str | None, taxonomy: Taxonomy) -> None:
    from xuncha.labels.interchange import Format, Writing, format_of, write_any

    rows = [replace(one.row, meta={**one.row.meta, "suggested": _why(one, taxonomy)}) for one in found]
    predictions = model is not None and format_of(output) is Format.LABEL_STUDIO
    if predictions and model is not None:
        from xuncha.train.curation.preannotate import preannotated

        rows = preannotated(rows, model)
    write_any(output, rows, taxonomy.label_ids, Writing(predictions=predictions))


def _why(one: Suggestion, taxonomy: Taxonomy) -> dict[str, Any]:
    scores = {label: round(value, 4) for label, value in zip(taxonomy.label_ids, one.probabilities, strict=True)}
    parts = {"score": one.score, "uncertainty": one.uncertainty, "novelty": one.novelty}
    return {**{name: round(value, 4) for name, value in parts.items()}, "times": one.times, "probabilities": scores}


def _show_suggestions(found: list[Suggestion], taxonomy: Taxonomy, output: Path | None, as_json: bool) -> None:
    from xuncha.labels.tables import show_table

    if as_json:
        show_json([{"id": one.row.id, "text": one.row.text, **_why(one, taxonomy)} for one in found])
        return
    if output is not None:
        print(f"{output}: {len(found)} rows to label", file=sys.stderr if str(output) == "-" else sys.stdout)
        return
    lines = [
        [
            f"{one.score:.3f}",
            *(f"{value:.3f}" for value in one.probabilities),
            str(one.times),
            one.row.id,
            one.row.text[:80],
        ]
        for one in found
    ]
    show_table("Label next", ["score", *taxonomy.label_ids, "times", "row", "text"], lines)


def _replay(path: Path, taxonomy: Taxonomy, size: tuple[int, int], picture: Path | None, as_json: bool) -> None:
    from xuncha.labels.files import write_lines
    from xuncha.labels.io import read_rows
    from xuncha.labels.tables import show_table
    from xuncha.train.curation.picture import curves_picture
    from xuncha.train.curation.replay import Course, replay

    course = Course(budget=size[0], seeds=tuple(range(size[1])))
    curves = replay(list(read_rows(path, taxonomy)), taxonomy, course, lambda line: print(line, file=sys.stderr))
    if picture is not None:
        write_lines(picture, [curves_picture(curves).encode("utf-8")])
    if as_json:
        show_json([curve.to_json() for curve in curves])
        return
    chance, own = (curve.mean() for curve in curves)
    lines = [
        [str(rows), f"{one:.3f}", f"{other:.3f}", f"{other - one:+.3f}"]
        for rows, one, other in zip(curves[0].rows, chance, own, strict=True)
    ]
    show_table("Mean F1 over labels", ["labelled rows", *(curve.name for curve in curves), "difference"], lines)
    for figure, name in (("f1", "F1"), ("average_precision", "average precision")):
        areas = ", ".join(f"{curve.name} {curve.area(figure):.3f}" for curve in curves)
        print(f"mean {name} along the curve: {areas}")
