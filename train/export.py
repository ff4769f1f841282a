"""The network as an ONNX graph, built node by node from its weights, in fp32 or int8.

Why not a traced export: a graph that is put together by hand keeps residual sums apart from layer normalisation (the
fused kernel is slower on CPUs), needs no mask because batches hold texts of one length, and quantizes activations with
static, calibrated scales, so that a text's score does not depend on its neighbours. Inside, states lie token by token
([L, B, H] for L tokens, B texts): the heads of attention are then strides that a matrix product can follow, and only
its result has to be moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from xuncha.labels.errors import XunchaError
from xuncha.train.network import Network

Array = NDArray[np.float32]
OPSET = 20
ENCODERS = ("bert", "ernie", "roberta", "xlm-roberta", "electra")


@dataclass(frozen=True, slots=True)
class Linear:
    """y = x @ weight + bias; weight [inputs, outputs], bias [outputs]."""

    weight: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation over the last axis."""

    gain: Array
    bias: Array


@dataclass(frozen=True, slots=True)
class Layer:
    """One transformer layer; the query's 1/√d is folded into `query`."""

    query: Linear
    key: Linear
    value: Linear
    output: Linear
    norm1: Norm
    up: Linear
    down: Linear
    norm2: Norm


@dataclass(frozen=True, slots=True)
class Weights:
    """All weights of a network as numpy arrays. `positions` holds token type 0 already."""

    words: Array
    positions: Array
    norm: Norm
    project: Linear | None
    layers: tuple[Layer, ...]
    heads: int
    epsilon: float
    label: Linear
    reason: Linear
    evidence: Linear
    evidence_scale: Array
    members: tuple[tuple[int, ...], ...]
    pooling: str


def weights_of(network: Network, window: int) -> Weights:
    """Read the weights out of a network; positions beyond `window` tokens are left out."""
    config = network.encoder.config
    if config.model_type not in ENCODERS or config.hidden_act != "gelu":
        raise XunchaError(
            f'The encoder type "{config.model_type}" ({getattr(config, "hidden_act", "?")}) cannot be exported; '
            f"those that can: {', '.join(ENCODERS)} with gelu."
        )
    state = {name: value.detach().float().numpy() for name, value in network.state_dict().items()}
    first = config.pad_token_id + 1 if config.model_type in ("roberta", "xlm-roberta") else 0
    positions = state["encoder.embeddings.position_embeddings.weight"][first : first + window]
    if len(positions) < window:
        raise XunchaError(
            f"The encoder knows {len(positions)} positions, fewer than the recipe's window of {window}. "
            "Set a smaller window."
        )
    for kind in ("token_type", "task_type"):
        table = state.get(f"encoder.embeddings.{kind}_embeddings.weight")
        positions = positions if table is None else positions + table[0]
    root = math_root(config.hidden_size // config.num_attention_heads)
    return Weights(
        words=state["encoder.embeddings.word_embeddings.weight"],
        positions=np.ascontiguousarray(positions, np.float32),
        norm=_norm(state, "encoder.embeddings.LayerNorm"),
        project=_linear(state, "encoder.embeddings_project") if "encoder.embeddings_project.weight" in state else None,
        layers=tuple(_layer(state, f"encoder.encoder.layer.{i}", root) for i in range(config.num_hidden_layers)),
        heads=config.num_attention_heads,
        epsilon=config.layer_norm_eps,
        label=_linear(state, "label_head"),
        reason=_linear(state, "reason_head"),
        evidence=_linear(state, "evidence_head"),
        evidence_scale=state["evidence_scale"],
        members=tuple(
            tuple(r for r, owner in enumerate(network.heads.reason_label) if owner == c)
            for c in range(len(network.heads.labels))
        ),
        pooling=network.heads.pooling,
    )


def math_root(size: int) -> float:
    """1/√size, the factor of scaled dot-product attention."""
    return float(1.0 / np.sqrt(size))


def _linear(state: Mapping[str, Array], name: str, factor: float = 1.0) -> Linear:
    return Linear(np.ascontiguousarray(state[name + ".weight"].T) * factor, state[name + ".bias"] * factor)


def _norm(state: Mapping[str, Array], name: str) -> Norm:
    return Norm(state[name + ".weight"], state[name + ".bias"])


def _layer(state: Mapping[str, Array], name: str, root: float) -> Layer:
    return Layer(
        query=_linear(state, f"{name}.attention.self.query", root),
        key=_linear(state, f"{name}.attention.self.key"),
        value=_linear(state, f"{name}.attention.self.value"),
        output=_linear(state, f"{name}.attention.output.dense"),
        norm1=_norm(state, f"{name}.attention.output.LayerNorm"),
        up=_linear(state, f"{name}.intermediate.dense"),
        down=_linear(state, f"{name}.output.dense"),
        norm2=_norm(state, f"{name}.output.LayerNorm"),
    )


@dataclass(slots=True)
class GraphBuilder:
    """Collects nodes and initializers. `ranges` (activation name → (low, high)) turns linear layers into int8."""

    ranges: Mapping[str, tuple[float, float]] | None = None
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)
    # The activations that enter a linear layer, to be observed in calibration.
    observed: list[str] = field(default_factory=list)

    def constant(self, name: str, value: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> str:
        """An initializer; a name given twice is one tensor."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def ints(self, *values: int) -> str:
        """A small int64 constant, shared by value."""
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def add(self, op: str, inputs: Sequence[str], name: str, domain: str = "", **attributes: object) -> str:
        """One node with one output called `name`."""
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=f"{op}:{name}", domain=domain, **attributes))
        return name

    def linear(self, x: str, layer: Linear, name: str) -> str:
        """X @ weight + bias, in int8 where the range of `x` is known."""
        if x not in self.observed:
            self.observed.append(x)
        if self.ranges is None:
            product = self.add("MatMul", [x, self.constant(f"{name}.weight", layer.weight)], f"{name}.product")
            return self.add("Add", [product, self.constant(f"{name}.bias", layer.bias)], name)
        quantized, scale, zero = self._quantized(x)
        weight, weight_scale = quantize_columns(layer.weight)
        return self.add(
            "MatMulIntegerToFloat",
            [
                quantized,
                self.constant(f"{name}.weight", weight),
                scale,
                self.constant(f"{name}.scale", weight_scale),
                zero,
                self.constant("weight_zero", np.zeros((), np.int8)),
                self.constant(f"{name}.bias", layer.bias),
            ],
            name,
            "com.microsoft",
        )

    def _quantized(self, x: str) -> tuple[str, str, str]:
        assert self.ranges is not None
        low, high = self.ranges[x]
        low, high = min(low, 0.0), max(high, 0.0)
        step = max(high - low, 1e-6) / 255.0
        scale = self.constant(f"{x}.scale", np.array(step, np.float32))
        zero = self.constant(f"{x}.zero", np.array(round(-low / step), np.uint8))
        quantized = f"{x}.quantized"
        if not any(node.output[0] == quantized for node in self.nodes):
            self.add("QuantizeLinear", [x, scale, zero], quantized)
        return quantized, scale, zero

    def norm(self, x: str, norm: Norm, epsilon: float, name: str) -> str:
        """Layer normalisation over the last axis."""
        gain, bias = self.constant(f"{name}.gain", norm.gain), self.constant(f"{name}.bias", norm.bias)
        return self.add("LayerNormalization", [x, gain, bias], name, axis=-1, epsilon=epsilon)


def quantize_columns(weight: Array) -> tuple[NDArray[np.int8], Array]:
    """Symmetric int8 weights with one scale per output column."""
    scale = np.maximum(np.abs(weight).max(axis=0), 1e-8) / 127.0
    return np.clip(np.round(weight / scale), -127, 127).astype(np.int8), scale.astype(np.float32)


def build_graph(
    weights: Weights, ranges: Mapping[str, tuple[float, float]] | None = None, observe: bool = False
) -> onnx.ModelProto:
    """The graph `input_ids` [B, L] → label, reason and evidence logits; int8 when activation ranges are given.

    `observe=True` adds the inputs of all linear layers as outputs (for calibration of the ranges).
    """
    graph = GraphBuilder(ranges)
    states = _embed(graph, weights)
    for index, layer in enumerate(weights.layers[:-1]):
        states = _full_layer(graph, states, layer, weights, f"layer{index}")
    last = f"layer{len(weights.layers) - 1}"
    states, first = _last_layer(graph, states, weights, last)
    _heads(graph, states, first, weights)
    outputs = [
        helper.make_tensor_value_info("label_logits", TensorProto.FLOAT, ["batch", weights.label.bias.size]),
        helper.make_tensor_value_info("reason_logits", TensorProto.FLOAT, ["batch", weights.reason.bias.size]),
        helper.make_tensor_value_info(
            "evidence_logits", TensorProto.FLOAT, ["batch", "tokens", weights.evidence.bias.size]
        ),
    ]
    if observe:
        outputs += [helper.make_tensor_value_info(x, TensorProto.FLOAT, None) for x in graph.observed]
    proto = helper.make_graph(
        graph.nodes,
        "xuncha",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        outputs,
        list(graph.constants.values()),
    )
    model = helper.make_model(
        proto, opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)], ir_version=9
    )
    model.producer_name = "xuncha"
    return model


def write_graph(model: onnx.ModelProto, path: Path) -> None:
    """Write the model as one file."""
    path.write_bytes(model.SerializeToString(deterministic=True))


def _embed(graph: GraphBuilder, weights: Weights) -> str:
    ids = graph.add("Transpose", ["input_ids"], "ids_by_token", perm=(1, 0))
    if graph.ranges is None:
        words = graph.add("Gather", [graph.constant("words", weights.words), ids], "word_states")
    else:
        rows, scale = quantize_columns(weights.words.T)
        table = graph.add("Gather", [graph.constant("words", rows.T), ids], "word_bytes")
        factor = graph.add("Gather", [graph.constant("words.scale", scale[:, None]), ids], "word_scales")
        words = graph.add(
            "Mul", [graph.add("Cast", [table], "word_floats", to=TensorProto.FLOAT), factor], "word_states"
        )
    tokens = graph.add("Shape", [ids], "token_count", start=0, end=1)
    table = graph.constant("positions", weights.positions[:, None])
    positions = graph.add("Slice", [table, graph.ints(0), tokens, graph.ints(0)], "position_states")
    states = graph.norm(graph.add("Add", [words, positions], "embedded"), weights.norm, weights.epsilon, "embeddings")
    return graph.linear(states, weights.project, "embeddings_project") if weights.project else states


def _by_head(graph: GraphBuilder, states: str, layer: Linear, weights: Weights, name: str) -> str:
    """[L, B, heads, size]: a linear layer's result, parted among the heads."""
    size = layer.bias.size // weights.heads
    return graph.add(
        "Reshape", [graph.linear(states, layer, name), graph.ints(0, 0, weights.heads, size)], f"{name}.by_head"
    )


def _attend(graph: GraphBuilder, query: str, key: str, value: str, name: str) -> str:
    """[L, B, H] from query, key and value [L, B, heads, size]; `transBatch` takes the first axis for L."""
    contrib = "com.microsoft"
    scores = graph.add(
        "FusedMatMul", [query, key], f"{name}.scores", contrib, transBatchA=1, transBatchB=1, transB=1
    )  # [B, heads, L, L]
    shares = graph.add("Softmax", [scores], f"{name}.shares", axis=-1)
    mixed = graph.add("FusedMatMul", [shares, value], f"{name}.mixed", contrib, transBatchB=1)
    together = graph.add("Transpose", [mixed], f"{name}.together", perm=(2, 0, 1, 3))
    return graph.add("Reshape", [together, graph.ints(0, 0, -1)], f"{name}.context")


def _after_attention(graph: GraphBuilder, states: str, context: str, layer: Layer, weights: Weights, name: str) -> str:
    attended = graph.add("Add", [graph.linear(context, layer.output, f"{name}.output"), states], f"{name}.residual1")
    states = graph.norm(attended, layer.norm1, weights.epsilon, f"{name}.norm1")
    up = graph.linear(states, layer.up, f"{name}.up")
    down = graph.linear(graph.add("Gelu", [up], f"{name}.gelu", "com.microsoft"), layer.down, f"{name}.down")
    return graph.norm(
        graph.add("Add", [down, states], f"{name}.residual2"), layer.norm2, weights.epsilon, f"{name}.norm2"
    )


def _full_layer(graph: GraphBuilder, states: str, layer: Layer, weights: Weights, name: str) -> str:
    # Three products: one packed product and a split of its result is slower, since the split copies all of it.
    query, key, value = (
        _by_head(graph, states, own, weights, f"{name}.{part}")
        for part, own in (("query", layer.query), ("key", layer.key), ("value", layer.value))
    )
    return _after_attention(graph, states, _attend(graph, query, key, value, name), layer, weights, name)


def _last_layer(graph: GraphBuilder, states: str, weights: Weights, name: str) -> tuple[str, str]:
    """All states [L, B, H] for evidence and the first [1, B, H] for labels; ONNX Runtime computes what is asked for.

    With "evidence" pooling, labels need all states, so there is one path.
    """
    layer = weights.layers[-1]
    if weights.pooling == "evidence":
        everything = _full_layer(graph, states, layer, weights, name)
        return everything, _first(graph, everything, "first")
    key, value = (
        _by_head(graph, states, own, weights, f"{name}.{part}")
        for part, own in (("key", layer.key), ("value", layer.value))
    )
    paths = []
    for path, queried in ((name, states), (f"{name}.cls", _first(graph, states, f"{name}.first"))):
        query = _by_head(graph, queried, layer.query, weights, f"{path}.query")
        context = _attend(graph, query, key, value, path)
        paths.append(_after_attention(graph, queried, context, layer, weights, path))
    return paths[0], paths[1]


def _first(graph: GraphBuilder, states: str, name: str) -> str:
    return graph.add("Slice", [states, graph.ints(0), graph.ints(1), graph.ints(0)], name)


def _heads(graph: GraphBuilder, states: str, first: str, weights: Weights) -> None:
    """Small fp32 layers: they decide, and cost nothing."""

    def dense(x: str, layer: Linear, name: str) -> str:
        product = graph.add("MatMul", [x, graph.constant(f"{name}.weight", layer.weight)], f"{name}.product")
        return graph.add("Add", [product, graph.constant(f"{name}.bias", layer.bias)], name)

    by_token = dense(states, weights.evidence, "evidence_by_token")
    evidence = graph.add("Transpose", [by_token], "evidence_logits", perm=(1, 0, 2))
    first = graph.add("Squeeze", [first, graph.ints(0)], "first_state")
    dense(first, weights.reason, "reason_logits")
    if weights.pooling == "cls":
        dense(first, weights.label, "label_logits")
        return
    pooled = []
    for label, members in enumerate(weights.members):
        own = graph.add("Gather", [evidence, graph.ints(*members)], f"label{label}.reasons", axis=2)
        best = graph.add("ReduceMax", [own, graph.ints(2)], f"label{label}.best", keepdims=0)
        share = graph.add("Softmax", [best], f"label{label}.share", axis=1)
        weighted = graph.add("Mul", [best, share], f"label{label}.weighted")
        pooled.append(graph.add("ReduceSum", [weighted, graph.ints(1)], f"label{label}.pooled", keepdims=1))
    stacked = graph.add("Concat", pooled, "pooled", axis=1)
    scaled = graph.add("Mul", [stacked, graph.constant("evidence_scale", weights.evidence_scale)], "pooled_scaled")
    graph.add("Add", [dense(first, weights.label, "label_first"), scaled], "label_logits")
