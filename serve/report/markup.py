"""Pieces of HTML from data that cannot be trusted: nothing in it is obeyed, hidden or fetched."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from xuncha.serve.visible import visible


class Html(str):
    """Markup that is safe to put into a page; every other string is escaped first."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """`text` as HTML, also for the inside of a quoted attribute, with what is hidden made visible.

    >>> print(escaped("<b>" + chr(0x202E)))
    &lt;b&gt;‹U+202E›
    """
    return Html(html.escape(visible(text), quote=True))


def element(name: str, *children: str, **attributes: str) -> Html:
    """`<name …>children</name>`. Children that are not `Html` are escaped; `class_` stands for class."""
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{given}>{joined(children)}</{name}>")


def joined(parts: Iterable[str]) -> Html:
    """Parts one after the other."""
    return Html("".join(part if isinstance(part, Html) else escaped(part) for part in parts))


def box(title: str, *children: str) -> Html:
    """A titled box."""
    return element("section", element("h2", title), *children, class_="box")


def table(columns: Sequence[str], lines: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> Html:
    """A table whose first column is headings; the columns at `numbers` are set flush right."""
    right = set(numbers)
    kinds = [{"class_": "n"} if at in right else {} for at in range(len(columns))]
    heads = [element("th", name, scope="col", **kind) for name, kind in zip(columns, kinds, strict=True)]
    body = [
        element(
            "tr",
            element("th", line[0], scope="row"),
            *(element("td", cell, **kind) for cell, kind in zip(line[1:], kinds[1:], strict=True)),
        )
        for line in lines
    ]
    whole = element("table", element("thead", element("tr", *heads)), element("tbody", *body))
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label="、".join(columns[:3]))


def percent(share: float) -> str:
    """A share in percent with one digit."""
    return f"{share:.1%}"


def meter(share: float, kind: str = "all") -> Html:
    """A small bar as long as `share` of its place, for the eye only: the number stands beside it."""
    bar = f'<rect class="{escaped(kind)}" width="{100 * min(max(share, 0), 1):.1f}" height="10"/>'
    picture = f'<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{bar}</svg>'
    return element("span", Html(picture), class_="meter")
