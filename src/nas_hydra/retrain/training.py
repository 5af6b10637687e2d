"""What is asked for, and the networks trained for it over several seeds: winner and baselines."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nas_hydra.document.text import duration, number
from nas_hydra.engine import Engine, Job
from nas_hydra.evaluator import Evaluator
from nas_hydra.objective import Objective
from nas_hydra.run import weights_file
from nas_hydra.search_space import Decision, Genotype
from nas_hydra.trial import Proposal, Trial

Role = Literal["winner", "random", "baseline"]


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
