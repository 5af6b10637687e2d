"""What an explanation holds; ``explanation.json`` has the same fields.

Values and differences are in the objective's units: where less is better, a difference below zero
is a gain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nas_hydra.report.history import Change
from nas_hydra.search_space import Decision

Source = Literal["measured", "trained", "predicted"]
"""Where a value is from: the record, a training for this explanation, or the surrogate."""


@dataclass(frozen=True)
class Importance:
    """How much of the variation over the space a decision, or two together, accounts for.

    Args:
        genes: one; or two, for what they do together beyond what each does.
        share: 0 to 1.
        low: end of the 95 % bootstrap interval.
        high: its other end.
    """

    genes: tuple[str, ...]
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Level:
    """What candidates with one decision are worth, the others at random.

    Args:
        decision: a label or a number; of a number with many values, the middle of an eighth of its
            (log) range.
        value: predicted.
        low: end of the 95 % bootstrap interval.
        high: its other end.
        winner: whether the winner has it.
    """

    decision: str
    value: float
    low: float
    high: float
    winner: bool


@dataclass(frozen=True)
class Effect:
    """A gene's partial dependence (Friedman 2001)."""

    gene: str
    ordered: bool
    levels: Sequence[Level]


@dataclass(frozen=True)
class Surface:
    """The partial dependence on two genes.

    Args:
        genes: of the rows, and of the columns.
        rows: decisions of the first.
        columns: decisions of the second.
        values: predicted, row by row; None where the two do not go together.
    """

    genes: tuple[str, str]
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class Estimate:
    """What is known of a candidate.

    Args:
        genotype: its decisions.
        predicted: by the surrogate.
        value: measured or trained where that was done, else predicted.
        source: of the value.
        trial: that measured it.
        error: why its training came to nothing.
    """

    genotype: Mapping[str, Decision]
    predicted: float
    value: float
    source: Source
    trial: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class AblationStep:
    """One decision on the way to the winner.

    Args:
        gene: what was changed.
        before: its decision.
        after: the winner's.
        also: genes that came and went with it, such as those of a block that was added.
        candidate: what this leads to.
        difference: of its value to that of the step before.
        source: of the difference: predicted unless both values are known.
    """

    gene: str
    before: Decision
    after: Decision
    also: Sequence[str]
    candidate: Estimate
    difference: float
    source: Source


@dataclass(frozen=True)
class Ablation:
    """The way from a start to the winner, one decision at a time.

    Args:
        start: its first candidate.
        origin: which one that is, in words.
        steps: in the order in which they are predicted to help most.
    """

    start: Estimate
    origin: str
    steps: Sequence[AblationStep]


@dataclass(frozen=True)
class Ancestor:
    """A trial on the line of descent of the winner.

    Args:
        trial: its number.
        origin: how it was made.
        parent: the trial before it on the line.
        changed: gene -> decision before and after; None where it is not active.
        value: measured.
        difference: to the parent's value.
    """

    trial: int
    origin: str
    parent: int | None
    changed: Mapping[str, Change]
    value: float | None
    difference: float | None


@dataclass(frozen=True)
class Neighbour:
    """A candidate one decision away from the winner, and as good.

    Args:
        changed: gene -> decision of the winner and of the neighbour.
        candidate: what is known of it.
        difference: of its value to the winner's.
        source: of the difference.
        params: trainable parameters; None if they were not counted.
        flops: of one image's forward pass; None likewise.
        params_share: change against the winner's: -0.2 is a fifth fewer.
        flops_share: likewise.
    """

    changed: Mapping[str, Change]
    candidate: Estimate
    difference: float
    source: Source
    params: int | None
    flops: int | None
    params_share: float | None
    flops_share: float | None


@dataclass(frozen=True)
class RankedTrial:
    """One of the best candidates.

    Args:
        trial: that measured it first.
        value: measured; the mean of repeated trials.
        best: probability that it would be the best of these with another seed.
    """

    trial: int
    value: float
    best: float


@dataclass(frozen=True)
class Robustness:
    """Whether another seed would rank the best candidates otherwise.

    Args:
        source: of the noise: ``repeats`` of candidates in the record, or the ``predictor``.
        noise: standard deviation of a value between seeds.
        winner_changes: probability that another one of them comes out first.
        order_changes: probability that any two of them change places.
        contenders: the best first.
    """

    source: Literal["repeats", "predictor"]
    noise: float
    winner_changes: float
    order_changes: float
    contenders: Sequence[RankedTrial]


@dataclass(frozen=True)
class Explanation:
    """Why a search's winner won.

    Args:
        run: the search's folder.
        objective: whose values are explained.
        direction: in which it gets better.
        winner: the trial that won.
        trials: how many measured candidates the surrogate learned from.
        agreement: Spearman's rank correlation between what the surrogate says of trials that were
            kept from it, and what was measured.
        importances: of single decisions, the largest first.
        interactions: of pairs, the largest first.
        effects: of the genes, the most important first.
        surfaces: of the pairs that matter most.
        ablation: from the start to the winner.
        lineage: from the first ancestor to the winner.
        tolerance: how much worse a neighbour may be and still count as good: the standard deviation
            of the difference between two seeds, 1.4 times ``robustness.noise``.
        neighbours: as good as the winner; cheaper ones only, if costs are known.
        robustness: of the choice among the best.
        summary: all of this in sentences.
        notes: what to know when reading it.
    """

    run: str
    objective: str
    direction: Literal["maximize", "minimize"]
    winner: Estimate
    trials: int
    agreement: float
    importances: Sequence[Importance]
    interactions: Sequence[Importance]
    effects: Sequence[Effect]
    surfaces: Sequence[Surface]
    ablation: Ablation
    lineage: Sequence[Ancestor]
    tolerance: float
    neighbours: Sequence[Neighbour]
    robustness: Robustness
    summary: Sequence[str]
    notes: Sequence[str]
