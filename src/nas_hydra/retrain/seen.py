"""Whether test rows were seen before: by the search, or by the training that they test."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from nas_hydra.dataset import Data, Dataset
from nas_hydra.dataset.examples import FILE, FILES, SAMPLES, SPLITS, Examples, read_examples
from nas_hydra.dataset.raw import final_examples
from nas_hydra.dataset.source import examples, target_of
from nas_hydra.dataset.tree import number_of_rows
from nas_hydra.record.past import PastRun
from nas_hydra.record.reading import counts_told, files_told

TRAINING, TEST = "training", "test"
SEARCHED = ("search_training", "search_validation")
"""Names of splits in a model's folder: those of a search are not always known."""


@dataclass(frozen=True)
class Seen:
    """How many of the test rows were seen before, of which they are no test.

    Args:
        examples: ``TRAINING``, ``TEST`` and, if they are known, ``SEARCHED``; empty if the data
            does not tell its rows.
        unknown: why some are not known; or empty.
        unit: what the rows are called.
    """

    examples: Mapping[str, Examples]
    unknown: str = ""
    unit: str = "images"

    @property
    def key(self) -> str:
        """Under which ``metrics.json`` has the numbers of rows."""
        return "images" if self.unit == "images" else "rows"

    @property
    def key_of_seen(self) -> str:
        """Under which it has how many were seen."""
        return f"test_{self.key}_seen"

    @cached_property
    def by_search(self) -> tuple[int, int] | None:
        """How many the search has trained on, and how many it has chosen by; None: not known."""
        if self.unknown:
            return None
        trained, chosen = (self._among(name) for name in SEARCHED)
        return trained, chosen

    @cached_property
    def by_training(self) -> int | None:
        """How many the final training has trained on; None: not known."""
        return self._among(TRAINING) if self.examples else None

    @property
    def any(self) -> bool:
        """Whether some are known to be no test."""
        return any(self.by_search or ()) or bool(self.by_training)

    def _among(self, name: str) -> int:
        return int(self.examples[TEST].among(self.examples[name]).sum())

    @property
    def sentences(self) -> str:
        """What a card says of it."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if not self.examples:
            yield f"It is not known whether test {self.unit} were seen before: {self.unknown}."
            return
        how = self.examples[TEST].contents.how
        numbers = "pixels" if self.unit == "images" else "numbers"
        by = f"(by {f'the {how}' if how in (FILES, SAMPLES) else f'their {numbers}'})"
        all_of = f"the {len(self.examples[TEST]):,} test {self.unit}"
        if self.by_search is None:
            yield f"It is not known whether the search has seen some of {all_of}: {self.unknown}."
        elif any(self.by_search):
            yield (
                f"Of {all_of}, {self.by_search[0]:,} are among those that the search has trained"
                f" on, and {self.by_search[1]:,} among those that it has chosen by {by}."
            )
        elif not self.by_training:
            yield f"None of {all_of} was seen by the search or by the training {by}."
            return
        which = (
            f"Of {all_of}, {self.by_training:,} are" if self.by_training else f"None of {all_of} is"
        )
        yield f"{which} among those of the training {by}."
        if self.any:
            yield "What was seen before is no test: it flatters the model."

    @property
    def figures(self) -> dict[str, Any]:
        """What ``metrics.json`` holds of it; null is what is not known."""
        return {
            **dict(zip(SEARCHED, self.by_search or (None, None), strict=True)),
            TRAINING: self.by_training,
            "compared": self.examples[TEST].contents.how if self.examples else None,
            "unknown": self.unknown or None,
        }


def seen(data: Data, past: PastRun) -> Seen:
    """What was seen of the test rows, by a search and by the final training."""
    known, unit = final_rows(data), data.unit
    if not known:
        return Seen(known, f"the data does not tell which {unit} it has", unit)
    test = known[TEST]
    noted, kept = past.identity.get("data") or {}, read_examples(past.folder / FILE)
    if not all(name in noted for name in SPLITS):
        reason = f"its record, which is of an earlier version or of a table, notes no {unit}"
        return Seen(known, reason, unit)
    # The folder keeps them, and the record vouches for them.
    if not all(name in kept and kept[name].digest == noted[name] for name in SPLITS):
        return Seen(known, f"its folder has no {FILE} that its record vouches for", unit)
    searched = [kept[name] for name in SPLITS]
    if not all(test.comparable(one) for one in searched):
        then, now = searched[0].contents.how, test.contents.how
        return Seen(known, f"its {unit} are known by {then}, and these by {now}", unit)
    return Seen(known | dict(zip(SEARCHED, searched, strict=True)), unit=unit)


def final_rows(data: Data) -> dict[str, Examples]:
    """The rows that a winner is trained on, or watched by in training, and those of its test.

    Empty if the data does not tell them.
    """
    found = final_examples(data)
    return {} if found is None else dict(zip((TRAINING, TEST), found, strict=True))


def changes(identity: Mapping[str, Any], data: Data, found: Seen) -> Iterator[str]:
    """How the data differs from that of the search, as far as that is known.

    Test rows that the search has seen are no difference if it still has all others: then they
    are in the data twice.

    Args:
        identity: what the search's record notes of it.
        data: of today.
        found: what was seen of its test rows.
    """
    yield from files_told(identity)
    if not isinstance(data, Dataset):
        return
    yield from counts_told(identity.get("data") or {}, {"counts": list(data.splits.counts)})
    if found.by_search is None:
        return
    splits, unit = [found.examples[name] for name in SEARCHED], found.unit
    lost = sum(_missing(data, found.examples[TRAINING], one) for one in splits)
    if not lost:
        return
    if any(found.by_search):
        trained, chosen = found.by_search
        yield (
            f"of its {len(found.examples[TEST]):,} test {unit}, the search has trained on"
            f" {trained:,} and chosen by {chosen:,}"
        )
    total = sum(map(len, splits))
    yield f"{lost:,} of the search's {total:,} {unit} are not among those for training any more"


def _missing(dataset: Dataset, drawn: Examples, split: Examples) -> int:
    """How many rows of a split are no development rows of the dataset, with the same target.

    Those that its limit leaves out are looked at only if need be.

    Args:
        dataset: of today.
        drawn: its development rows, without those.
        split: of the search.
    """
    lost = split.without(drawn)
    if lost and len(drawn) < sum(dataset.splits.counts):
        source = dataset.opened("development")
        lost = split.without(examples(source, torch.arange(number_of_rows(target_of(source)))))
    return lost
