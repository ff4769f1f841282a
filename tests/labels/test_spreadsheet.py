"""Apostrophes that make cells inert: put, and taken off again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuncha.labels.spreadsheet import FORMULA, inert, is_scored, marked, plain

_CELLS = st.text(st.sampled_from([*FORMULA, "'", "1", ".", "加"]), max_size=6)


@given(_CELLS)
def test_every_cell_comes_back_whether_it_was_inert_or_marked(cell: str) -> None:
    assert plain(inert(cell)) == cell
    assert plain(marked(cell)) == cell


@pytest.mark.parametrize("first", FORMULA)
def test_a_cell_that_looks_like_a_formula_is_inert(first: str) -> None:
    assert inert(f"{first}加V") == f"'{first}加V"
    assert marked(f"{first}加V") == f"{first}加V"


@pytest.mark.parametrize("columns", [("text", "evidence"), ("status", "model"), ("flag_a", "status"), ("evidence",)])
def test_a_table_without_the_columns_that_scoring_adds_is_none_of_ours(columns: tuple[str, ...]) -> None:
    assert not is_scored(columns)
    assert is_scored(("flag_a", "evidence", "status")) and is_scored(("flag_a", "evidence", "model"))
