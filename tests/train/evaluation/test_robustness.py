from collections.abc import Callable

import pytest

from xuncha.labels.rows import Row
from xuncha.models.inference import Inference
from xuncha.train.attack import FAMILIES
from xuncha.train.evaluation.intervals import Resamples, groups_of
from xuncha.train.evaluation.predictions import predict
from xuncha.train.evaluation.robustness import Attacked, rewritten, robustness

MakeRow = Callable[..., Row]
OFF = "off_platform"


@pytest.fixture(scope="module")
def rows(make_row: MakeRow) -> list[Row]:
    true = [make_row(f"t{n}", f"好东西{n}号 加微", [OFF], [("加微", OFF, "contact")]) for n in range(30)]
    clean = [make_row(f"c{n}", f"手串{n}号很好看") for n in range(30)]
    return [*true, *clean]


@pytest.fixture(scope="module")
def attacked(inference: Inference, rows: list[Row]) -> dict[str, Attacked]:
    found = robustness(inference, predict(inference, rows), Resamples(groups_of(rows), count=50))
    return {one.family: one for one in found}


def test_every_family_is_tried_alone(attacked: dict[str, Attacked]) -> None:
    assert list(attacked) == list(FAMILIES)


def test_only_rows_that_a_family_changes_count(attacked: dict[str, Attacked]) -> None:
    # 加微 holds no digit, and none of its signs differs in traditional script.
    assert attacked["digits"].recall[OFF].after.of == 0
    assert attacked["digits"].false_flags.after.of > 0
    assert attacked["separator"].recall[OFF].before.of == attacked["separator"].recall[OFF].after.of > 0


def test_recall_is_lost_where_the_sign_is_rewritten_and_kept_where_it_stays(attacked: dict[str, Attacked]) -> None:
    zero_width, split = (attacked[name].recall[OFF] for name in ("zero_width", "split"))
    assert zero_width.before.share.value == zero_width.after.share.value == 1
    assert split.before.share.value == 1
    assert split.after.share.value is not None
    assert split.after.share.value < 1


def test_clean_rows_stay_clean_for_a_model_that_looks_for_signs(attacked: dict[str, Attacked]) -> None:
    assert attacked["separator"].false_flags.after.hits == 0


def test_the_same_seed_rewrites_the_same_and_only_the_evidence(inference: Inference, rows: list[Row]) -> None:
    predictions = predict(inference, rows)
    first, again, other = (rewritten(predictions, "homophone", seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    for row, text in zip(rows[:30], first[:30], strict=True):
        assert text is None or text.startswith(row.text[: row.spans[0].start])


def test_rows_that_cannot_be_attacked_are_left_alone(inference: Inference, make_row: MakeRow) -> None:
    rows = [make_row("no span", "加微", [OFF]), make_row("blind", "加微", unjudged=[OFF, "exaggerated"])]
    assert rewritten(predict(inference, rows), "homophone") == [None, None]
