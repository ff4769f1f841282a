"""`xuncha sample`: a sample for review, and what the reviewed sample says about the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xuncha.labels.errors import XunchaError, did_you_mean, escape_controls, quote, user_errors

if TYPE_CHECKING:
    from xuncha.serve.sampling import Plan, Sample
    from xuncha.serve.sampling_estimate import Estimated, Share


def sample(
    source: Annotated[
        str | None, typer.Argument(metavar="[SCORED]", help="A table that xuncha score wrote; - for stdin.")
    ] = None,
    target: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="The sample: .xlsx, .csv, .tsv or .jsonl.")
    ] = None,
    reviewed: Annotated[
        Path | None, typer.Option("--estimate", metavar="REVIEWED", help="Estimate rates from a reviewed sample.")
    ] = None,
    risk: Annotated[int, typer.Option("--risk", min=0, help="Rows drawn evenly over risks.")] = 100,
    merchants: Annotated[int, typer.Option("--merchants", min=0, help="Rows drawn evenly over merchant sizes.")] = 100,
    control: Annotated[int, typer.Option("--control", min=0, help="Rows drawn at random from everything.")] = 100,
    seed: Annotated[int, typer.Option("--seed", help="The same table, numbers and seed give the same sample.")] = 0,
    text_column: Annotated[
        list[str] | None, typer.Option("--text-column", metavar="NAME", help="Column that was scored; repeatable.")
    ] = None,
    merchant_column: Annotated[
        str | None, typer.Option("--merchant-column", metavar="NAME", help="Column of merchants; - for none.")
    ] = None,
    input_format: Annotated[str | None, typer.Option("--input-format", metavar="FORMAT", help="Of SCORED.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help="Of SCORED.")] = None,
    taxonomy: Annotated[Path | None, typer.Option("--taxonomy", metavar="FILE", help="Names of labels.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Draw a sample of SCORED for review; with --estimate, estimate the true violation rate from a reviewed one.

    Reviewers fill in judged_<label> with yes, no or unsure (是, 否, 存疑).

    Example: xuncha sample scored.csv -o sample.xlsx, then xuncha sample --estimate sample.xlsx
    """
    with user_errors():
        if reviewed is not None:
            if source is not None or target is not None:
                raise XunchaError("--estimate reads a reviewed sample and nothing else: leave out SCORED and -o.")
            _show(_estimated(reviewed), as_json)
            return
        if source is None or target is None:
            raise XunchaError("Give SCORED and -o FILE to draw a sample, or --estimate REVIEWED to estimate from one.")
        from xuncha.serve.sampling import Plan as Wanted

        plan = Wanted(risk, merchants, control, seed)
        roles = {} if merchant_column is None else {"merchant": merchant_column}
        drawn = _drawn(
            source, target, plan, roles, tuple(text_column or ()), (input_format, encoding), taxonomy, force=force
        )
        _tell(target, drawn, as_json)


def _drawn(
    source: str, target: Path, plan: Plan, roles: dict[str, str], texts: tuple[str, ...],
    reading: tuple[str | None, str | None], taxonomy: Path | None, *, force: bool,
) -> Sample:  # fmt: skip
    from xuncha.labels.files import replacing
    from xuncha.labels.taxonomy import Taxonomy
    from xuncha.serve.report.roles import find_roles
    from xuncha.serve.report.scored import ScoredTable, find_texts, scored_labels
    from xuncha.serve.sampling import draw
    from xuncha.serve.sampling_files import FORMATS, write_sample
    from xuncha.serve.tables import ReadOptions, open_table

    suffix = target.suffix.lower()
    if suffix not in FORMATS:
        hint = did_you_mean(suffix, FORMATS)
        raise XunchaError(f"{target}: the ending {quote(suffix)} names no format.{hint} Use {', '.join(FORMATS)}.")
    if target.exists() and not force:
        raise XunchaError(f"{target}: the file exists. Choose another name, or add --force to replace it.")
    known = Taxonomy.load(taxonomy)
    with open_table(source, ReadOptions(*reading)) as table:
        labels = scored_labels(table)
        scored = ScoredTable(table, labels, find_texts(table, labels, texts), find_roles(table, roles))
        found = draw(scored, plan)
        with replacing(target) as stream:
            write_sample(stream, suffix, scored, found, known)
    return found


def _estimated(reviewed: Path) -> Estimated:
    from xuncha.serve.sampling_estimate import estimate
    from xuncha.serve.sampling_files import read_reviewed

    rows, labels, total = read_reviewed(reviewed)
    return estimate(str(reviewed), rows, labels, total)


def _tell(target: Path, drawn: Sample, as_json: bool) -> None:
    strata = drawn.strata
    if as_json:
        counts = {name: {"rows": rows, "drawn": taken} for name, (rows, taken) in strata.items()}
        said = {"output": str(target), "rows": drawn.rows, "drawn": len(drawn.drawn), "empty": drawn.empty}
        print(json.dumps({**said, "strata": counts}, ensure_ascii=False, indent=2))
        return
    print(escape_controls(f"{target}: {len(drawn.drawn):,} of {drawn.rows:,} rows drawn"))
    if drawn.empty:
        print(f"left out: {drawn.empty:,} rows with an empty text")
    for name, (rows, taken) in sorted(strata.items()):
        print(f"  {name}: {taken:,} of {rows:,}")
    print(f"Fill in judged_<label>, then: xuncha sample --estimate {escape_controls(str(target))}")


def _show(found: Estimated, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
        return
    from xuncha.serve.sampling_estimate import ESTIMATOR

    blank = f", {found.blank:,} not judged" if found.blank else ""
    print(f"{found.judged:,} rows judged of a table of {found.rows:,}{blank}; 95 % intervals")
    for one in found.estimates:
        low, high = one.rate.low, one.rate.high
        rows = f"about {one.rate.value * found.rows:,.0f} rows, {low * found.rows:,.0f} to {high * found.rows:,.0f}"
        print(f"{one.label}: violates {_said(one.rate)}: {rows}")
        for name, share in (("control group alone", one.control), ("of the flagged rows", one.precision),
                            ("of the rows not flagged", one.missed)):  # fmt: skip
            if share:
                print(f"  {name}: {_said(share)}, {share.judged:,} judged")
        if one.recall is not None:
            print(f"  violations that are flagged: about {one.recall:.1%}")
        if one.unsure:
            print(
                f"  unsure: {one.unsure:,}; were none of them violations {one.at_least:.2%}, were all {one.at_most:.2%}"
            )
    print(f"estimator: {ESTIMATOR}; see docs/review.md")


def _said(share: Share) -> str:
    return f"{share.value:.2%} ({share.low:.2%} to {share.high:.2%})"
