"""Counts of rows as a picture: what is judged, by label, split, source and kind, and the evidence by reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xuncha.labels import svg
from xuncha.labels.stats import Stats, Tally
from xuncha.labels.taxonomy import Label, Taxonomy

_LEFT, _WIDTH, _STEP, _BAR = 190, 420, 22, 15
_FACETS = ("split", "source", "kind")
# Values of a facet that are shown, the commonest; the rest are left to the tables.
_VALUES = 8


def stats_picture(stats: Stats, taxonomy: Taxonomy) -> str:
    """An SVG file: for each label bars of true, false and unjudged rows, then bars of spans by reason."""
    parts: list[str] = []
    title = f"{stats.total.rows:,} rows, {stats.total.spans:,} evidence spans"
    parts += [svg.words(16, 28, title, "head"), *_legend(50)]
    y = 82.0
    for label in taxonomy.labels:
        y = _label(parts, label, stats, y)
    y = _reasons(parts, stats, taxonomy, y)
    return svg.document(title, _LEFT + _WIDTH + 130, y + 8, parts)


def _legend(y: float) -> Iterator[str]:
    for number, (style, said) in enumerate((("true", "true"), ("false", "false"), ("open", "not judged"))):
        x = 16 + 110 * number
        yield svg.bar(x, y - 10, (12, 12), style, said)
        yield svg.words(x + 18, y, said, "soft")


def _label(parts: list[str], label: Label, stats: Stats, y: float) -> float:
    parts.append(svg.words(16, y, f"{label.id}  {label.name_zh}", "head"))
    y += 10
    y = _stack(parts, "all rows", stats.total, label.id, stats.total.rows, y)
    for facet in _FACETS:
        tallies = _commonest(stats.facets[facet])
        if list(tallies) == ["–"]:
            continue
        for name, tally in tallies.items():
            y = _stack(parts, f"{facet}: {name}", tally, label.id, stats.total.rows, y)
    return y + 26


def _commonest(tallies: Mapping[str, Tally]) -> dict[str, Tally]:
    kept = sorted(tallies, key=lambda name: -tallies[name].rows)[:_VALUES]
    return {name: tally for name, tally in tallies.items() if name in kept}


def _stack(parts: list[str], name: str, tally: Tally, label: str, most: int, y: float) -> float:
    counts = {"true": tally.true[label], "false": tally.false[label]}
    counts["open"] = tally.rows - counts["true"] - counts["false"]
    x = float(_LEFT)
    for style, count in counts.items():
        width = _WIDTH * count / max(most, 1)
        if count:
            said = "not judged" if style == "open" else style
            parts.append(svg.bar(x, y, (width, _BAR), style, f"{name}: {count:,} {said}"))
        x += width
    parts.append(svg.words(_LEFT - 8, y + 12, _short(name), "", "end"))
    parts.append(svg.words(x + 6, y + 12, f"{counts['true']:,} / {tally.rows:,}", "soft"))
    return y + _STEP


def _reasons(parts: list[str], stats: Stats, taxonomy: Taxonomy, y: float) -> float:
    parts.append(svg.words(16, y, "evidence by reason", "head"))
    y += 10
    most = max([1, *(stats.total.reasons[reason] for reason in taxonomy.reason_ids)])
    for label in taxonomy.labels:
        for reason in label.reasons:
            count = stats.total.reasons[reason.id]
            width = _WIDTH * count / most
            parts.append(svg.bar(_LEFT, y, (width, _BAR), "true", f"{label.id}/{reason.id}: {count:,} spans"))
            parts.append(svg.words(_LEFT - 8, y + 12, _short(f"{reason.id} {reason.name_zh}"), "", "end"))
            parts.append(svg.words(_LEFT + width + 6, y + 12, f"{count:,}", "soft"))
            y += _STEP
    return y


def _short(name: str, limit: int = 26) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"
