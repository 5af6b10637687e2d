"""A child begins with the weights of its parent (Chen et al. 2016, "Net2Net")."""

from dataclasses import replace

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.front import by_domination, by_fitness
from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Decorator
from nas_hydra.trial import Proposal, Trial


class FromParent(Decorator):
    """Has a proposal start from the first of its parents whose checkpoint is kept.

    Kept are those of the best trials told so far that were trained in this run; with several
    objectives in the order of NSGA-II. Where none of the parents is among them, the network begins
    from scratch; so does that of a proposal that goes on with another trial's training, which has
    its weights from there. A trial that goes on with another one takes its place.

    Args:
        strategy: proposes.
        objectives: of the search.
        keep: how many checkpoints are kept, at least 1.

    Raises:
        ConfigError: if none is to be kept.
    """

    def __init__(self, strategy: Strategy, objectives: Objectives, keep: int) -> None:
        if keep < 1:
            raise ConfigError("inherit.keep", f"is {keep}; at least 1 is needed")
        super().__init__(strategy)
        self._objectives, self._keep = objectives, keep
        self._kept: list[Trial] = []

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """What the strategy proposes, with the parent that it inherits from."""
        proposal = super().ask(number, rng)
        if proposal is None or proposal.known or proposal.fidelity.continues is not None:
            return proposal
        kept = {trial.number for trial in self._kept}
        parent = next((one for one in proposal.parents if one in kept), None)
        if parent is None:
            return proposal
        return replace(proposal, fidelity=replace(proposal.fidelity, inherits=parent))

    def tell(self, trial: Trial) -> None:
        """Keep the trial, if it is among the best, and hand it on."""
        earlier = trial.proposal.fidelity.continues
        if trial.complete and trial.duplicate_of is None and trial.source is None:
            order = by_fitness if len(self._objectives) == 1 else by_domination
            others = [one for one in self._kept if one.number != earlier]
            self._kept = order([*others, trial], self._objectives)[: self._keep]
        super().tell(trial)

    @property
    def needed(self) -> set[int]:
        """The trials that are kept, and those that the strategy within needs."""
        return super().needed | {trial.number for trial in self._kept}
