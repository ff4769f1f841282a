"""Writes known_failures.txt anew: what the released model gets wrong. Read the difference before you commit it."""

from __future__ import annotations

from pathlib import Path

from xuncha.labels.io import read_rows
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.scorer import Scorer
from xuncha.serve.verdict import Scored

HERE = Path(__file__).parent


def main() -> None:
    """Score every case and list the wrong ones: id, capability, what is wrong, text."""
    scorer = Scorer.load()
    cases = list(read_rows(HERE / "cases.jsonl", Taxonomy.load()))
    lines = []
    for case, verdict in zip(
        cases, scorer.score([c.text for c in cases], sources=[c.source for c in cases]), strict=True
    ):
        assert isinstance(verdict, Scored)
        wrong = [
            f"{'missed' if truth else 'false'} {label}"
            for label, truth in case.labels.items()
            if truth != verdict.flags[label]
        ]
        if wrong:
            lines.append(f"{case.id}\t{case.origin}\t{', '.join(wrong)}\t{case.text}\n")
    (HERE / "known_failures.txt").write_text("".join(lines), encoding="utf-8")
    print(f"{len(cases) - len(lines)} of {len(cases)} right")


if __name__ == "__main__":
    main()
