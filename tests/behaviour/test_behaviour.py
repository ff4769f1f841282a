"""Short cases by capability, each with the state the released model is known to be in.

`cases.jsonl` holds rows whose origin is the capability; `known_failures.txt` the ids that the released model gets wrong
at the balanced point. A case that fails and is not listed fails the test, and so does a listed one that passes now, so
that the list is the truth. `xuncha evaluate models/nano tests/behaviour/cases.jsonl` shows them in a table.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from xuncha.labels.io import read_rows
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.scorer import Scorer
from xuncha.serve.verdict import Scored

HERE = Path(__file__).parent
TAXONOMY = Taxonomy.load()
CASES = list(read_rows(HERE / "cases.jsonl", TAXONOMY))
CAPABILITIES = sorted({case.origin for case in CASES})
KNOWN = {line.split()[0] for line in (HERE / "known_failures.txt").read_text("utf-8").splitlines() if line.strip()}
# Scores differ a little between processors with and without VNNI; so near to its threshold a case may fall either way.
NEAR = 0.03


@pytest.fixture(scope="module")
def states() -> dict[str, str]:
    """Each case's state: pass, fail, or near (within NEAR of a threshold)."""
    scorer = Scorer.load()
    verdicts = scorer.score([case.text for case in CASES], sources=[case.source for case in CASES])
    found = {}
    for case, verdict in zip(CASES, verdicts, strict=True):
        assert isinstance(verdict, Scored)
        scores = verdict.scores
        right = verdict.flags == case.labels
        near = any(abs(scores[label] - scorer.thresholds[label]) < NEAR for label in scores)
        found[case.id] = "near" if near else "pass" if right else "fail"
    return found


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_states_are_as_listed(capability: str, states: dict[str, str]) -> None:
    cases = [case.id for case in CASES if case.origin == capability]
    failing = {case for case in cases if states[case] == "fail"}
    passing = {case for case in cases if states[case] == "pass"}
    assert failing <= KNOWN, "fails and is not listed"
    assert not passing & KNOWN, "passes now: take it off the list"


def test_there_are_some_hundred_cases_and_every_capability_has_both_verdicts() -> None:
    assert len(CASES) >= 300
    by_capability: dict[str, Counter[bool]] = defaultdict(Counter)
    for case in CASES:
        by_capability[case.origin][any(case.labels.values())] += 1
    assert all(min(counts[True], counts[False]) >= 2 for counts in by_capability.values()), by_capability


def test_listed_failures_are_cases() -> None:
    assert {case.id for case in CASES} >= KNOWN


def test_no_case_is_a_row_that_models_are_trained_on() -> None:
    rows = read_rows(HERE.parents[1] / "labels" / "data", TAXONOMY)
    assert not {case.text for case in CASES} & {row.text for row in rows if row.split == "train"}
