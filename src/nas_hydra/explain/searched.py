"""A finished search, opened to be explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean

from nas_hydra.component import locate
from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.foreign import check_names, check_written
from nas_hydra.objective import Objective, Objectives
from nas_hydra.opened import build_space
from nas_hydra.ranking import by_fitness
from nas_hydra.record.past import PastRun, read_search
from nas_hydra.run import FEWEST_EXPLAINED
from nas_hydra.search_space import PARTS, Genotype, SearchSpace
from nas_hydra.trial import Trial

KEY = "run"


@dataclass(frozen=True)
class Searched:
    """A search and what it found.

    Args:
        past: its record.
        space: that it searched.
        builds: whether its evaluator builds networks, see ``Evaluator.builds``.
        objective: that is to be explained.
        trials: that tell its values, see ``PastRun.evaluated``.
    """

    past: PastRun
    space: SearchSpace
    builds: bool
    objective: Objective
    trials: Sequence[Trial]

    @cached_property
    def ranked(self) -> list[Trial]:
        """The best trial of each candidate, the best of the objective first."""
        alone = Objectives((self.objective,), self.past.objectives.limits)
        best: dict[str, Trial] = {}
        for trial in by_fitness(self.trials, alone):
            best.setdefault(trial.key, trial)
        return list(best.values())

    @property
    def winner(self) -> Trial:
        """The best trial of the objective within the limits."""
        return self.ranked[0]

    def value(self, trial: Trial) -> float:
        """What a trial measured of the objective."""
        return trial.values[self.objective.name]

    @cached_property
    def measured(self) -> dict[str, list[float]]:
        """Key of a candidate -> its values, several if it has repeats."""
        known: dict[str, list[float]] = {}
        for trial in self.trials:
            known.setdefault(trial.key, []).append(self.value(trial))
        return known

    def mean(self, key: str) -> float:
        """A candidate's value; the mean over repeats."""
        return fmean(self.measured[key])

    def genotype(self, number: int) -> Genotype:
        """A complete trial's candidate.

        Raises:
            ConfigError: if there is no such trial.
        """
        for trial in self.trials:
            if trial.number == number:
                return trial.proposal.genotype
        raise ConfigError("start", f"trial {number} is none of the complete ones of this run")


def open_search(folder: Path, objective: str | None = None, url: str | None = None) -> Searched:
    """Read a run's record and build its space; torch is imported only if networks were built.

    Args:
        folder: of the run.
        objective: to explain; None is the first.
        url: of the storage of its record, if that is on a server.

    Raises:
        ConfigError: if it is no run's folder, or too little was found to be explained.
    """
    origin, past = read_search(folder, KEY, url)
    evaluator = past.identity.get("evaluator")
    target = evaluator.get("_target_") if isinstance(evaluator, Mapping) else None
    found = locate(target, "evaluator._target_")
    if not hasattr(found, "builds"):
        raise ConfigError("evaluator._target_", f"is '{target}', which is no evaluator")
    builds = bool(found.builds)
    for name in dict.fromkeys(part[0] for part in PARTS.values()):
        checked = check_written if builds else check_names  # which imports nothing
        checked(origin.plain.get(name), name)
    space = build_space(origin.opened(), builds)
    chosen = chosen_objective(past, objective)
    check_enough(folder, past.evaluated, chosen)
    return Searched(past, space, builds, chosen, past.evaluated)


def chosen_objective(past: PastRun, name: str | None) -> Objective:
    """The objective of this name, or the first.

    Raises:
        ConfigError: if there is none of this name.
    """
    known = {objective.name: objective for objective in past.objectives}
    if name is not None and name not in known:
        raise ConfigError(
            "objective", f"is '{name}'; allowed: {listing(known)}{nearest(name, known)}"
        )
    return past.objectives[0] if name is None else known[name]


def check_enough(folder: Path, trials: Sequence[Trial], objective: Objective) -> None:
    """Make sure that there is something to learn from.

    Raises:
        ConfigError: if there are too few candidates, all are alike, or nothing was decided.
    """
    candidates = len({trial.key for trial in trials})
    if not trials:
        raise ConfigError(KEY, f"{folder} has no finished trial; search first, or go on with it")
    if not any(trial.proposal.genotype for trial in trials):
        raise ConfigError(KEY, f"{folder} left nothing to decide, so there is nothing to explain")
    if candidates < FEWEST_EXPLAINED:
        raise ConfigError(
            KEY,
            f"{folder} has {candidates} complete candidates, too few to tell what they have in"
            f" common; it takes {FEWEST_EXPLAINED}. Go on with it with a larger budget.trials",
        )
    if len({trial.values[objective.name] for trial in trials}) == 1:
        raise ConfigError(
            KEY,
            f"in {folder} every candidate has the same {objective.name}, whatever was decided;"
            " there is nothing to explain",
        )
