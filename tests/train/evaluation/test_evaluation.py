import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.labels.rows import Row
from xuncha.models.bundle import Bundle
from xuncha.models.inference import Inference
from xuncha.train.evaluation.evaluation import Evaluation, evaluate, evaluate_inference, fingerprint

MakeRow = Callable[..., Row]
OFF, EXAGGERATED = "off_platform", "exaggerated"


def whole(bundle: Bundle, rows: Sequence[Row], train: Sequence[Row] | None) -> Evaluation:
    return evaluate(bundle, rows, baselines=True, train_rows=train)


@pytest.fixture(scope="module")
def train(make_row: MakeRow) -> list[Row]:
    true = [make_row(f"t{n}", f"加微{n}号看货", [OFF], [("加微", OFF, "contact")]) for n in range(15)]
    return [*true, *(make_row(f"f{n}", f"手串{n}号", [EXAGGERATED] * (n % 2)) for n in range(24))]


def test_an_evaluation_is_json_without_nan_and_says_what_it_is_of(
    bundle: Bundle, rows: list[Row], train: list[Row]
) -> None:
    found = whole(bundle, rows, train)
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert data["format"] == 1
    assert data["model"] == bundle.model_id
    assert (data["rows"], data["train_rows"], data["point"]) == (len(rows), len(train), "balanced")
    assert data["rows_sha256"] == fingerprint(rows)
    assert data["labels"][OFF]["points"]["balanced"]["f1"]["value"] == found.labels[OFF].points["balanced"].f1.value
    assert [one["name"] for one in data["baselines"]][:2] == ["word list", "n-grams"]
    assert data["names"]["contact"] == "联系方式 · Contact details"


def test_the_same_input_gives_the_same_figures(bundle: Bundle, rows: list[Row], train: list[Row]) -> None:
    assert whole(bundle, rows, train) == whole(bundle, rows, train)


def test_figures_of_the_tiny_model(inference: Inference, rows: list[Row]) -> None:
    found = evaluate_inference(inference, rows, with_baselines=False, with_robustness=False)
    off = found.labels[OFF].points["balanced"]
    # TP: 加微 twice and 进群; FP: 微波炉; FN: 来店; the row that nobody judged counts nowhere.
    assert (off.rows, off.positives, off.flagged) == (7, 4, 4)
    assert off.f1.value == pytest.approx(2 * 3 / (2 * 3 + 1 + 1))
    assert (found.robustness, found.baselines) == ((), ())
    assert (found.challenges.pairs.hits, found.challenges.pairs.of) == (1, 1)
    assert {one.id for one in found.mistakes} == {"5", "4"}


def test_a_label_that_nobody_judged_is_undefined_and_not_zero(inference: Inference, make_row: MakeRow) -> None:
    rows = [make_row("1", "加微", [OFF], [("微", OFF, "contact")], unjudged=[EXAGGERATED])]
    found = evaluate_inference(inference, rows)
    blind = found.labels[EXAGGERATED]
    assert (blind.points["balanced"].rows, blind.average_precision.value, blind.reliability.error) == (0, None, None)
    assert blind.curve == ()


def test_other_points_flag_at_their_own_thresholds(inference: Inference, rows: list[Row]) -> None:
    strict = evaluate_inference(inference, rows, point="strict", with_baselines=False, with_robustness=False)
    assert strict.labels[OFF].thresholds == {"strict": 0.9, "balanced": 0.5, "lenient": 0.1}
    assert strict.point == "strict"


@pytest.mark.parametrize(
    ("change", "train_rows", "note"),
    [
        ({"annotator": "llm-author"}, None, "7 of the 7 rows were written and labelled by language models"),
        ({"split": "train"}, None, "7 rows stand in the training split"),
        ({}, (), "Trained baselines are left out: no training rows were given."),
    ],
)
def test_notes_say_what_a_reader_must_know(
    inference: Inference, rows: list[Row], change: dict[str, str], train_rows: Sequence[Row], note: str
) -> None:
    changed = [replace(row, **change) for row in rows][:7]  # type: ignore[arg-type]
    found = evaluate_inference(inference, changed, train_rows=train_rows, with_robustness=False)
    assert any(one.startswith(note) for one in found.notes)


def test_rows_that_are_evaluated_train_no_baseline(bundle: Bundle, rows: list[Row], train: list[Row]) -> None:
    copy = replace(rows[0], id="copy")
    found = whole(bundle, rows, [*train, copy])
    assert [one.name for one in found.baselines] == ["word list"]
    assert found.train_rows == 0
    assert found.notes == ("Trained baselines are left out: training rows are among the rows evaluated.",)


def test_nothing_to_measure_is_an_error(inference: Inference, make_row: MakeRow) -> None:
    with pytest.raises(XunchaError, match=r"^There are no rows to evaluate on\. Name a file that has some"):
        evaluate_inference(inference, [])
    with pytest.raises(XunchaError, match=r"^No row is judged for off_platform or exaggerated"):
        evaluate_inference(inference, [make_row("1", "字", unjudged=[OFF, EXAGGERATED])])
