"""The runs to compare: found on disk, read, and what is fixed about each."""

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from types import UnionType
from typing import Any

from nas_hydra.errors import ConfigError
from nas_hydra.masking import masked
from nas_hydra.record.past import FinishedSearch, read_search
from nas_hydra.report.files import read_summary
from nas_hydra.run import AMOUNTS
from nas_hydra.tracker.wandb_rows import wandb_place
from nas_hydra.trial import FULL, Trial

KEY = "RUN_DIR"
"""What the command line calls a run's folder."""

TASK_GROUPS = ("search_space", "dataset", "evaluator", "objective")
"""The config groups whose options make a task."""
TASK_KEYS = (*TASK_GROUPS, "trainer.max_epochs", "machine")
"""What decides, beside the candidate itself, what its value is."""
NEUTRAL = ("evaluator.report",)
"""Keys below these that change no value."""
BUDGET = tuple(f"budget.{name}" for name in AMOUNTS)
"""How much a run was allowed."""
APART = ("seed", "folder", "name", "record", "tracker", "report", "engine", *BUDGET)
"""What makes no groups: it is compared otherwise, or decides no trial."""

YOUNGER = {"fidelity": "full", "inherit": "none"}
"""Groups that older runs lack -> the option that means what was done before there were any."""


@dataclass(frozen=True)
class SearchRun(FinishedSearch):
    """One run.

    Args:
        config: its dotted keys, references unresolved.
        optimum: objective -> the best possible value, where that is known.
        wandb: path of its W&B run, if it has one.
    """

    config: Mapping[str, Any]
    optimum: Mapping[str, float]
    wandb: str | None

    @cached_property
    def choices(self) -> Mapping[str, str]:
        """Config group -> the option taken, also of groups that are younger than the run."""
        return {**YOUNGER, **self.origin.choices}

    @cached_property
    def partial(self) -> bool:
        """Whether any trial was trained otherwise than once, in full and from scratch."""
        return any(trial.proposal.fidelity != FULL for trial in self.past.trials)

    @cached_property
    def counted(self) -> bool:
        """Whether it is known what its trials cost."""
        return all(trial.cost is not None or trial.state == "failed" for trial in self.trials)

    @property
    def folder(self) -> str:
        """As it was given or found."""
        return str(self.past.folder)

    @property
    def seed(self) -> int:
        """Of the search."""
        return int(self.config["seed"])

    @property
    def allowed(self) -> int:
        """How many trials its config allows, with finalists; any number: as many as there are."""
        given = self.config["budget.trials"]
        if given is None:
            return len(self.trials) + (self.past.spent is None)
        return int(given) + self.finalists

    @property
    def finalists(self) -> int:
        """How many are trained after the budget; none in older runs."""
        return int(self.config.get("finalists.number") or 0)

    @property
    def amounts(self) -> tuple[Any, ...]:
        """What its config allows of each; older ones limit nothing but trials."""
        return tuple(self.config.get(name) for name in BUDGET)

    @property
    def finished(self) -> bool:
        """Whether it has spent its budget, or exhausted the space; finalists end it only together.

        There may be fewer of them than their number, so that the trials do not tell.
        """
        trials = 0 if self.finalists else len(self.trials)
        return max(self.past.spent or 0, trials) >= self.allowed

    @property
    def budget(self) -> int:
        """How many trials it was allowed; of an exhausted space, as many as there are."""
        return len(self.trials) if self.finished else self.allowed

    @cached_property
    def trials(self) -> Sequence[Trial]:
        """In ask order, up to the first one that is not finished."""
        known = enumerate(self.past.trials)
        return [trial for number, trial in takewhile(lambda one: one[0] == one[1].number, known)]

    @property
    def length(self) -> int:
        """For how many trials its best value is known: an exhausted space holds nothing more."""
        return max(len(self.trials), self.allowed) if self.finished else len(self.trials)

    @cached_property
    def task(self) -> dict[str, Any]:
        """Options and keys that decide what a value means, dotted and resolved."""
        known = flat({name: self.past.identity.get(name) for name in (*TASK_GROUPS, "machine")})
        epochs = self.past.identity.get("trainer", {}).get("max_epochs")
        options = {name: self.choices.get(name) for name in TASK_GROUPS}
        found = {**options, **known, "trainer.max_epochs": epochs}
        return {
            key: value for key, value in found.items() if not (below(key, NEUTRAL) or _is_seed(key))
        }

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Everything else that may make groups: first the options, the shallow ones before."""
        options = sorted(self.choices, key=lambda name: (name.count("/"), name != "strategy"))
        chosen = {name: self.choices[name] for name in options if not name.startswith("hydra/")}
        engine = {f"engine.{key}": self.past.identity["engine"].get(key) for key in ENGINE}
        found = {**chosen, **self.config, **engine}
        return {
            key: value
            for key, value in found.items()
            if key in engine or not (below(key, (*APART, *TASK_KEYS)) or _is_seed(key))
        }

    @cached_property
    def seeds(self) -> dict[str, Any]:
        """Every seed in its config that does not follow another."""
        return {
            key: value
            for key, value in self.config.items()
            if (key == "seed" or _is_seed(key)) and not str(value).startswith("${")
        }

    def setting(self, key: str) -> Any:
        """The value of what may make groups or tasks, resolved; None where it has none."""
        resolved = flat(self.past.identity).get(key)
        return self.settings.get(key, self.task.get(key)) if resolved is None else resolved


NEEDED: Mapping[str, UnionType | type] = {"seed": int, "budget.trials": int | None}
"""What every run's config says."""
ENGINE = ("ahead", "order")
"""The engine's keys that decide which trials a run has."""


def _is_seed(key: str) -> bool:
    """Whether a dotted key is the seed of a part, such as ``evaluator.seed``."""
    return key.endswith(".seed")


def below(key: str, names: Sequence[str]) -> bool:
    """Whether a key is one of the names, or part of it."""
    return any(key == name or key.startswith((f"{name}.", f"{name}/")) for name in names)


def flat(config: Any, key: str = "") -> dict[str, Any]:
    """The leaves of a plain config by dotted key; a list, or what is empty, is a leaf."""
    if not isinstance(config, Mapping) or not config:
        return {key: config} if key else {}
    return {
        path: value
        for name, part in config.items()
        for path, value in flat(part, f"{key}.{name}" if key else str(name)).items()
    }


def read_all(given: Sequence[Path], url: str | None = None) -> list[SearchRun]:
    """The runs in folders, sweeps and globs, each once, in order.

    Args:
        given: the folders.
        url: of the storage of records that are on a server.

    Raises:
        ConfigError: if one of them is no run and holds none, or has no readable record.
    """
    folders = dict.fromkeys(folder for path in given for folder in _find(path))
    return [_read_one(folder, url) for folder in folders]


def _find(given: Path) -> Iterator[Path]:
    """The folders of runs that a path means: a run, or a folder of runs however deep.

    Args:
        given: may be a glob.

    Raises:
        ConfigError: if there are none.
    """
    roots = [given] if given.exists() else [Path(path) for path in sorted(glob.glob(str(given)))]
    found = [
        file.parent.parent
        for root in roots
        for file in sorted(root.glob("**/.hydra/config.yaml"), key=_numbered)
    ]
    if not roots:
        raise ConfigError(KEY, f"there is no folder {given}")
    if not found:
        raise ConfigError(
            KEY,
            f"{given} holds no run: no .hydra/config.yaml in it or below; give the folder of a run,"
            " of a sweep, or a glob of them",
        )
    yield from found


def _numbered(file: Path) -> list[tuple[int, str]]:
    """Sorts 2-random before 10-random."""
    return [
        (int(part.partition("-")[0]) if part.partition("-")[0].isdecimal() else -1, part)
        for part in file.parts
    ]


def _read_one(folder: Path, url: str | None = None) -> SearchRun:
    """One run; its record's storage may be named by its URL.

    Raises:
        ConfigError: if it has no readable record.
    """
    found = read_search(folder, KEY, url)
    known = flat(masked(found.origin.plain))
    for name in NEEDED:
        if name not in known or not isinstance(known[name], NEEDED[name]):
            raise ConfigError(KEY, f"{folder} is damaged: its .hydra/config.yaml has no {name}")
    optimum = (read_summary(folder) or {}).get("optimum", {})
    place = wandb_place(folder)
    path = place.path if place else None
    return SearchRun(found.origin, found.past, known, optimum, path)
