"""Where a candidate comes from: its ancestors, and what each step changed and gained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nas_hydra.search_space import Decision
from nas_hydra.trial import Trial

Change = tuple[Decision | None, Decision | None]
"""A gene's decision before and after; None where it is inactive."""


@dataclass(frozen=True)
class Step:
    """One trial of a line of descent.

    Args:
        trial: the trial.
        parent: the trial before it in the line; None for the first ancestor.
        changes: gene -> its decision in the parent and in the trial, where they differ.
        gains: objective -> the trial's value minus the parent's, in the objective's units; empty
            where one of them has no values.
    """

    trial: Trial
    parent: Trial | None
    changes: Mapping[str, Change]
    gains: Mapping[str, float]


def lineage(best: Trial, trials: Sequence[Trial]) -> list[Step]:
    """The line from the first ancestor to a trial.

    Of several parents, the line follows the one that the child takes most decisions from; of
    equals, the first.

    Args:
        best: where the line ends.
        trials: its ancestors among them.
    """
    known = {trial.number: trial for trial in trials}
    line = [best]
    while parents := [known[number] for number in line[-1].proposal.parents if number in known]:
        line.append(min(parents, key=lambda parent: len(changes(parent, line[-1]))))
    line.reverse()
    return [step(parent, trial) for parent, trial in zip([None, *line], line, strict=False)]


def step(parent: Trial | None, trial: Trial) -> Step:
    """What a trial changed and gained."""
    if parent is None:
        return Step(trial, None, {}, {})
    gains = {
        name: value - parent.values[name]
        for name, value in trial.values.items()
        if name in parent.values
    }
    return Step(trial, parent, changes(parent, trial), gains)


def changes(parent: Trial, child: Trial) -> dict[str, Change]:
    """Gene -> its decision before and after, where they differ."""
    before, after = parent.proposal.genotype, child.proposal.genotype
    return {
        name: (before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    }
