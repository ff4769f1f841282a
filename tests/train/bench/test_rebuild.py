"""The peers' model is the released one: weights read back from the graph, scores equal by another program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from xuncha.labels.errors import XunchaError
from xuncha.models.bundle import Bundle, open_bundle
from xuncha.models.inference import Inference
from xuncha.train import publish
from xuncha.train.bench.rebuild import products_per_token, read_weights, write_transformers
from xuncha.train.export import Weights, build_graph


def arrays(weights: Weights) -> list[np.ndarray]:
    found = [weights.words, weights.positions, weights.norm.gain, weights.norm.bias, weights.evidence_scale]
    for linear in (weights.label, weights.reason, weights.evidence):
        found += [linear.weight, linear.bias]
    for layer in weights.layers:
        for linear in (layer.query, layer.key, layer.value, layer.output, layer.up, layer.down):
            found += [linear.weight, linear.bias]
        for norm in (layer.norm1, layer.norm2):
            found += [norm.gain, norm.bias]
    return found


def test_weights_read_back_are_those_that_were_written(bundle: Bundle, weights: Weights) -> None:
    found = read_weights(bundle)
    assert (found.heads, found.pooling, found.members) == (weights.heads, weights.pooling, weights.members)
    assert found.epsilon == pytest.approx(weights.epsilon)
    for one, other in zip(arrays(found), arrays(weights), strict=True):
        if one.shape == weights.evidence_scale.shape and weights.pooling == "cls" and not one.any():
            continue  # a scale that this pooling does not use
        tolerance = np.abs(other).max() / 127 if bundle.precision == "int8" else 0.0
        assert np.abs(one - other).max() <= tolerance


def test_a_graph_built_from_int8_weights_has_the_same_int8_weights(bundle: Bundle) -> None:
    if bundle.precision != "int8":
        pytest.skip("about int8")
    again = build_graph(read_weights(bundle), dict.fromkeys(_inputs(read_weights(bundle)), (-1.0, 1.0)))
    old = {one.name: one for one in onnx.load(str(bundle.path("model.onnx"))).graph.initializer}
    for one in again.graph.initializer:
        if one.name.endswith(".weight") and one.data_type == onnx.TensorProto.INT8:
            assert one.raw_data == old[one.name].raw_data, one.name


def _inputs(weights: Weights) -> list[str]:
    model = build_graph(weights, observe=True)
    return [output.name for output in model.graph.output][3:]


def test_transformers_gives_the_bundle_s_calibrated_scores_padded_or_not(
    bundle: Bundle, texts: Sequence[str], tmp_path: Path
) -> None:
    from transformers import AutoModelForSequenceClassification

    weights = read_weights(bundle)
    write_transformers(bundle, weights, tmp_path / "model")
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model", trust_remote_code=True).eval()
    if bundle.precision == "fp32":
        expected = Inference(bundle, 1).scores(texts).labels
    else:  # int8 activations round; the fp32 graph of the same weights does not
        recipe = _recipe(bundle)
        folder = publish.draft(tmp_path / "fp32", recipe, bundle.taxonomy, build_graph(weights), _tokenizer(bundle))
        manifest = publish.read_manifest(folder)
        manifest["calibration"] = bundle.raw["calibration"]
        publish.write_manifest(folder, manifest)
        expected = Inference(open_bundle(folder), 1).scores(texts).labels
    tokenizer = _tokenizer(bundle)
    tokenizer.enable_padding()
    encodings = tokenizer.encode_batch(list(texts))
    ids = torch.tensor([encoding.ids for encoding in encodings])
    mask = torch.tensor([encoding.attention_mask for encoding in encodings])
    assert (mask == 0).any()
    with torch.inference_mode():
        got = model(input_ids=ids, attention_mask=mask).logits.sigmoid().numpy()
    assert np.abs(got - expected).max() < 1e-5


def _tokenizer(bundle: Bundle):  # type: ignore[no-untyped-def]
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(bundle.path("tokenizer.json")))


def _recipe(bundle: Bundle):  # type: ignore[no-untyped-def]
    from xuncha.train.recipe import Recipe

    raw = dict(bundle.raw["recipe"])
    return Recipe.of({**raw, "int8": False}, "test")


def test_products_count_every_linear_layer_of_the_encoder(weights: Weights) -> None:
    hidden, inner = weights.norm.gain.size, weights.layers[0].up.bias.size
    assert products_per_token(weights) == len(weights.layers) * (4 * hidden * hidden + 2 * hidden * inner)


def test_a_graph_of_another_make_is_refused_by_the_tensor_it_lacks(bundle: Bundle, tmp_path: Path) -> None:
    model = onnx.load(str(bundle.path("model.onnx")))
    kept = [one for one in model.graph.initializer if one.name != "layer1.up.bias"]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    folder = tmp_path / "other"
    folder.mkdir()
    for path in bundle.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    onnx.save(model, str(folder / "model.onnx"))
    with pytest.raises(XunchaError) as error:
        read_weights(open_bundle(folder, check_hashes=False))
    assert str(error.value) == (
        f'{folder / "model.onnx"}: has no tensor "layer1.up.bias", so it is no graph of this version of xuncha. '
        "Export the model again, or benchmark another one."
    )
