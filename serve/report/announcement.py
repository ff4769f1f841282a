"""The draft announcement: totals per step, in Chinese, with what has to be done before it may be published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.policy import Policy
from xuncha.serve.report.history import Prior
from xuncha.serve.report.names import label_name, merchant_name
from xuncha.serve.report.rollup import SOURCES, Proposal, step_counts
from xuncha.serve.report.totals import Totals
from xuncha.serve.visible import visible

NOTICE = (
    "由系统根据模型得分与政策文件自动生成，所列处理均为建议，未经人工复核与批准不得发布或执行；"
    "系统不会自动处罚任何商家。"
)
"""What every product that proposes a penalty says."""

_MARKS = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"})


@dataclass(frozen=True, slots=True)
class Basis:
    """What the announcement is drawn from."""

    source: str
    as_of: date
    totals: Totals
    merchants: int
    policy: Policy
    taxonomy: Taxonomy
    proposals: Sequence[Proposal]
    prior: Prior | None = None
    nameless: int = 0
    reviewed: bool = False
    confirmed_only: bool = False


def announcement(basis: Basis) -> str:
    """The draft, as Markdown; nothing in a merchant's name is markup."""
    return "\n".join([*_head(basis), *_body(basis), *_review(basis), *_names(basis)]) + "\n"


def _head(basis: Basis) -> list[str]:
    categories = [visible(name) for name in list(basis.totals.categories)[:3]]
    what = f"{'、'.join(map(escaped, categories))}等类目" if categories else ""
    if len(basis.totals.categories) in range(1, 4):
        what = f"{'、'.join(map(escaped, categories))}类目"
    texts = _named([name for source, name in SOURCES.items() if basis.totals.sources[source]]) or "内容"
    where = f"{what}的{texts}" if what else texts
    checked = f" {basis.merchants:,} 个商家的 {basis.totals.all.rows:,} 条内容"
    if not basis.merchants:
        checked = f" {basis.totals.all.rows:,} 条内容（均没有商家信息）"
    elif basis.totals.nameless:
        checked += f"（其中 {basis.totals.nameless:,} 条没有商家信息）"
    return [
        f"# 关于{what or '平台'}违规信息抽查处理情况的公告（草稿）",
        "",
        f"> **草稿，仅供审核。**{NOTICE}",
        "",
        f"为维护平台交易秩序和消费者权益，平台对{where}开展抽查。{_period(basis.totals)}"
        f"共检查{checked}，发现疑似违规的内容 "
        f"{basis.totals.all.flagged:,} 条{_reviewed(basis)}。依据《{escaped(basis.policy.name)}》，拟处理如下：",
        "",
    ]


def _named(names: Sequence[str]) -> str:
    return "及".join(one for one in ("、".join(names[:-1]), *names[-1:]) if one)


def _reviewed(basis: Basis) -> str:
    if not basis.reviewed:
        return ""
    states = basis.totals.states
    said = f"复核确认 {states['confirmed']:,} 条、存疑 {states['unsure']:,} 条、未复核 {states['open']:,} 条"
    if basis.confirmed_only:
        said += "；以下处理只计复核确认的内容"
    return f"（{said}）"


def _period(totals: Totals) -> str:
    days = sorted(totals.days)
    if not days:
        return ""
    first, last = (f"{day[:4]}年{int(day[5:7])}月{int(day[8:])}日" for day in (days[0], days[-1]))
    return f"抽查内容的日期为{first}，" if first == last else f"抽查内容的日期为{first}至{last}，"


def _body(basis: Basis) -> list[str]:
    numerals = "一二三四五六七八九十"
    lines: list[str] = []
    for at, (ladder, steps) in enumerate(step_counts(basis.proposals)):
        total = sum(count for _, count in steps)
        labels = "、".join(label_name(basis.taxonomy, label) for label in ladder.labels)
        where = "、".join(SOURCES[source] for source in ladder.sources)
        number = numerals[at] if at < len(numerals) else str(at + 1)
        lines += [
            f"## {number}、{escaped(ladder.name)}",
            "",
            f"共 **{total}** 个商家的{where}存在“{escaped(ladder.name)}”（{labels}）行为，其中：",
            "",
            *(f"- 对 **{count}** 个商家处以**{escaped(step.name)}**；" for step, count in steps[:-1]),
            *(f"- 对 **{count}** 个商家处以**{escaped(step.name)}**。" for step, count in steps[-1:]),
            "",
        ]
    if not lines:
        lines = ["本次抽查没有商家达到处置阶梯的任何一步。", ""]
        if basis.nameless and not basis.merchants:
            lines = ["抽查的内容都没有商家信息，无法提出对商家的处理。", ""]
    return [
        *lines,
        "请各商家对照平台规则自查自纠。对处理结果有异议的，可在收到通知后按平台申诉流程提交材料。",
        "",
        f"落款日期：{basis.as_of.year}年{basis.as_of.month}月{basis.as_of.day}日（待定）",
        "",
    ]


def _review(basis: Basis) -> list[str]:
    both = len(basis.proposals) - len({one.standing.merchant for one in basis.proposals})
    lines = [
        "---",
        "",
        "## 发布前须核对（不随公告发布）",
        "",
        f"- 数据来源：{escaped(visible(basis.source))}；统计截至 {basis.as_of.isoformat()}。",
        "- 逐户核对证据原文与引用条款；被推翻的标记须先读回并重新生成本稿。",
        "- 条款号以发布时现行文本为准；处置阶梯来自政策文件，可修改。",
    ]
    if both:
        lines.append(f"- 有商家同时出现在几个阶梯：各阶梯人数相加比商家数多 {both}，是否并罚由审核人决定。")
    lines += _unreviewed(basis)
    lines.append(_prior(basis.prior))
    if basis.totals.nameless:
        lines.append(
            f"- 有 {basis.totals.nameless:,} 条内容没有商家信息，其中疑似违规 {basis.nameless:,} 条，未计入上面的处理；"
            "商家列可用 --merchant-column 指明。"
        )
    return [*lines, ""]


def _unreviewed(basis: Basis) -> list[str]:
    states = basis.totals.states
    if not basis.reviewed:
        return ["- 没有读入复核结果（--decisions），全部标记均未复核。"] if basis.totals.all.flagged else []
    if not states["open"] and not states["unsure"]:
        return []
    how = (
        "未计入上面的处理（--confirmed-only）"
        if basis.confirmed_only
        else "仍计入上面的处理；只计已确认的：--confirmed-only"
    )
    return [f"- 还有 {states['open']:,} 条未复核、{states['unsure']:,} 条存疑，{how}。"]


def _prior(prior: Prior | None) -> str:
    if prior is None:
        return "- 没有提供既往处罚记录（--history），再犯条件按零次计算。"
    said = f"- 既往处罚记录：采用 {prior.used:,} 条，期限之外不计 {prior.outside:,} 条"
    if prior.unknown:
        first = escaped(visible(prior.first))
        said += f"；另有 {prior.unknown:,} 条的商家不在本表，未采用（第一个：{first}），须核对是否写法不同"
    return f"{said}。"


def _names(basis: Basis) -> list[str]:
    if not basis.proposals:
        return []
    lines = [
        "## 附：拟处理名单（公布前须核对并按规定脱敏）",
        "",
        "| 阶梯 | 拟处理 | 商家 | 依据 |",
        "|---|---|---|---|",
    ]
    for one in basis.proposals:
        who = escaped(visible(merchant_name(one.standing.merchant, one.standing.name)))
        lines.append(f"| {escaped(one.ladder.name)} | {escaped(one.step.name)} | {who} | {one.why} |")
    return lines


def escaped(text: str) -> str:
    """`text` with every character that Markdown would take for a mark behind a backslash."""
    return text.translate(_MARKS)
