"""The allow-list: what it hides and what it may not, who stands for it, and until when."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.serve.report.scored_rows import scored_row
from xuncha.labels.errors import XunchaError
from xuncha.labels.taxonomy import Taxonomy
from xuncha.serve.allow import AllowList, Claim, Entry, Kind, Scope, load_allow

if TYPE_CHECKING:
    from tests.serve.report.conftest import Report

TODAY = date(2026, 11, 25)
HEAD = "id,kind,owner,reason,proof,starts,expires,merchants,labels,texts\n"


def claim(text: str, words: str, **changes: object) -> Claim:
    start = text.index(words)
    fields = {
        "row": "r1",
        "merchants": ("m1", "甲店"),
        "category": "钱币",
        "label": "exaggerated",
        "reason": "absolute",
    }
    return Claim(**{**fields, "text": text, "start": start, "end": start + len(words), **changes})  # type: ignore[arg-type]


def hides(scope: Scope, asked: Claim) -> bool:
    entry = Entry("A", Kind.ALLOW, scope, "王五", "因为", "", None, date(2027, 1, 1))
    return AllowList([entry], TODAY).entry_for(asked) is entry


def load(path: Path, text: str) -> AllowList:
    path.write_text(text, "utf-8")
    taxonomy = Taxonomy.load()
    return load_allow(path, TODAY, taxonomy.label_ids, taxonomy.reason_ids)


def test_every_part_of_a_scope_must_hold() -> None:
    asked = claim("国家级非遗", "国家级")
    both = Scope(merchants=frozenset({"甲店"}), reasons=frozenset({"absolute"}))
    assert hides(both, asked)
    assert not hides(both, claim("国家级非遗", "国家级", reason="efficacy"))
    assert not hides(both, claim("国家级非遗", "国家级", merchants=("m2",)))
    assert hides(Scope(rows=frozenset({"r1"})), asked) and not hides(Scope(rows=frozenset({"r2"})), asked)


def test_a_phrase_hides_evidence_inside_it_and_nothing_beside_it() -> None:
    scope = Scope(texts=("国家级非遗",))
    assert hides(scope, claim("正宗国家级非遗技艺", "国家级"))
    assert hides(scope, claim("正宗国家级非遗，技艺", "国家级非遗，"))
    assert not hides(scope, claim("国家级非遗,全网最低", "国家级非遗,全网最低"))
    assert not hides(scope, claim("国家级大师", "国家级"))


def test_a_flag_is_suppressed_only_if_every_piece_of_its_evidence_is(report: Report, tmp_path: Path) -> None:
    allow = tmp_path / "allow.csv"
    allow.write_text(HEAD + "A1,,王五,有批文,,,2027-01-31,,exaggerated,国家级非遗\n", "utf-8")
    rows = [
        scored_row(1, "国家级非遗手艺", ("absolute", "国家级")),
        scored_row(2, "国家级非遗手艺，全网最低", ("absolute", "国家级"), ("absolute", "全网最低")),
    ]
    built, folder = report(rows, allow=allow)
    with (folder / "flags.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = [(line["id"], line["state"], line["suppressed_by"], line["owner"]) for line in csv.DictReader(stream)]
    assert lines == [("r1", "suppressed", "A1", "王五"), ("r2", "open", "", "")]
    assert built.counted.totals.all.flagged == 1 and built.counted.totals.hidden == {"exaggerated": 1}
    with (folder / "allow.csv").open(encoding="utf-8-sig", newline="") as stream:
        (line,) = csv.DictReader(stream)
    assert (line["隐藏标记数"], line["允许依据数"], line["涉及商家数"], line["依据举例"]) == ("1", "2", "1", "国家级")


def test_expired_entries_do_not_apply_and_are_said_so(report: Report, tmp_path: Path) -> None:
    allow = tmp_path / "allow.csv"
    old, last = "OLD,,王五,旧批文,,,2026-11-24,m1,,\n", "LAST,,王五,末日,,,2026-11-25,m2,,\n"
    allow.write_text(HEAD + old + last + "NEXT,,王五,未到,,2026-12-01,2027-01-01,m1,,\n", "utf-8")
    rows = [
        scored_row(1, "全网最低", ("absolute", "全网最低")),
        scored_row(2, "全网最低", ("absolute", "全网最低"), merchant_id="m2"),
    ]
    built, folder = report(rows, allow=allow)
    assert built.expired == ("OLD",)
    assert built.counted.totals.hidden == {"exaggerated": 1}
    with (folder / "allow.csv").open(encoding="utf-8-sig", newline="") as stream:
        states = {line["条目"]: (line["状态"], line["隐藏标记数"]) for line in csv.DictReader(stream)}
    assert states == {"OLD": ("已过期，未适用", "0"), "LAST": ("有效", "1"), "NEXT": ("未生效，未适用", "0")}
    assert "已过期、未适用的条目：OLD" in (folder / "report.html").read_text("utf-8")


def test_yaml_and_csv_say_the_same(tmp_path: Path) -> None:
    from_csv = load(
        tmp_path / "a.csv",
        HEAD + "A1,substantiation,王五,鉴定,证书 7,2026-01-01,2027-01-31,m1 | 10020,exaggerated,国家级|顶级\n",
    )
    from_yaml = load(
        tmp_path / "a.yaml",
        "version: '1'\nentries:\n- id: A1\n  kind: substantiation\n  owner: 王五\n  reason: 鉴定\n  proof: 证书 7\n"
        "  starts: 2026-01-01\n  expires: 2027-01-31\n"
        "  scope: {merchants: [m1, 10020], labels: [exaggerated], texts: [国家级, 顶级]}\n",
    )
    assert from_csv.entries == from_yaml.entries


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("A1,,王五,x,,,2027-01-31,,,\n", "entry 1: no scope, so it would hide everything. Give one of merchants, "),
        ("A1,,,x,,,2027-01-31,m1,,\n", 'entry 1: field "owner" is missing. Add it.'),
        ("A1,,王五,x,,,31.1.2027,m1,,\n", 'entry 1: expires must be a day such as 2027-01-31; got "31.1.2027".'),
        ("A1,,王五,x,,,2027-01-31,m1,exagerated,\n", 'entry 1: labels: "exagerated" is unknown. Did you mean "exagg'),
        ("A1,substantiation,王五,x,,,2027-01-31,m1,,\n", 'entry 1: field "proof" is missing: say which certificate'),
        ("A1,,王五,x,,,2027-01-31,m1,,\n" * 2, 'the entry "A1" stands twice. Rename one of them.'),
    ],
)  # fmt: skip
def test_a_bad_entry_is_named(tmp_path: Path, lines: str, said: str) -> None:
    path = tmp_path / "allow.csv"
    with pytest.raises(XunchaError) as failed:
        load(path, HEAD + lines)
    assert str(failed.value).startswith(f"{path}: {said}")


def test_a_misspelt_column_or_key_gets_a_hint(tmp_path: Path) -> None:
    with pytest.raises(XunchaError, match='unknown field "merchant". Did you mean "merchants"?'):
        load(tmp_path / "a.csv", "id,owner,reason,expires,merchant\nA,b,c,2027-01-01,m1\n")
    with pytest.raises(XunchaError, match='unknown field "expire". Did you mean "expires"?'):
        load(
            tmp_path / "a.yaml",
            "version: '1'\nentries: [{id: A, owner: b, reason: c, expire: 2027-01-01, scope: {}}]\n",
        )
