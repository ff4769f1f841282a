"""Everything that `xuncha report` hands over, written into one folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from xuncha.labels.decisions import read_decisions
from xuncha.labels.errors import XunchaError
from xuncha.labels.files import replacing
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.allow import load_allow
from xuncha.serve.policy import Policy
from xuncha.serve.report import sections, sheets
from xuncha.serve.report.announcement import Basis, announcement
from xuncha.serve.report.flags import Decision, Judging
from xuncha.serve.report.history import History, Prior, matched, read_history
from xuncha.serve.report.outcome import DRAFT, ENTRIES, FLAGS, MERCHANTS, MOVES, PAGE, WORKBOOK, Built, Options
from xuncha.serve.report.page import Listed, Panel, page
from xuncha.serve.report.read import Counted, Neediest, Reviewed, Seen, count, flagged
from xuncha.serve.report.review import keys
from xuncha.serve.report.roles import find_roles
from xuncha.serve.report.scored import ScoredTable, find_texts, scored_labels
from xuncha.serve.report.what_if import Scenario, moves, scenario
from xuncha.serve.report.workbook import Sheets, write_workbook
from xuncha.serve.tables import ReadOptions, open_table


def build_report(source: str, folder: Path, options: Options, seen: Seen | None = None) -> Built:
    """Report on the scored table `source` into `folder`, which is made if it is missing.

    Raises `XunchaError` before anything is written for what can be known before; each file appears whole or not.
    """
    _refuse_folder(folder, options)
    if options.confirmed_only and not options.decisions:
        raise XunchaError("--confirmed-only counts what reviewers confirmed. Give --decisions FILE too.")
    with open_table(source, ReadOptions(options.input_format, options.encoding)) as table:
        labels = scored_labels(table)
        taxonomy = Taxonomy.load(options.taxonomy)
        roles = find_roles(table, options.roles)
        scored = ScoredTable(table, labels, find_texts(table, labels, options.text_columns), roles, options.source)
        known = tuple(dict.fromkeys((*taxonomy.label_ids, *labels)))
        policy = Policy.load(options.policy, taxonomy.reason_ids, known)
        allow = load_allow(options.allow, options.as_of, known, taxonomy.reason_ids) if options.allow else None
        asked = scenario(options.what_if, policy, labels, taxonomy) if options.what_if else None
        decided, missing = _decisions(options.decisions, taxonomy)
        history = _history(options, policy)
        judging = Judging(policy, allow, decided, confirmed_only=options.confirmed_only)
        counted = count(scored, judging, asked, seen)
        prior = matched(history, counted.totals.merchants, counted.totals.named) if history else None
        report = _Report(scored, taxonomy, judging, counted, asked, options, source, prior)
        return report.write(folder, missing)


class _Report:
    """One report on its way into a folder."""

    def __init__(
        self, scored: ScoredTable, taxonomy: Taxonomy, judging: Judging, counted: Counted, asked: Scenario | None,
        options: Options, source: str, prior: Prior | None = None,
    ) -> None:  # fmt: skip
        self.scored, self.taxonomy, self.judging, self.counted = scored, taxonomy, judging, counted
        self.scenario, self.options, self.source, self.prior = asked, options, source, prior
        self.origin = Path(scored.name).name
        self.proposals = counted.rollup.proposals(prior)
        self.moves = None if counted.if_so is None else moves(self.proposals, counted.if_so.proposals(prior))

    def write(self, folder: Path, decided: set[str]) -> Built:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as open_files:
            made: list[Path] = []

            def new(name: str) -> BinaryIO:
                made.append(folder / name)
                return open_files.enter_context(replacing(folder / name))

            neediest = self._write_flags(new(FLAGS), decided)
            rows = neediest.rows()
            names = keys(rows)
            text = announcement(self._basis())
            write_workbook(new(WORKBOOK), self._sheets(rows, names))
            sheets.write_csv(new(MERCHANTS), sheets.MERCHANTS, sheets.merchant_lines(self.proposals, self.taxonomy))
            new(DRAFT).write(text.encode("utf-8"))
            if self.counted.hides or self.judging.allow:
                lines = sheets.entry_lines(self.counted.hides, self.options.as_of)
                sheets.write_csv(new(ENTRIES), sheets.ENTRIES, lines)
            if self.moves is not None:
                sheets.write_csv(new(MOVES), sheets.MOVES, sheets.move_lines(self.moves))
            new(PAGE).write(self._page(rows, names, neediest.left_out, text).encode("utf-8"))
        for name in (ENTRIES, MOVES):  # an older report's, which this one would contradict
            if folder / name not in made:
                (folder / name).unlink(missing_ok=True)
        return Built(
            self.source, tuple(made), self.scored.roles.shown(), self.scored.texts, self.counted, self.proposals,
            self.moves, self.judging.allow, neediest.left_out, len(decided), self.prior, self.options.limit,
        )  # fmt: skip

    def _write_flags(self, stream: BinaryIO, decided: set[str]) -> Neediest:
        neediest = Neediest(self.options.limit)

        def lines() -> Iterator[Sequence[object]]:
            for one in flagged(self.scored, self.judging, self.proposals):
                neediest.add(one)
                decided.difference_update((one.row.id, f"{one.row.id}@{one.row.number}"))
                yield from sheets.flag_lines(one)

        sheets.write_csv(stream, sheets.FLAGS, lines())
        return neediest

    def _sheets(self, rows: Sequence[Reviewed], names: Sequence[str]) -> Sheets:
        open_ = [(one, key) for one, key in zip(rows, names, strict=True) if any(flag.asked for flag in one.flags)]
        hidden = [one for one in rows if not any(flag.asked for flag in one.flags)]
        return Sheets(
            [one for one, _ in open_], [key for _, key in open_], hidden, self.scored.texts, self.origin, self.taxonomy
        )

    def _basis(self) -> Basis:
        rollup = self.counted.rollup
        return Basis(
            self.origin, self.options.as_of, self.counted.totals, rollup.merchants, self.judging.policy, self.taxonomy,
            self.proposals, self.prior, rollup.nameless, bool(self.options.decisions), self.options.confirmed_only,
        )  # fmt: skip

    def _page(self, rows: Sequence[Reviewed], names: Sequence[str], left_out: int, text: str) -> str:
        totals, rollup = self.counted.totals, self.counted.rollup
        note = "" if self.scored.roles.merchant or self.scored.roles.merchant_name else _NO_MERCHANT
        panels = [
            Panel(
                "merchants", f"商家（{len(self.proposals):,}）",
                sections.merchants_panel(self.proposals, self.taxonomy, note),
            ),
            Panel("draft", "公告草稿", sections.draft_panel(text)),
        ]  # fmt: skip
        allow = self.judging.allow
        if allow is not None:
            panels.append(
                Panel("allow", f"豁免（{len(allow.entries):,}）", sections.allow_panel(self.counted.hides, allow.day))
            )
        if self.scenario is not None and self.moves is not None:
            panels.append(
                Panel("whatif", f"推演（{len(self.moves):,}）", sections.what_if_panel(self.scenario, self.moves))
            )
        listed = Listed(
            rows, names, self.scored.labels, allow.entries if allow else (), self.taxonomy, self.origin,
            self._identity(names), left_out,
        )  # fmt: skip
        meta = f"{self.origin} · {totals.all.rows:,} 条 · {self.options.as_of.isoformat()}"
        return page(
            f"巡查报告 {self.origin}", meta, self._footer(), sections.overview(totals, rollup.merchants, self.taxonomy),
            panels, listed,
        )  # fmt: skip

    def _footer(self) -> str:
        texts = "、".join(self.scored.texts)
        said = f"文本列：{texts}。其他列：{self.scored.roles.shown()}。政策：{self.judging.policy.name}。"
        if self.counted.totals.unplaced:
            said += f"有 {self.counted.totals.unplaced:,} 处依据在原文中找不到位置，原文可能在评分后改过。"
        return said + "由 xuncha 巡查生成。"

    def _identity(self, names: Sequence[str]) -> str:
        """What decisions in the browser are kept under: another table, or other rows, never share them."""
        said = json.dumps([self.origin, list(self.scored.labels), list(names)], ensure_ascii=False)
        return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]


_NO_MERCHANT = "这张表没有能认出的商家列，无法按商家汇总；请用 --merchant-column 指明。"


def _refuse_folder(folder: Path, options: Options) -> None:
    if folder.exists() and not folder.is_dir():
        raise XunchaError(f"{folder}: this is a file; a folder is needed here. Choose another name.")
    for name in (PAGE, WORKBOOK, DRAFT, FLAGS, MERCHANTS, ENTRIES, MOVES):
        if (folder / name).exists() and not options.force:
            raise XunchaError(
                f"{folder / name}: the file exists. Choose another folder, or add --force to replace the report in it."
            )


def _history(options: Options, policy: Policy) -> History | None:
    if options.history:
        return read_history(options.history, policy, options.as_of, options.history_columns)
    if options.history_columns:
        raise XunchaError("--history-column names columns of a history. Give --history FILE too.")
    return None


def _decisions(paths: Sequence[Path], taxonomy: Taxonomy) -> tuple[dict[tuple[str, str], Decision], set[str]]:
    """What was decided, by (row key, label), and the keys of every decided row.

    Of a row with several texts a flag is confirmed if it is in one of them, else unsure if it is in one of them.
    """
    found: dict[tuple[str, str], Decision] = {}
    order = (True, None, False)
    rows = read_decisions(paths, taxonomy).rows if paths else ()
    for row in rows:
        for label, judged in row.labels.items():
            said = Decision(judged, row.annotator or "?", row.judged_at or "")
            before = found.setdefault((row.group or row.id, label), said)
            if order.index(said.verdict) < order.index(before.verdict):
                found[row.group or row.id, label] = said
    return found, {row.group or row.id for row in rows}
