from collections.abc import Callable

import pytest

from xuncha.labels.rows import Row, Source
from xuncha.models.inference import Inference
from xuncha.train.evaluation.intervals import UNDEFINED, Resamples, groups_of
from xuncha.train.evaluation.predictions import predict
from xuncha.train.evaluation.slices import LENGTHS, Slice, length_bucket, slices

MakeRow = Callable[..., Row]


def sliced(inference: Inference, rows: list[Row]) -> dict[tuple[str, str, str], Slice]:
    found = slices(predict(inference, rows), Resamples(groups_of(rows), count=50))
    return {(one.facet, one.value, one.label): one for one in found}


@pytest.fixture(scope="module")
def rows(make_row: MakeRow) -> list[Row]:
    off = ["off_platform"]
    return [
        make_row("1", "加微看货", off, [("微", "off_platform", "contact")], kind="plain", origin="A"),
        make_row("2", "来看货", off, [("看货", "off_platform", "redirect")], kind="plain", origin="A"),
        make_row("3", "微波炉", kind="hard_negative", origin="B", source=Source.COMMENT),
        make_row("4", "字" * 60, origin="B", source=Source.COMMENT, unjudged=["exaggerated"]),
    ]


def test_every_row_stands_once_in_each_facet(inference: Inference, rows: list[Row]) -> None:
    found = sliced(inference, rows)
    for facet in ("source", "kind", "origin", "length"):
        assert (
            sum(one.figures.rows for (f, _, label), one in found.items() if (f, label) == (facet, "off_platform")) == 4
        )
    assert found["source", "comment", "exaggerated"].figures.rows == 1
    assert found["kind", "–", "off_platform"].figures.rows == 1
    assert ("kind", "–", "exaggerated") not in found


def test_a_slice_without_true_rows_has_false_flags_only(inference: Inference, rows: list[Row]) -> None:
    found = sliced(inference, rows)["kind", "hard_negative", "off_platform"].figures
    assert (found.precision, found.recall, found.f1) == (UNDEFINED, UNDEFINED, UNDEFINED)
    assert found.false_flags.value == 1


def test_a_slice_of_true_rows_has_recall_only(inference: Inference, rows: list[Row]) -> None:
    found = sliced(inference, rows)["origin", "A", "off_platform"].figures
    assert (found.precision, found.f1, found.false_flags) == (UNDEFINED, UNDEFINED, UNDEFINED)
    assert found.recall.value == 0.5


def test_recall_by_reason_is_over_the_rows_marked_with_it(inference: Inference, rows: list[Row]) -> None:
    found = sliced(inference, rows)
    assert found["reason", "contact", "off_platform"].figures.recall.value == 1
    assert found["reason", "redirect", "off_platform"].figures.recall.value == 0
    assert ("reason", "absolute", "exaggerated") not in found


def test_length_buckets_meet_at_their_ends() -> None:
    assert [length_bucket("字" * length) for length in (1, 20, 21, 50, 51, 100, 101, 200, 201)] == [
        "1–20", "1–20", "21–50", "21–50", "51–100", "51–100", "101–200", "101–200", "over 200",
    ]  # fmt: skip
    assert list(LENGTHS) == sorted(LENGTHS)
