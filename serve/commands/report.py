"""`xuncha report`: what a moderation team is handed."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xuncha.labels.errors import XunchaError, did_you_mean, escape_controls, quote, user_errors
from xuncha.labels.rows import Source

if TYPE_CHECKING:
    from xuncha.serve.report.history import Prior
    from xuncha.serve.report.outcome import Built

_COLUMN = "Column of the {}; - for none. Default: guessed."
_MOVED = 20  # merchants that move, shown at the prompt


def _column(role: str, what: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(f"--{role}-column", metavar="NAME", help=_COLUMN.format(what))
    return found


def report(
    source: Annotated[str, typer.Argument(metavar="SCORED", help="A table that xuncha score wrote; - for stdin.")],
    folder: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the report.")],
    policy: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="Policy (YAML); default: the packaged example.")
    ] = None,
    allow: Annotated[
        Path | None, typer.Option("--allow", metavar="FILE", help="Allow-list and substantiation, YAML or CSV.")
    ] = None,
    history: Annotated[
        str | None, typer.Option("--history", metavar="FILE", help="Earlier penalties: merchant, day, ladder.")
    ] = None,
    history_column: Annotated[
        list[str] | None,
        typer.Option(
            "--history-column",
            metavar="ROLE=NAME",
            help="Column of the history that is merchant, merchant_name, day or ladder; - for none; repeatable.",
        ),
    ] = None,
    decisions: Annotated[
        list[Path] | None,
        typer.Option("--decisions", metavar="FILE", help="Reviewed .xlsx or .jsonl; overturned flags do not count."),
    ] = None,
    confirmed_only: Annotated[
        bool, typer.Option("--confirmed-only", help="Count only what --decisions confirm towards penalties.")
    ] = False,
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if", metavar="CHANGE", help="LABEL=THRESHOLD, STEP.CONDITION=VALUE or a policy file; repeatable."
        ),
    ] = None,
    text_column: Annotated[
        list[str] | None, typer.Option("--text-column", metavar="NAME", help="Column that was scored; repeatable.")
    ] = None,
    id_column: Annotated[str | None, _column("id", "row ids")] = None,
    merchant_column: Annotated[str | None, _column("merchant", "merchants' ids")] = None,
    merchant_name_column: Annotated[str | None, _column("merchant-name", "merchants' names")] = None,
    category_column: Annotated[str | None, _column("category", "categories")] = None,
    day_column: Annotated[str | None, _column("day", "days or times")] = None,
    title_column: Annotated[str | None, _column("title", "titles")] = None,
    source_column: Annotated[str | None, _column("source", "sources: listing, speech, comment")] = None,
    default_source: Annotated[
        Source, typer.Option("--source", help="Source of rows whose source column does not say.")
    ] = Source.LISTING,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="Day of the report, YYYY-MM-DD; default: today.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1_000_000, help="Most rows in page and workbook, neediest first.")
    ] = 50_000,
    input_format: Annotated[str | None, typer.Option("--input-format", metavar="FORMAT", help="Of SCORED.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help="Of SCORED.")] = None,
    taxonomy: Annotated[Path | None, typer.Option("--taxonomy", metavar="FILE", help="Names and rules.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a report in DIR.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Make a report of a scored table: page, review workbook, merchants with proposed steps, draft announcement.

    Writes report.html, review.xlsx, merchants.csv, announcement.md and flags.csv (allow.csv, what_if.csv) into DIR.
    Everything in them is a proposal for people to review; nobody is penalised by it.

    Example: xuncha report scored.csv -o report --what-if off_platform=0.8
    """
    given = {
        "id": id_column, "merchant": merchant_column, "merchant_name": merchant_name_column,
        "category": category_column, "day": day_column, "title": title_column, "source": source_column,
    }  # fmt: skip
    with user_errors():
        from xuncha.serve.report.build import build_report
        from xuncha.serve.report.outcome import Options

        options = Options(
            as_of=parse_day(as_of), roles={role: name for role, name in given.items() if name is not None},
            text_columns=tuple(text_column or ()), source=default_source, input_format=input_format, encoding=encoding,
            policy=policy, taxonomy=taxonomy, allow=allow, history=history,
            history_columns=_by_role(history_column or ()), decisions=tuple(decisions or ()),
            confirmed_only=confirmed_only, what_if=tuple(what_if or ()), limit=limit, force=force,
        )  # fmt: skip
        built = build_report(source, folder, options, None if quiet or as_json else _seen)
        if as_json:
            print(json.dumps(built.to_json(), ensure_ascii=False, indent=2))
        elif not quiet:
            print("\n".join(map(escape_controls, _lines(built))))


def _by_role(given: Sequence[str]) -> dict[str, str]:
    from xuncha.serve.report.history import COLUMNS

    found = {}
    for one in given:
        role, equals, name = one.partition("=")
        if role not in COLUMNS or not name:
            hint = did_you_mean(role, COLUMNS) if equals else ""
            raise XunchaError(
                f"--history-column: {quote(one)} is not ROLE=NAME.{hint} ROLE is one of {', '.join(COLUMNS)}."
            )
        found[role] = name
    return found


def parse_day(given: str | None) -> date:
    """The day of an `--as-of` option; today without one. Raises `XunchaError` for what is no day."""
    if given is None:
        return date.today()
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise XunchaError(f"--as-of: {quote(given)} is no day. Write it as 2026-11-25.") from None


def _seen(rows: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{rows:,} rows read", end="", file=sys.stderr, flush=True)


def _lines(built: Built) -> list[str]:
    from xuncha.serve.report.rollup import step_counts

    totals, rollup = built.counted.totals, built.counted.rollup
    labels = " · ".join(f"{label} {totals.all.by_label[label]:,}" for label in totals.labels)
    lines = [
        f"columns: text={','.join(built.texts)} · {built.columns} (override: --text-column, --merchant-column, …)",
        f"rows: {totals.all.rows:,}, {totals.scored:,} scored · merchants: {rollup.merchants:,}",
        f"flagged: {totals.all.flagged:,} rows ({totals.all.rate:.1%}) · {labels}",
    ]
    if totals.hidden:
        lines.append(f"suppressed or overturned: {sum(totals.hidden.values()):,} flags, kept in flags.csv and the page")
    if any(totals.states[state] for state in ("confirmed", "unsure", "overturned")):
        states = totals.states
        lines.append(
            f"reviewed: confirmed {states['confirmed']:,} · unsure {states['unsure']:,} · overturned "
            f"{states['overturned']:,} · not reviewed {states['open']:,} rows"
        )
    if built.expired:
        lines.append(f"expired, not applied: {', '.join(built.expired)}")
    if rollup.nameless:
        lines.append(f"without a merchant: {rollup.nameless:,} flagged rows, in no proposal")
    if totals.unplaced:
        lines.append(f"evidence not found in its text: {totals.unplaced:,} pieces; did the texts change since scoring?")
    if built.missed:
        lines.append(f"decisions on rows that this table does not flag: {built.missed:,}")
    if built.prior is not None:
        lines.append(_earlier(built.prior))
    if built.left_out:
        lines.append(
            f"left out of page and workbook: {built.left_out:,} flagged rows that need review least (--limit "
            f"{built.limit:,}); flags.csv has all"
        )
    lines.append("proposals for review, no penalties:")
    for ladder, steps in step_counts(built.proposals):
        said = " + ".join(f"{number} {step.name} ({step.id})" for step, number in steps)
        lines.append(f"  {ladder.name} ({ladder.id}): {sum(number for _, number in steps)} = {said}")
    if not built.proposals:
        lines.append("  none: no merchant reaches a step")
    return [*lines, *_moved(built), "written: " + ", ".join(str(one) for one in built.files)]


def _earlier(prior: Prior) -> str:
    said = f"history: {prior.used:,} penalties used"
    if prior.unknown:
        said += f", {prior.unknown:,} of merchants not in this table (first: {prior.first})"
    return f"{said}, {prior.outside:,} outside the period"


def _moved(built: Built) -> list[str]:
    if built.found_moves is None:
        return []
    lines = [f"what if: {len(built.found_moves)} merchants would move"]
    for one in built.found_moves[:_MOVED]:
        before, after = (step.step.id if step else "nothing" for step in (one.before, one.after))
        name = f" {one.name}" if one.name and one.name != one.merchant else ""
        lines.append(f"  {one.merchant}{name}: {before} → {after}")
    if len(built.found_moves) > _MOVED:
        lines.append(f"  and {len(built.found_moves) - _MOVED} more, in what_if.csv")
    return lines
