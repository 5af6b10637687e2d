"""A user's own data: a LightningDataModule as it stands."""

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from functools import cached_property, lru_cache
from hashlib import sha256
from inspect import isclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from nas_hydra.config.component import build, locate
from nas_hydra.dataset.data import CPU, Batched, Data, Noted
from nas_hydra.dataset.split import Stage
from nas_hydra.dataset.tree import Example, form_of, moved, number_of_rows, tree_map
from nas_hydra.errors import ConfigError, in_one_line
from nas_hydra.files.digest import anything, digests
from nas_hydra.lightning import DATA, TRAINER, class_of, package_of

LOOKED_AT = 64
"""Batches of each loader whose content tells the data from other data."""
TRAIN, VALID, TEST = "train", "val", "test"


class OwnData:
    """Data that a LightningDataModule gives, which is made anew for every training.

    Its ``setup("fit")`` is called here where something of its batches is asked for. It says itself
    what is trained on and what is measured on: at the stage "final" too, the validation rows are
    left for validation.

    Args:
        config: names the class, with its arguments.
    """

    unit = "rows"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config: Mapping[str, Any] = config
        self.stage: Stage = "search"

    def module(self) -> Any:
        """A new LightningDataModule, nothing of it called yet.

        Raises:
            ConfigError: if it cannot be made, or has no validation loader.
        """
        made = build(self.config, "dataset")
        package = package_of(type(made), DATA)
        if package is None:
            raise ConfigError(
                "dataset._target_", f"gives a {type(made).__name__}, which is no {DATA}"
            )
        for split in (TRAIN, VALID):
            if not _has_loader(made, split):
                problem = f"is needed to {'train' if split == TRAIN else 'rank candidates'}"
                raise ConfigError(
                    "dataset", f"{self.name} has no {split}_dataloader, which {problem}"
                )
        return made

    @property
    def name(self) -> str:
        """Of the class."""
        return str(self.config["_target_"]).rpartition(".")[2]

    @property
    def package(self) -> str | None:
        """That its class comes from."""
        called: Any = locate(self.config["_target_"], "dataset._target_")
        return package_of(called, DATA)

    def at(self, stage: Stage) -> Self:
        """See ``Data``."""
        data = copy.copy(self)
        data.stage = stage
        return data

    @cached_property
    def _ready(self) -> Any:
        """One whose loaders can be asked for; what trains has another."""
        made = self.module()
        package = package_of(type(made), DATA)
        assert package is not None  # or it would not have been made
        quiet = {"logger": False, "enable_checkpointing": False, "barebones": False}
        made.trainer = class_of(package, TRAINER)(accelerator="cpu", devices=1, **quiet)
        with _told(f"{self.name}: prepare_data and setup"):
            made.prepare_data()
            made.setup("fit")
        return made

    @property
    def num_classes(self) -> int | None:
        """As the module says; None if it does not."""
        return getattr(self._ready, "num_classes", None)

    @property
    def class_names(self) -> Sequence[str] | None:
        """Likewise."""
        return getattr(self._ready, "class_names", None)

    @cached_property
    def _first(self) -> Any:
        """The first training batch."""
        return _first_batch(self.loaders(TRAIN), f"{self.name}.train_dataloader")

    @cached_property
    def example(self) -> Example:
        """See ``Data``.

        Raises:
            ConfigError: if a batch is not a pair.
        """
        batch = self._first
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            problem = (
                f"gives batches that are {form_of(batch)}; a pair (inputs, target) is needed here"
            )
            raise ConfigError("dataset", f"{self.name} {problem}; task=own takes any")
        try:
            two = tree_map(lambda one: one[:2], moved(tuple(batch), CPU))
            number_of_rows(two)
        except (TypeError, ValueError) as error:
            raise ConfigError("dataset", f"a batch of {self.name}: {error}") from error
        return Example(*two)

    @property
    def batch_size(self) -> int:
        """Of the first training batch."""
        tensors = [one for one in pytree.tree_leaves(self._first) if isinstance(one, Tensor)]
        return max((len(one) for one in tensors if one.ndim), default=1)

    @property
    def rows(self) -> int | None:
        """See ``Data``: the number of training batches times their size, at most."""
        number = _length(self.loaders(TRAIN))
        return None if number is None else number * self.batch_size

    def cut(self, parts: int) -> int:
        """See ``Data``: batches come as they come."""
        return 1

    def weights(self, parts: int) -> Sequence[float]:
        """See ``Data``."""
        return ()

    def train_batches(self, seed: int, device: torch.device = CPU, parts: int = 1) -> Batched:
        """See ``Data``; the order is that of torch's own generator."""
        return self._fresh(TRAIN)

    def valid_batches(self, device: torch.device = CPU, parts: int = 1) -> Batched:
        """See ``Data``; at every stage."""
        return self._fresh(VALID)

    def test_batches(self, device: torch.device = CPU, parts: int = 1) -> Batched | None:
        """See ``Data``."""
        return None if self.stage == "search" else self._fresh(TEST)

    def _fresh(self, split: str) -> Batched:
        """The batches of a module that nobody has used."""
        loaders: Batched = OwnData(self.config).loaders(split)
        return loaders

    def loaders(self, split: str) -> Any:
        """What the module gives for ``train``, ``val`` or ``test``.

        Raises:
            ConfigError: if it has none.
        """
        if not _has_loader(self._ready, split):
            raise ConfigError("dataset", f"{self.name} has no {split}_dataloader")
        with _told(f"{self.name}: {split}_dataloader"):
            if split == TEST:
                self._ready.setup("test")
            return getattr(self._ready, f"{split}_dataloader")()

    @cached_property
    def noted(self) -> Noted:
        """See ``Data``: what is in the first batches of both loaders."""
        known = {"train": self._digest(TRAIN), "validation": self._digest(VALID)}
        return NotedBatches(known, json.dumps(digests(dict(self.config), anything)))

    def _digest(self, split: str) -> str:
        """Of the content, under a seed; of batches that come out otherwise the next time, none."""
        passes = {_digest_of(self.loaders(split), f"{self.name}.{split}") for _ in range(2)}
        return passes.pop() if len(passes) == 1 else "differs from pass to pass"


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Whatever a user's own code raises, when so much of it is called, as the data's."""
    try:
        yield
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError("dataset", f"{what} failed: {in_one_line(error)}") from error


class NotedBatches(NamedTuple):
    """What is kept of a LightningDataModule's data.

    Args:
        data: digests of the training and the validation batches.
        files: digests of the files and folders that its config names, which may hold more.
    """

    data: Mapping[str, str]
    files: str

    @property
    def identity(self) -> Mapping[str, str]:
        """See ``Noted``."""
        return {**self.data, "files": self.files}

    def save(self, folder: Path) -> None:
        """Nothing more is kept."""

    def changed(self, folder: Path) -> str:
        """Nothing more is known."""
        return ""


def data_from(config: Mapping[str, Any]) -> Data:
    """The data of a config: of ours, or that of a LightningDataModule.

    Raises:
        ConfigError: if it is neither.
    """
    called = locate(config.get("_target_"), "dataset._target_")
    if isclass(called) and package_of(called, DATA):
        return OwnData(config)
    data: Data = build(config, "dataset", Data)
    return data


@lru_cache(maxsize=8)
def data_of(config: str) -> Data:
    """The data of a config written as JSON; nearly always the one before."""
    return data_from(json.loads(config))


def _has_loader(module: Any, split: str) -> bool:
    """Whether a LightningDataModule says what its loader of a split is."""
    name, package = f"{split}_dataloader", package_of(type(module), DATA)
    assert package is not None  # or it would be none
    own = getattr(type(module), name) is not getattr(class_of(package, DATA), name)
    return own or name in vars(module)


def _first_batch(loader: Iterable[Any], name: str) -> Any:
    """The first batch of a loader, or of the first of several."""
    with torch.random.fork_rng(devices=[]), _told(name):
        torch.manual_seed(0)
        batch = next(iter(loader), None)
    if batch is None:
        raise ConfigError("dataset", f"{name} gives no batch")
    return batch


def _length(loader: Any) -> int | None:
    """How many batches a loader gives; None if it does not say."""
    try:
        return len(loader) if isinstance(loader, Sized) else None
    except TypeError:  # of an iterable dataset
        return None


def _digest_of(loaders: Any, name: str) -> str:
    """16 hexadecimal digits of the first batches of a loader, or of each of several."""
    known = sha256()
    several = loaders if isinstance(loaders, list | tuple) else [loaders]
    with torch.random.fork_rng(devices=[]), _told(f"{name}_dataloader"):
        torch.manual_seed(0)
        for loader in several:
            number = 0
            for number, batch in enumerate(islice(loader, LOOKED_AT), 1):  # noqa: B007
                for part in _contents(batch):
                    known.update(part)
            if not number:
                raise ConfigError("dataset", f"{name}_dataloader gives no batch")
            known.update(str(_length(loader)).encode())
    return known.hexdigest()[:16]


def _contents(batch: Any) -> Iterator[bytes]:
    """The numbers of a batch, and what else it holds, with their types and shapes."""
    for one in pytree.tree_leaves(batch):
        if isinstance(one, Tensor):
            yield f"{one.dtype}{tuple(one.shape)}".encode()
            yield one.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        else:
            yield repr(one).encode()
