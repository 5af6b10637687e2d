"""What is asked for, and the networks trained for it over several seeds: winner and baselines."""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from numpy.random import default_rng

from nas_hydra.app.space import sample
from nas_hydra.document.text import duration, number
from nas_hydra.engine import Engine, Job
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator import Evaluator
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.objective import Objective
from nas_hydra.run import weights_file
from nas_hydra.search_space import Decision, Genotype, SearchSpace
from nas_hydra.trial import Proposal, Trial

Role = Literal["winner", "random", "baseline", "reference"]


@dataclass(frozen=True)
class Contender:
    """A network to train.

    Args:
        role: what it is there for.
        name: in words.
        candidate: its closed config.
        decisions: of a candidate of the space; a known network has made none.
    """

    role: Role
    name: str
    candidate: Mapping[str, Any]
    decisions: Mapping[str, Decision] = field(default_factory=dict)


@dataclass(frozen=True)
class SeedTraining:
    """One training: its outcome, and the file of its weights if it was completed."""

    trial: Trial
    weights: Path


@dataclass(frozen=True)
class Progress:
    """How far the trainings are.

    Args:
        done: so many have ended.
        total: of so many.
        what: network and seed of the last one; empty before the first has ended.
        trial: what became of it.
    """

    done: int
    total: int
    what: str = ""
    trial: Trial | None = None

    @property
    def outcome(self) -> str:
        """What became of the last training, in words."""
        if self.trial is None:
            return ""
        if not self.trial.complete:
            return f"failed: {self.trial.error}"
        values = ", ".join(f"{name} {number(one)}" for name, one in self.trial.values.items())
        return f"{values} ({duration(self.trial.seconds)})"


Watch = Callable[[Progress], None]


def train(
    contenders: Sequence[Contender],
    seeds: int,
    evaluator: Evaluator,
    objectives: Sequence[Objective],
    engine: Engine,
    weights: Path,
    watch: Watch,
) -> dict[str, list[SeedTraining]]:
    """Train every contender ``seeds`` times, as many at a time as the engine has workers.

    Args:
        contenders: the networks.
        seeds: how often each is trained; seed k of one is that of all others.
        evaluator: that trains and tests.
        objectives: what a training must have measured.
        engine: where.
        weights: a folder for trained weights.
        watch: is told how far it is, before the first training and after each.

    Returns:
        Name of a contender -> its trainings, by seed.
    """
    weights_file(weights, 0).parent.mkdir()
    # Seed by seed: when something is wrong with a contender, that shows early.
    wanted = [(one, seed) for seed in range(seeds) for one in contenders]
    pending: dict[Future[Trial], tuple[Job, str]] = {}
    watch(Progress(0, len(wanted)))
    try:
        engine.start(evaluator)
        for number, (one, seed) in enumerate(wanted):
            job = _job_of(one, objectives, number, seed, weights_file(weights, number))
            pending[engine.submit(job)] = job, f"{one.name}, seed {seed}"
        for done, future in enumerate(as_completed(pending), start=1):
            watch(Progress(done, len(pending), pending[future][1], future.result()))
    finally:
        engine.shutdown()
    trained: dict[str, list[SeedTraining]] = {one.name: [] for one in contenders}
    for future, (job, _) in pending.items():
        training = SeedTraining(future.result(), job.weights)
        trained[job.proposal.genotype.key].append(training)
    return trained


def _job_of(
    one: Contender, objectives: Sequence[Objective], number: int, seed: int, weights: Path
) -> Job:
    """The training of a contender with a seed; the contender's name is the job's key."""
    proposal = Proposal(number, Genotype({}, one.name), "retrain")
    return Job(objectives, proposal, one.candidate, seed, weights)


AUTO, NONE = "auto", "none"
DRAW = 2**32
"""The generator of the random candidate, which no proposal of the search has."""
TRIES = 20


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Args:
        run: the folder of a search.
        trial: number of the trial to retrain; None is the winner.
        pareto: ``all`` retrains every trial of the front.
        seeds: how often each network is trained, at least 1.
        baseline: name of a constructor of ``torchvision.models`` to compare with; ``auto`` takes
            the one of the nearest size, ``none`` leaves it out.
        random: whether a random candidate of the space is trained for comparison.
        references: whether simpler methods are, see ``nas_hydra.retrain.reference``.
        folder: where the model goes; None is below the run.
        force: also if the data has changed since the search, or a model is there already.
        trust: modules that the search's config may name, see ``nas_hydra.config.foreign``.
        config_dirs: further folders of config groups that ``overrides`` may name options of.
        url: of the storage of its record, if that is on a server; else none is connected to.
    """

    run: Path
    trial: int | None = None
    pareto: Literal["all"] | None = None
    seeds: int = 3
    baseline: str = AUTO
    random: bool = True
    references: bool = True
    folder: Path | None = None
    force: bool = False
    trust: Sequence[str] = ()
    config_dirs: Sequence[Path] = ()
    url: str | None = None


def winner(space: SearchSpace, number: int, genotype: Genotype) -> Contender:
    """A trial as a contender."""
    return Contender("winner", f"trial {number}", space.close(genotype), dict(genotype))


def random_candidate(
    space: SearchSpace, evaluator: Evaluator, seed: int, others: Sequence[str]
) -> Contender:
    """A random candidate that can work, fixed by the seed.

    Args:
        space: of it.
        evaluator: tells whether it can.
        seed: of the search.
        others: keys of candidates that it must not be.

    Raises:
        ConfigError: if none is found.
    """
    rng = default_rng((seed, DRAW))
    for _ in range(TRIES):
        genotype = sample(space, rng)
        config = space.close(genotype)
        try:
            evaluator.check(config)
        except CandidateError:
            continue
        if genotype.key not in others:
            return Contender("random", "a random candidate", config, dict(genotype))
    raise ConfigError(
        "random", f"{TRIES} random candidates cannot work, or are the winner; say random=false"
    )


def baseline_of(one: Contender, name: str) -> list[Contender]:
    """A known network, trained as the contender is; empty if none is wanted, or known."""
    candidate = Prepared(one.candidate, "search")
    known = candidate.task.baselines(candidate.example)
    if name == NONE or (name == AUTO and not known):
        return []
    if name == AUTO:
        name = nearest_in_size(candidate, known)
    config = with_baseline(candidate, name).config
    return [Contender("baseline", f"torchvision's {name}", config)]


def nearest_in_size(one: Prepared, names: Sequence[str]) -> str:
    """Of known networks, that whose number of parameters is nearest, as a ratio.

    Args:
        one: the network that it is to be near to, with its task and its data.
        names: of those that there are, see ``Task.baselines``.
    """
    params = size(one)

    def distance(name: str) -> float:
        return abs(math.log(size(with_baseline(one, name)) / max(params, 1)))

    return min(names, key=distance)


def with_baseline(one: Prepared, name: str) -> Prepared:
    """The same candidate with a known network.

    Raises:
        ConfigError: if there is no such network, or it does not take the inputs.
    """
    return Prepared({**one, "model": one.task.baseline(name, one.example)}, one.stage)


def size(one: Prepared) -> int:
    """Number of trainable parameters, found without memory for them where that is possible.

    Raises:
        CandidateError: if the network cannot be built, or does not take the inputs.
    """
    try:
        return one.meta_network.params
    except CandidateError:  # it takes values to build it
        return count_parameters(one.network())
