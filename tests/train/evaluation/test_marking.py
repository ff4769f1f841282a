from collections.abc import Callable
from dataclasses import replace

import pytest

from xuncha.labels.rows import Row, Span
from xuncha.models.inference import Inference
from xuncha.train.evaluation.intervals import Resamples, groups_of
from xuncha.train.evaluation.marking import faithfulness, marking
from xuncha.train.evaluation.predictions import Predictions, predict
from xuncha.train.evaluation.reasons import reason_figures

MakeRow = Callable[..., Row]
OFF, EXAGGERATED = "off_platform", "exaggerated"


def draws(predictions: Predictions) -> Resamples:
    return Resamples(groups_of(predictions.rows), count=50)


def test_evidence_figures_worked_out_by_hand(inference: Inference, make_row: MakeRow) -> None:
    rows = [
        # The model marks 微 (1 character); the annotator 加微信 (3).
        make_row("1", "好货请加微信呀", [OFF], [("加微信", OFF, "contact")]),
        # Marks 群 and, two characters on, 微: one stretch of 4; the annotator marks 进群.
        make_row("2", "大家进群好的微", [OFF], [("进群", OFF, "redirect")]),
        # Missed: 3 characters of the annotator, none of the model.
        make_row("3", "来店里说吧", [OFF], [("来店里", OFF, "private_deal")]),
        # A false flag, and a true row without spans: neither can be measured.
        make_row("4", "微波炉"),
        make_row("5", "微微微", [OFF]),
    ]
    predictions = predict(inference, rows)
    overall, by_label = marking(predictions, draws(predictions))
    assert by_label[OFF] == overall
    flagged, every = overall.flagged, overall.every
    assert (flagged.rows, every.rows) == (2, 3)
    # common 1 + 1, found 1 + 4, marked 3 + 2 (+ 3)
    assert [flagged.precision.value, flagged.recall.value, flagged.f1.value] == pytest.approx([2 / 5, 2 / 5, 4 / 10])
    assert [every.precision.value, every.recall.value, every.f1.value] == pytest.approx([2 / 5, 2 / 8, 4 / 13])
    assert by_label[EXAGGERATED].every.rows == 0


def test_overlapping_spans_count_a_character_once(inference: Inference, make_row: MakeRow) -> None:
    row = replace(make_row("1", "加微信", [OFF]), spans=(Span(0, 2, OFF, "contact"), Span(1, 3, OFF, "redirect")))
    predictions = predict(inference, [row])
    found = marking(predictions, draws(predictions))[0].flagged
    assert [found.precision.value, found.recall.value] == pytest.approx([1, 1 / 3])


def test_deleting_the_evidence_unflags_and_a_random_stretch_does_not(inference: Inference, make_row: MakeRow) -> None:
    rows = [make_row(str(n), "字" * 20 + "微" + "字" * 20) for n in range(20)]
    found = faithfulness(inference, predictions := predict(inference, rows), draws(predictions))
    assert (found.overall.hits, found.overall.of) == (20, 20)
    assert found.control.hits <= 3
    assert found.covered == pytest.approx(1 / 41)
    assert found.by_label[EXAGGERATED].of == 0


def test_evidence_that_leaves_the_flag_standing_is_not_faithful(inference: Inference, make_row: MakeRow) -> None:
    rows = [make_row("1", "微字字字字字微"), make_row("2", "微")]
    predictions = predict(inference, rows)
    first = predictions.evidence[0][OFF][:1]
    short = replace(predictions, evidence=({OFF: first}, predictions.evidence[1]))
    found = faithfulness(inference, short, draws(short))
    # The second text is nothing but evidence: a blank rest is not flagged.
    assert (found.overall.hits, found.overall.of) == (1, 2)


def test_no_flags_no_faithfulness(inference: Inference, make_row: MakeRow) -> None:
    predictions = predict(inference, [make_row("1", "字")])
    found = faithfulness(inference, predictions, draws(predictions))
    assert (found.overall.of, found.covered) == (0, None)


def test_a_reason_is_right_when_it_is_among_the_marked_ones(inference: Inference, make_row: MakeRow) -> None:
    rows = [
        make_row("1", "加微字字字字进店", [OFF], [("加微", OFF, "contact"), ("进店", OFF, "private_deal")]),
        make_row("2", "进群", [OFF], [("进群", OFF, "redirect")]),
        make_row("3", "加微到店", [OFF], [("加", OFF, "redirect"), ("到店", OFF, "private_deal")]),
        # None of these counts: missed, a false flag, no spans.
        make_row("4", "来店", [OFF], [("来店", OFF, "private_deal")]),
        make_row("5", "微"),
        make_row("6", "微", [OFF]),
    ]
    predictions = predict(inference, rows)
    found = reason_figures(predictions, draws(predictions))
    assert (found.overall.hits, found.overall.of) == (2, 3)
    assert (found.by_label[OFF].hits, found.by_label[EXAGGERATED].of) == (2, 0)
    confusion = found.confusion[OFF]
    assert confusion.reasons == ("contact", "redirect", "private_deal")
    # Row 3 was told contact and stands with private_deal, which has the most characters.
    assert confusion.counts == ((1, 0, 0), (0, 1, 0), (1, 0, 0))
