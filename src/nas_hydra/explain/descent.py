"""The winner's line of descent."""

from nas_hydra.explain.result import Ancestor
from nas_hydra.explain.searched import Searched
from nas_hydra.report.lineage import Step, lineage


def ancestors(searched: Searched) -> list[Ancestor]:
    """From the first ancestor to the winner."""
    steps = lineage(searched.winner, searched.past.trials)
    return [_ancestor(step, searched.objective.name) for step in steps]


def _ancestor(step: Step, objective: str) -> Ancestor:
    trial = step.trial
    return Ancestor(
        trial.number,
        trial.proposal.origin,
        step.parent.number if step.parent else None,
        step.changes,
        trial.values.get(objective),
        step.gains.get(objective),
    )
