"""The parts of the report page that stand still: figures, merchants, the draft, the allow-list, what-if."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.policy import SEVERITIES
from xuncha.serve.report.charts import daily, distribution
from xuncha.serve.report.markup import Html, box, element, joined, meter, percent, table
from xuncha.serve.report.names import label_name, merchant_name, reason_name
from xuncha.serve.report.read import Hides
from xuncha.serve.report.rollup import Proposal, step_counts
from xuncha.serve.report.sheets import ENTRIES, NOTHING, entry_lines
from xuncha.serve.report.totals import Group, Totals
from xuncha.serve.report.what_if import Move, Scenario

SHOWN = 2_000
"""Lines of a table of merchants in the page; the CSV files have all."""

_BAR, _BOLD, _KEPT = re.compile(r"(?<!\\)\|"), re.compile(r"(?<!\\)\*\*"), re.compile(r"\\(.)")
_TOP = 30
_STATUS = {"ok": "已评分", "empty": "文本为空", "not_text": "不是文本", "too_long": "文本过长", "malformed": "行损坏"}
_PROPOSED = "以下为按政策文件推算的处理建议，不是处罚决定；每一户都须人工复核证据后再定。"


def overview(totals: Totals, merchants: int, taxonomy: Taxonomy) -> Html:
    """Totals, rates and score distributions."""
    labels = [(label, label_name(taxonomy, label), f"c{at % 4}") for at, label in enumerate(totals.labels)]
    cards = [
        ("检查内容", f"{totals.all.rows:,}", f"其中已评分 {totals.scored:,} 条"),
        ("标记违规", f"{totals.all.flagged:,}", f"占 {percent(totals.all.rate)}"),
        *(
            (name, f"{totals.all.by_label[label]:,}", f"占 {percent(_share(totals.all, label))}")
            for label, name, _ in labels
        ),
    ]
    if merchants:
        flagged = sum(group.flagged > 0 for group in totals.merchants.values())
        cards.append(("涉及商家", f"{flagged:,}", f"共检查 {merchants:,} 个商家"))
    states = totals.states
    if any(states[state] for state in ("confirmed", "unsure", "overturned")):
        said = f"存疑 {states['unsure']:,} · 推翻 {states['overturned']:,} · 未复核 {states['open']:,}"
        cards.append(("复核确认", f"{states['confirmed']:,}", said))
    if totals.hidden:
        cards.append(("豁免或推翻", f"{sum(totals.hidden.values()):,}", f"{totals.hidden_rows:,} 条记录全部标记不计"))
    top = element("div", *(_card(*card) for card in cards), class_="cards")
    boxes = [
        box("按违规原因", _reasons(totals, taxonomy)),
        box("得分分布", *(distribution(totals, *label) for label in labels)),
    ]
    named = [(label, name) for label, name, _ in labels]
    for title, groups in (("按类目", totals.categories), ("按商家", totals.merchants)):
        if groups:
            boxes.append(box(title, _groups(title[1:], groups, named)))
    if totals.days:
        boxes.append(box("按日期", daily(totals.days), _groups("日期", totals.days, named, by_name=True)))
    boxes.append(box("评分状态", _statuses(totals.statuses, totals.all.rows)))
    return joined([top, element("div", *boxes, class_="grid")])


def merchants_panel(proposals: Sequence[Proposal], taxonomy: Taxonomy, note: str = "") -> Html:
    """The table of merchants with the step proposed for each and why."""
    said = [element("p", _PROPOSED, class_="notice")]
    if note:
        said.append(element("p", note, class_="notice"))
    columns = ("商家", "拟处理（建议）", "违规", "占比", "累计分", "最重依据", "理由", "既往", "证据")
    parts = []
    for ladder, steps in step_counts(proposals):
        own = [one for one in proposals if one.ladder.id == ladder.id]
        counts = " · ".join(f"{step.name} {count:,} 个" for step, count in steps)
        lines = [_merchant(one, taxonomy) for one in own[:SHOWN]]
        more = [element("p", f"本页列出前 {SHOWN:,} 个，全部见 merchants.csv。")] if len(own) > SHOWN else []
        title = f"{ladder.name}：{len(own):,} 个商家"
        parts.append(box(title, element("p", counts), *more, table(columns, lines, numbers=(2, 3, 4, 7))))
    if not parts:
        parts.append(element("p", "没有商家达到处置阶梯的任何一步。", class_="empty"))
    return joined([*said, *parts])


def draft_panel(text: str) -> Html:
    """The draft announcement, to be read and copied: its Markdown drawn."""
    button = element("button", "复制全文", type="button", id="copy", class_="quiet")
    blocks = [_block(block) for block in text.strip().split("\n\n")]
    return element("div", element("p", button), element("div", *blocks, id="draft", class_="draft"), class_="box")


def allow_panel(hides: Mapping[str, Hides], day: date) -> Html:
    """What each entry of the allow-list hides; expired ones are said to be so."""
    lines = [[str(cell) for cell in line] for line in entry_lines(hides, day)]
    late = [own.entry.id for own in hides.values() if own.entry.expires < day]
    said = [element("p", "被豁免的标记不计入统计与处理建议，但都保留：在“复核”中把状态选为“已豁免”即可逐条查看。")]
    if late:
        said.append(element("p", f"已过期、未适用的条目：{'、'.join(late)}", class_="notice"))
    return element("div", *said, table(ENTRIES, lines, numbers=(7, 8, 9, 10)), class_="box")


def what_if_panel(scenario: Scenario, found: Sequence[Move]) -> Html:
    """Who moves under the scenario."""
    flows = Counter((one.ladder, _step(one.before), _step(one.after)) for one in found)
    summary = table(
        ("阶梯", "现拟处理", "变动后", "商家数"),
        [(ladder, old, new, f"{count:,}") for (ladder, old, new), count in flows.most_common()],
        numbers=(3,),
    )
    lines = [
        (
            merchant_name(one.merchant, one.name), one.ladder, _step(one.before), _arrow(one),
            one.after.why if one.after else "不再达到任何一步",
        )
        for one in found[:SHOWN]
    ]  # fmt: skip
    asked = "；".join(scenario.asked)
    parts = [element("p", f"假设变动：{asked}。共 {len(found):,} 个商家的处理建议会变化。")]
    if found:
        parts += [summary, element("h3", "变化的商家")]
        parts.append(table(("商家", "阶梯", "现拟处理", "变动后", "理由"), lines))
    return element("div", element("p", _PROPOSED, class_="notice"), *parts, class_="box")


def _block(block: str) -> Html:
    """One block of the Markdown that `announcement` writes."""
    first, *rest = lines = block.split("\n")
    if block == "---":
        return Html("<hr>")
    for mark, name in (("## ", "h3"), ("# ", "h2")):
        if block.startswith(mark):
            return joined(
                [element(name, *_inline(first.removeprefix(mark))), *([_block("\n".join(rest))] if rest else [])]
            )
    if first.startswith("- "):
        return element("ul", *(element("li", *_inline(line.removeprefix("- "))) for line in lines))
    if first.startswith("|"):
        cells = [[joined(_inline(cell.strip())) for cell in _BAR.split(line)[1:-1]] for line in lines]
        more = [element("p", f"本页列出前 {SHOWN:,} 行，全文见 announcement.md。")] if len(cells) > SHOWN + 2 else []
        return joined([table(cells[0], cells[2 : SHOWN + 2]), *more])
    if first.startswith("> "):
        return element("p", *_inline(first.removeprefix("> ")), class_="notice")
    return element("p", *_inline(block))


def _inline(text: str) -> list[str]:
    """Text with its bold stretches; what a backslash keeps from being a mark is no mark."""
    parts = _BOLD.split(text)
    plain = [_KEPT.sub(r"\1", part) for part in parts]
    return [element("b", part) if at % 2 else part for at, part in enumerate(plain)]


def _card(name: str, figure: str, note: str) -> Html:
    return element("div", element("span", name), element("b", figure), element("span", note), class_="card")


def _share(group: Group, label: str) -> float:
    return group.by_label[label] / group.rows if group.rows else 0.0


def _reasons(totals: Totals, taxonomy: Taxonomy) -> Html:
    most = max(totals.reasons.values(), default=1)
    at = {label: number % 4 for number, label in enumerate(totals.labels)}
    lines = [
        (
            reason_name(taxonomy, reason),
            label_name(taxonomy, label),
            joined([f"{count:,}", meter(count / most, f"c{at[label]}")]),
            percent(count / totals.all.rows),
        )
        for (label, reason), count in totals.reasons.most_common()
    ]
    return table(("原因", "标签", "条数", "占全部内容"), lines, numbers=(2, 3))


def _groups(
    what: str, groups: Mapping[str, Group], labels: Sequence[tuple[str, str]], *, by_name: bool = False
) -> Html:
    ordered = sorted(
        groups.items(), key=lambda item: item[0] if by_name else (-item[1].flagged, -item[1].rows, item[0])
    )
    shown = ordered[-366:] if by_name else ordered[:_TOP]
    lines = [
        (
            merchant_name(key, group.name), f"{group.rows:,}", f"{group.flagged:,}",
            joined([percent(group.rate), meter(group.rate)]),
            *(f"{group.by_label[label]:,}" for label, _ in labels),
        )
        for key, group in shown
    ]  # fmt: skip
    whole = table((what, "内容", "违规", "违规率", *(name for _, name in labels)), lines, range(1, 4 + len(labels)))
    if len(ordered) == len(shown):
        return whole
    return joined([whole, element("p", f"列出 {len(shown):,} 个，共 {len(ordered):,} 个。", class_="soft")])


def _statuses(statuses: Counter[str], rows: int) -> Html:
    lines = [
        (_STATUS.get(status, status), f"{count:,}", percent(count / rows)) for status, count in statuses.most_common()
    ]
    return table(("状态", "条数", "占比"), lines, numbers=(1, 2))


def _merchant(one: Proposal, taxonomy: Taxonomy) -> tuple[str, ...]:
    standing, worst = one.standing, one.standing.worst
    said = ""
    if worst:
        grave = SEVERITIES[worst.severity]
        said = f"「{worst.text}」{reason_name(taxonomy, worst.reason)}（{grave}）· {worst.rule}"
    return (
        merchant_name(standing.merchant, standing.name), one.step.name, f"{standing.rows:,} / {standing.checked:,}",
        percent(standing.share), f"{standing.weight:g}", said, one.why, str(one.prior),
        element("button", "查看", type="button", class_="link", data_merchant=standing.merchant),
    )  # fmt: skip


def _step(proposal: Proposal | None) -> str:
    return proposal.step.name if proposal else NOTHING


def _arrow(move: Move) -> Html:
    rise = (move.after.rank if move.after else -1) > (move.before.rank if move.before else -1)
    return element("span", f"{'↑' if rise else '↓'} {_step(move.after)}", class_="up" if rise else "down")
