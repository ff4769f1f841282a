from collections.abc import Callable, Sequence

import numpy as np

from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Taxonomy
from xuncha.train.evaluation.challenges import Challenges, challenges
from xuncha.train.evaluation.intervals import Resamples, groups_of
from xuncha.train.evaluation.predictions import Truth

MakeRow = Callable[..., Row]
OFF, EXAGGERATED = "off_platform", "exaggerated"


def challenged(taxonomy: Taxonomy, rows: Sequence[Row], flags: Sequence[tuple[int, int]]) -> Challenges:
    known = Truth.of(rows, taxonomy)
    return challenges(rows, taxonomy.label_ids, known, np.array(flags, bool), Resamples(groups_of(rows), count=50))


def test_a_pair_is_right_when_both_halves_are_right_on_every_label(taxonomy: Taxonomy, make_row: MakeRow) -> None:
    rows = [make_row(f"{n}{half}", "字", [OFF] * (half == "a"), group=str(n)) for n in range(3) for half in "ab"]
    # The first pair is right; the second has one half wrong; the third is right but for a false flag elsewhere.
    found = challenged(taxonomy, rows, [(1, 0), (0, 0), (1, 0), (1, 0), (1, 1), (0, 0)])
    assert (found.pairs.hits, found.pairs.of) == (1, 3)
    assert (found.pairs_by_label[OFF].hits, found.pairs_by_label[OFF].of) == (2, 3)
    assert found.pairs_by_label[EXAGGERATED].of == 0


def test_only_two_judged_rows_make_a_pair(taxonomy: Taxonomy, make_row: MakeRow) -> None:
    rows = [
        *(make_row(f"t{n}", "字", group="three") for n in range(3)),
        make_row("alone", "字", group="one"),
        make_row("p1", "字", group="blind"),
        make_row("p2", "字", group="blind", unjudged=[OFF, EXAGGERATED]),
    ]
    assert challenged(taxonomy, rows, [(0, 0)] * 6).pairs.of == 0


def test_an_unjudged_label_of_a_half_cannot_be_wrong(taxonomy: Taxonomy, make_row: MakeRow) -> None:
    rows = [make_row("a", "字", [OFF], group="p", unjudged=[EXAGGERATED]), make_row("b", "字", group="p")]
    found = challenged(taxonomy, rows, [(1, 1), (0, 0)])
    assert (found.pairs.hits, found.pairs.of) == (1, 1)


def test_disguised_rows_count_where_their_label_is_true(taxonomy: Taxonomy, make_row: MakeRow) -> None:
    rows = [
        make_row("1", "字", [OFF], kind="obfuscated"),
        make_row("2", "字", [OFF], kind="obfuscated"),
        make_row("3", "字", [EXAGGERATED], kind="obfuscated"),
        make_row("4", "字", [OFF], kind="plain"),
    ]
    found = challenged(taxonomy, rows, [(1, 0), (0, 1), (1, 0), (0, 0)])
    assert (found.obfuscated[OFF].hits, found.obfuscated[OFF].of) == (1, 2)
    assert (found.obfuscated[EXAGGERATED].hits, found.obfuscated[EXAGGERATED].of) == (0, 1)


def test_a_look_alike_is_flagged_by_any_false_flag_but_not_by_a_right_one(
    taxonomy: Taxonomy, make_row: MakeRow
) -> None:
    rows = [
        make_row("1", "字", kind="hard_negative"),
        make_row("2", "字", kind="hard_negative"),
        make_row("3", "字", [OFF], kind="hard_negative"),
        make_row("4", "字", kind="hard_negative", unjudged=[EXAGGERATED]),
        make_row("5", "字", kind="easy_negative"),
    ]
    found = challenged(taxonomy, rows, [(0, 1), (0, 0), (1, 0), (0, 1), (1, 1)])
    assert (found.look_alikes.hits, found.look_alikes.of) == (1, 4)
    assert (found.look_alikes_by_label[OFF].hits, found.look_alikes_by_label[OFF].of) == (0, 3)
