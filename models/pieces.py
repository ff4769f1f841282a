"""Texts as word pieces: the bundle's tokenizer, asked a few texts at a time.

An `Encoding` of the tokenizers library takes some 140 bytes a token, ids as bytes take four. So only a slice of the
texts is ever held as encodings, and offsets are looked up again for the few texts whose evidence is wanted.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence

from tokenizers import Tokenizer

from xuncha.labels.errors import XunchaError
from xuncha.models.bundle import Bundle

SLICE_TEXTS = 256
SLICE_CHARS = 1 << 15
ID_BYTES = array("i").itemsize

Spans = tuple[tuple[int, int], ...]


def read_tokenizer(bundle: Bundle) -> Tokenizer:
    """The bundle's tokenizer, without truncation or padding."""
    path = bundle.path("tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise XunchaError(f"{path}: is not a tokenizer ({error}). Get the model folder again.") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def special_id(tokenizer: Tokenizer, bundle: Bundle, name: str) -> int:
    """The id of a special token. Raises `XunchaError` for a tokenizer without it."""
    found = tokenizer.token_to_id(name)
    if found is None:
        raise XunchaError(f"{bundle.path('tokenizer.json')}: has no {name} token. Get the model folder again.")
    return int(found)


def piece_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[bytes]:
    """The ids of each text's own pieces, as machine integers of `ID_BYTES` bytes; equal for texts that read alike."""
    for part in slices(texts):
        for encoding in tokenizer.encode_batch_fast(part, add_special_tokens=False):
            yield array("i", encoding.ids).tobytes()


def piece_spans(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[Spans]:
    """Which characters [start, end) of each text its pieces stand for."""
    for part in slices(texts):
        for encoding in tokenizer.encode_batch(part, add_special_tokens=False):
            yield tuple(encoding.offsets)


def slices(texts: Iterable[str], most: int = SLICE_TEXTS, chars: int = SLICE_CHARS) -> Iterator[list[str]]:
    """The texts in order, at most `most` and some `chars` characters at a time.

    >>> list(slices(["a", "b", "c"], most=2)), list(slices(["aaa", "b", "c"], chars=2))
    ([['a', 'b'], ['c']], [['aaa'], ['b', 'c']])
    """
    part: list[str] = []
    size = 0
    for text in texts:
        part.append(text)
        size += len(text)
        if len(part) >= most or size >= chars:
            yield part
            part, size = [], 0
    if part:
        yield part
