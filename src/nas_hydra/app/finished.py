"""A finished search, opened: as it was, to be explained, or with changes, to be retrained."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.app.completing import complete
from nas_hydra.app.settings import Settings, resolved, settings_of
from nas_hydra.app.space import build_space
from nas_hydra.compose import changed
from nas_hydra.config.component import locate
from nas_hydra.config.foreign import check_names, check_written, foreign
from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.front import Front, by_fitness
from nas_hydra.objective import Objective, Objectives
from nas_hydra.record.past import FinishedSearch, PastRun, read_search
from nas_hydra.run import FEWEST_EXPLAINED
from nas_hydra.search_space import PARTS, Genotype, SearchSpace
from nas_hydra.trial import Trial

KEY = "run"
GROUPS = tuple(dict.fromkeys(path[0] for path in PARTS.values()))
"""Config groups whose components a candidate has; a retraining's evaluator is its own."""


@dataclass(frozen=True)
class ExplainedSearch(FinishedSearch):
    """A search and what it found.

    Args:
        space: that it searched.
        builds: whether its evaluator builds networks, see ``Evaluator.builds``.
        objective: that is to be explained.
        trials: that tell its values, all trained as far, see ``explained_trials``.
    """

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
        """The best trial of the objective within the limits.

        Where its candidate was trained farther than those that it is compared with, its trial
        among these.
        """
        alone = Objectives((self.objective,), self.past.objectives.limits)
        best = by_fitness(self.past.evaluated, alone)[0]
        return next((trial for trial in self.ranked if trial.key == best.key), self.ranked[0])

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


def open_explained(
    folder: Path, objective: str | None = None, url: str | None = None
) -> ExplainedSearch:
    """Read a run's record and build its space; torch is imported only if networks were built.

    Args:
        folder: of the run.
        objective: to explain; None is the first.
        url: of the storage of its record, if that is on a server.

    Raises:
        ConfigError: if it is no run's folder, or too little was found to be explained.
    """
    found = read_search(folder, KEY, url)
    config, past = found.origin.opened(), found.past
    evaluator = past.identity.get("evaluator")
    target = evaluator.get("_target_") if isinstance(evaluator, Mapping) else None
    kind = locate(target, "evaluator._target_")
    if not hasattr(kind, "builds"):
        raise ConfigError("evaluator._target_", f"is '{target}', which is no evaluator")
    builds = bool(kind.builds)
    _check_parts(config, GROUPS, check_written if builds else check_names)  # which imports nothing
    chosen = _objective(past, objective)
    trials = explained_trials(past)
    _check_enough(folder, trials, chosen)
    return ExplainedSearch(found.origin, past, build_space(config, builds), builds, chosen, trials)


def explained_trials(past: PastRun) -> list[Trial]:
    """The evaluated trials of the highest fidelity that enough candidates were trained at.

    Where there are too few of them at each, those of the fidelity that most were trained at.
    """
    levels: dict[int, list[Trial]] = {}
    for trial in past.evaluated:
        levels.setdefault(trial.level, []).append(trial)
    candidates = {level: len({trial.key for trial in of}) for level, of in levels.items()}
    enough = [level for level, count in candidates.items() if count >= FEWEST_EXPLAINED]
    if not levels:
        return []
    return levels[max(enough) if enough else max(levels, key=lambda level: candidates[level])]


def _check_parts(
    config: DictConfig, groups: Sequence[str], check: Callable[[Any, str], object]
) -> None:
    """Make sure that a foreign config's groups name nothing that may not be called."""
    for name in groups:
        part = OmegaConf.select(config, name)
        check(OmegaConf.to_container(part) if OmegaConf.is_config(part) else part, name)


def _objective(past: PastRun, name: str | None) -> Objective:
    """The objective of this name, or the first."""
    known = {objective.name: objective for objective in past.objectives}
    if name is not None and name not in known:
        raise ConfigError(
            "objective", f"is '{name}'; allowed: {listing(known)}{nearest(name, known)}"
        )
    return past.objectives[0] if name is None else known[name]


def _check_enough(folder: Path, trials: Sequence[Trial], objective: Objective) -> None:
    """Make sure that there is something to learn from."""
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


@dataclass(frozen=True)
class RetrainedSearch(FinishedSearch):
    """A search, as it is to be retrained.

    Args:
        space: of its changed config.
        plain: its config with changes, resolved.
        settings: the same, checked.
        typed: what of it stands on the command line, or in the user's own options.
    """

    space: SearchSpace
    plain: Mapping[str, Any]
    settings: Settings
    typed: Sequence[Any] = ()

    def genotype(self, trial: Trial) -> Genotype:
        """A trial's decisions, as far as they are still open.

        Raises:
            ConfigError: if a change of the config leaves one open that the trial has not made.
        """
        known = trial.proposal.genotype.items()
        return self.space.genotype(
            {name: made for name, made in known if name in self.space.places}
        )

    @property
    def seconds(self) -> float:
        """Of all its evaluations together."""
        return sum(trial.seconds for trial in self.past.trials)


def open_retrained(
    folder: Path,
    overrides: Sequence[str],
    url: str | None = None,
    config_dirs: Sequence[Path] = (),
) -> RetrainedSearch:
    """Read a run's folder, and change its config.

    A time limit of the search's trials is none for a longer training, and its record is read.
    Options that only its own folders of config groups have are a stranger's: they are not taken.

    Args:
        folder: of the run.
        overrides: of its config.
        url: of the storage of its record, if that is on a server.
        config_dirs: the user's own folders of config groups.

    Raises:
        ConfigError: if it is no run's folder, an override cannot be read, or the changed config is
            wrong.
    """
    found = read_search(folder, KEY, url)
    config = found.origin.opened()
    OmegaConf.update(config, "trial.timeout", None)
    OmegaConf.update(config, "record", {}, merge=False)
    config = changed(config, overrides, config_dirs)
    own = [*typed(config, overrides)]
    with foreign(typed=own):  # here, since to compose has brought Hydra's resolvers back
        _check_parts(config, (*GROUPS, "engine", "tracker"), check_written)
        plain = complete(config, resolved(config))
        space, settings = build_space(config), settings_of(plain)
        return RetrainedSearch(found.origin, found.past, space, plain, settings, own)


def resolved_environment(overrides: Sequence[str]) -> list[str]:
    """A command's words, in which the user may refer to the user's own environment.

    Raises:
        ConfigError: if there is no such variable.
    """

    def resolve(found: re.Match[str]) -> str:
        try:
            return str(OmegaConf.create({"given": found[0]})["given"])
        except OmegaConfBaseException as error:
            raise ConfigError("OVERRIDES", str(error).splitlines()[0]) from error

    return [re.sub(r"\$\{oc\.env:[^{}]*\}", resolve, word) for word in overrides]


def typed(config: DictConfig, overrides: Sequence[str]) -> Iterator[Any]:
    """The values among a command's words, and all that stands in the options that they take.

    Args:
        config: with these overrides.
        overrides: that could be read.
    """
    for one in OverridesParser.create().parse_overrides([*overrides]):
        key = one.key_or_group.replace("/", ".")
        yield one.value()
        part = OmegaConf.select(config, key)
        if isinstance(one.value(), str) and OmegaConf.is_config(part):
            yield OmegaConf.to_container(part)


def chosen(past: PastRun, trial: int | None, pareto: bool) -> list[Trial]:
    """The trials to retrain: the winner, or those that were asked for.

    Args:
        past: the record.
        trial: the number of the one that is wanted; None is the best.
        pareto: all that no other beats.

    Raises:
        ConfigError: if no trial is complete, or the one that was asked for is not.
    """
    if trial is not None and pareto:
        raise ConfigError("trial", "and pareto=all exclude each other; leave one out")
    if trial is not None:
        return [_numbered(past, trial)]
    front = Front(past.objectives, past.trials)
    if front.best is None:
        raise ConfigError(
            KEY,
            f"{past.folder} has no finished trial among {len(past.trials)};"
            " go on with the search first",
        )
    return list(front.members) if pareto else [front.best]


def _numbered(past: PastRun, number: int) -> Trial:
    complete = [trial.number for trial in past.trials if trial.complete]
    for trial in past.trials:
        if trial.number == number and trial.complete:
            return trial
        if trial.number == number:
            problem = f"{number} {trial.state} ({trial.error}), so there is nothing to retrain"
            raise ConfigError("trial", f"{problem}; allowed: {listing(complete)}")
    raise ConfigError("trial", f"{number} is not in {past.folder}; allowed: {listing(complete)}")
