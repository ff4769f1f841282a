from collections.abc import Callable
from xml.etree import ElementTree

from xuncha.labels import Row, Span, Taxonomy
from xuncha.labels.picture import stats_picture
from xuncha.labels.stats import count_rows

MakeRow = Callable[..., Row]
SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_shows_every_count_and_takes_nothing_as_markup(taxonomy: Taxonomy, make_row: MakeRow) -> None:
    rows = [
        make_row(
            "1", "加薇", labels={"off_platform": True}, spans=(Span(0, 2, "off_platform", "contact"),), split="dev"
        ),
        make_row("2", "全新", labels={"off_platform": False}, kind="<script>\x1b"),
        make_row("3", "包邮", labels={"off_platform": None}),
    ]
    picture = stats_picture(count_rows(rows), taxonomy)
    root = ElementTree.fromstring(picture)
    told = [one.text for one in root.iter(f"{SVG}title")]
    assert {"all rows: 1 true", "all rows: 1 false", "all rows: 1 not judged", "split: dev: 1 true"} <= {*told}
    assert "off_platform/contact: 1 spans" in told and "kind: <script>\\x1b: 1 false" in told
    words = [one.text or "" for one in root.iter(f"{SVG}text")]
    assert "3 rows, 1 evidence spans" in words
    assert all(any(label.name_zh in word for word in words) for label in taxonomy.labels)
    assert not list(root.iter(f"{SVG}script"))


def test_an_empty_file_gives_a_picture_too(taxonomy: Taxonomy) -> None:
    assert ElementTree.fromstring(stats_picture(count_rows([]), taxonomy)) is not None
