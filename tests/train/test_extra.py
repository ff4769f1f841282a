"""Rows on top of a recipe's own: joined, placed, and kept apart from what is measured."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.labels.io import write_rows
from xuncha.labels.rows import Row, Source, Span
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train import corpus
from xuncha.train.extra import join

OFF, EXTREME = "off_platform", "exaggerated"


def row(row_id: str, text: str, labels: dict[str, bool | None], split: str | None = None, **more: object) -> Row:
    return replace(Row(row_id, text, Source.LISTING, labels, split=split), **more)  # type: ignore[arg-type]


def unlike(number: int) -> str:
    """A text that is no near-duplicate of any other."""
    return "".join(random.Random(number).choices([chr(code) for code in range(0x4E00, 0x9FA5)], k=12))


@pytest.fixture
def rows() -> list[Row]:
    """Rows judged for off_platform alone: of each split one that is true and one that is not."""
    out = []
    for place, split in enumerate(("train", "dev", "test")):
        out.append(row(f"t{place}", unlike(place), {OFF: True}, split))
        out.append(row(f"f{place}", unlike(100 + place), {OFF: False}, split))
    return out


def new_rows(count: int = 60) -> list[Row]:
    """Rows of a new label without a split."""
    return [row(f"n{n}", unlike(200 + n), {EXTREME: n % 2 == 0}) for n in range(count)]


def test_rows_of_a_label_that_nothing_measures_are_split_6_2_2(rows: list[Row], taxonomy: Taxonomy) -> None:
    more = join(rows, new_rows(), taxonomy, "new.jsonl").more
    splits = [one.split for one in more]
    assert (splits.count("train"), splits.count("dev"), splits.count("test")) == (36, 12, 12)
    assert join(rows, new_rows(), taxonomy, "new.jsonl").more == more


def test_rows_of_known_labels_only_train_and_a_given_split_is_kept(rows: list[Row], taxonomy: Taxonomy) -> None:
    decision = row("d1", "绿泡泡号在头像上面", {OFF: True})
    held_out = row("d2", "购物车里下单就行", {OFF: False}, "test")
    joined = join(rows, [decision, held_out], taxonomy, "new.jsonl")
    assert str(joined) == "train 1, test 1"
    assert [one.split for one in joined.more] == ["train", "test"]


def test_a_row_with_the_same_text_adds_its_judgements_to_the_row_that_is_there(
    rows: list[Row], taxonomy: Taxonomy
) -> None:
    text = rows[0].text
    again = row("again", text, {OFF: True, EXTREME: True}, spans=(Span(0, 2, EXTREME, "absolute"),))
    joined = join(rows, [again], taxonomy, "new.jsonl")
    assert str(joined) == "1 joined to a row of the same text" and len(joined.rows) == len(rows)
    assert joined.rows[0] == replace(rows[0], labels={OFF: True, EXTREME: True}, spans=again.spans)


def test_a_near_duplicate_of_a_measured_row_is_left_out(rows: list[Row], taxonomy: Taxonomy) -> None:
    near = row("near", rows[4].text + "!", {OFF: True})
    far = row("far", "一条完全不同的文本", {OFF: False})
    joined = join(rows, [near, far], taxonomy, "new.jsonl")
    assert [one.id for one in joined.more] == ["far"]
    assert str(joined) == "train 1, 1 left out, since a row of another split is nearly the same (near)"


def test_a_contradiction_is_refused(rows: list[Row], taxonomy: Taxonomy) -> None:
    with pytest.raises(XunchaError) as caught:
        join(rows, [row("poison", rows[2].text + " ", {OFF: False})], taxonomy, "new.jsonl")
    assert str(caught.value) == (
        'new.jsonl: row "poison" has label "off_platform" false, but row "t1" with the same text has it true. '
        "Change one of them; `xuncha labels validate` on both files lists all."
    )


def test_a_doubled_id_is_refused(rows: list[Row], taxonomy: Taxonomy) -> None:
    with pytest.raises(XunchaError) as caught:
        join(rows, [row("t1", "别的文本", {OFF: False})], taxonomy, "new.jsonl")
    assert str(caught.value) == 'new.jsonl: row "t1" has the id of another row with another text. Rename it.'


def test_extra_rows_that_belong_together_must_share_a_split(rows: list[Row], taxonomy: Taxonomy) -> None:
    pair = [
        row("p1", "同一句话的前一半说法", {OFF: False}, "train", group="p"),
        row("p2", "另外一种完全别样的写法", {OFF: False}, "dev", group="p"),
    ]
    with pytest.raises(XunchaError) as caught:
        join(rows, pair, taxonomy, "new.jsonl")
    assert str(caught.value) == (
        'new.jsonl: rows "p1" (train) and "p2" (dev) belong together but stand in different splits. Give both the same.'
    )


def test_the_corpus_has_both_and_asks_for_rows_of_a_label_that_has_none(
    rows: list[Row], taxonomy: Taxonomy, tmp_path: Path
) -> None:
    own, extra = tmp_path / "rows.jsonl", tmp_path / "extra.jsonl"
    write_rows(own, rows)
    write_rows(extra, new_rows())
    found = corpus.labelled(str(own), taxonomy, extra=str(extra))
    assert {name: len(split) for name, split in found.items()} == {"train": 38, "dev": 14, "test": 14}
    with pytest.raises(XunchaError) as caught:
        corpus.labelled(str(own), taxonomy)
    assert str(caught.value) == (
        f'{own}: the train split has no row where "exaggerated" is true, or none where it is false. '
        "Add such rows, or split anew with `xuncha labels split --write`."
    )
