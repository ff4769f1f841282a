"""The encoder that training starts from: a committed base, a Hugging Face folder or hub name, or a tiny random one."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertConfig, PreTrainedModel

from xuncha.labels.errors import XunchaError, did_you_mean
from xuncha.models.tokenization import SPECIALS, UNK, build_tokenizer, reachable_pieces
from xuncha.train.network import Network, new_encoder, pretrained_encoder

TINY = "tiny"


def load_base(name: str, texts: Iterable[str]) -> tuple[PreTrainedModel, Tokenizer]:
    """An encoder and its tokenizer. `texts` give the characters of the tiny encoder's vocabulary.

    A name without a slash that is a folder of `xuncha.models` is a committed base. Any other encoder gets xuncha's
    normalisation and loses the word pieces that this normalisation can never produce.
    """
    if name == TINY:
        return _tiny(texts)
    folder = base_folder(name)
    if (folder / "tokenizer.json").is_file() and (folder / "config.json").is_file() and _is_ours(folder):
        return pretrained_encoder(str(folder)), Tokenizer.from_file(str(folder / "tokenizer.json"))
    if "/" not in name and not folder.exists():
        known = [path.parent.name for path in Path(str(files("xuncha.models"))).glob("*/heads.json")]
        raise XunchaError(
            f'There is no committed base "{name}".{did_you_mean(name, known)} '
            "Give the path of a folder with config.json and weights, or a hub name with its owner (owner/name)."
        )
    try:
        encoder = pretrained_encoder(name)
        vocabulary = AutoTokenizer.from_pretrained(name).get_vocab()
    except OSError as error:
        raise XunchaError(
            f'The encoder "{name}" is neither a committed base, nor a folder, nor a model that the hub could give '
            f"({str(error).splitlines()[0]}). Give the path of a folder with config.json and weights."
        ) from None
    return cut_vocabulary(encoder, by_id(vocabulary))


def by_id(vocabulary: Mapping[str, int]) -> list[str]:
    """Pieces in the order of their ids. An id without a piece (a doubled line of vocab.txt) keeps its place."""
    pieces = [f"[unused{number}]" for number in range(max(vocabulary.values()) + 1)]
    for piece, number in vocabulary.items():
        pieces[number] = piece
    return pieces


def cut_vocabulary(encoder: PreTrainedModel, vocabulary: list[str]) -> tuple[PreTrainedModel, Tokenizer]:
    """Drop the pieces that cannot occur from the embedding table, in place; every text keeps its pieces."""
    if UNK not in vocabulary:
        raise XunchaError("Only encoders with BERT's word pieces can be used: this vocabulary has no [UNK].")
    keep = reachable_pieces(vocabulary)
    table = encoder.get_input_embeddings()
    cut = torch.nn.Embedding(len(keep), table.embedding_dim, padding_idx=0)
    cut.weight.data = table.weight.data[keep].clone()
    encoder.set_input_embeddings(cut)
    encoder.config.vocab_size = len(keep)
    encoder.config.pad_token_id = 0
    return encoder, build_tokenizer([vocabulary[index] for index in keep], vocabulary)


def save_base(network: Network, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a base: encoder config, fp16 safetensors, the heads with their names, and the tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("label_head", "reason_head", "evidence_head", "evidence_scale")
    heads = {key: value.clone() for key, value in network.state_dict().items() if key.startswith(names)}
    save_file(heads, folder / "heads.safetensors")
    (folder / "heads.json").write_text(json.dumps(asdict(network.heads), indent=1) + "\n", encoding="utf-8")
    copy.deepcopy(network.encoder).half().save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def warm_start(network: Network, name: str) -> tuple[str, ...]:
    """Give labels and reasons that the base already knows the weights they have there; returns the labels known.

    Names decide, not order: a new label or reason starts from nothing beside them.
    """
    folder = base_folder(name)
    if not (folder / "heads.safetensors").is_file():
        return ()
    old = load_file(folder / "heads.safetensors")
    given = json.loads((folder / "heads.json").read_text(encoding="utf-8"))
    with torch.no_grad():
        for head, known, wanted in (
            ("label_head", given["labels"], network.heads.labels),
            ("reason_head", given["reasons"], network.heads.reasons),
            ("evidence_head", given["reasons"], network.heads.reasons),
        ):
            layer = getattr(network, head)
            for place, one in enumerate(wanted):
                if one in known:
                    layer.weight[place] = old[f"{head}.weight"][known.index(one)]
                    layer.bias[place] = old[f"{head}.bias"][known.index(one)]
        for place, label in enumerate(network.heads.labels):
            if label in given["labels"]:
                network.evidence_scale[place] = old["evidence_scale"][given["labels"].index(label)]
    return tuple(label for label in network.heads.labels if label in given["labels"])


def base_folder(name: str) -> Path:
    """Where a committed base lies; any other name is taken as a path."""
    committed = Path(str(files("xuncha.models").joinpath(name)))
    return committed if "/" not in name and (committed / "config.json").is_file() else Path(name)


def _is_ours(folder: Path) -> bool:
    normalizer = Tokenizer.from_file(str(folder / "tokenizer.json")).normalizer
    return "Precompiled" in repr(normalizer)


def _tiny(texts: Iterable[str]) -> tuple[PreTrainedModel, Tokenizer]:
    characters = sorted({char.lower() for text in texts for char in text if not char.isspace()})
    latin = [f"##{char}" for char in "abcdefghijklmnopqrstuvwxyz0123456789"]
    vocabulary = list(dict.fromkeys([*SPECIALS, *characters, *(piece[2:] for piece in latin), "※", *latin]))
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
        max_position_embeddings=512, attn_implementation="eager", pad_token_id=0,
    )  # fmt: skip
    return new_encoder(config), build_tokenizer(vocabulary)
