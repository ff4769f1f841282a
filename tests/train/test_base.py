"""The encoder that training starts from keeps every piece at its own embedding."""

from __future__ import annotations

import pytest
import torch
from transformers import BertConfig

from xuncha.labels.errors import XunchaError
from xuncha.models.tokenization import SPECIALS
from xuncha.train.base import by_id, cut_vocabulary, load_base
from xuncha.train.network import new_encoder


def test_an_id_without_a_piece_keeps_its_place() -> None:
    assert by_id({"a": 0, "c": 2}) == ["a", "[unused1]", "c"]


def test_cutting_the_vocabulary_keeps_every_piece_at_its_own_embedding() -> None:
    pieces = {"加": 5, "國": 7, "国": 8, "##国": 9, "信": 10, "※": 11}
    vocabulary = by_id({**{piece: i for i, piece in enumerate(SPECIALS)}, **pieces})
    config = BertConfig(vocab_size=12, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
    encoder = new_encoder(config)
    before = encoder.get_input_embeddings().weight.detach().clone()
    encoder, tokenizer = cut_vocabulary(encoder, vocabulary)
    after = encoder.get_input_embeddings().weight.detach()
    for piece in ("加", "国", "信", "[UNK]", "[CLS]"):
        assert torch.equal(after[tokenizer.token_to_id(piece)], before[vocabulary.index(piece)])
    assert tokenizer.token_to_id("國") is None and tokenizer.token_to_id("##国") is None
    assert tokenizer.encode("國", add_special_tokens=False).tokens == ["国"]


def test_an_unknown_base_is_one_sentence_and_asks_no_hub() -> None:
    with pytest.raises(XunchaError, match='There is no committed base "bsae"'):
        load_base("bsae", [])
