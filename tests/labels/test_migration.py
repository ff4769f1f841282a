import json
from collections.abc import Callable
from pathlib import Path

import pytest

from xuncha.labels import Row, Span, Taxonomy, XunchaError, read_rows, write_rows
from xuncha.labels.migration import MergeLabels, MergeReasons, Migration, SplitLabel, SplitReason, read_migration
from xuncha.labels.replay import replay, write
from xuncha.labels.taxonomy_edit import migrated

MakeRow = Callable[..., Row]
ROOT = Path(__file__).parents[2]
PLAN = """
from: "1"
to: "2"
steps:
  - rename_label: {from: off_platform, to: off_site}
  - merge_reasons: {from: [redirect, private_deal], to: elsewhere}
  - split_label: {from: exaggerated, into: {exaggerated: [absolute, efficacy], finance: [return_promise, authority]}}
  - split_reason: {from: contact, into: {wechat: [微, 薇, v], contact: []}}
new:
  finance: {name_zh: 收益承诺, name_en: Promised gains}
  wechat: {name_zh: 微信, name_en: WeChat}
"""


@pytest.fixture
def taxonomy_file(tmp_path: Path) -> Path:
    path = tmp_path / "taxonomy.yaml"
    path.write_bytes((ROOT / "labels" / "taxonomy.yaml").read_bytes())
    return path


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, "utf-8")
    return path


@pytest.fixture
def rows(tmp_path: Path, make_row: MakeRow) -> Path:
    path = tmp_path / "rows.jsonl"
    write_rows(
        path,
        [
            make_row(
                "1", "加Ｖ看，翻倍", labels={"off_platform": True, "exaggerated": True},
                spans=(Span(0, 2, "off_platform", "contact"), Span(4, 6, "exaggerated", "return_promise")),
            ),
            make_row("2", "全新", labels={"off_platform": False, "exaggerated": False}),
            make_row("3", "打电话", labels={"off_platform": True}, spans=(Span(0, 3, "off_platform", "contact"),)),
            make_row("4", "最好", labels={"exaggerated": True}),
        ],
    )  # fmt: skip
    return path


def test_a_plan_is_replayed_on_taxonomy_and_rows(tmp_path: Path, taxonomy_file: Path, plan: Path, rows: Path) -> None:
    found = replay(read_migration(plan), [rows], taxonomy_file)
    assert write(found, taxonomy_file) == [rows, taxonomy_file]
    after = Taxonomy.load(taxonomy_file)
    assert after.version == "2"
    assert {label.id: [reason.id for reason in label.reasons] for label in after.labels} == {
        "off_site": ["wechat", "contact", "elsewhere"],
        "exaggerated": ["absolute", "efficacy"],
        "finance": ["return_promise", "authority"],
    }
    one, two, three, four = read_rows(rows, after)
    assert one.labels == {"off_site": True, "exaggerated": None, "finance": True}
    assert one.spans == (Span(0, 2, "off_site", "wechat"), Span(4, 6, "finance", "return_promise"))
    assert two.labels == {"off_site": False, "exaggerated": False, "finance": False}
    assert three.spans == (Span(0, 3, "off_site", "contact"),)
    assert four.labels == {"exaggerated": None, "finance": None}
    assert [row.id for row in found.to_judge] == ["1", "4"]
    assert one.meta == four.meta == {"was": {"exaggerated": True}}
    assert found.counts()["label off_platform"] == (2, 0) and found.counts()["label off_site"] == (0, 2)


def test_a_second_replay_changes_nothing_and_later_rows_are_brought_up_to_date(
    tmp_path: Path, taxonomy_file: Path, plan: Path, rows: Path, make_row: MakeRow
) -> None:
    migration = read_migration(plan)
    write(replay(migration, [rows], taxonomy_file), taxonomy_file)
    again = replay(migration, [rows], taxonomy_file)
    assert again.changes == () and again.taxonomy_diff("t") == ""
    late = tmp_path / "late.jsonl"
    write_rows(late, [make_row("9", "加薇", labels={"off_platform": True})])
    (change,) = replay(migration, [late], taxonomy_file).changes
    assert change.after.labels == {"off_site": True}


def test_a_run_that_was_cut_off_is_finished_by_the_same_command(taxonomy_file: Path, plan: Path, rows: Path) -> None:
    migration = read_migration(plan)
    found = replay(migration, [rows], taxonomy_file)
    write_rows(rows, found.files[rows])
    again = replay(migration, [rows], taxonomy_file)
    assert again.changes == ()
    assert write(again, taxonomy_file) == [taxonomy_file]


def test_comments_and_layout_of_the_taxonomy_stay(taxonomy_file: Path) -> None:
    source = taxonomy_file.read_text("utf-8")
    only = Migration("1", "2", (MergeLabels(("off_platform",), "off_site"),), {})
    after = migrated(source, only, "t")
    expected = source.replace('version: "1"', 'version: "2"').replace("id: off_platform", "id: off_site")
    assert after == expected


@pytest.mark.parametrize(
    ("labels", "merged"),
    [
        ({"a": True, "b": False}, {"c": True}),
        ({"a": False, "b": False}, {"c": False}),
        ({"a": False}, {"c": None}),
        ({"a": False, "b": None}, {"c": None}),
        ({"x": True}, {"x": True}),
    ],
)
def test_a_merged_label_is_true_if_one_is_and_false_if_all_are(
    make_row: MakeRow, labels: dict[str, bool | None], merged: dict[str, bool | None]
) -> None:
    assert MergeLabels(("a", "b"), "c").apply(make_row("1", "甲", labels=labels)).labels == merged


def test_merged_reasons_leave_no_span_twice(make_row: MakeRow) -> None:
    row = make_row("1", "加薇", labels={"l": True}, spans=(Span(0, 2, "l", "a"), Span(0, 2, "l", "b")))
    assert MergeReasons(("a", "b"), "c").apply(row).spans == (Span(0, 2, "l", "c"),)


def test_unmarked_parts_can_be_false(make_row: MakeRow) -> None:
    row = make_row("1", "翻倍", labels={"l": True}, spans=(Span(0, 2, "l", "b"),))
    split = SplitLabel("l", {"l": ("a",), "m": ("b",)}, unmarked_false=True)
    assert split.apply(row).labels == {"l": False, "m": True}
    bare = make_row("2", "翻倍", labels={"l": True})
    assert split.apply(bare).labels == {"l": None, "m": None}


def test_evidence_finds_its_reason_whatever_its_width_and_case(make_row: MakeRow) -> None:
    row = make_row("1", "加Ｖ", labels={"l": True}, spans=(Span(0, 2, "l", "r"),))
    (span,) = SplitReason("r", {"r": (), "w": ("v",)}).apply(row).spans
    assert span.reason == "w"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("- rename_lable: {from: a, to: b}", 'unknown step "rename_lable". Did you mean "rename_label"? Allowed: '),
        ("- merge_labels: {from: [a], to: b}", 'field "from" must list two ids at least. Use a rename for one.'),
        ("- split_label: {from: a, into: {b: [x]}}", 'field "into" must map two ids at least to lists; got an object.'),
        ("- split_reason: {from: a, into: {b: [x], c: [y]}}", "exactly one part must have no words, []: it takes the"),
        ("[]", 'field "steps" is empty. Name at least one step.'),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(tmp_path: Path, steps: str, said: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(f'from: "1"\nto: "2"\nsteps:\n  {steps}\n', "utf-8")
    with pytest.raises(XunchaError) as caught:
        read_migration(path)
    assert str(caught.value).startswith(str(path)) and said in str(caught.value)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            MergeLabels(("exagerated",), "x"),
            't: label "exagerated" is not in the taxonomy. Did you mean "exaggerated"? `xuncha labels list` shows all.',
        ),
        (
            MergeLabels(("off_platform",), "exaggerated"),
            't: label "exaggerated" is there already. Choose another id, or merge into it.',
        ),
        (
            MergeReasons(("contact", "absolute"), "x"),
            't: reason "absolute" does not stand under label "off_platform", as "contact" does. '
            "Only reasons of one label can be merged.",
        ),
        (
            SplitLabel("exaggerated", {"exaggerated": ("absolute",), "m": ("efficacy",)}),
            't: the split of "exaggerated" must put each reason in one part; return_promise is in no part.',
        ),
        (
            SplitReason("contact", {"contact": (), "w": ("v",)}),
            't: reason "w" is new and has no name_zh. Write it in the plan, under new: w.',
        ),
    ],
)  # fmt: skip
def test_a_step_that_does_not_fit_the_taxonomy_is_refused(
    taxonomy_file: Path, step: MergeLabels | MergeReasons | SplitLabel | SplitReason, said: str
) -> None:
    with pytest.raises(XunchaError) as caught:
        migrated(taxonomy_file.read_text("utf-8"), Migration("1", "2", (step,), {}), "t")
    assert str(caught.value) == said


def test_another_version_is_refused_and_nothing_is_written(
    tmp_path: Path, taxonomy_file: Path, plan: Path, rows: Path
) -> None:
    taxonomy_file.write_text(taxonomy_file.read_text("utf-8").replace('version: "1"', 'version: "7"'), "utf-8")
    before = rows.read_bytes()
    with pytest.raises(XunchaError) as caught:
        replay(read_migration(plan), [rows], taxonomy_file)
    assert str(caught.value) == (
        f'{taxonomy_file}: has version "7", but the plan leads from "1" to "2". Replay the plans in their order.'
    )
    assert rows.read_bytes() == before


def test_a_row_that_would_be_none_of_the_new_taxonomy_stops_everything(
    taxonomy_file: Path, plan: Path, rows: Path
) -> None:
    with rows.open("a", encoding="utf-8") as out:
        out.write(json.dumps({"id": "5", "text": "甲", "source": "comment", "labels": {"typo": True}}) + "\n")
    with pytest.raises(XunchaError) as caught:
        replay(read_migration(plan), [rows], taxonomy_file)
    assert str(caught.value) == (
        f'{rows}:5: label "typo" is not in the taxonomy. `xuncha labels list` shows all. '
        "A taxonomy of your own is given with --taxonomy."
    )
