"""What if a threshold or a step moved: the changes as asked for, and the merchants that would move."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.policy import CONDITIONS, Policy, Step, condition_value
from xuncha.serve.report.rollup import Proposal

_STEP = re.compile(r"(?P<step>[^.\[\]]+)(?:\[(?P<group>\d+)\])?\.(?P<condition>\w+)$")
_OPTION = "--what-if"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Another policy and other thresholds; `asked` says the changes as the user gave them."""

    asked: tuple[str, ...]
    policy: Policy
    thresholds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Move:
    """A merchant whose proposal on a ladder changes; None: nothing is proposed."""

    ladder: str
    merchant: str
    name: str
    before: Proposal | None
    after: Proposal | None


def scenario(asked: Sequence[str], policy: Policy, labels: Collection[str], taxonomy: Taxonomy) -> Scenario:
    """The scenario of `LABEL=THRESHOLD`, `STEP.CONDITION=VALUE` and policy files, applied in order.

    `STEP[2].CONDITION` is the second group of a step; without a number the condition must stand in one group only.
    `labels` are those of the table. Raises `XunchaError` for anything unknown or out of range.
    """
    known = (*taxonomy.label_ids, *labels)
    thresholds: dict[str, float] = {}
    for one in asked:
        name, equals, value = one.partition("=")
        if not equals and one.lower().endswith((".yaml", ".yml")):
            policy = Policy.load(Path(one), taxonomy.reason_ids, known)
        elif name in labels:
            thresholds[name] = _threshold(name, value)
        elif found := _STEP.match(name):
            policy = policy.with_step(_moved(policy.step(found["step"]), found, value))
        else:
            _refuse(name, labels, policy)
    return Scenario(tuple(asked), policy, thresholds)


def moves(before: Sequence[Proposal], after: Sequence[Proposal]) -> list[Move]:
    """Merchants whose step differs, ladder by ladder; those that rise come first."""
    old = {(one.ladder.id, one.standing.merchant): one for one in before}
    new = {(one.ladder.id, one.standing.merchant): one for one in after}
    found = []
    for key in dict.fromkeys([*old, *new]):
        one, other = old.get(key), new.get(key)
        if (one and one.step.id) != (other and other.step.id):
            shown = one or other
            assert shown is not None
            found.append(Move(shown.ladder.name, key[1], shown.standing.name, one, other))
    return sorted(found, key=lambda one: (one.ladder, -_rise(one), one.merchant))


def _rise(move: Move) -> int:
    rank = [one.rank if one else -1 for one in (move.before, move.after)]
    return rank[1] - rank[0]


def _threshold(label: str, value: str) -> float:
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise XunchaError(f"{_OPTION} {label}={value}: a threshold is a number from 0 to 1.")
    return found


def _moved(step: Step, found: re.Match[str], value: str) -> Step:
    name, where = found["condition"], f"{_OPTION} {found[0]}"
    if name not in CONDITIONS:
        hint = did_you_mean(name, CONDITIONS)
        raise XunchaError(f"{where}: there is no condition {quote(name)}.{hint} Conditions: {', '.join(CONDITIONS)}.")
    at = int(found["group"]) - 1 if found["group"] else _only_group(step, name, where)
    if not 0 <= at < len(step.when):
        raise XunchaError(f"{where}: the step {step.id} has {len(step.when)} groups of conditions.")
    try:
        number = float(value)
    except ValueError:
        raise XunchaError(f"{where}={value}: the value must be a number.") from None
    moved = condition_value(where, name, number)
    groups = tuple({**group, name: moved} if at == place else group for place, group in enumerate(step.when))
    return replace(step, when=groups)


def _only_group(step: Step, name: str, where: str) -> int:
    having = [at for at, group in enumerate(step.when) if name in group]
    if len(having) == 1:
        return having[0]
    if not having and len(step.when) == 1:
        return 0
    which = f"{len(having)} groups have it" if having else "no group has it"
    raise XunchaError(f"{where}: {which}; name one, such as {step.id}[1].{name}.")


def _refuse(name: str, labels: Collection[str], policy: Policy) -> None:
    steps = [step.id for ladder in policy.ladders for step in ladder.steps]
    hint = did_you_mean(name.split(".")[0].split("[")[0], [*labels, *steps])
    raise XunchaError(
        f"{_OPTION} {quote(name)}: give LABEL=THRESHOLD ({', '.join(labels)}), STEP.CONDITION=VALUE such as "
        f"{steps[0]}.min_rows=2, or the name of a policy file (.yaml).{hint}"
    )
