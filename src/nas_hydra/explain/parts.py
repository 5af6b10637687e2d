"""An explanation section by section: what is said, and tables. A page adds plots."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nas_hydra.explain.result import (
    Ancestor,
    Effect,
    Explanation,
    Importance,
    Level,
    Neighbour,
    Step,
)
from nas_hydra.explain.sentences import ARROW, WORDS, better, changed, known, shown, signed
from nas_hydra.page import Cell, Sorted, bar, number, share, wide

MOST_SHOWN = 12
"""Decisions whose options are shown, and rows of a plot: the most important ones."""


@dataclass(frozen=True)
class Part:
    """A section.

    Args:
        title: its heading.
        text: to begin with.
        columns: of its table.
        rows: of its table; none is no table.
        points: of a list.
        notes: what to mind when reading.
        drawn: whether plots show what its table holds.
    """

    title: str
    text: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    points: Sequence[str] = ()
    notes: Sequence[str] = ()
    drawn: bool = False


def about(found: Explanation) -> str:
    """What is explained, in a line."""
    direction = "more" if found.direction == "maximize" else "less"
    return (
        f"{found.run}: why trial {found.winner.trial} won; {direction} {found.objective} is better"
    )


def figures(found: Explanation) -> Mapping[str, str]:
    """A few numbers to see first."""
    return {
        found.objective: number(found.winner.value),
        "winner": f"trial {found.winner.trial}",
        "candidates measured": number(found.trials),
        "decisions": number(len(found.importances)),
        "trust in predictions": f"{found.agreement:.2f}",
    }


def headline(found: Explanation) -> Part:
    """The summary."""
    return Part("In short", points=found.summary, notes=found.notes)


def mattered(found: Explanation) -> Part:
    """The importance of each decision."""
    single = sum(one.share for one in found.importances)
    return Part(
        "Which decisions mattered",
        f"Share of the variation of {found.objective} over the whole space that each decision"
        f" accounts for by itself; together {share(min(single, 1.0))}. The rest is due to"
        " decisions that work together, and every share has its 95 % interval.",
        ["decision", "share", "95 % interval"],
        [*map(importance_row, found.importances)],
        drawn=True,
    )


def importance_row(one: Importance) -> list[Cell]:
    """The line of a decision, or of two; its interval is sorted by the width."""
    ends = Sorted(one.high - one.low, f"{share(one.low)} to {share(one.high)}")
    return [wide(" and ".join(one.genes)), bar(one.share), ends]


def worth(found: Explanation) -> Part:
    """Partial dependence: the best options of the most important decisions."""
    effects = [one for one in found.effects[:MOST_SHOWN] if one.levels]
    left = len(found.effects) - len(found.effects[:MOST_SHOWN])
    more = f" {left} less important ones are in explanation.json." if left else ""
    return Part(
        "What each decision is worth",
        columns=[
            *("decision", "best on average", found.objective, "95 % interval"),
            *("the winner's", f"{found.objective} of it"),
        ],
        rows=[effect_row(one, found) for one in effects],
        notes=[
            f"What {found.objective} is expected to be with each decision while all others are left"
            " to chance (partial dependence), with 95 % intervals. The winner may have another one"
            f" than the best here: it is good where the others are as the winner's.{more}"
        ],
        drawn=True,
    )


def effect_row(one: Effect, found: Explanation) -> list[Cell]:
    """A decision's line: its best option, and the winner's."""
    best = max(one.levels, key=lambda level: better(found) * level.value)
    own = next((level for level in one.levels if level.winner), None)
    return [
        *(wide(one.gene), best.decision, best.value, level_interval(best)),
        own.decision if own else shown(found.winner.genotype.get(one.gene)),
        own.value if own else None,
    ]


def level_interval(level: Level) -> Sorted:
    """``91.2 to 93.4``, sorted by its width."""
    return Sorted(level.high - level.low, f"{number(level.low)} to {number(level.high)}")


def together(found: Explanation) -> Part:
    """Interactions of pairs."""
    if not found.interactions:
        return Part("Decisions that work together")
    return Part(
        "Decisions that work together",
        "Share of the variation that two decisions account for together, beyond what each does"
        " by itself. An interval that begins at 0 % may be no interaction at all.",
        ["pair", "share", "95 % interval"],
        [*map(importance_row, found.interactions)],
        drawn=True,
    )


STEP = ("step", "decision", "before", "after", "difference", "known from", "value", "predicted")
"""The columns of ``step_row``."""


def way(found: Explanation) -> Part:
    """The ablation."""
    start, steps = found.ablation.start, found.ablation.steps
    failures = [step.candidate.error for step in steps if step.candidate.error]
    return Part(
        "The way to the winner",
        f"From {found.ablation.origin} ({known(start.value, start.source)}), one decision at a"
        " time is made as the winner's, in the order in which that is predicted to help most.",
        STEP,
        [step_row(place, step) for place, step in enumerate(steps, start=1)],
        notes=[
            "A difference is measured where the record has both candidates, and else that of two"
            " predictions; train=true measures the rest. The order is not the only one possible,"
            " and another one may share out the gain differently.",
            *(f"Not trained: {error}" for error in failures),
        ],
    )


def step_row(place: int, step: Step) -> list[Cell]:
    """A step's line."""
    also = f" (also: {', '.join(step.also)})" if step.also else ""
    one = step.candidate
    return [
        *(place, step.gene, shown(step.before), wide(shown(step.after) + also)),
        *(Sorted(step.difference, signed(step.difference)), WORDS[step.source]),
        *(None if one.source == "predicted" else one.value, one.predicted),
    ]


def descent(found: Explanation) -> Part:
    """The lineage."""
    title = "Where the winner comes from"
    if len(found.lineage) < 2:
        origin = found.lineage[0].origin if found.lineage else "unknown"
        told = f"Trial {found.winner.trial} has no ancestors; its origin is {origin}."
        return Part(title, notes=[told])
    columns = ["step", "trial", "origin", found.objective, "difference", "changed"]
    rows = [ancestor_row(place, one) for place, one in enumerate(found.lineage)]
    return Part(title, columns=columns, rows=rows)


def ancestor_row(place: int, one: Ancestor) -> list[Cell]:
    """An ancestor's line."""
    gained = None if one.difference is None else Sorted(one.difference, signed(one.difference))
    told = changed(one.changed) or ("" if one.parent is None else "nothing")
    return [place, one.trial, one.origin, one.value, gained, wide(told)]


def alternatives(found: Explanation) -> Part:
    """Neighbours of the winner."""
    priced = any(one.flops_share is not None for one in found.neighbours)
    title = "As good, and cheaper" if priced else "As good"
    limit = f"worse by at most {number(found.tolerance)}, as two seeds differ"
    if not found.neighbours:
        told = f"No candidate one decision away from the winner is known to be: {limit}."
        return Part(title, notes=[told])
    sizes = ["FLOPs", "change of FLOPs", "parameters", "change of parameters"]
    return Part(
        title,
        f"One decision away from the winner and {limit}, in the record or predicted.",
        ["changed", "difference", "known from", *(sizes if priced else [])],
        [neighbour_row(one, priced) for one in found.neighbours],
    )


def neighbour_row(one: Neighbour, counted: bool) -> list[Cell]:
    """A neighbour's line."""
    sizes: list[Cell] = [one.flops, percent(one.flops_share), one.params, percent(one.params_share)]
    told = Sorted(one.difference, signed(one.difference))
    return [wide(changed(one.changed)), told, WORDS[one.source], *(sizes if counted else [])]


def percent(change: float | None) -> Cell:
    """``-22 %``."""
    return None if change is None else Sorted(change, f"{change:+.0%}".replace("%", " %"))


def seeds(found: Explanation) -> Part:
    """The robustness of the ranking."""
    one = found.robustness
    basis = {
        "repeats": "The noise is the spread of candidates that the search evaluated repeatedly.",
        "predictor": (
            "The noise is how far the better half of the measured values are from what is predicted"
            " of them by a predictor that does not know them. It holds more than chance in"
            " training, so this is a cautious guess; repeated evaluations would measure it. Each"
            " candidate is drawn around what is predicted of it, since the best of many measured"
            " values has had luck."
        ),
    }[one.source]
    rows: list[list[Cell]] = [
        [place, item.trial, item.value, bar(item.best)]
        for place, item in enumerate(one.contenders, start=1)
    ]
    return Part(
        "With another seed",
        f"If the best {len(rows)} were measured anew with another seed, another one would come"
        f" out first in {share(one.winner_changes)} of cases, and their order would change in"
        f" {share(one.order_changes)}.",
        ["rank", "trial", found.objective, "would be first"],
        rows,
        notes=[f"Standard deviation of the noise: {number(one.noise)}. {basis}"],
    )


def method(found: Explanation) -> Part:
    """What the numbers are, and when not to trust them."""
    return Part(
        "How this was found out",
        points=[
            f"Predictions are those of a Gaussian process that has learned from {found.trials}"
            " measured candidates. On trials that were kept from it, its ranking agrees with"
            f" what was measured by {found.agreement:.2f} (Spearman; 1 is perfect, 0 chance).",
            "Importances are a functional ANOVA (Hutter et al. 2014) of that predictor over a"
            " uniform sample of the space, not of the search's own trials: these are what the"
            " strategy preferred, and mislead. Shares are of normal scores of the ranks.",
            "Intervals are of functions drawn from the posterior of resampled trials, so they"
            " hold both what is not known of the space and the luck of which trials there are.",
            "A predicted value is the one in the record that has the predicted rank; none is"
            " beyond the best and the worst that were measured.",
            f"{ARROW} docs/explaining.md says more, and how well this does where the truth is"
            " known.",
        ],
    )


PARTS: Sequence[Callable[[Explanation], Part]] = (
    *(headline, mattered, worth, together, way, descent, alternatives, seeds, method),
)
"""All of them, in the order in which they are read."""
