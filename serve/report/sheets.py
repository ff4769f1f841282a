"""The report's tables for machines: every flag, every merchant, every entry, every move, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import BinaryIO

from xuncha.labels.spreadsheet import inert
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.allow import State
from xuncha.serve.policy import SEVERITIES
from xuncha.serve.report.names import reason_name
from xuncha.serve.report.read import Hides, Reviewed
from xuncha.serve.report.rollup import Proposal
from xuncha.serve.report.what_if import Move

FLAGS = (
    "row", "id", "merchant", "merchant_name", "category", "day", "source", "label", "score", "reason", "severity",
    "rule", "evidence", "state", "suppressed_by", "owner", "judged_at",
)  # fmt: skip
MERCHANTS = (
    "阶梯", "拟处理（建议）", "商家", "商家名称", "被查条数", "违规条数", "违规占比", "累计分", "最重程度", "原因",
    "最重依据", "违反规则", "所在记录", "既往处罚次数", "理由",
)  # fmt: skip
ENTRIES = (
    "条目", "种类", "负责人", "理由", "证明材料", "失效日期", "状态", "隐藏标记数", "允许依据数", "涉及记录数",
    "涉及商家数", "依据举例",
)  # fmt: skip
MOVES = ("阶梯", "商家", "商家名称", "现拟处理", "变动后拟处理", "现理由", "变动后理由")

NOTHING = "不处理"
STATES = {State.IN_FORCE: "有效", State.EXPIRED: "已过期，未适用", State.NOT_YET: "未生效，未适用"}
KINDS = {"allow": "准许", "substantiation": "有证明材料"}
_BOM = b"\xef\xbb\xbf"  # without it a spreadsheet program takes the file for GBK


def write_csv(stream: BinaryIO, header: Sequence[str], lines: Iterable[Sequence[object]]) -> int:
    """Write a CSV table with inert cells and return how many lines it has."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    stream.write(_BOM)
    writer.writerow(header)
    count = 0
    for line in lines:
        writer.writerow([inert(one) if isinstance(one, str) else one for one in line])
        count += 1
        if count % 1000 == 0:
            _flush(buffer, stream)
    _flush(buffer, stream)
    return count


def flag_lines(one: Reviewed) -> Iterator[Sequence[object]]:
    """One line a flag of a row: open, suppressed (by which entries, owned by whom), or decided (by whom, when)."""
    row = one.row
    for flag in one.flags:
        said = None if flag.entries else flag.decision
        owners = dict.fromkeys([entry.owner for entry in flag.entries] or ([said.who] if said else []))
        yield (
            row.number, row.id, row.merchant, row.merchant_name, row.category, row.day, str(row.source), flag.label,
            flag.score, flag.reason, flag.severity, flag.rule, " | ".join(piece.text for piece in flag.pieces),
            flag.state,
            "、".join(entry.id for entry in flag.entries), "、".join(owners), said.at if said else "",
        )  # fmt: skip


def merchant_lines(proposals: Iterable[Proposal], taxonomy: Taxonomy) -> Iterator[Sequence[object]]:
    """One line a proposal."""
    for one in proposals:
        standing, worst = one.standing, one.standing.worst
        reasons = "、".join(f"{reason_name(taxonomy, key)} {n}" for key, n in standing.reasons.most_common())
        yield (
            one.ladder.name, one.step.name, standing.merchant, standing.name, standing.checked, standing.rows,
            f"{standing.share:.4f}", f"{standing.weight:g}", SEVERITIES[standing.severity], reasons,
            worst.text if worst else "", worst.rule if worst else "", worst.row if worst else "", one.prior, one.why,
        )  # fmt: skip


def entry_lines(hides: Mapping[str, Hides], day: date) -> Iterator[Sequence[object]]:
    """One line an entry of the allow-list, those that hide most first."""
    for own in sorted(hides.values(), key=lambda one: -one.flags):
        entry = own.entry
        yield (
            entry.id, KINDS[entry.kind], entry.owner, entry.reason, entry.proof, entry.expires.isoformat(),
            STATES[entry.state(day)], own.flags, own.pieces, len(own.rows), len(own.merchants),
            " | ".join(own.examples),
        )  # fmt: skip


def move_lines(found: Iterable[Move]) -> Iterator[Sequence[object]]:
    """One line a merchant that moves."""
    for one in found:
        before, after = one.before, one.after
        yield (
            one.ladder, one.merchant, one.name, before.step.name if before else NOTHING,
            after.step.name if after else NOTHING, before.why if before else "", after.why if after else "",
        )  # fmt: skip


def _flush(buffer: io.StringIO, stream: BinaryIO) -> None:
    stream.write(buffer.getvalue().encode("utf-8"))
    buffer.seek(0)
    buffer.truncate()
