"""The search whose winner is retrained: its config with changes, its space and its trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from nas_hydra.assemble import build_space
from nas_hydra.compose import changed
from nas_hydra.errors import ConfigError, listing
from nas_hydra.front import Front
from nas_hydra.record.past import PastConfig, PastRun, read_search
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
    def seconds(self) -> float:
        """Of all its evaluations together."""
        return sum(trial.seconds for trial in self.past.trials)


def open_search(folder: Path, overrides: Sequence[str]) -> Searched:
    """Read a run's folder, and change its config.

    A time limit of the search's trials is none for a longer training.

    Raises:
        ConfigError: if it is no run's folder, an override cannot be read, or the changed config is
            wrong.
    """
    origin, past = read_search(folder, KEY)
    config = origin.opened()
    OmegaConf.update(config, "trial.timeout", None)
    config = changed(config, overrides, origin.config_dirs)
    plain = resolved(config)
    return Searched(past, origin, plain, settings_of(plain), build_space(config))


def chosen(searched: Searched, request: Request) -> list[Trial]:
    """The trials to retrain: the winner, or those that were asked for.

    Raises:
        ConfigError: if no trial is complete, or the one that was asked for is not.
    """
    if request.trial is not None and request.pareto:
        raise ConfigError("trial", "and pareto=all exclude each other; leave one out")
    if request.trial is not None:
        return [_numbered(searched.past, request.trial)]
    front = Front(searched.past.objectives, searched.past.trials)
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
