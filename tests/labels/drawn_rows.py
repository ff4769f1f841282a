"""Rows for property tests: every field, and texts that formats and programs stumble over."""

from datetime import UTC

from hypothesis import strategies as st

from xuncha.labels import Row, Source, Span, Taxonomy

KNOWN = Taxonomy.load()
NASTY = (
    *("=1+1", "+x", "-x", "@x", "\tx", "\rx", "'=x", "'x", "_x000D_", "x005F_", "_x005F_x0001_", "null", "true", "1"),
    *("\0a", "a\x1b[31m", "a\u202eb", "\ufeffa", "a\r\nb", 'a"b,c', "a\u2028b", "👨\u200d👩加V", "＝x", " a ", "nan"),
)
words = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    str.strip
)
maybe = st.none() | words
json_values = st.recursive(st.none() | st.booleans() | st.integers() | words, st.lists, max_leaves=4)
times = st.datetimes(timezones=st.just(UTC)).map(lambda when: when.isoformat())


@st.composite
def any_row(draw: st.DrawFn) -> Row:
    text = draw(words)
    labels = draw(st.dictionaries(st.sampled_from(KNOWN.label_ids), st.none() | st.booleans()))
    spans = []
    for label in (label for label, judged in labels.items() if judged):
        for _ in range(draw(st.integers(0, 2))):
            start = draw(st.integers(0, len(text) - 1))
            reason = draw(st.sampled_from([reason.id for reason in KNOWN.label(label).reasons]))
            spans.append(Span(start, draw(st.integers(start + 1, len(text))), label, reason))
    return Row(
        id=draw(words),
        text=text,
        source=draw(st.sampled_from(Source)),
        labels=labels,
        spans=tuple(spans),
        origin=draw(st.just("") | words),
        kind=draw(maybe),
        group=draw(maybe),
        merchant=draw(maybe),
        annotator=draw(maybe),
        split=draw(st.sampled_from([None, "train", "dev", "test"])),
        judged_at=draw(st.none() | times),
        meta=draw(st.dictionaries(words, json_values, max_size=2)),
    )
