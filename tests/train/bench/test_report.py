"""JSON, tables and picture of results; ratios are taken within a round."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from xuncha.train.bench import report
from xuncha.train.bench.agreement import compare
from xuncha.train.bench.limit import Limit
from xuncha.train.bench.machine import describe
from xuncha.train.bench.peers import PEERS
from xuncha.train.bench.picture import picture
from xuncha.train.bench.results import ALL_FLAGS, NO_FLAGS, ONE_CORE, OWN, REPEATS, Results, Share, Workload
from xuncha.train.bench.rounds import Speeds, Spread

FAST, SLOW = PEERS[5].title, PEERS[0].title


@pytest.fixture
def results() -> Results:
    by_round = {
        OWN: [1000.0, 500.0, 800.0], ONE_CORE: [500.0, 250.0, 500.0], NO_FLAGS: [1100.0, 500.0, 800.0],
        ALL_FLAGS: [500.0, 250.0, 400.0], REPEATS: [1500.0, 700.0, 1200.0], SLOW: [20.0, 10.0, 20.0],
        FAST: [2000.0, 1000.0, 400.0],
    }  # fmt: skip
    table = {"rows": 100, "flagged": 5, "seconds": 0.5, "texts_per_second": 200.0, "peak_bytes": 150_000_000}
    return Results(
        model="nano@00000000",
        note="Every peer runs the same model.",
        machine=replace(describe(), processor="A <processor> & more", cores=2),
        workload=Workload("committed rows", 1, 8000, 0.05, {"median": 35, "mean": 52.0}, 54.3, 0.3),
        speeds=Speeds(by_round, {FAST: 1024}, dict.fromkeys(by_round, 300_000_000)),
        agreement={OWN: compare(OWN, [[0.9]], [[0.8]], [0.5], 0.005)},
        products_per_text=250e6,
        shares=(Share(Limit("AVX512 VNNI", 500e9, "measured: so"), 2000.0, Spread.of([0.25, 0.125, 0.25])),),
        walls={"xuncha check": Spread(0.2, 0.19, 0.3), "transformers one-shot": Spread(5.0, 4.9, 5.1)},
        memory={"10000": table},
        rounds=3,
        quick=False,
        left_out={PEERS[2].title: "left out as asked"},
        growth={"rows": {"1000": table, "10000": table}, "lengths": {"16": table, "2048": table}},
    )


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds(results: Results) -> None:
    assert results.ratio(FAST) == Spread(0.5, 0.5, 2.0)
    assert results.scaling == Spread(2.0, 1.6, 2.0)
    assert results.repeats_gain == Spread(1.5, 1.4, 1.5)


def test_a_machine_of_one_core_has_no_scaling(results: Results) -> None:
    assert replace(results, machine=replace(results.machine, cores=1)).scaling is None


def test_json_holds_ratios_rounds_and_machine(results: Results) -> None:
    data = json.loads(report.as_json(results))
    assert data["ratios"][SLOW] == {"median": 50.0, "least": 40.0, "greatest": 50.0, "must": 30.0}
    assert data["speeds"][FAST]["rounds"] == [2000.0, 1000.0, 400.0]
    assert data["machine"]["processor"] == "A <processor> & more"
    assert data["limit"]["limits"][0]["share"]["median"] == 0.25
    assert data["left_out"] == {PEERS[2].title: "left out as asked"}


def test_tables_say_what_was_measured_and_what_was_not(results: Results) -> None:
    page = report.markdown(results)
    for line in (
        f"| {SLOW} | 20 (10 to 20) | 50.00 (40.00 to 50.00) | 30 | not compared |  | 300 MB |".replace(
            "not compared", "the measure"
        ),
        "| 1 → 2 cores | 2.00 (1.60 to 2.00) times 500 (250 to 500) texts/s |",
        "| gain with 30% repeated texts | 1.50 (1.40 to 1.50) times |",
        "| xuncha check beside it | 25.0 times as fast |",
        "| xuncha score, 10,000 rows, peak memory | 150 MB |",
        "| 2,048 | 100 | 200 | 150 MB |",
    ):
        assert line in page.splitlines()
    assert f"Not measured: {PEERS[2].title} (left out as asked)." in page
    assert "250.0 million a text" in page


def test_a_missed_limit_stands_in_table_and_json(results: Results) -> None:
    off = compare(OWN, [[0.9]] * 995 + [[0.1]] * 5, [[0.8]] * 1000, [0.5], 0.004)
    missed = replace(results, agreement={OWN: off})
    assert "99.50% (at least 99.6%: missed)" in report.markdown(missed)
    assert json.loads(report.as_json(missed))["agreement"][OWN]["kept"] is False


def test_a_quick_run_says_that_it_means_nothing(results: Results) -> None:
    quick = replace(results, quick=True)
    assert "these figures mean nothing" in report.markdown(quick)
    assert "the figures mean nothing" in picture(quick)


def test_the_picture_is_whole_and_loads_nothing(results: Results) -> None:
    drawn = picture(results)
    root = ElementTree.fromstring(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    words = [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert SLOW in words and any("A <processor> & more" in word for word in words)
    assert "href" not in drawn and "url(" not in drawn and "<script" not in drawn
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) == 4


def test_files_are_written_whole_under_their_names(results: Results, tmp_path: Path) -> None:
    assert [path.name for path in report.write(results, tmp_path)] == ["bench.json", "bench.svg", "bench.md"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bench.json", "bench.md", "bench.svg"]
