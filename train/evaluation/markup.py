"""Pieces of HTML from data that cannot be trusted: nothing in it is obeyed, hidden or fetched."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence
from importlib.resources import files

from xuncha.labels.errors import escape_controls
from xuncha.train.evaluation.intervals import Estimate, Rate

DASH = "–"
# Characters that no font draws, though Unicode does not call them control or format characters.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0")


class Html(str):
    """Markup that is safe to put into a page; every other string is escaped first."""

    __slots__ = ()


def escaped(text: str) -> Html:
    r"""`text` as HTML, with the characters that would be obeyed or hidden shown as their escapes.

    Control, format (bidi, zero-width), private and surrogate characters, line ends, and blanks of other scripts.

    >>> print(escaped("<b>" + chr(0x202E)))
    &lt;b&gt;<span class="seen">\u202e</span>
    """
    return Html("".join(map(_char, text)))


def _char(char: str) -> str:
    seen = f"\\u{ord(char):04x}" if char in _BLANK else escape_controls(char)
    return html.escape(char, quote=True) if seen == char else f'<span class="seen">{html.escape(seen)}</span>'


def attribute(text: str) -> str:
    """`text` for the inside of a double-quoted attribute, controls escaped."""
    return html.escape(escape_controls(text), quote=True)


def plain(text: str) -> Html:
    """`text` where no markup may stand, such as SVG text and page titles: escapes stand as they are."""
    return Html(attribute(text))


def element(name: str, *children: str, **attributes: str) -> Html:
    """`<name …>children</name>`. Children that are not `Html` are escaped; `class_` stands for class."""
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{attribute(value)}"' for key, value in attributes.items())
    inside = "".join(child if isinstance(child, Html) else escaped(child) for child in children)
    return Html(f"<{name}{given}>{inside}</{name}>")


def joined(parts: Iterable[str]) -> Html:
    """Parts one after the other."""
    return Html("".join(part if isinstance(part, Html) else escaped(part) for part in parts))


def table(columns: Sequence[str], lines: Iterable[Sequence[str]], *, strong: int | None = None) -> Html:
    """A table that scrolls sideways by itself; the first cell of a line is its heading, line `strong` is bold."""
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    body = [
        element(
            "tr",
            element("th", line[0], scope="row"),
            *(cell if cell.startswith("<td") and isinstance(cell, Html) else element("td", cell) for cell in line[1:]),
            **({"class_": "model"} if number == strong else {}),
        )
        for number, line in enumerate(lines)
    ]
    whole = element("table", element("thead", head), element("tbody", *body))
    return element("div", whole, class_="wide", tabindex="0", role="region", aria_label="table")


def figure(value: float | None, digits: int = 3) -> str:
    """A number with fixed digits, or a dash.

    >>> figure(0.93456), figure(None)
    ('0.935', '–')
    """
    return DASH if value is None else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    """A share in percent with one digit, or a dash."""
    return DASH if value is None else f"{100 * value:.1f} %"


def estimated(one: Estimate) -> Html:
    """A figure with its interval."""
    if one.value is None:
        return escaped(DASH)
    return joined([figure(one.value), element("small", f"{figure(one.low, 2)}–{figure(one.high, 2)}")])


def share(one: Rate) -> Html:
    """A rate in percent with its counts."""
    return joined([percent(one.share.value), element("small", f"{one.hits}/{one.of}")])


def document(title: str, body: Iterable[str]) -> Html:
    """A whole page that can load nothing and run nothing: the policy allows this one style sheet and no more."""
    css = (files("xuncha.train.evaluation") / "page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return Html(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"{element('title', plain(title))}\n<style>{css}</style>\n</head>\n<body>\n{joined(body)}\n</body>\n</html>\n"
    )
