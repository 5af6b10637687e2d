"""Tokenizers: texts to ids of words, characters or pairs of bytes, fitted on training texts."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from nas_hydra.errors import ConfigError

Tokens = Literal["words", "characters", "bpe"]
"""What texts are cut into."""

PADDING, UNKNOWN = 0, 1
"""Ids of what stands behind a text's end, and of a token that the vocabulary has not."""
SPECIAL = ("<padding>", "<unknown>")
BYTES = 256
"""Pairs of bytes begin with each byte as a token."""

WORD = re.compile(r"\w+|[^\w\s]")
ENDING = re.compile(r" ([.,;:!?)\]])")


class Tokenizer(Protocol):
    """Texts to ids; fitted, and the same wherever its description is read."""

    @property
    def size(self) -> int:
        """How many ids there are, with those of padding and of the unknown."""

    @property
    def described(self) -> Mapping[str, Any]:
        """All of it, JSON-like, see ``restored``."""

    def ids(self, text: str) -> Sequence[int]:
        """The ids of a text's tokens, in their order; none is that of padding."""

    def text(self, ids: Sequence[int]) -> str:
        """What tokens say, none of them padding or unknown; words are in small letters."""


@dataclass(frozen=True)
class Vocabulary:
    """Words or characters, each with its id: its place, behind those of ``SPECIAL``.

    Words are runs of letters and digits, and single marks, in small letters; characters are as
    they stand.

    Args:
        tokens: which of both.
        entries: those that are known, the most frequent first.
    """

    tokens: Tokens
    entries: Sequence[str]

    @property
    def size(self) -> int:
        """See ``Tokenizer``."""
        return len(SPECIAL) + len(self.entries)

    @property
    def described(self) -> dict[str, Any]:
        """See ``Tokenizer``."""
        return {"tokens": self.tokens, "entries": list(self.entries)}

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {entry: number for number, entry in enumerate(self.entries, len(SPECIAL))}

    def ids(self, text: str) -> list[int]:
        """See ``Tokenizer``."""
        return [self._numbers.get(token, UNKNOWN) for token in _cut(text, self.tokens)]

    def text(self, ids: Sequence[int]) -> str:
        """See ``Tokenizer``; between words is a space, but before no mark that ends one."""
        known = [self.entries[one - len(SPECIAL)] for one in ids]
        if self.tokens == "characters":
            return "".join(known)
        return ENDING.sub(r"\1", " ".join(known))


class BytePairs:
    """Frequent pairs of bytes, of pairs, and so on (Sennrich et al. 2016; Radford et al. 2019).

    Every text can be written in them: none of its tokens is unknown.

    Args:
        written: a tokenizer of the library ``tokenizers``, as that writes it.
    """

    def __init__(self, written: str) -> None:
        self._made = _library().Tokenizer.from_str(written)
        self._made.encode_special_tokens = True  # in a text, <padding> is nine signs

    def __reduce__(self) -> tuple[type["BytePairs"], tuple[str]]:
        """The library would forget a setting."""
        return BytePairs, (self._made.to_str(),)

    @property
    def size(self) -> int:
        """See ``Tokenizer``."""
        return int(self._made.get_vocab_size())

    @property
    def described(self) -> dict[str, Any]:
        """See ``Tokenizer``."""
        return {"tokens": "bpe", "tokenizer": self._made.to_str()}

    def ids(self, text: str) -> list[int]:
        """See ``Tokenizer``."""
        ids: list[int] = self._made.encode(text.encode(errors="replace").decode()).ids
        return ids

    def text(self, ids: Sequence[int]) -> str:
        """See ``Tokenizer``."""
        return str(self._made.decode(list(ids)))


@lru_cache(maxsize=2)
def fitted(tokens: Tokens, size: int | None, texts: tuple[str, ...]) -> Tokenizer:
    """A tokenizer for such texts; the last ones are remembered.

    Args:
        tokens: what texts are cut into.
        size: how many ids there may be, with those of padding and of the unknown; None: as many
            as the texts need.
        texts: of the training.

    Raises:
        ConfigError: if there may be too few, or pairs of bytes are wanted without a number, or
            without the library that makes them.
    """
    _check_size(tokens, size)
    if tokens == "bpe":
        assert size is not None  # or it was refused
        return BytePairs(_trained(size, texts))
    counts = Counter(chain.from_iterable(_cut(text, tokens) for text in texts))
    ranked = sorted(counts, key=lambda token: (-counts[token], token))
    return Vocabulary(tokens, tuple(ranked if size is None else ranked[: size - len(SPECIAL)]))


def restored(described: Mapping[str, Any]) -> Tokenizer:
    """The tokenizer that ``described`` itself so."""
    if described["tokens"] == "bpe":
        return BytePairs(described["tokenizer"])
    return Vocabulary(described["tokens"], tuple(described["entries"]))


def encoded(tokenizer: Tokenizer, texts: Iterable[str], length: int) -> Tensor:
    """Ids (n, length), int64: what is longer is cut, what is shorter padded with 0."""
    rows = [torch.tensor(tokenizer.ids(text)[:length], dtype=torch.int64) for text in texts]
    found = torch.full((len(rows), length), PADDING)
    for row, ids in zip(found, rows, strict=True):
        row[: len(ids)] = ids
    return found


def _cut(text: str, tokens: Tokens) -> Sequence[str]:
    return text if tokens == "characters" else WORD.findall(text.lower())


def _check_size(tokens: Tokens, size: int | None) -> None:
    least = len(SPECIAL) + (BYTES if tokens == "bpe" else 1)
    if size is None and tokens == "bpe":
        raise ConfigError("dataset.vocabulary", "is null; tokens=bpe needs a number")
    if size is not None and size < least:
        problem = f"is {size}; at least {least} are needed for dataset.tokens={tokens}"
        raise ConfigError("dataset.vocabulary", problem)


def _library() -> Any:
    """The library ``tokenizers``.

    Raises:
        ConfigError: if it is not installed.
    """
    try:
        import tokenizers
    except ImportError:
        raise ConfigError(
            "dataset.tokens",
            "is bpe, which needs the library tokenizers: pip install 'nas-hydra[text]'; allowed"
            " without it: words, characters",
        ) from None
    return tokenizers


def _trained(size: int, texts: Iterable[str]) -> str:
    """Pairs of bytes for such texts, as the library writes them."""
    library = _library()
    made = library.Tokenizer(library.models.BPE(unk_token=SPECIAL[UNKNOWN]))
    made.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = library.decoders.ByteLevel()
    trainer = library.trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(library.pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    with _one_thread():
        made.train_from_iterator(texts, trainer)
    return str(made.to_str())


@contextmanager
def _one_thread() -> Iterator[None]:
    """The library's threads would be in the way of processes that are forked later."""
    name = "TOKENIZERS_PARALLELISM"
    before = os.environ.get(name)
    os.environ[name] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
