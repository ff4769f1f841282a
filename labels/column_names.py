"""Names of columns in Chinese and English tables, and what each says of its column; one table for all commands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

WHOLE = (
    "text", "content", "文本", "文字", "内容", "正文", "原文", "文本内容", "body", "message", "msg", "消息", "消息内容",
    "弹幕", "弹幕内容", "评论", "评论内容", "评价", "评价内容", "comment", "comments", "review", "danmaku", "话术",
    "口播", "转写", "转写文本", "识别文本", "transcript", "asrtext", "sentence", "句子", "utterance",
)  # fmt: skip
"""Names of a column that holds the whole text: the first that exists is taken, alone."""

PARTS = (
    "title", "标题", "商品标题", "商品名", "商品名称", "名称", "productname", "itemtitle", "producttitle", "goodsname",
    "subtitle", "副标题", "sellingpoint", "sellingpoints", "卖点", "商品卖点", "description", "desc", "描述",
    "商品描述", "宝贝标题", "宝贝名称", "宝贝描述", "宝贝详情", "宝贝卖点",
    "详情", "商品详情", "商品介绍", "介绍", "简介", "detail", "details", "itemdescription",
    "productdescription",
)  # fmt: skip
"""Names of columns that hold a part of a listing: all that exist are taken."""

_MERCHANT_IDS = (
    "merchantid", "shopid", "sellerid", "storeid", "vendorid", "商家id", "商家编号", "店铺id", "店铺编号", "卖家id",
    "商户id", "商户号", "商户编号", "主播id", "roomid", "直播间id", "anchorid",
)  # fmt: skip
_MERCHANT_NAMES = (
    "merchantname", "merchant", "shopname", "shop", "sellername", "seller", "storename", "store", "商家名称", "商家名",
    "商家", "店铺名称", "店铺名", "店铺", "卖家昵称", "卖家", "商户名称", "商户", "店名", "主播昵称", "主播", "anchor",
    "host", "直播间名称", "直播间", "roomname", "room",
)  # fmt: skip

ROLES = {
    "source": (
        "source", "sourcetype", "texttype", "channel", "来源", "文本来源", "文本类型", "来源类型", "场景", "scene",
    ),
    "id": (
        "id", "rowid", "listingid", "itemid", "goodsid", "productid", "skuid", "spuid", "sku", "spu", "messageid",
        "recordid", "商品id", "商品编号", "商品编码", "货号", "链接id", "记录id", "编号", "序号", "主键", "uuid", "uid",
    ),
    "merchant": (
        *_MERCHANT_IDS, "merchant", "merchantname", "shop", "shopname", "seller", "sellername", "store", "storename",
        "vendor", "商家", "商家名称", "商家名", "店铺", "店铺名称", "店铺名", "卖家", "卖家昵称", "商户", "商户名称",
        "店名", "主播", "主播昵称", "anchor", "host", "直播间", "直播间名称", "room", "roomname",
    ),
    "merchant_name": _MERCHANT_NAMES,
    "category": (
        "category", "categoryname", "cate", "catname", "cat", "categoryid", "类目", "类目名称", "商品类目", "一级类目",
        "叶子类目", "品类", "分类", "商品分类", "类别", "行业",
    ),
    "time": (
        "day", "date", "listedon", "createdat", "createtime", "created", "publishedat", "publishtime", "eventtime",
        "dt", "日期", "上架日期", "上架时间", "发布日期", "发布时间", "创建日期", "创建时间", "直播时间", "开播时间",
        "时间", "datetime", "timestamp", "time", "ts", "updatedat", "更新时间",
    ),
    "title": (
        "title", "itemtitle", "producttitle", "goodsname", "productname", "itemname", "标题", "商品标题", "商品名称",
        "商品名", "名称", "name",
    ),
}  # fmt: skip
"""For each role the names of its column, folded: the first that a table has is taken. Merchants go by id, then name."""

_IN_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
_JOINTS = re.compile(r"[\s_\-./:*]")


def column_of(role: str, columns: Sequence[str]) -> str | None:
    """The column whose name says that it plays `role`, if one does.

    >>> column_of("merchant", ["店铺名称", "店铺ID", "price"]), column_of("time", ["price"])
    ('店铺ID', None)
    """
    plain = {folded(name): name for name in reversed(columns)}
    return next((plain[name] for name in ROLES[role] if name in plain), None)


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
