"""The policy file: what is packaged, and how strictly it is read."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from xuncha.labels.errors import XunchaError
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.policy import Policy
from xuncha.serve.report.rollup import Standing, propose
from xuncha.serve.report.what_if import scenario

TAXONOMY = Taxonomy.load()
PACKAGED: dict[str, Any] = yaml.safe_load((files("xuncha.serve") / "policy.yaml").read_text("utf-8"))


def load(path: Path | None = None) -> Policy:
    return Policy.load(path, TAXONOMY.reason_ids, TAXONOMY.label_ids)


def refused(tmp_path: Path, change: dict[str, Any]) -> str:
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump({**PACKAGED, **change}, allow_unicode=True), "utf-8")
    with pytest.raises(XunchaError) as failed:
        load(path)
    return str(failed.value).removeprefix(f"{path}: ")


def test_the_packaged_policy_weighs_every_reason_and_cites_its_rule() -> None:
    policy = load()
    assert {reason: policy.weighed(reason).rule for reason in TAXONOMY.reason_ids} == {
        reason: TAXONOMY.reason(reason).rule.citation for reason in TAXONOMY.reason_ids
    }


def test_a_misspelt_key_reason_or_condition_gets_a_hint(tmp_path: Path) -> None:
    assert refused(tmp_path, {"ladder": []}) == 'unknown field "ladder". Did you mean "ladders"?'
    weighed = {"rule": "x", "severity": 1, "weight": 1}
    assert refused(tmp_path, {"reasons": {"contakt": weighed}}).startswith(
        'reasons: reason "contakt" is unknown. Did you mean "contact"? Allowed: contact, '
    )
    ladder = PACKAGED["ladders"][0]
    step = {"id": "a", "name": "甲", "when": [{"min_row": 1}]}
    assert (
        refused(tmp_path, {"ladders": [{**ladder, "steps": [step]}]})
        == 'ladders[listing].steps[a].when[1]: unknown field "min_row". Did you mean "min_rows"?'
    )


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"min_share": 1.5}, "min_share must be a number from 0 to 1; got 1.5."),
        ({"min_rows": 1.5}, "min_rows must be a whole number; got 1.5."),
        ({"min_severity": 4}, "min_severity must be a number from 1 to 3; got 4."),
        ({"min_weight": float("nan")}, "min_weight must be a number; got NaN."),
    ],
)
def test_conditions_out_of_range_are_refused(tmp_path: Path, condition: dict[str, float], said: str) -> None:
    step = {"id": "a", "name": "甲", "when": [condition]}
    ladder = {**PACKAGED["ladders"][0], "steps": [step]}
    assert refused(tmp_path, {"ladders": [ladder]}) == f"ladders[listing].steps[a].when[1]: {said}"


@pytest.mark.parametrize(
    ("standing", "prior", "step"),
    [
        ({"checked": 10, "rows": 0, "severity": 0}, 5, None),
        ({"checked": 10, "rows": 1, "severity": 2}, 0, "warning"),
        ({"checked": 10, "rows": 3, "severity": 2}, 0, "delist_3"),
        ({"checked": 11, "rows": 3, "severity": 2}, 0, "warning"),
        ({"checked": 10, "rows": 5, "severity": 3}, 0, "delist_5"),
        ({"checked": 10, "rows": 5, "severity": 2}, 0, "delist_3"),
        ({"checked": 100, "rows": 1, "severity": 2}, 1, "delist_3"),
        ({"checked": 100, "rows": 3, "severity": 2}, 2, "delist_5"),
    ],
)
def test_the_gravest_step_whose_conditions_hold_is_proposed(
    standing: dict[str, int], prior: int, step: str | None
) -> None:
    found = propose(Standing("m", **standing), load().ladders[0], prior)  # type: ignore[arg-type]
    assert (found.step.id if found else None) == step


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("off_platfrom=0.5", 'Did you mean "off_platform"?'),
        ("off_platform=2", "--what-if off_platform=2: a threshold is a number from 0 to 1."),
        ("delist3.min_rows=2", 'the policy has no step "delist3". Did you mean "delist_3"?'),
        ("warning.min_row=2", '--what-if warning.min_row: there is no condition "min_row". Did you mean "min_rows"?'),
        ("delist_3[7].min_rows=2", "--what-if delist_3[7].min_rows: the step delist_3 has 2 groups of conditions."),
        (
            "delist_3.min_rows=2",
            "--what-if delist_3.min_rows: 2 groups have it; name one, such as delist_3[1].min_rows.",
        ),
        ("warning.min_rows=x", "--what-if warning.min_rows=x: the value must be a number."),
        ("what", '--what-if "what": give LABEL=THRESHOLD (off_platform, exaggerated), STEP.CONDITION=VALUE'),
    ],
)
def test_what_if_names_what_it_cannot_do(asked: str, said: str) -> None:
    with pytest.raises(XunchaError) as failed:
        scenario([asked], load(), TAXONOMY.label_ids, TAXONOMY)
    assert said in str(failed.value)


def test_what_if_moves_one_condition_and_leaves_the_policy_alone() -> None:
    policy = load()
    moved = scenario(["warning.min_rows=2", "exaggerated=0.9"], policy, TAXONOMY.label_ids, TAXONOMY)
    assert moved.policy.step("warning").when == ({"min_rows": 2},)
    assert moved.thresholds == {"exaggerated": 0.9}
    assert policy.step("warning").when == ({"min_rows": 1},)
