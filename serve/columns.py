"""Which columns hold text, and which are added to a scored table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from xuncha.labels.errors import XunchaError
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

_IN_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
_JOINTS = re.compile(r"[\s_\-./:*]")


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
    plain = {_plain(name): name for name in reversed(columns)}
    for name in WHOLE:
        if name in plain:
            return (plain[name],)
    return tuple(name for name in dict.fromkeys(columns) if _plain(name) in PARTS)


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return _JOINTS.sub("", _IN_BRACKETS.sub("", folded))


def added_names(labels: Sequence[str]) -> tuple[str, ...]:
    """Names of the columns that scoring adds, in order."""
    return Shape(tuple(labels)).names


def dropped_columns(table: Table, labels: Sequence[str], overwrite: bool) -> frozenset[str]:
    """Input columns that make room for added ones. Raises `XunchaError` if there are some and not `overwrite`."""
    added = added_names(labels)
    clash = tuple(name for name in table.columns if name in added)
    if clash and not overwrite:
        raise XunchaError(
            f"{table.name}: it already has {listed(clash)}, which scoring adds. Rename, or replace with "
            "--overwrite-columns."
        )
    return frozenset(clash)
