"""The genotype: every active decision of one candidate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nas_hydra.search_space.gene import Decision, shown


@dataclass(frozen=True, eq=False, repr=False)
class Genotype(Mapping[str, Decision]):
    """A frozen mapping from gene name to decision, active genes only.

    Args:
        decisions: in the order in which the space asked for them.
        key: digest of the closed config: two genotypes that build the same config have the
            same key, whatever their decisions.
    """

    decisions: Mapping[str, Decision]
    key: str

    def __getitem__(self, name: str) -> Decision:
        """The decision of an active gene."""
        return self.decisions[name]

    def __contains__(self, name: object) -> bool:
        """Whether a gene is active."""
        return name in self.decisions

    def __iter__(self) -> Iterator[str]:
        """The names of the active genes."""
        return iter(self.decisions)

    def __len__(self) -> int:
        """Number of active genes."""
        return len(self.decisions)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return self.summary

    @property
    def summary(self) -> str:
        """One line for people: ``depth=3 width=32 lr=0.003162``."""
        return " ".join(f"{name}={shown(decision)}" for name, decision in self.decisions.items())
