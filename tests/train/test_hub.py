"""`datasets` objects become rows and rows become `datasets` objects."""

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value

from xuncha.labels import Row, Source, Span, Taxonomy, XunchaError
from xuncha.labels.interchange import Reading
from xuncha.labels.interchange.hub import rows_from_dataset
from xuncha.train.hub import to_dataset, to_dataset_dict

KNOWN = Taxonomy.load()
ROWS = [
    Row(
        "1",
        "加薇😂看",
        Source.SPEECH,
        {"off_platform": True, "exaggerated": None},
        (Span(0, 2, "off_platform", "contact"),),
        origin="A",
        split="dev",
        meta={"shop": {"id": 7}},
    ),
    Row("2", "全新", Source.LISTING, {"exaggerated": False}, annotator="anna", judged_at="2026-01-02T03:04:05Z"),
]


def test_rows_come_back_from_a_dataset() -> None:
    assert list(rows_from_dataset(to_dataset(ROWS, KNOWN.label_ids), KNOWN)) == ROWS


def test_splits_are_the_parts_of_a_dataset_dict() -> None:
    parts = to_dataset_dict(ROWS, KNOWN.label_ids)
    assert {name: len(part) for name, part in parts.items()} == {"train": 1, "dev": 1}
    assert [(row.id, row.split) for row in rows_from_dataset(parts, KNOWN)] == [("2", "train"), ("1", "dev")]


def test_a_foreign_dataset_with_class_labels_loads_directly() -> None:
    names = ["exaggerated", "off_platform"]
    features = Features({"content": Value("string"), "labels": Sequence(ClassLabel(names=names))})
    part = Dataset.from_dict({"content": ["加薇", "全新"], "labels": [[1], []]}, features=features)
    reading = Reading(source=Source.COMMENT, text_column="content", unchosen_false=True)
    rows = list(rows_from_dataset(DatasetDict({"validation": part}), KNOWN, reading))
    assert [(row.id, row.text, row.split) for row in rows] == [
        ("validation-0", "加薇", "dev"),
        ("validation-1", "全新", "dev"),
    ]
    assert [dict(row.labels) for row in rows] == [
        {"off_platform": True, "exaggerated": False},
        {"off_platform": False, "exaggerated": False},
    ]


def test_an_unknown_label_in_a_dataset_is_named() -> None:
    part = Dataset.from_dict({"text": ["加薇"], "source": ["comment"], "labels": [["off_platfrom"]]})
    with pytest.raises(XunchaError) as caught:
        list(rows_from_dataset(part, KNOWN))
    assert str(caught.value) == (
        'dataset[0]: label "off_platfrom" is not in the taxonomy. Did you mean "off_platform"? '
        "`xuncha labels list` shows all."
    )
