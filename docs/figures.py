"""Puts the figures of an evaluation between the marks of the README files and docs/model.md.

    python docs/figures.py REPORT/evaluation.json

The file is what `xuncha evaluate nano labels/data --ordinary corpora/texts --report REPORT` writes.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
Json = dict[str, Any]
# The same table for readers of either language.
WORDS = {
    "en": {
        "head": "Test rows of the committed split ({rows:,} rows, {model}, `balanced` point, 95 % bootstrap intervals; `make evaluate` gives these and more):",
        "precision": "precision", "recall": "recall", "average": "average precision", "author": "F1, held-out author {}",
        "word list": "F1, word list (same rows, same run)", "n-grams": "F1, n-grams (same rows, same run)",
        "hard": "Contrast pairs with both halves right: {pairs}. Disguised off-platform rows found: {hidden}.\n"
        "Allowed look-alikes flagged: {alike}. Evidence, character F1 on flagged rows: {evidence:.3f}; faithful\n"
        "(the text without it is not flagged): {faithful}. Reason right where the label is: {reason}.\n"
        "Calibration error: {ece}.",
        "of": "{share:.1f} % ({hits:,} of {of:,})",
    },
    "zh": {
        "head": "提交的测试划分({rows:,} 行,{model},`balanced` 工作点,95 % 自助法区间;`make evaluate` 可复现):",
        "precision": "精确率", "recall": "召回率", "average": "平均精度", "author": "F1,留出作者 {}",
        "word list": "F1,词表(同样的行)", "n-grams": "F1,n-gram(同样的行)",
        "hard": "对照对两半都判对:{pairs}。变形的站外引流被发现:{hidden}。\n"
        "允许的相似文本被误标:{alike}。证据字符 F1:{evidence:.3f};去掉证据后不再标记:{faithful}。\n"
        "标签正确时理由也正确:{reason}。校准误差:{ece}。",
        "of": "{share:.1f} %({hits:,} / {of:,})",
    },
}  # fmt: skip


def main_table(found: Json, language: str) -> str:
    """The main table and the sentences under it."""
    words, labels = WORDS[language], list(found["labels"])
    lines = [f"| | {' | '.join(labels)} |", f"|---|{'--:|' * len(labels)}"]
    point = {label: found["labels"][label]["points"]["balanced"] for label in labels}

    def line(name: str, cells: list[str]) -> None:
        lines.append(f"| {name} | {' | '.join(cells)} |")

    line("F1", [_wide(point[label]["f1"]) for label in labels])
    line(words["precision"], [_wide(point[label]["precision"]) for label in labels])
    line(words["recall"], [_wide(point[label]["recall"]) for label in labels])
    line(words["average"], [_wide(found["labels"][label]["average_precision"]) for label in labels])
    for source in ("listing", "speech", "comment"):
        line(f"F1, {source}", [_slice(found, "source", source, label) for label in labels])
    for author in ("H1", "H3"):
        line(words["author"].format(author), [_slice(found, "origin", author, label) for label in labels])
    for name in ("word list", "n-grams"):
        line(words[name], [_baseline(found, name, label) for label in labels])
    hard, faithful = found["challenges"], found["faithfulness"]["overall"]
    sentences = words["hard"].format(
        pairs=_rate(hard["pairs"], words),
        hidden=_rate(hard["obfuscated"]["off_platform"], words),
        alike=_rate(hard["look_alikes"], words),
        evidence=found["marking"]["flagged"]["f1"]["value"],
        faithful=_rate(faithful, words),
        reason=_rate(found["reasons"]["overall"], words),
        ece=", ".join(f"{label} {found['labels'][label]['reliability']['error']:.3f}" for label in labels),
    )
    head = words["head"].format(rows=found["rows"], model=found["model"])
    return "\n".join([head, "", *lines, "", sentences])


def ordinary_table(found: Json) -> str:
    """Ordinary texts flagged, in percent."""
    labels = [*found["labels"], "any"]
    heads = [f"{point} {label}" for point in ("strict", "balanced") for label in labels]
    lines = [f"| collection | texts | {' | '.join(heads)} |", f"|---|--:|{'--:|' * len(heads)}"]
    for one in found["ordinary"]:
        cells = [one["flagged"][point][label] for point in ("strict", "balanced") for label in labels]
        shares = " | ".join(f"{100 * cell['share']['value']:.2f}" for cell in cells)
        lines.append(f"| {one['name']} | {one['texts']:,} | {shares} |")
    return "\n".join(lines)


def _wide(one: Json) -> str:
    return f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"


def _slice(found: Json, facet: str, value: str, label: str) -> str:
    for one in found["slices"]:
        if (one["facet"], one["value"], one["label"]) == (facet, value, label):
            return f"{one['figures']['f1']['value']:.3f}"
    return "–"


def _baseline(found: Json, name: str, label: str) -> str:
    for one in found["baselines"]:
        if one["name"].startswith(name):
            return f"{one['figures'][label]['f1']['value']:.3f}"
    return "–"


def _rate(one: Json, words: dict[str, str]) -> str:
    return words["of"].format(share=100 * one["share"]["value"], hits=one["hits"], of=one["of"])


def fill(path: Path, mark: str, content: str) -> None:
    """Replace what stands between `<!-- MARK: begin -->` and `<!-- MARK: end -->`."""
    text = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    if begin not in text or end not in text:
        raise SystemExit(f"{path}: has no {begin} … {end}.")
    text = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{content}\n{end}", text, flags=re.S)
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Fill all marks."""
    found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    fill(ROOT / "README.md", "figures", main_table(found, "en"))
    fill(ROOT / "README.zh-CN.md", "figures", main_table(found, "zh"))
    fill(ROOT / "docs" / "model.md", "figures", main_table(found, "en"))
    if found["ordinary"]:
        fill(ROOT / "docs" / "model.md", "ordinary", ordinary_table(found))


if __name__ == "__main__":
    main()
