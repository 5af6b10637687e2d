"""The search whose winner is retrained: its config with changes, its space and its trials."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nas_hydra.assemble import build_space
from nas_hydra.compose import changed
from nas_hydra.errors import ConfigError, listing
from nas_hydra.front import Front
from nas_hydra.record.past import PastConfig, PastRun, read_config, read_run
from nas_hydra.retrain.request import Request
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.settings import Settings, resolved, settings_of
from nas_hydra.trial import Trial

KEY = "run"


@dataclass(frozen=True)
class Searched:
    """A search, as it is to be retrained.

    Args:
        past: its record.
        origin: its config as it was.
        plain: its config with changes, resolved.
        settings: the same, checked.
        space: of that config.
    """

    past: PastRun
    origin: PastConfig
    plain: Mapping[str, Any]
    settings: Settings
    space: SearchSpace

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
    def epochs(self) -> int:
        """How many the search has trained in its longest trial."""
        return max(trial.epochs for trial in self.past.trials)

    @property
    def seconds(self) -> float:
        """Of all its evaluations together."""
        return sum(trial.seconds for trial in self.past.trials)


def open_search(folder: Path, overrides: Sequence[str]) -> Searched:
    """Read a run's folder, and change its config.

    A time limit of the search's trials is none for a longer training.

    Raises:
        ConfigError: if it is no run's folder, or the changed config is wrong.
        HydraException: if an override cannot be read, or there is no such key or option.
    """
    origin = read_config(folder)
    if origin is None:
        raise ConfigError(
            KEY, f"{folder} holds no .hydra/config.yaml; give the folder of one search"
        )
    config = OmegaConf.create(_without_hydra(dict(origin.plain), origin.hydra))
    OmegaConf.update(config, "trial.timeout", None)
    config = changed(config, overrides, origin.config_dirs)
    plain = resolved(config)
    return Searched(
        read_run(folder, KEY), origin, plain, settings_of(plain), build_space(_readable(config))
    )


def _readable(config: DictConfig) -> DictConfig:
    OmegaConf.set_struct(config, False)
    return config


def _without_hydra(value: Any, hydra: Mapping[str, Any]) -> Any:
    """A config in which ``${hydra:...}`` is what it was in the run."""
    if isinstance(value, Mapping):
        return {key: _without_hydra(part, hydra) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_hydra(part, hydra) for part in value]
    if not isinstance(value, str) or "${hydra:" not in value:
        return value
    known = OmegaConf.create(dict(hydra))
    return re.sub(
        r"\$\{hydra:([^}]+)\}", lambda found: str(OmegaConf.select(known, found[1])), value
    )


def chosen(searched: Searched, request: Request) -> list[Trial]:
    """The trials to retrain: the winner, or those that were asked for.

    Raises:
        ConfigError: if no trial is complete, or the one that was asked for is not.
    """
    if request.trial is not None and request.pareto:
        raise ConfigError("trial", "and pareto=all exclude each other; leave one out")
    if request.trial is not None:
        return [_numbered(searched.past, request.trial)]
    front = Front(searched.past.objectives)
    for trial in searched.past.trials:
        front.add(trial)
    if front.best is None:
        raise ConfigError(
            KEY,
            f"{searched.past.folder} has no finished trial among {len(searched.past.trials)};"
            " go on with the search first",
        )
    return list(front.members) if request.pareto else [front.best]


def _numbered(past: PastRun, number: int) -> Trial:
    complete = [trial.number for trial in past.trials if trial.complete]
    for trial in past.trials:
        if trial.number == number and trial.complete:
            return trial
        if trial.number == number:
            problem = f"{number} {trial.state} ({trial.error}), so there is nothing to retrain"
            raise ConfigError("trial", f"{problem}; allowed: {listing(complete)}")
    raise ConfigError("trial", f"{number} is not in {past.folder}; allowed: {listing(complete)}")
