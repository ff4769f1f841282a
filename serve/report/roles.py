"""Which column of a scored table plays which part, guessed from common Chinese and English names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from xuncha.serve.columns import folded
from xuncha.serve.tables import Table
from xuncha.serve.tables.reading import require_column

NONE = "-"
"""Value of a role option that says: no column plays this part."""

NAMES = {
    "id": (
        "id", "rowid", "listingid", "itemid", "goodsid", "productid", "skuid", "spuid", "sku", "messageid", "recordid",
        "商品id", "商品编号", "商品编码", "链接id", "记录id", "编号", "uuid",
    ),
    "merchant": (
        "merchantid", "shopid", "sellerid", "storeid", "vendorid", "商家id", "商家编号", "店铺id", "店铺编号", "卖家id",
        "商户id", "商户号", "商户编号", "主播id", "roomid", "直播间id", "anchorid", "merchant", "merchantname", "shop",
        "shopname", "seller", "sellername", "store", "storename", "vendor", "商家", "商家名称", "商家名", "店铺",
        "店铺名称", "店铺名", "卖家", "卖家昵称", "商户", "商户名称", "店名", "主播", "主播昵称", "anchor", "host",
        "直播间", "直播间名称", "room", "roomname",
    ),
    "merchant_name": (
        "merchantname", "merchant", "shopname", "shop", "sellername", "seller", "storename", "store", "商家名称",
        "商家名", "商家", "店铺名称", "店铺名", "店铺", "卖家昵称", "卖家", "商户名称", "商户", "店名", "主播昵称",
        "主播", "anchor", "host", "直播间名称", "直播间", "roomname", "room",
    ),
    "category": (
        "category", "categoryname", "cate", "catname", "cat", "类目", "类目名称", "商品类目", "一级类目", "叶子类目",
        "品类", "分类", "商品分类", "行业",
    ),
    "day": (
        "day", "date", "listedon", "createdat", "createtime", "created", "publishedat", "publishtime", "eventtime",
        "dt", "日期", "上架日期", "上架时间", "发布日期", "发布时间", "创建日期", "创建时间", "直播时间", "开播时间",
        "时间", "datetime", "timestamp", "time", "ts",
    ),
    "title": (
        "title", "itemtitle", "producttitle", "goodsname", "productname", "itemname", "标题", "商品标题", "商品名称",
        "商品名", "名称", "name",
    ),
    "source": ("source", "texttype", "来源", "文本来源", "来源类型", "场景"),
}  # fmt: skip
"""Names of each role's column, folded; the first that a table has is taken."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The column that plays each part, or None. `merchant` tells merchants apart, `merchant_name` is shown."""

    id: str | None = None
    merchant: str | None = None
    merchant_name: str | None = None
    category: str | None = None
    day: str | None = None
    title: str | None = None
    source: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that plays a part, once."""
        return tuple(dict.fromkeys(name for name in self._by_role().values() if name))

    def shown(self) -> str:
        """The choice in one line, for people: `id=listing_id · merchant=shop …`."""
        return " · ".join(f"{role}={name or NONE}" for role, name in self._by_role().items())

    def _by_role(self) -> dict[str, str | None]:
        return {one.name: getattr(self, one.name) for one in fields(self)}


def find_roles(table: Table, given: Mapping[str, str]) -> Roles:
    """The roles that the user gave (`-` for none) and, for the others, those that column names suggest.

    Raises `XunchaError` for a given column that the table does not have.
    """
    found: dict[str, str | None] = guessed_roles(table.columns)
    for role, name in given.items():
        option = f"--{role.replace('_', '-')}-column"
        found[role] = None if name == NONE else require_column(table, name, option)
    if "merchant" in given and "merchant_name" not in given and found["merchant"] is None:
        found["merchant_name"] = None
    return Roles(**found)


def guessed_roles(columns: Sequence[str]) -> dict[str, str | None]:
    """The column of each role, by name.

    >>> guessed_roles(["商品ID", "店铺ID", "店铺名称(展示)", "类目"])["merchant_name"]
    '店铺名称(展示)'
    """
    plain = {folded(name): name for name in reversed(columns)}
    return {role: next((plain[name] for name in names if name in plain), None) for role, names in NAMES.items()}
