"""Promotion: a trial's training goes on, as a trial of its own at a higher level."""

from collections.abc import Sequence
from dataclasses import replace

from nas_hydra.errors import ConfigError
from nas_hydra.front import by_domination, by_fitness
from nas_hydra.objective import Objectives
from nas_hydra.trial import Fidelity, Proposal, Trial


def at_level(proposal: Proposal, epochs: int) -> Proposal:
    """The proposal, its network to be trained for so many epochs."""
    return replace(proposal, fidelity=replace(proposal.fidelity, epochs=epochs))


def promoted(trial: Trial, number: int, epochs: int) -> Proposal:
    """The proposal that goes on with a trial until its network has had so many epochs.

    Of what that trial has inherited it knows too, or it could not begin anew.
    """
    inherits = trial.proposal.fidelity.inherits
    fidelity = Fidelity(epochs=epochs, continues=trial.number, inherits=inherits)
    genotype = trial.proposal.genotype
    return Proposal(number, genotype, "promotion", (trial.number,), fidelity=fidelity)


def ranked(trials: Sequence[Trial], objectives: Objectives) -> list[Trial]:
    """Complete trials of one level, best first; by domination where objectives are several."""
    return (by_fitness if len(objectives) == 1 else by_domination)(trials, objectives)


def check_level(key: str, epochs: int, levels: Sequence[int]) -> None:
    """Make sure that a training can end after so many epochs.

    Raises:
        ConfigError: if it cannot.
    """
    if epochs not in levels:
        raise ConfigError(
            key, f"is {epochs}; a training of this evaluator can end after {_listed(levels)}"
        )


def _listed(levels: Sequence[int]) -> str:
    """Levels in words: those of a training that can end after each epoch as a range."""
    if len(levels) > 2 and list(levels) == list(range(levels[0], levels[-1] + 1)):
        return f"{levels[0]} to {levels[-1]} epochs"
    return f"{', '.join(map(str, levels))} epochs"
