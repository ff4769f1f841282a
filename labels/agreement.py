"""How far annotators agree, label by label, beyond what chance would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row
from xuncha.labels.validate import same_form


@dataclass(frozen=True, slots=True)
class Pair:
    """Two annotators on the texts that both judged for a label.

    `agreed` is the share of equal judgements, `kappa` Cohen's κ (J. Cohen 1960); None where it is not defined:
    without a common text, or where both gave one and the same answer throughout.
    """

    first: str
    second: str
    texts: int
    agreed: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """One label: every pair of annotators, and Krippendorff's α over all (nominal; texts judged twice or more)."""

    label: str
    texts: int
    alpha: float | None
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A text on which annotators differ: who says what, and the rows that say it."""

    label: str
    text: str
    judged: Mapping[str, bool]
    rows: Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Annotators, agreement by label, and every disagreement in order of text."""

    annotators: tuple[str, ...]
    labels: tuple[LabelAgreement, ...]
    disagreements: tuple[Disagreement, ...]


Judged = Mapping[str, Row]
"""The row of each annotator on one text."""


def agreement(rows: Iterable[tuple[str, Row]], label_ids: Sequence[str]) -> Agreement:
    """Compare annotators over texts that are the same but for blanks, width and case.

    `rows` are annotator and row; where an annotator has several rows for a text, the last counts. Raises
    `XunchaError` where no text was judged by two.
    """
    texts: dict[str, dict[str, Row]] = {}
    for annotator, row in rows:
        texts.setdefault(same_form(row.text), {})[annotator] = row
    shared = [judged for judged in texts.values() if len(judged) > 1]
    if not shared:
        raise XunchaError(
            "No text was judged by two annotators. Give files of several annotators, or rows whose annotator differs."
        )
    names = sorted({name for judged in shared for name in judged})
    return Agreement(
        tuple(names),
        tuple(_label(label, shared, names) for label in label_ids),
        tuple(_disagreements(shared, label_ids)),
    )


def by_annotator(files: Mapping[Path, Sequence[Row]]) -> list[tuple[str, Row]]:
    """Annotator and row. Where all rows of several files name one annotator or none, each file is one."""
    named = {row.annotator for rows in files.values() for row in rows}
    by_file = len(files) > 1 and len(named) == 1
    return [
        (str(file) if by_file or row.annotator is None else row.annotator, row)
        for file, rows in files.items()
        for row in rows
    ]


def cohen_kappa(judged: Sequence[tuple[bool, bool]]) -> float | None:
    """Cohen's κ of paired judgements: (observed − expected) ÷ (1 − expected).

    >>> cohen_kappa([(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15)
    0.4
    """
    count = len(judged)
    if not count:
        return None
    observed = sum(one == other for one, other in judged) / count
    first, second = (sum(one[place] for one in judged) / count for place in (0, 1))
    expected = first * second + (1 - first) * (1 - second)
    return None if expected == 1 else round((observed - expected) / (1 - expected), 6)


def krippendorff_alpha(units: Iterable[Sequence[bool]]) -> float | None:
    """Krippendorff's α for nominal data: 1 − observed ÷ expected disagreement over pairs within and across units.

    Units with one judgement are left out (K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011).

    >>> krippendorff_alpha([[True, True], [True, False], [False, False], [False, False]])
    0.533333
    """
    values: Counter[bool] = Counter()
    apart = 0.0
    for unit in units:
        if len(unit) < 2:
            continue
        counted = Counter(unit)
        values.update(unit)
        apart += 2 * counted[True] * counted[False] / (len(unit) - 1)
    total = sum(values.values())
    expected = 2 * values[True] * values[False] / (total - 1) if total > 1 else 0.0
    return None if expected == 0 else round(1 - apart / expected, 6)


def _label(label: str, shared: Sequence[Judged], names: Sequence[str]) -> LabelAgreement:
    units = [_answers(judged, label) for judged in shared]
    pairs = []
    for first, second in combinations(names, 2):
        both = [(unit[first], unit[second]) for unit in units if first in unit and second in unit]
        agreed = sum(one == other for one, other in both) / len(both) if both else None
        pairs.append(Pair(first, second, len(both), agreed, cohen_kappa(both)))
    twice = [list(unit.values()) for unit in units if len(unit) > 1]
    return LabelAgreement(label, len(twice), krippendorff_alpha(twice), tuple(pairs))


def _disagreements(shared: Sequence[Judged], label_ids: Sequence[str]) -> Iterable[Disagreement]:
    for judged in shared:
        text = next(iter(judged.values())).text
        for label in label_ids:
            answers = _answers(judged, label)
            if len(set(answers.values())) > 1:
                yield Disagreement(label, text, answers, {name: judged[name] for name in answers})


def _answers(judged: Judged, label: str) -> dict[str, bool]:
    found = {name: row.labels.get(label) for name, row in judged.items()}
    return {name: answer for name, answer in found.items() if answer is not None}
