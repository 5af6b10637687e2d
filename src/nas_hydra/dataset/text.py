"""Texts of one's own, as ids of their tokens: each with a class or a number, or to be gone on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from nas_hydra.config.component import build
from nas_hydra.dataset.base import Dataset
from nas_hydra.dataset.cache import resident
from nas_hydra.dataset.choosing import Whole
from nas_hydra.dataset.data import CPU, Batched
from nas_hydra.dataset.loading import Split
from nas_hydra.dataset.rows import Order, Rows
from nas_hydra.dataset.source import Given, Selection, Source, target_of
from nas_hydra.dataset.split import Splitter
from nas_hydra.dataset.split.auto import Auto
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.texts.buckets import ByLength, Cut
from nas_hydra.dataset.texts.files import (
    TEST,
    TRAINING,
    VALIDATION,
    Corpus,
    Each,
    read_corpus,
    read_folder,
    read_new,
)
from nas_hydra.dataset.texts.source import (
    MOST_SHOWN,
    Kind,
    TextReader,
    Texts,
    check_trained,
    classes_of,
    kind_of,
    labels_of,
    numbers_of,
    tell_texts,
    tell_tokens,
)
from nas_hydra.dataset.texts.table import Columns
from nas_hydra.dataset.texts.tokenizing import PADDING, Tokens, encoded, restored
from nas_hydra.dataset.tree import Tree, is_classes
from nas_hydra.errors import ConfigError, listing

FACTS = ("target_kind", "column", "vocabulary", "length", "num_classes", "num_targets")
"""Settings that the texts tell where they are null."""
OF_OTHERS: Mapping[str, Sequence[str]] = {
    "class": ("num_targets",),
    "number": ("num_classes",),
    "next": ("num_classes", "num_targets"),
}
"""Kind -> those of the facts that are of another one, and stay null."""
HOLDING: Mapping[str, Any] = {"batch_size": 1, "memory_limit": None, "workers": 0}
"""Settings that have nothing to do with which texts there are."""
Files = str | Sequence[str] | None


@dataclass(frozen=True, kw_only=True)
class Text(Dataset, Whole):
    """Texts as ids of tokens, int64 (N, length): 0 behind the end, 1 for what is not known.

    The vocabulary is made of the texts that a search trains on, and of no others. It is the same
    at every stage, as it is part of what a network takes.

    Args:
        file: a table (csv, tsv, parquet), or files of nothing but texts; None if ``root`` is said.
        root: a folder of class folders, or of these in splits; None if ``file`` is said.
        test_file: as ``file``, to test on; None sets rows aside.
        column: of the texts in a table; None: the one of the longest.
        target: column of what is to be told; None if nothing is.
        target_kind: what that is; None: as it looks.
        text: what a text is in a file of nothing else.
        tokens: what texts are cut into.
        vocabulary: how many ids there are at most; None: as many as the texts need.
        length: tokens at which a text is cut; None: as many as most of them have.
        num_classes: how many there are, which is checked.
        num_targets: how many numbers are told of a text.
        buckets: texts of like length make a training batch, and every batch is cut to its longest
            text: faster, for networks that take any length and for which padding is nothing.
    """

    file: Files
    root: str | None
    test_file: Files
    column: str | None
    target: str | None
    target_kind: Kind | None
    text: Each
    tokens: Tokens
    vocabulary: int | None
    length: int | None
    num_classes: int | None
    num_targets: int | None
    buckets: bool = field(default=False, compare=False)
    split: Splitter = field(default_factory=Auto)

    unit = "texts"

    def __post_init__(self) -> None:
        super().__post_init__()
        # A list comes from YAML, and an equal dataset must have an equal hash.
        for name in ("file", "test_file"):
            given = getattr(self, name)
            object.__setattr__(self, name, given if isinstance(given, str | None) else tuple(given))
        if (self.file is None) == (self.root is None):
            said = (
                "is null, as is dataset.root" if self.file is None else "and dataset.root are said"
            )
            problem = f"{said}; one of them is needed: a table or text file, or class folders"
            raise ConfigError("dataset.file", problem)
        if self.length is not None and self.length < 1:
            raise ConfigError("dataset.length", f"is {self.length}; at least 1 is needed, or null")

    @classmethod
    def found(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the texts say of ``FACTS``; lines tell of it."""
        others = OF_OTHERS.get(given.get("target_kind") or "", ())
        lacking = [one for one in FACTS if given.get(one, 0) is None and one not in others]
        if not lacking:
            return {}
        for name, value in given.items():
            if isinstance(value, Mapping) and "_target_" not in value and name not in HOLDING:
                problem = f"is null, and dataset.{name}, which it depends on, is open; say it"
                raise ConfigError(f"dataset.{lacking[0]}", problem)
        draft: Text = build({**given, **HOLDING}, "dataset", cls)
        facts = draft._facts()
        return {name: facts[name] for name in lacking if facts[name] is not None}

    def _facts(self) -> dict[str, Any]:
        texts = self._texts()
        tell_texts(texts)
        tell_tokens(texts.reader)
        return {
            "target_kind": texts.kind,
            "column": texts.corpus.column,
            "vocabulary": self.vocabulary or texts.reader.tokenizer.size,
            "length": texts.reader.length,
            "num_classes": len(texts.classes) or None,
            "num_targets": 1 if texts.kind == "number" else None,
        }

    def _texts(self) -> Texts:
        """All of them, as they are read at every stage."""
        development, _ = self.opened_parts()
        return cast(Texts, cast(Selection, development).source)

    @property
    def class_names(self) -> Sequence[str] | None:
        """The names of the classes, by label; None if none are told."""
        return self.open_all().classes or None

    def described(self) -> dict[str, Any]:
        """How a text becomes ids, see ``unlabelled``."""
        texts = self._texts()
        return {
            "column": texts.corpus.column,
            "length": texts.reader.length,
            "tokenizer": dict(texts.reader.tokenizer.described),
        }

    @classmethod
    def unlabelled(
        cls, settings: Mapping[str, Any], described: Mapping[str, Any], file: Path | Iterable[str]
    ) -> tuple[Sequence[str], Tensor]:
        """Numbers of texts, from 1, and their ids.

        Args:
            settings: of the dataset.
            described: what it said of itself.
            file: a table with the column of the texts, a file of nothing but texts, or lines.

        Raises:
            ConfigError: if it cannot be read.
        """
        corpus = read_new(file, Columns(described["column"], None), settings["text"])
        ids = encoded(restored(described["tokenizer"]), corpus.texts, described["length"])
        return [str(row) for row in range(1, len(ids) + 1)], ids

    def open_all(self) -> Texts:
        """All texts, which nothing is fitted to."""
        corpus = self._corpus()
        kind = self.target_kind or kind_of(corpus)
        if kind == "next":
            return Texts(corpus, kind, (), torch.zeros(len(corpus.texts)))
        if corpus.target is None:
            raise ConfigError(
                "dataset.target",
                f"is null, and task and dataset want a {kind} of each"
                " text; say which column of a table has it, or task=tokens to tell the next token",
            )
        if kind == "number":
            return Texts(corpus, kind, (), numbers_of(corpus, self.target))
        classes = classes_of(corpus.target)
        self._check_classes(classes)
        return Texts(corpus, kind, classes, labels_of(corpus.target, classes))

    def _corpus(self) -> Corpus:
        if self.root is not None:
            return read_folder(self.root)
        columns = Columns(self.column, self.target)
        return read_corpus(_listed(self.file), _listed(self.test_file), columns, self.text)

    def _check_classes(self, classes: Sequence[str]) -> None:
        if len(classes) < 2:
            where = "dataset.target" if self.root is None else "dataset.root"
            raise ConfigError(
                where, f"has one class only ({listing(classes)}); at least 2 are needed"
            )
        if self.num_classes not in (None, len(classes)):
            problem = f"is {self.num_classes}; the texts have {len(classes)} classes"
            raise ConfigError("dataset.num_classes", f"{problem}: {listing(classes, MOST_SHOWN)}")

    def open_parts(self) -> tuple[Source, Source]:
        """See ``Choosing``; what reads both is fitted when the first text is read."""
        plain = self.open_all()
        development, test = self.parted(plain)
        train = development.places[self._places(development, self._drawn(development))[0]]
        if plain.classes:
            check_trained(plain, train, torch.cat([development.target, test.target]))
        reader = TextReader(tuple(plain.at(train)), self.tokens, self.vocabulary, self.length)
        texts = plain.read_by(reader)
        return _over(texts, development), _over(texts, test)

    def parted(self, source: Source) -> tuple[Selection, Selection]:
        """As files and folders say; what they do not say is set aside."""
        splits = source.corpus.splits if isinstance(source, Texts) else None
        if splits is None:
            return cast(tuple[Selection, Selection], super().parted(source))
        given = torch.tensor(splits)
        train, valid, test = (
            torch.nonzero(given == split).flatten() for split in (TRAINING, VALIDATION, TEST)
        )
        if not len(test):
            target = target_of(source)[train]
            self.check_enough(target, ("training", "testing"))
            rest, chosen = self.split.parted(target, self.holdout, self.seed, "dataset.holdout")
            train, test = train[rest], train[chosen]
        development = Given(source, train, valid) if len(valid) else Selection(source, train)
        return development, Selection(source, test)

    def check_enough(self, target: Tree, names: Sequence[str]) -> None:
        """Make sure that each class has a text for each part, if each is to have one."""
        super().check_enough(target, names)
        if not is_classes(target) or isinstance(self.split, Random):
            return
        counts = target.bincount().tolist()
        rare = [(label, count) for label, count in enumerate(counts) if 0 < count < len(names)]
        if rare:
            classes = self.class_names or ()
            told = listing(f"{classes[label]}: {count}" for label, count in rare)
            raise ConfigError(
                "dataset",
                f"has too few texts of some classes ({told}); each needs at least {len(names)}, one"
                f" for {' and one for '.join(names)}. Add texts, or leave these classes out",
            )

    def train_batches(self, seed: int, device: torch.device = CPU, parts: int = 1) -> Batched:
        """See ``Data``; where texts are read anew in every epoch, they keep their own order."""
        split = resident(self, device).train
        if not self.buckets or not isinstance(split, Rows):
            return super().train_batches(seed, device, parts)
        lengths = (split.inputs != PADDING).sum(dim=1)
        return self._batches(split, ByLength(lengths, self.batch_size, seed, parts))

    def _batches(self, split: Split, order: Order) -> Batched:
        batches = super()._batches(split, order)
        return Cut(batches, PADDING) if self.buckets else batches

    def counts(self, target: Tree) -> Sequence[int]:
        """How many development texts there are, or of classes, each has."""
        if is_classes(target):
            counts: list[int] = target.bincount().tolist()
            return counts
        return super().counts(target)


def _listed(files: Files) -> tuple[str, ...]:
    return (files,) if isinstance(files, str) else tuple(files or ())


def _over(texts: Texts, rows: Selection) -> Selection:
    """The same rows of the texts as they are read."""
    if isinstance(rows, Given):
        return Given(texts, rows.places[~rows.validated], rows.places[rows.validated])
    return Selection(texts, rows.places)
