"""The released model through every door: one score, evidence in the original characters, rules cited."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from xuncha.serve import Ruled, Scored, Scorer

TEXTS = [
    "加V看货,全网最低价",
    "老银元一枚,包浆自然,尺寸38毫米,支持平台退换",
    "這款面霜三天根治痘痘,微信轉賬便宜兩百",
    "➕🛰️①③⑧ 看图报价😀",
    "顾客第一,诚信经营,本店最畅销的一款",
    "加\u200bV\u200b看货 ＷＸ同号",
    "=cmd|' /C calc'!A0 加微信",
]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load()


def scored(scorer: Scorer, text: str) -> Scored:
    verdict = scorer.score([text])[0]
    assert isinstance(verdict, Scored)
    return verdict


def run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = str(Path(sys.executable).with_name("xuncha"))
    return subprocess.run([program, *arguments], input=given, capture_output=True)


def test_one_score_alone_in_a_batch_from_the_cli_and_from_files(scorer: Scorer, tmp_path: Path) -> None:
    batch = [v.scores for v in scorer.score(TEXTS * 40)[: len(TEXTS)] if isinstance(v, Scored)]
    alone = [scored(scorer, text).scores for text in TEXTS]
    single = [v.scores for v in Scorer.load(threads=1).stream(TEXTS) if isinstance(v, Scored)]
    checked = [json.loads(line)["scores"] for line in run("check", "--json", *TEXTS).stdout.splitlines()]
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with table.open("w", newline="", encoding="gb18030") as handle:
        csv.writer(handle).writerows([["text"], *[[text] for text in TEXTS]])
    assert run("score", str(table), "-o", str(out)).returncode == 0
    with out.open(newline="", encoding="utf-8") as handle:
        from_csv = [{label: float(row[f"score_{label}"]) for label in scorer.labels} for row in csv.DictReader(handle)]
    lines, packed = tmp_path / "in.jsonl", tmp_path / "out.jsonl.gz"
    lines.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    assert run("score", str(lines), "-o", str(packed)).returncode == 0
    with gzip.open(packed, "rt", encoding="utf-8") as handle:
        from_jsonl = [{label: json.loads(line)[f"score_{label}"] for label in scorer.labels} for line in handle]
    for other in (batch, single, checked, from_csv, from_jsonl):
        for one, reference in zip(other, alone, strict=True):
            assert one == pytest.approx(reference, abs=1e-6)


def test_evidence_cuts_out_the_characters_a_person_would_point_to(scorer: Scorer) -> None:
    for text in TEXTS:
        for evidence in scored(scorer, text).evidence:
            assert text[evidence.start : evidence.end] == evidence.text
            assert evidence.rule == scorer.bundle.taxonomy.reason(evidence.reason).rule.citation
    found = scored(scorer, "老物件 加\u200bV\u200b看货 abc138")
    assert any("V" in e.text for e in found.evidence if e.label == "off_platform")
    traditional = scored(scorer, "這款面霜三天根治痘痘,無效退款")
    assert any("根治" in e.text for e in traditional.evidence if e.label == "exaggerated")


def test_what_is_no_text_is_ruled_and_no_row_raises(scorer: Scorer) -> None:
    verdicts = scorer.score([None, 3, "", "  \n", "\ud800", "好" * 1_000_001, "好"])
    assert [str(v.reason) if isinstance(v, Ruled) else "ok" for v in verdicts] == [
        "empty", "not_text", "empty", "empty", "not_text", "too_long", "ok",
    ]  # fmt: skip


def test_exit_codes_of_a_spot_check() -> None:
    assert run("check", "蓝色棉布衬衫,洗后不缩水").returncode == 0
    assert run("check", "加V看货,全网最低价").returncode == 1
    unknown = run("check", "--model", "nanoo", "加V")
    assert unknown.returncode == 2
    assert unknown.stderr.decode().startswith('There is no model "nanoo". Did you mean "nano"?')


def test_lenient_flags_no_less_than_balanced_and_strict_no_more() -> None:
    flags = {
        point: [v.flags for v in Scorer.load(operating_point=point).score(TEXTS) if isinstance(v, Scored)]
        for point in ("strict", "balanced", "lenient")
    }
    for strict, balanced, lenient in zip(*flags.values(), strict=True):
        for label in strict:
            assert strict[label] <= balanced[label] <= lenient[label]


def test_models_commands_work_on_the_released_model() -> None:
    assert b"nano@" in run("models", "list").stdout
    assert b"is whole" in run("models", "verify", "nano").stdout
    assert json.loads(run("models", "show", "nano", "--json").stdout)["name"] == "nano"
