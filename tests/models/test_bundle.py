"""The model folder is read whole and strictly; every error names file and key."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xuncha.labels.errors import XunchaError
from xuncha.models.bundle import Bundle, hashes_checked, open_bundle, shipped_bundles
from xuncha.serve.scorer import Scorer


@pytest.fixture
def copy(nano: Bundle, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    shutil.copytree(nano.folder, folder)
    return folder


def change(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "bundle.json"
    raw = json.loads(path.read_text())
    edit(raw)
    path.write_text(json.dumps(raw, ensure_ascii=False))


def message(folder: Path) -> str:
    with pytest.raises(XunchaError) as caught:
        open_bundle(folder)
    return str(caught.value)


def test_the_released_model_ships_and_opens(nano: Bundle) -> None:
    assert "nano" in shipped_bundles()
    assert nano.taxonomy.label_ids == ("off_platform", "exaggerated")
    assert nano.model_id == f"nano@{nano.fingerprint}"


def test_an_unknown_key_is_refused_with_a_hint(copy: Path) -> None:
    change(copy, lambda raw: raw.update(treshold=1))
    assert message(copy).startswith(f'{copy}/bundle.json: unknown key "treshold".')


def test_a_missing_key_is_named(copy: Path) -> None:
    change(copy, lambda raw: raw.pop("window"))
    assert message(copy) == f'{copy}/bundle.json: key "window" is missing.'


def test_a_threshold_for_an_unknown_label_is_refused(copy: Path) -> None:
    change(copy, lambda raw: raw["thresholds"]["balanced"].update(off_platfrom=0.5))
    assert 'thresholds.balanced: unknown key "off_platfrom". Did you mean "off_platform"?' in message(copy)


def test_a_threshold_that_is_no_probability_is_refused(copy: Path) -> None:
    change(copy, lambda raw: raw["thresholds"]["strict"].update(exaggerated=1.5))
    assert '"exaggerated" must be a probability, not 1.5.' in message(copy)


def test_a_changed_file_is_refused(copy: Path) -> None:
    (copy / "metrics.json").write_text("{}")
    assert message(copy) == (
        f"{copy}/metrics.json: is not the file that bundle.json names (sha256 differs). Get the folder again, whole."
    )


def test_a_changed_file_is_refused_when_its_hash_is_checked_beside_other_work(copy: Path) -> None:
    (copy / "tokenizer.json").write_text("{}")
    bundle = open_bundle(copy, check_hashes=False)
    differs = "tokenizer.json: is not the file that bundle.json names"
    with pytest.raises(XunchaError, match=differs), hashes_checked(bundle):
        pass
    with pytest.raises(XunchaError, match=differs), hashes_checked(bundle):
        raise XunchaError("it does not load")
    with pytest.raises(XunchaError, match=differs):
        Scorer.load(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "model.onnx").unlink()
    assert message(copy) == f"{copy}/model.onnx: is missing from the model folder. Get the folder again, whole."


def test_a_newer_format_is_refused(copy: Path) -> None:
    change(copy, lambda raw: raw.update(format=99))
    assert "format 99 is not the format 1 that this version of xuncha reads" in message(copy)


def test_broken_json_is_one_sentence(copy: Path) -> None:
    (copy / "bundle.json").write_text("{")
    assert message(copy).startswith(f"{copy}/bundle.json: is not valid JSON")


def test_label_count_must_be_the_models_output_width(copy: Path) -> None:
    from xuncha.models.inference import Inference

    def drop_a_reason(raw: dict[str, Any]) -> None:
        raw["taxonomy"]["labels"][0]["reasons"].pop()
        raw["taxonomy"]["labels"][0]["examples"] = []

    change(copy, drop_a_reason)
    with pytest.raises(XunchaError, match="answers for 2 labels and 7 reasons, but bundle.json names 2 and 6"):
        Inference(open_bundle(copy))


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(XunchaError, match='There is no model "nanoo". Did you mean "nano"\\? Shipped models: nano'):
        open_bundle("nanoo")


def test_a_stride_that_would_lose_text_is_refused(copy: Path) -> None:
    change(copy, lambda raw: raw.update(stride=raw["window"]))
    assert '"stride" must be between 1 and window - 2' in message(copy)
