"""A model of single characters: an ONNX graph whose evidence for a reason is a table looked up by character.

The label score is the strongest evidence of its reasons, so every figure of a text can be worked out by eye:
微, 群, 现 say contact, redirect, private deal; 最, 治, 涨, 院 say absolute, efficacy, return promise, authority.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from xuncha.labels.rows import Row, Source, Span
from xuncha.labels.taxonomy import Taxonomy
from xuncha.models.bundle import OPERATING_POINTS, REQUIRED_FILES, Bundle, file_hash, open_bundle

MakeRow = Callable[..., Row]
SIGNS = "微群现最治涨院"
STRONG, WEAK = 4.0, -4.0


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return Taxonomy.load()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def violating() -> Row:
    text = "老银元加微信a13看图,全网最低价"
    return Row(
        id="t1",
        text=text,
        source=Source.LISTING,
        labels={"off_platform": True, "exaggerated": True},
        spans=(Span(3, 11, "off_platform", "contact"), Span(12, 17, "exaggerated", "absolute")),
    )


@pytest.fixture(scope="session")
def make_row() -> MakeRow:
    """A row: `true` names its true labels, `marks` (words, label, reason) its spans; the rest as `Row` has it."""

    def make(
        row_id: str,
        text: str,
        true: Sequence[str] = (),
        marks: Sequence[tuple[str, str, str]] = (),
        unjudged: Sequence[str] = (),
        **changes: object,
    ) -> Row:
        labels = {one: one in true for one in ("off_platform", "exaggerated") if one not in unjudged}
        spans = tuple(Span(text.index(w), text.index(w) + len(w), label, reason) for w, label, reason in marks)
        fields = {"id": row_id, "text": text, "source": Source.LISTING, "labels": labels, "spans": spans, **changes}
        return Row(**fields)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def make_bundle(taxonomy: Taxonomy) -> Callable[..., Bundle]:
    """Build the model in a folder; `blind` names signs that it does not see, `known` is another taxonomy."""

    def make(folder: Path, blind: str = "", signs: str = SIGNS, known: Taxonomy = taxonomy) -> Bundle:
        folder.mkdir(parents=True)
        vocabulary = {word: place for place, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *signs])}
        tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = Split(Regex(r"[\s\S]"), "isolated")
        tokenizer.save(str(folder / "tokenizer.json"))
        table = np.full((len(vocabulary), len(signs)), WEAK, np.float32)
        for place, sign in enumerate(signs):
            table[4 + place, place] = WEAK if sign in blind else STRONG
        (folder / "model.onnx").write_bytes(graph(table, known).SerializeToString())
        for name in REQUIRED_FILES[2:]:
            (folder / name).write_text("{}" if name == "metrics.json" else "", "utf-8")
        (folder / "bundle.json").write_text(json.dumps(manifest(folder, known)), "utf-8")
        return open_bundle(folder)

    return make


def manifest(folder: Path, taxonomy: Taxonomy) -> dict[str, object]:
    labels = taxonomy.label_ids
    return {
        "format": 1,
        "name": folder.name,
        "created": "2026-01-01",
        "taxonomy": taxonomy.to_json(),
        "calibration": {label: {"slope": 1.0, "intercept": 0.0} for label in labels},
        "thresholds": {
            point: dict.fromkeys(labels, value) for point, value in zip(OPERATING_POINTS, (0.9, 0.5, 0.1), strict=True)
        },
        "evidence_thresholds": dict.fromkeys(labels, 0.5),
        "window": 64,
        "stride": 32,
        "precision": "fp32",
        "encoder": {},
        "data": {},
        "recipe": {},
        "environment": {},
        "files": {name: file_hash(folder / name) for name in REQUIRED_FILES},
    }


def graph(table: np.ndarray, taxonomy: Taxonomy) -> onnx.ModelProto:
    """input_ids → table → evidence; its greatest over the text → reasons; their greatest by label → labels."""
    reasons = taxonomy.reason_ids
    constants = {"table": table, "axis": np.array([1], np.int64)}
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["evidence_logits"]),
        helper.make_node("ReduceMax", ["evidence_logits", "axis"], ["reason_logits"], keepdims=0),
    ]
    for label in taxonomy.labels:
        constants[label.id] = np.array([reasons.index(reason.id) for reason in label.reasons], np.int64)
        nodes.append(helper.make_node("Gather", ["reason_logits", label.id], [f"{label.id}.own"], axis=1))
        nodes.append(helper.make_node("ReduceMax", [f"{label.id}.own", "axis"], [f"{label.id}.best"], keepdims=1))
    nodes.append(helper.make_node("Concat", [f"{one}.best" for one in taxonomy.label_ids], ["label_logits"], axis=1))
    floats = TensorProto.FLOAT
    shapes = {
        "label_logits": ["batch", len(taxonomy.labels)],
        "reason_logits": ["batch", len(reasons)],
        "evidence_logits": ["batch", "tokens", len(reasons)],
    }
    proto = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info(name, floats, shape) for name, shape in shapes.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(proto, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
