from collections.abc import Callable

import numpy as np
import pytest

from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row, Span
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.inference import Inference
from xuncha.train.evaluation.mistakes import mistakes
from xuncha.train.evaluation.predictions import Truth, predict

MakeRow = Callable[..., Row]
OFF, EXAGGERATED = "off_platform", "exaggerated"


def test_null_and_absent_labels_are_not_judged(taxonomy: Taxonomy, make_row: MakeRow) -> None:
    rows = [make_row("1", "字", labels={OFF: None}), make_row("2", "字", labels={OFF: True, EXAGGERATED: False})]
    known = Truth.of(rows, taxonomy)
    assert known.judged.tolist() == [[False, False], [True, True]]
    assert known.truth.tolist() == [[False, False], [True, False]]


def test_a_prediction_is_what_users_are_shown(inference: Inference, make_row: MakeRow) -> None:
    found = predict(inference, [make_row("1", "好的加微"), make_row("2", "最好的现货")])
    assert found.flags.tolist() == [[True, False], [True, True]]
    assert [(one.start, one.end) for one in found.evidence[0][OFF]] == [(3, 4)]
    assert found.evidence[0].keys() == {OFF}
    assert (found.reason(0, OFF), found.reason(1, OFF), found.reason(1, EXAGGERATED)) == (
        "contact", "private_deal", "absolute",
    )  # fmt: skip


def test_an_unknown_point_is_refused_with_a_hint(inference: Inference, make_row: MakeRow) -> None:
    with pytest.raises(XunchaError) as error:
        predict(inference, [make_row("1", "字")], "balance")
    assert str(error.value) == (
        'There is no operating point "balance". Did you mean "balanced"? Choose one of strict, balanced, lenient.'
    )


def test_the_worst_errors_come_first_with_evidence_and_marks(inference: Inference, make_row: MakeRow) -> None:
    rows = [
        make_row("right", "微", [OFF], [("微", OFF, "contact")]),
        make_row("missed", "来店", [OFF], [("来店", OFF, "private_deal")]),
        make_row("false", "微波炉", kind="hard_negative", origin="A"),
        make_row("blind", "微波炉", unjudged=[OFF]),
    ]
    predictions = predict(inference, rows)
    predictions.scores[1, 0] = 0.4
    missed, false = mistakes(predictions)[::-1]
    assert (false.id, false.label, false.truth, false.kind, false.origin) == ("false", OFF, False, "hard_negative", "A")
    assert false.confidence == false.score == pytest.approx(1 / (1 + np.exp(-4)))
    assert false.evidence == (Span(0, 1, OFF, "contact"),)
    assert (missed.id, missed.truth, missed.confidence) == ("missed", True, 0.6)
    assert (missed.evidence, missed.marked) == ((), (Span(0, 2, OFF, "private_deal"),))
    assert len(mistakes(predictions, limit=1)) == 1
