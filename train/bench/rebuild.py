"""The released model again as a transformers model: every peer gets the weights that the model folder ships.

An int8 graph is all that a fresh checkout has, so its integer weights times their scales become the peers' fp32
weights. No rounding is added, and none is undone: the peers compute the released network with fp32 activations.
"""

from __future__ import annotations

import json
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from xuncha.labels.errors import XunchaError
from xuncha.models.bundle import Bundle
from xuncha.train.export import Array, Layer, Linear, Norm, Weights, math_root

_MODELING = "modeling_evidence"


class _Graph:
    """Initializers and attributes of a graph that `build_graph` made, by name."""

    def __init__(self, path: Path) -> None:
        model = onnx.load(str(path))
        self.path = path
        self.nodes = list(model.graph.node)
        self._constants = {one.name: one for one in model.graph.initializer}

    def __contains__(self, name: str) -> bool:
        return name in self._constants

    def value(self, name: str) -> NDArray[Any]:
        if name not in self._constants:
            raise XunchaError(
                f'{self.path}: has no tensor "{name}", so it is no graph of this version of xuncha. '
                "Export the model again, or benchmark another one."
            )
        value: NDArray[Any] = numpy_helper.to_array(self._constants[name])
        return value

    def floats(self, name: str, scale: str) -> Array:
        value = self.value(name)
        if value.dtype.kind == "f":
            return value.astype(np.float32)
        return value.astype(np.float32) * self.value(scale).astype(np.float32)

    def linear(self, name: str) -> Linear:
        return Linear(self.floats(f"{name}.weight", f"{name}.scale"), self.value(f"{name}.bias"))

    def norm(self, name: str) -> Norm:
        return Norm(self.value(f"{name}.gain"), self.value(f"{name}.bias"))

    def epsilon(self) -> float:
        node = next(node for node in self.nodes if node.op_type == "LayerNormalization")
        return next(float(one.f) for one in node.attribute if one.name == "epsilon")

    def heads(self, hidden: int) -> int:
        for name in self._constants:
            if name.startswith("ints_0_0_") and self.value(name).size == 4:
                count, size = (int(number) for number in self.value(name)[2:])
                if count * size == hidden:
                    return count
        raise XunchaError(f"{self.path}: does not say how many attention heads it has. Export the model again.")


def read_weights(bundle: Bundle) -> Weights:
    """The weights in a model folder's graph, in fp32: `build_graph` read backwards.

    Raises `XunchaError` that names the tensor for a graph of another make.
    """
    graph = _Graph(bundle.path("model.onnx"))
    words = graph.floats("words", "words.scale")
    hidden = graph.value("layer0.norm1.gain").size
    count = next(number for number in range(1000) if f"layer{number}.norm1.gain" not in graph)
    taxonomy = bundle.taxonomy
    owners = _owners(bundle)
    pooling = str(bundle.raw["recipe"].get("pooling", "cls"))
    return Weights(
        words=words,
        positions=graph.value("positions")[:, 0],
        norm=graph.norm("embeddings"),
        project=graph.linear("embeddings_project") if "embeddings_project.weight" in graph else None,
        layers=tuple(_layer(graph, f"layer{number}") for number in range(count)),
        heads=graph.heads(hidden),
        epsilon=graph.epsilon(),
        label=graph.linear("label_first" if pooling == "evidence" else "label_logits"),
        reason=graph.linear("reason_logits"),
        evidence=graph.linear("evidence_by_token"),
        evidence_scale=graph.value("evidence_scale")
        if pooling == "evidence"
        else np.zeros(len(taxonomy.label_ids), np.float32),
        members=tuple(tuple(r for r, owner in enumerate(owners) if owner == c) for c in range(len(taxonomy.label_ids))),
        pooling=pooling,
    )


def _owners(bundle: Bundle) -> list[int]:
    taxonomy = bundle.taxonomy
    return [taxonomy.label_ids.index(taxonomy.label_of(reason).id) for reason in taxonomy.reason_ids]


def _layer(graph: _Graph, name: str) -> Layer:
    return Layer(
        query=graph.linear(f"{name}.query"),
        key=graph.linear(f"{name}.key"),
        value=graph.linear(f"{name}.value"),
        output=graph.linear(f"{name}.output"),
        norm1=graph.norm(f"{name}.norm1"),
        up=graph.linear(f"{name}.up"),
        down=graph.linear(f"{name}.down"),
        norm2=graph.norm(f"{name}.norm2"),
    )


def products_per_token(weights: Weights) -> int:
    """Multiply-accumulates of the encoder's linear layers for one token."""
    layers = [
        linear.weight.size
        for layer in weights.layers
        for linear in (layer.query, layer.key, layer.value, layer.output, layer.up, layer.down)
    ]
    return sum(layers) + (weights.project.weight.size if weights.project else 0)


def write_transformers(bundle: Bundle, weights: Weights, folder: Path) -> None:
    """Write a folder that `pipeline("text-classification", trust_remote_code=True)` loads.

    Its scores are calibrated as the bundle's are: slope and intercept are folded into the label head.
    """
    from safetensors.numpy import save_file

    if weights.project is not None:
        raise XunchaError(f"{bundle.folder}: encoders that project their embeddings (ELECTRA) have no peers here.")
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: np.ascontiguousarray(value, np.float32) for name, value in _state(bundle, weights).items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    _write(folder / "config.json", _config(bundle, weights))
    _write(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": len(weights.positions),
        "model_input_names": ["input_ids", "attention_mask"], "pad_token": "[PAD]", "unk_token": "[UNK]",
        "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
    })  # fmt: skip
    shutil.copy(bundle.path("tokenizer.json"), folder / "tokenizer.json")
    with as_file(files("xuncha.train.bench") / "programs" / f"{_MODELING}.py") as source:
        shutil.copy(source, folder / f"{_MODELING}.py")


def _config(bundle: Bundle, weights: Weights) -> dict[str, Any]:
    labels = dict(enumerate(bundle.taxonomy.label_ids))
    auto = f"{_MODELING}.EvidenceBert"
    return {
        "architectures": ["EvidenceBert"], "model_type": "bert", "problem_type": "multi_label_classification",
        "auto_map": {"AutoModel": auto, "AutoModelForSequenceClassification": auto},
        "vocab_size": len(weights.words), "hidden_size": weights.norm.gain.size,
        "num_hidden_layers": len(weights.layers), "num_attention_heads": weights.heads,
        "intermediate_size": weights.layers[0].up.bias.size, "max_position_embeddings": len(weights.positions),
        "type_vocab_size": 1, "layer_norm_eps": weights.epsilon, "hidden_act": "gelu", "pad_token_id": 0,
        "id2label": {str(place): label for place, label in labels.items()},
        "label2id": {label: place for place, label in labels.items()},
        "pooling": weights.pooling, "reason_label": _owners(bundle), "torch_dtype": "float32",
    }  # fmt: skip


def _state(bundle: Bundle, weights: Weights) -> dict[str, Array]:
    hidden = weights.norm.gain.size
    calibration = [bundle.calibration[label] for label in bundle.taxonomy.label_ids]
    slope = np.array([one.slope for one in calibration], np.float32)
    intercept = np.array([one.intercept for one in calibration], np.float32)
    state = {
        "bert.embeddings.word_embeddings.weight": weights.words,
        # Token type 0 is part of the position table.
        "bert.embeddings.position_embeddings.weight": weights.positions,
        "bert.embeddings.token_type_embeddings.weight": np.zeros((1, hidden), np.float32),
        **_norm("bert.embeddings.LayerNorm", weights.norm),
        "label_head.weight": weights.label.weight.T * slope[:, None],
        "label_head.bias": weights.label.bias * slope + intercept,
        "evidence_scale": weights.evidence_scale * slope,
        **_linear("evidence_head", weights.evidence),
    }
    for number, layer in enumerate(weights.layers):
        state |= _layer_state(f"bert.encoder.layer.{number}", layer, 1.0 / math_root(hidden // weights.heads))
    return state


def _layer_state(name: str, layer: Layer, root: float) -> dict[str, Array]:
    return {
        # The graph's query carries attention's 1/√d.
        **_linear(f"{name}.attention.self.query", Linear(layer.query.weight * root, layer.query.bias * root)),
        **_linear(f"{name}.attention.self.key", layer.key),
        **_linear(f"{name}.attention.self.value", layer.value),
        **_linear(f"{name}.attention.output.dense", layer.output),
        **_norm(f"{name}.attention.output.LayerNorm", layer.norm1),
        **_linear(f"{name}.intermediate.dense", layer.up),
        **_linear(f"{name}.output.dense", layer.down),
        **_norm(f"{name}.output.LayerNorm", layer.norm2),
    }


def _linear(name: str, layer: Linear) -> dict[str, Array]:
    return {f"{name}.weight": layer.weight.T, f"{name}.bias": layer.bias}


def _norm(name: str, norm: Norm) -> dict[str, Array]:
    return {f"{name}.weight": norm.gain, f"{name}.bias": norm.bias}


def _write(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
