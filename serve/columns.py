"""Which columns hold text, and which are added to a scored table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xuncha.labels.errors import XunchaError, did_you_mean, quote
from xuncha.serve.tables.added import Shape
from xuncha.serve.tables.reading import Table, listed, require_column

WHOLE = (
    "text", "content", "文本", "文字", "内容", "正文", "原文", "文本内容", "body", "message", "msg", "消息", "消息内容",
    "弹幕", "弹幕内容", "评论", "评论内容", "评价", "评价内容", "comment", "comments", "review", "danmaku", "话术",
    "口播", "转写", "转写文本", "识别文本", "transcript", "asrtext", "sentence", "句子", "utterance",
)  # fmt: skip
"""Names of a column that holds the whole text: the first that exists is taken, alone."""

PARTS = (
    "title", "标题", "商品标题", "商品名", "商品名称", "名称", "productname", "itemtitle", "producttitle", "goodsname",
    "subtitle", "副标题", "sellingpoint", "sellingpoints", "卖点", "商品卖点", "description", "desc", "描述",
    "商品描述", "详情", "商品详情", "商品介绍", "介绍", "简介", "detail", "details", "itemdescription",
    "productdescription",
)  # fmt: skip
"""Names of columns that hold a part of a listing: all that exist are taken."""

ROLES = {
    "source": (
        "source", "sourcetype", "texttype", "channel", "来源", "文本来源", "文本类型", "来源类型", "场景", "scene",
    ),
    "id": (
        "id", "itemid", "productid", "goodsid", "skuid", "spuid", "listingid", "rowid", "uid", "编号", "商品id",
        "商品编号", "商品编码", "货号", "序号", "主键", "sku", "spu",
    ),
    "merchant": (
        "merchant", "merchantid", "merchantname", "shop", "shopid", "shopname", "store", "storeid", "storename",
        "seller", "sellerid", "sellername", "商家", "商家id", "商家名称", "商户", "商户id", "商户名称", "店铺",
        "店铺id", "店铺名", "店铺名称", "店名", "卖家", "卖家id", "主播", "主播id", "主播昵称",
    ),
    "category": (
        "category", "categoryname", "categoryid", "cat", "类目", "类目名称", "商品类目", "叶子类目", "一级类目", "品类",
        "分类", "商品分类", "类别",
    ),
    "time": (
        "time", "date", "datetime", "timestamp", "createdat", "createtime", "updatedat", "publishedat", "day", "日期",
        "时间", "创建时间", "发布时间", "上架时间", "更新时间", "开播时间",
    ),
}  # fmt: skip
"""Names of columns that say something about a row: for each role the first that exists is taken."""

_IN_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
_JOINTS = re.compile(r"[\s_\-./:*]")


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a table are for. `guessed`: nobody named the text columns."""

    text: tuple[str, ...]
    roles: Mapping[str, str]
    guessed: bool

    @property
    def source(self) -> str | None:
        """The column that says listing, speech or comment."""
        return self.roles.get("source")


def check_roles(given: Mapping[str, str]) -> None:
    """Raise `XunchaError` if there is no such role."""
    for role in given:
        if role not in ROLES:
            hint = did_you_mean(role, tuple(ROLES))
            raise XunchaError(f"--column: there is no role {quote(role)}.{hint} Choose {', '.join(ROLES)}.")


def columns_of(table: Table, text: Sequence[str], given: Mapping[str, str]) -> Columns:
    """The columns to score and the roles of others: those given, else by their names.

    `given` maps a role to a column, or to nothing where no column has it. Raises `XunchaError` for a name that is not
    there, or if no text column can be guessed.
    """
    names = text_columns(table, text)
    roles = {role: name for role, name in guessed_roles(table.columns).items() if name not in names}
    for role, name in given.items():
        roles.pop(role, None)
        if name:
            option = "--source-column" if role == "source" else "--column"
            roles[role] = require_column(table, name, option)
    return Columns(names, {role: roles[role] for role in ROLES if role in roles}, not text)


def guessed_roles(columns: Sequence[str]) -> dict[str, str]:
    """Columns by the role that their names say, in Chinese or English.

    >>> guessed_roles(["商品ID", "店铺名称", "标题", "price"])
    {'id': '商品ID', 'merchant': '店铺名称'}
    """
    plain = {folded(name): name for name in reversed(columns)}
    found = {role: next((plain[name] for name in names if name in plain), None) for role, names in ROLES.items()}
    return {role: name for role, name in found.items() if name is not None and columns.count(name) == 1}


def text_columns(table: Table, given: Sequence[str]) -> tuple[str, ...]:
    """The columns to score: those given, or else those whose names say that they hold text.

    Raises `XunchaError` for a name that is not there, or if no name can be guessed.
    """
    if given:
        names = tuple(dict.fromkeys(require_column(table, name, "--text-column") for name in given))
    else:
        names = guessed(table.columns)
        if not names:
            raise XunchaError(
                f"{table.name}: no column looks like text. Name one with --text-column; it has: "
                f"{listed(table.columns)}. If that is a row and not a header, add a header line."
            )
        for name in names:
            require_column(table, name, "--text-column")
    return names


def guessed(columns: Sequence[str]) -> tuple[str, ...]:
    """The text columns among `columns`, by their names in Chinese or English.

    >>> guessed(["id", "商品标题(必填)", "Description", "price"])
    ('商品标题(必填)', 'Description')
    >>> guessed(["title", "text"])
    ('text',)
    """
    plain = {folded(name): name for name in reversed(columns)}
    for name in WHOLE:
        if name in plain:
            return (plain[name],)
    return tuple(name for name in dict.fromkeys(columns) if folded(name) in PARTS)


def folded(name: str) -> str:
    """`name` as names are compared: without case, width, brackets, blanks and joints."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return _JOINTS.sub("", _IN_BRACKETS.sub("", folded))


def added_names(labels: Sequence[str], text_columns: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the columns that scoring adds, in order."""
    return Shape.of(labels, text_columns).names


def dropped_columns(
    table: Table, labels: Sequence[str], text_columns: Sequence[str], overwrite: bool
) -> frozenset[str]:
    """Input columns that make room for added ones. Raises `XunchaError` if there are some and not `overwrite`."""
    added = added_names(labels, text_columns)
    clash = tuple(name for name in table.columns if name in added)
    if clash and not overwrite:
        raise XunchaError(
            f"{table.name}: it already has {listed(clash)}, which scoring adds. Rename, or replace with "
            "--overwrite-columns."
        )
    return frozenset(clash)
