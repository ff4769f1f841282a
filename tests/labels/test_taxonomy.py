import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xuncha.labels import Taxonomy, XunchaError
from xuncha.labels.corpora import read_corpora

Change = Callable[[dict[str, Any]], Any]


def test_labels_and_reasons_come_in_the_order_of_model_outputs(taxonomy: Taxonomy) -> None:
    assert taxonomy.label_ids == ("off_platform", "exaggerated")
    assert taxonomy.reason_ids == (
        "contact",
        "redirect",
        "private_deal",
        "absolute",
        "efficacy",
        "return_promise",
        "authority",
    )


def test_every_reason_finds_its_label_and_cites_a_rule(taxonomy: Taxonomy) -> None:
    assert taxonomy.label_of("private_deal").id == "off_platform"
    assert taxonomy.label_of("authority").name_zh == "夸大宣传"
    assert taxonomy.reason("absolute").rule.citation == "《广告法》第九条第三项"
    assert len({taxonomy.reason(one).rule.id for one in taxonomy.reason_ids}) == 7


def test_a_disputed_article_number_carries_its_caution(taxonomy: Taxonomy) -> None:
    rule = taxonomy.reason("authority").rule
    assert "《反不正当竞争法》" in rule.summary_zh
    assert "引用前须核对" in rule.summary_zh


def test_every_label_shows_violations_and_allowed_lookalikes(taxonomy: Taxonomy) -> None:
    for label in taxonomy.labels:
        shown = {example.reason for example in label.examples}
        assert shown == {reason.id for reason in label.reasons} | {None}


def test_a_taxonomy_survives_json_and_pickle(taxonomy: Taxonomy) -> None:
    assert Taxonomy.from_json(json.loads(json.dumps(taxonomy.to_json()))) == taxonomy
    assert Taxonomy.from_json(taxonomy.to_json()) == taxonomy
    assert pickle.loads(pickle.dumps(taxonomy)) == taxonomy


def test_an_unknown_reason_gets_a_hint(taxonomy: Taxonomy) -> None:
    with pytest.raises(XunchaError) as caught:
        taxonomy.label_of("contacts")
    assert str(caught.value) == (
        'reason "contacts" is not in the taxonomy. Did you mean "contact"? `xuncha labels list` shows all.'
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.pop("version"), 't.yaml: field "version" is missing. Add it.'),
        (
            lambda data: data.update(lables=[]),
            't.yaml: unknown field "lables". Did you mean "labels"?',
        ),
        (lambda data: data.update(labels=[]), 't.yaml: field "labels" is empty. Name at least one label.'),
        (lambda data: data.update(version=1), 't.yaml: field "version" must be a string; got 1.'),
        (
            lambda data: data["labels"][0].pop("name_zh"),
            't.yaml: labels[off_platform]: field "name_zh" is missing. Add it.',
        ),
        (
            lambda data: data["labels"][0]["reasons"][1]["rule"].update(cite="x"),
            't.yaml: labels[off_platform].reasons[redirect].rule: unknown field "cite". '
            "Allowed: id, citation, summary_zh, summary_en.",
        ),
        (
            lambda data: data["labels"][1].update(id="off_platform"),
            't.yaml: labels: the id "off_platform" stands twice. Rename one of them.',
        ),
        (
            lambda data: data["labels"][1]["reasons"][0].update(id="contact"),
            't.yaml: labels[exaggerated].examples[0]: reason "absolute" is not one of this label\'s.',
        ),
        (
            lambda data: data["labels"][0]["examples"][0].update(reason="contract"),
            't.yaml: labels[off_platform].examples[0]: reason "contract" is not one of this label\'s. '
            'Did you mean "contact"?',
        ),
        (
            lambda data: data["labels"][0].update(reasons=[]),
            't.yaml: labels[off_platform]: field "reasons" is empty. Name at least one reason.',
        ),
    ],
)
def test_a_broken_taxonomy_is_named_by_file_and_key(taxonomy: Taxonomy, change: Change, said: str) -> None:
    data = taxonomy.to_json()
    change(data)
    with pytest.raises(XunchaError) as caught:
        Taxonomy.from_json(data, "t.yaml")
    assert str(caught.value) == said


def test_a_reason_may_stand_under_one_label_only(taxonomy: Taxonomy) -> None:
    data = taxonomy.to_json()
    data["labels"][1]["reasons"][0]["id"] = "contact"
    data["labels"][1]["examples"] = []
    with pytest.raises(XunchaError, match=r'reason: the id "contact" stands twice'):
        Taxonomy.from_json(data)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"version: '1'\nversion: '2'\n", ':2: not valid YAML: the key "version" stands twice.'),
        (b"version: [\n", ":2: not valid YAML: expected the node content, but found '<stream end>'."),
        (b"version: \xff\n", ": not UTF-8 at byte 9. Save the file as UTF-8."),
        (b"- 1\n", ": must be an object with the keys version, labels; got a list."),
    ],
)
def test_a_file_that_is_no_taxonomy_is_refused(tmp_path: Path, source: bytes, said: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(source)
    with pytest.raises(XunchaError) as caught:
        Taxonomy.load(path)
    assert str(caught.value) == f"{path}{said}"


def test_the_list_of_public_corpora_names_repository_and_licence() -> None:
    corpora = read_corpora()
    assert len({one.name for one in corpora}) == len(corpora) == 14
    assert all("/" in one.repository for one in corpora if one.commit)
