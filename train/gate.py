"""Champion and challenger: a new model takes the place of the one in use only where the verdict is `ship`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import MANIFEST, Bundle, open_bundle
from xuncha.train import publish
from xuncha.train.compare.comparison import Comparison, compare
from xuncha.train.compare.report import write_report
from xuncha.train.compare.rules import Gate
from xuncha.train.compare.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Champion:
    """The model in use, behaviour cases to put to both, and whether to write the new one whatever the verdict is."""

    bundle: Bundle
    cases: Sequence[Row] = ()
    force: bool = False


class Refused(XunchaError):
    """The verdict is not `ship`; the message says why, and where the new model is kept."""


def check(champion: Champion, taxonomy: Taxonomy, test: Sequence[Row]) -> None:
    """Raise `XunchaError` before hours of training where the comparison after them could not be made."""
    known = champion.bundle.taxonomy.label_ids
    lost = [label for label in known if label not in taxonomy.label_ids]
    if lost and not champion.force:
        raise XunchaError(
            f'{champion.bundle.model_id} knows the label "{lost[0]}", the taxonomy does not, so that the new model '
            "could never replace it. Name a taxonomy that has it with --taxonomy, or give --force."
        )
    shared = [label for label in known if label in taxonomy.label_ids]
    if not any(row.labels.get(label) is not None for row in test for label in shared):
        raise XunchaError(
            f"No row of split test is judged for {' or '.join(shared)}, so that nothing could be compared with "
            f"{champion.bundle.model_id}. Add such rows, or run `xuncha labels split --write`."
        )


@dataclass(frozen=True, slots=True)
class Arena:
    """The rows of split test, ids of those among them that came as extra rows, the rules, and where reports go."""

    test: Sequence[Row]
    extra: frozenset[str]
    rules: Gate
    work: Path


def judge(champion: Champion, built: Path, arena: Arena) -> Comparison:
    """Compare the finished folder `built` with the champion, record the verdict in it, and write the report."""
    new = open_bundle(built)
    found = compare(champion.bundle, new, arena.test, rules=arena.rules, cases=champion.cases, extra=arena.extra)
    path = built / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    metrics["gate"] = {**found.record(), "forced": champion.force and found.verdict.outcome is not Outcome.SHIP}
    path.write_text(json.dumps(metrics, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    publish.write_manifest(built, publish.read_manifest(built))
    found = replace(found, new=open_bundle(built, check_hashes=False).model_id)
    write_report(found, arena.work / "gate")
    return found


def keep_aside(built: Path, found: Comparison, work: Path) -> Refused:
    """Put a refused model into `work`/challenger, and give the error that says so."""
    publish.put_in_place(built, work / "challenger")
    why = "; ".join(found.verdict.reasons)
    return Refused(
        f"The new model does not take the place of {found.old}: {found.verdict}. {why}. It is kept in "
        f"{work / 'challenger'}, the comparison in {work / 'gate' / 'comparison.html'}; --force writes it all the same."
    )


def keep_replaced(target: Path, work: Path) -> Path | None:
    """Copy the model folder that is about to be replaced into `work`, so that one can go back; None without one."""
    if not (target / MANIFEST).is_file():
        return None
    kept = work / f"replaced-{open_bundle(target, check_hashes=False).fingerprint}"
    shutil.copytree(target, kept, dirs_exist_ok=True)
    return kept
