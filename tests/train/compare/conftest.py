"""Models of single characters that see or miss a sign, and rows on which that shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from xuncha.labels.rows import Row
from xuncha.labels.taxonomy import Label, Reason, Rule, Taxonomy
from xuncha.models.bundle import Bundle

MakeRow = Callable[..., Row]
OFF, EXTREME, NEW = "off_platform", "exaggerated", "noncompliant_info"


@pytest.fixture(scope="session")
def wider(taxonomy: Taxonomy) -> Taxonomy:
    """The packaged taxonomy with a third label of one reason."""
    rule = Rule("X1", "规则", "缺少商品信息", "Goods information is missing")
    reason = Reason("missing", "信息缺失", "Missing", "没有材质、规格", "No material or size", rule)
    label = Label(NEW, "商品信息不合规", "Noncompliant information", "信息缺失", "Missing", (), (), (reason,))
    return replace(taxonomy, labels=(*taxonomy.labels, label))


@pytest.fixture(scope="session")
def models(
    make_bundle: Callable[..., Bundle], wider: Taxonomy, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Bundle]:
    """`whole` sees every sign, `blind` misses 微, `dull` misses 群, `wide` knows a third label by the sign 缺."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "whole": make_bundle(folder / "whole"),
        "blind": make_bundle(folder / "blind", blind="微"),
        "dull": make_bundle(folder / "dull", blind="群"),
        "wide": make_bundle(folder / "wide", signs="微群现最治涨院缺", known=wider),
    }


@pytest.fixture(scope="session")
def rows(make_row: MakeRow) -> list[Row]:
    """100 rows each with 微 and with 最, 20 with 群 (true), and 100 without any sign."""
    out = []
    for number in range(100):
        kind = "obfuscated" if number % 2 else "plain"
        out.append(make_row(f"w{number}", f"加微{number}", [OFF], [("加微", OFF, "contact")], kind=kind, origin="A"))
        out.append(make_row(f"z{number}", f"最好{number}", [EXTREME], [("最好", EXTREME, "absolute")], origin="B"))
        out.append(make_row(f"n{number}", f"好货{number}", kind="hard_negative", origin="B"))
    out += [
        make_row(f"q{n}", f"进群{n}", [OFF], [("群", OFF, "redirect")], kind="group", origin="C") for n in range(20)
    ]
    return out


@pytest.fixture(scope="session")
def cases(make_row: MakeRow) -> list[Row]:
    """Twelve cases of two capabilities."""
    plain = [make_row(f"c{n}", f"微{n}", [OFF], [("微", OFF, "contact")], origin="contact") for n in range(8)]
    return [*plain, *(make_row(f"d{n}", f"购物车{n}", origin="own means") for n in range(4))]


@pytest.fixture
def saved(rows: list[Row], tmp_path: Path) -> Path:
    from xuncha.labels.io import write_rows

    path = tmp_path / "rows.jsonl"
    write_rows(path, rows)
    return path
