"""Recipes reject what they do not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.train import recipe as recipes
from xuncha.train.recipe import Recipe


def test_every_shipped_recipe_reads() -> None:
    assert {"nano", "debug", "teacher", "distil"} <= set(recipes.names())
    for name in recipes.names():
        assert recipes.find(name).name == name


def test_an_unknown_key_is_refused_with_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "x"\nencoder = "tiny"\nepoch = 3\n')
    with pytest.raises(XunchaError) as caught:
        Recipe.read(path)
    assert str(caught.value) == (
        f'{path}: unknown key "epoch". Did you mean "epochs"? docs/retraining.md lists all keys.'
    )


def test_a_wrong_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "x"\nencoder = "tiny"\nbatch_size = "32"\n')
    with pytest.raises(XunchaError, match="key \"batch_size\" must be int, not str \\('32'\\)"):
        Recipe.read(path)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "x"\n')
    with pytest.raises(XunchaError, match='key "encoder" is missing'):
        Recipe.read(path)


def test_an_unknown_recipe_lists_those_that_ship() -> None:
    with pytest.raises(XunchaError, match='There is no recipe "nnao". Shipped recipes: .*debug.*nano'):
        recipes.find("nnao")


def test_the_rules_of_the_gate_are_a_table_of_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "x"\nencoder = "tiny"\n[gate]\ntolerance = 0.01\n')
    recipe = Recipe.read(path)
    assert (recipe.gate.tolerance, recipe.gate.point) == (0.01, "balanced")
    path.write_text('name = "x"\nencoder = "tiny"\ngate = 3\n')
    with pytest.raises(XunchaError) as caught:
        Recipe.read(path)
    assert str(caught.value) == f"{path}: [gate] must be a table of rules, not 3."
