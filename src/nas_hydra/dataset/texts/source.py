"""A source of texts: ids of their tokens, by a tokenizer that is fitted to the training texts."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from nas_hydra.dataset.examples import EACH, Contents
from nas_hydra.dataset.target_kind import are_classes
from nas_hydra.dataset.texts.files import Corpus
from nas_hydra.dataset.texts.tokenizing import PADDING, UNKNOWN, Tokenizer, Tokens, encoded, fitted
from nas_hydra.errors import ConfigError, listing, shortened

log = logging.getLogger(__name__)

Kind = Literal["class", "number", "next"]
"""What is to be told of a text: its class, a number, or at each of its tokens the next one."""

LONGEST = 256
"""Tokens at which texts are cut where no length is said."""
COVERED = 95
"""Per cent of the training texts that are not cut where no length is said."""
MOST_SHOWN = 6
"""Classes that a line names."""
IGNORED = -100
"""The target where no token follows; torch's cross-entropy leaves it out."""


@dataclass(frozen=True)
class TextReader:
    """Texts to ids, fitted to those of the training when the first is read.

    Args:
        training: the texts that it is fitted to.
        tokens: what texts are cut into.
        vocabulary: how many ids there are at most; None: as many as the texts need.
        given: tokens at which texts are cut; None: as many as most of the training texts have.
    """

    training: tuple[str, ...]
    tokens: Tokens
    vocabulary: int | None
    given: int | None

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Fitted to the training texts.

        Raises:
            ConfigError: see ``fitted``.
        """
        return fitted(self.tokens, self.vocabulary, self.training)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """(N,), tokens of each training text."""
        return np.array([len(self.tokenizer.ids(text)) for text in self.training])

    @cached_property
    def length(self) -> int:
        """Tokens at which texts are cut, at least 1."""
        if self.given is not None:
            return self.given
        return int(min(max(np.ceil(np.percentile(self.lengths, COVERED)), 1), LONGEST))

    def __call__(self, texts: Iterable[str]) -> Tensor:
        """Ids (n, length), int64."""
        return encoded(self.tokenizer, texts, self.length)


class Texts:
    """A source of texts.

    Args:
        corpus: the texts.
        kind: what is to be told of them.
        classes: names of the classes; empty if none are told.
        target: (N,): labels or numbers; of tokens anything, since it is made of the texts.
        reader: what makes ids of them; None as long as nobody knows the training texts.
    """

    def __init__(
        self,
        corpus: Corpus,
        kind: Kind,
        classes: Sequence[str],
        target: Tensor,
        reader: TextReader | None = None,
    ) -> None:
        self.corpus, self.kind, self.classes = corpus, kind, classes
        self._target, self._reader = target, reader

    @property
    def reader(self) -> TextReader:
        """What makes ids of them."""
        assert self._reader is not None, "which texts are trained on is not known yet"
        return self._reader

    def read_by(self, reader: TextReader) -> "Texts":
        """The same texts, which can be read."""
        return Texts(self.corpus, self.kind, self.classes, self._target, reader)

    @cached_property
    def target(self) -> Tensor:
        """Labels, int64 (N,); numbers, float32 (N,); or next tokens, int64 (N, length)."""
        if self.kind != "next" or self._reader is None:
            return self._target
        return following(self._reader(self.corpus.texts))

    def at(self, places: Tensor) -> list[str]:
        """The texts themselves at these places."""
        return [self.corpus.texts[place] for place in places.tolist()]

    def __getitem__(self, index: Tensor) -> Tensor:
        """Ids at these places, (n, length), int64."""
        return self.reader(self.at(index))

    def contents(self, places: Tensor) -> Contents:
        """Digests of the texts at these places."""
        each = (
            blake2b(text.encode(errors="surrogatepass"), digest_size=EACH).digest()
            for text in self.at(places)
        )
        return Contents("texts", np.frombuffer(b"".join(each), "<i8").astype(np.int64))


def following(ids: Tensor) -> Tensor:
    """The token that follows each, (N, L); ``IGNORED`` where there is none."""
    none = ids.new_full((len(ids), 1), PADDING)
    follows = torch.cat([ids[:, 1:], none], dim=1)
    return follows.masked_fill(follows == PADDING, IGNORED)


def kind_of(corpus: Corpus) -> Kind:
    """What the target looks like: classes, or numbers, see ``are_classes``."""
    if corpus.target is None:
        return "next"
    values = pd.Series(corpus.target)
    numbers = pd.to_numeric(values, errors="coerce")
    return "number" if numbers.notna().all() and not are_classes(numbers) else "class"


def classes_of(target: Sequence[Any]) -> list[str]:
    """The names of the classes: numbers in their order, others by the alphabet."""
    names = {_name(value) for value in target}
    try:
        return sorted(names, key=float)
    except ValueError:
        return sorted(names)


def _name(value: Any) -> str:
    """``1`` for 1.0, which a column with missing values makes of it."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value).strip()


def labels_of(target: Sequence[Any], classes: Sequence[str]) -> Tensor:
    """(N,), int64, from 0."""
    places = {name: place for place, name in enumerate(classes)}
    return torch.tensor([places[_name(value)] for value in target])


def numbers_of(corpus: Corpus, column: str | None) -> Tensor:
    """(N,), float32.

    Raises:
        ConfigError: naming the first row that has none.
    """
    assert corpus.target is not None  # or the kind would be another
    numbers = pd.to_numeric(pd.Series(corpus.target), errors="coerce").to_numpy("f8")
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        first = int(wrong[0])
        raise ConfigError(
            "dataset.target",
            f"is '{column}', and {len(wrong)} of {len(numbers)} rows have no number there"
            f" ({corpus.names[first]}: {shortened(repr(corpus.target[first]), 60)}); mend them,"
            " or say task=classification",
        )
    return torch.from_numpy(numbers.astype("f4"))


def check_trained(texts: Texts, train: Tensor, labels: Tensor) -> None:
    """Make sure that no class is measured on that none is trained on.

    Args:
        texts: all of them.
        train: (N,), places of those that are trained on.
        labels: (M,), of all texts that are used.

    Raises:
        ConfigError: naming the classes.
    """
    known = set(texts.target[train].tolist())
    lacking = [texts.classes[label] for label in sorted(set(labels.tolist()) - known)]
    if lacking:
        raise ConfigError(
            "dataset",
            f"has no training text of {listing(lacking)}, which other splits have; add some, leave"
            " these out, or say dataset/split=stratified",
        )


def tell_texts(texts: Texts) -> None:
    """Say how many there are, and of what."""
    number = len(texts.corpus.texts)
    if not texts.classes:
        wanted = (
            "a number is to be told of each"
            if texts.kind == "number"
            else "each next token is to be told"
        )
        log.info("data: %s texts, %s", f"{number:,}", wanted)
        return
    counts = texts.target.bincount().tolist()
    each = [f"{name}: {count:,}" for name, count in zip(texts.classes, counts, strict=True)]
    shown = listing(each, MOST_SHOWN)
    log.info("data: %s texts of %d classes: %s", f"{number:,}", len(texts.classes), shown)


def tell_tokens(reader: TextReader) -> None:
    """Say what is not known of the training texts, and what is cut off."""
    counts = Counter(one for text in reader.training for one in reader.tokenizer.ids(text))
    known = 1 - counts[UNKNOWN] / max(sum(counts.values()), 1)
    longer = int((reader.lengths > reader.length).sum())
    log.info(
        "data: %s ids (%s) write %.1f %% of the training texts; texts are cut to %d tokens"
        " (dataset.length), as %s of %s training texts are",
        *(f"{reader.tokenizer.size:,}", reader.tokens, 100 * known, reader.length),
        *(f"{longer:,}", f"{len(reader.training):,}"),
    )
