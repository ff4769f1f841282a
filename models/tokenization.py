"""Building the tokenizer of a model folder: normalisation, word pieces, a vocabulary cut to what can occur."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

from xuncha.models.normalization import build_normalizer

PAD, CLS, SEP, MASK, UNK = "[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"
SPECIALS = (PAD, UNK, CLS, SEP, MASK)


def build_tokenizer(vocabulary: Sequence[str], normalize_for: Sequence[str] | None = None) -> Tokenizer:
    """A BERT word-piece tokenizer over `vocabulary` (its order gives the ids) with xuncha's normalisation inside.

    Offsets of its encodings are code points of the original text, whatever normalisation replaced or removed.
    `normalize_for` is the vocabulary that decides which characters count as known; give the uncut one when
    `vocabulary` was cut by `reachable_pieces`, so that both tokenizers read every text alike.
    """
    ids = {piece: index for index, piece in enumerate(vocabulary)}
    known = frozenset(normalize_for or vocabulary)
    tokenizer = Tokenizer(
        models.WordPiece(ids, unk_token=UNK, continuing_subword_prefix="##", max_input_chars_per_word=512)
    )
    tokenizer.normalizer = build_normalizer(lambda char: char in known or "##" + char in known)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.BertPreTokenizer(),
            # BERT splits off punctuation only; "5×" or "500★" would be one unknown word.
            pre_tokenizers.Split(Regex(r"\p{S}"), "isolated"),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}",
        pair=f"{CLS} $A {SEP} $B:1 {SEP}:1",
        special_tokens=[(CLS, ids[CLS]), (SEP, ids[SEP])],
    )
    tokenizer.add_special_tokens([piece for piece in SPECIALS if piece in known])
    return tokenizer


def reachable_pieces(vocabulary: Sequence[str]) -> list[int]:
    """Ids of the pieces that the tokenizer can ever produce, special tokens first; the rest may be cut, exactly.

    A piece cannot occur when normalisation rewrites it (traditional, upper-case, decorated forms) or when it
    continues a word with a character that always stands alone (Han, punctuation, symbols).
    """
    tokenizer = build_tokenizer(vocabulary)
    normalize, split = tokenizer.normalizer, tokenizer.pre_tokenizer
    ids = {piece: index for index, piece in enumerate(vocabulary)}
    keep = [ids[piece] for piece in SPECIALS if piece in ids]
    for index, piece in enumerate(vocabulary):
        if piece in SPECIALS:
            continue
        body = piece.removeprefix("##")
        continues = piece != body
        shown = ("a" if continues else "") + body
        words = [word for word, _ in split.pre_tokenize_str(normalize.normalize_str(shown))]
        if words == [shown]:
            keep.append(index)
    return keep
