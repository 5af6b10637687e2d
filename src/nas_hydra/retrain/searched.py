"""The search whose winner is retrained: its config with changes, its space and its trials."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.completing import complete
from nas_hydra.compose import changed
from nas_hydra.errors import ConfigError, listing
from nas_hydra.foreign import check_written, foreign
from nas_hydra.front import Front
from nas_hydra.opened import build_space
from nas_hydra.record.configured import PastConfig
from nas_hydra.record.past import PastRun, read_search
from nas_hydra.retrain.request import Request
from nas_hydra.search_space import PARTS, Genotype, SearchSpace
from nas_hydra.settings import Settings, resolved, settings_of
from nas_hydra.trial import Trial

KEY = "run"
PARTS_AND_HELP = (*dict.fromkeys(path[0] for path in PARTS.values()), "engine", "tracker")
"""Config groups whose components a retraining builds; the evaluator's is replaced by its own."""


@dataclass(frozen=True)
class Searched:
    """A search, as it is to be retrained.

    Args:
        past: its record.
        origin: its config as it was.
        plain: its config with changes, resolved.
        settings: the same, checked.
        space: of that config.
        typed: what of it stands on the command line, or in the user's own options.
    """

    past: PastRun
    origin: PastConfig
    plain: Mapping[str, Any]
    settings: Settings
    space: SearchSpace
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


def open_search(
    folder: Path,
    overrides: Sequence[str],
    url: str | None = None,
    config_dirs: Sequence[Path] = (),
) -> Searched:
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
    origin, past = read_search(folder, KEY, url)
    config = origin.opened()
    OmegaConf.update(config, "trial.timeout", None)
    OmegaConf.update(config, "record", {}, merge=False)
    config = changed(config, overrides, config_dirs)
    own = [*typed(config, overrides)]
    with foreign(typed=own):  # here, since to compose has brought Hydra's resolvers back
        for name in PARTS_AND_HELP:
            part = OmegaConf.select(config, name)
            check_written(OmegaConf.to_container(part) if OmegaConf.is_config(part) else part, name)
        plain = complete(config, resolved(config))
        return Searched(past, origin, plain, settings_of(plain), build_space(config), own)


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
