"""Pictures of the report page: score distributions and rates by day, as SVG without any script."""

from __future__ import annotations

from collections.abc import Mapping

from xuncha.serve.report.markup import Html, element, escaped, joined, percent
from xuncha.serve.report.totals import BINS, Group, Totals


def distribution(totals: Totals, label: str, name: str, kind: str) -> Html:
    """A histogram over all scored rows; heights are logarithmic, for most rows lie near 0."""
    bins, lowest = totals.histograms[label], totals.lowest.get(label)
    most = max(*(count.bit_length() for count in bins), 1)
    bars = []
    for at, count in enumerate(bins):
        height = 84 * count.bit_length() / most
        under = " under" if lowest is None or (at + 1) / BINS <= lowest else ""
        span = f"{at / BINS:.2f}–{(at + 1) / BINS:.2f}：{count:,} 条"
        bars.append(
            f'<rect class="{kind}{under}" x="{at * 20 + 1}" y="{92 - height:.1f}" width="18" height="{height:.1f}">'
            f"<title>{span}</title></rect>"
        )
    line = (
        ""
        if lowest is None
        else f'<line class="cutline" x1="{lowest * 400:.1f}" x2="{lowest * 400:.1f}" y1="2" y2="92"/>'
    )
    ticks = "".join(
        f'<text x="{at * 400:.0f}" y="106" text-anchor="{anchor}">{at:g}</text>'
        for at, anchor in ((0, "start"), (0.25, "middle"), (0.5, "middle"), (0.75, "middle"), (1, "end"))
    )
    said = f"{name}：得分分布" + ("" if lowest is None else f"，虚线为被标记记录的最低分 {lowest:.3f}")
    picture = (
        f'<svg class="chart" viewBox="0 0 400 110" role="img" aria-label="{escaped(said)}">'
        f'<line class="axis" x1="0" x2="400" y1="92" y2="92"/>{"".join(bars)}{line}{ticks}</svg>'
    )
    return joined(
        [element("h3", said), Html(picture), element("p", "柱高按对数；浅色为未被标记的分段。", class_="soft")]
    )


def daily(days: Mapping[str, Group]) -> Html:
    """The rate of each day, at most the last 366."""
    shown = sorted(days.items())[-366:]
    width = 400 / len(shown)
    most = max(max(group.rate for _, group in shown), 1e-9)
    bars = "".join(
        f'<rect class="all" x="{at * width:.2f}" y="{92 - 84 * group.rate / most:.1f}" '
        f'width="{max(width * 0.8, 0.5):.2f}" height="{84 * group.rate / most:.1f}">'
        f"<title>{escaped(day)}：{group.flagged:,} / {group.rows:,}</title></rect>"
        for at, (day, group) in enumerate(shown)
    )
    ends = (
        f'<text x="0" y="106">{escaped(shown[0][0])}</text>'
        f'<text x="400" y="106" text-anchor="end">{escaped(shown[-1][0])}</text>'
        f'<text x="0" y="10">{percent(most)}</text>'
    )
    said = f"每日违规率，最高 {percent(most)}"
    return Html(
        f'<svg class="chart" viewBox="0 0 400 110" role="img" aria-label="{said}">'
        f'<line class="axis" x1="0" x2="400" y1="92" y2="92"/>{bars}{ends}</svg>'
    )
