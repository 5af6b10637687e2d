"""``explanation.html``: an explanation on one page."""

from collections.abc import Sequence
from itertools import islice

from markupsafe import Markup

from nas_hydra.explain import plots
from nas_hydra.explain.result import Ancestor, Explanation, Importance, Neighbour, Step
from nas_hydra.explain.sentences import ARROW, WORDS, changed, known, shown, signed
from nas_hydra.page import (
    Cell,
    Section,
    Sorted,
    bar,
    bullets,
    facts,
    folded,
    note,
    number,
    page,
    paragraph,
    share,
    switch,
    table,
    wide,
)

MOST_DRAWN = 12
"""Decisions that are drawn, the most important ones; the tables have all."""


def html(found: Explanation) -> str:
    """The whole explanation, the sentences first."""
    sections = [
        Section("In short", headline(found)),
        Section("Which decisions mattered", mattered(found)),
        Section("What each decision is worth", worth(found)),
        Section("Decisions that work together", together(found)),
        Section("The way to the winner", way(found)),
        Section("Where the winner comes from", descent(found)),
        Section("As good, and cheaper" if priced(found) else "As good", alternatives(found)),
        Section("With another seed", seeds(found)),
        Section("How this was found out", method(found)),
    ]
    better = "more" if found.direction == "maximize" else "less"
    told = f"{found.run}: why trial {found.winner.trial} won; {better} {found.objective} is better"
    return page(f"Why it won: {found.objective}", told, sections)


def headline(found: Explanation) -> list[Markup]:
    """The summary and a few numbers."""
    numbers = {
        found.objective: number(found.winner.value),
        "winner": f"trial {found.winner.trial}",
        "candidates measured": number(found.trials),
        "decisions": number(len(found.importances)),
        "trust in predictions": f"{found.agreement:.2f}",
    }
    return [facts(numbers), bullets(found.summary), *map(note, found.notes)]


def mattered(found: Explanation) -> list[Markup]:
    """The importance of each decision."""
    single = sum(one.share for one in found.importances)
    return [
        paragraph(
            f"Share of the variation of {found.objective} over the whole space that each decision"
            f" accounts for by itself; together {share(min(single, 1.0))}. The rest is due to"
            " decisions that work together. The line is a 95 % interval."
        ),
        plots.importances(found.importances[:MOST_DRAWN]),
        *ranked_table(found.importances, "decision"),
    ]


def ranked_table(found: Sequence[Importance], word: str) -> list[Markup]:
    """Shares and their intervals; folded, since a plot shows the first ones."""
    rows: list[list[Cell]] = [
        [wide(" and ".join(one.genes)), bar(one.share), interval(one.low, one.high)]
        for one in found
    ]
    return [folded(f"All {len(rows)} as a table", table([word, "share", "95 % interval"], rows))]


def interval(low: float, high: float) -> Sorted:
    """``7 % to 12 %``, sorted by its width."""
    return Sorted(high - low, f"{share(low)} to {share(high)}")


def worth(found: Explanation) -> list[Markup]:
    """Partial dependence, gene by gene."""
    drawn = {
        one.gene: plots.effect(one, found.objective) for one in islice(found.effects, MOST_DRAWN)
    }
    left = len(found.effects) - len(drawn)
    more = f" {left} less important ones are in explanation.json." if left else ""
    return [
        switch(drawn, "decision"),
        note(
            f"What {found.objective} is expected to be with each decision while all others are left"
            " to chance (partial dependence), with 95 % intervals. The winner may have another one"
            f" than the best here: it is good where the others are as the winner's.{more}"
        ),
    ]


def together(found: Explanation) -> list[Markup]:
    """Interactions of pairs."""
    if not found.interactions:
        return []
    drawn = {" and ".join(one.genes): plots.surface(one, found.objective) for one in found.surfaces}
    return [
        paragraph(
            "Share of the variation that two decisions account for together, beyond what each does"
            " by itself. An interval that begins at 0 % may be no interaction at all."
        ),
        plots.importances(found.interactions[:MOST_DRAWN]),
        *([switch(drawn, "pair")] if drawn else []),
        *ranked_table(found.interactions, "pair"),
    ]


STEP = ("step", "decision", "before", "after", "difference", "known from", "value", "predicted")
"""The columns of ``step_row``."""


def way(found: Explanation) -> list[Markup]:
    """The ablation."""
    start, steps = found.ablation.start, found.ablation.steps
    failures = [step.candidate.error for step in steps if step.candidate.error]
    return [
        paragraph(
            f"From {found.ablation.origin} ({known(start.value, start.source)}), one decision at a"
            " time is made as the winner's, in the order in which that is predicted to help most."
        ),
        plots.walk(found.ablation, found.objective),
        table(STEP, (step_row(place, step) for place, step in enumerate(steps, start=1))),
        note(
            "A difference is measured where the record has both candidates, and else that of two"
            " predictions; train=true measures the rest. The order is not the only one possible,"
            " and another one may share out the gain differently."
        ),
        *(note(f"Not trained: {error}") for error in failures),
    ]


def step_row(place: int, step: Step) -> list[Cell]:
    """A step's line."""
    also = f" (also: {', '.join(step.also)})" if step.also else ""
    one = step.candidate
    return [
        *(place, step.gene, shown(step.before), wide(shown(step.after) + also)),
        *(Sorted(step.difference, signed(step.difference)), WORDS[step.source]),
        *(None if one.source == "predicted" else one.value, one.predicted),
    ]


def descent(found: Explanation) -> list[Markup]:
    """The lineage."""
    if len(found.lineage) < 2:
        origin = found.lineage[0].origin if found.lineage else "unknown"
        return [note(f"Trial {found.winner.trial} has no ancestors; its origin is {origin}.")]
    columns = ["step", "trial", "origin", found.objective, "difference", "changed"]
    rows = [ancestor_row(place, one) for place, one in enumerate(found.lineage)]
    return [table(columns, rows)]


def ancestor_row(place: int, one: Ancestor) -> list[Cell]:
    """An ancestor's line."""
    gained = None if one.difference is None else Sorted(one.difference, signed(one.difference))
    told = changed(one.changed) or ("" if one.parent is None else "nothing")
    return [place, one.trial, one.origin, one.value, gained, wide(told)]


def priced(found: Explanation) -> bool:
    """Whether neighbours were counted, or none is there to be."""
    return any(one.flops_share is not None for one in found.neighbours)


def alternatives(found: Explanation) -> list[Markup]:
    """Neighbours of the winner."""
    limit = f"worse by at most {number(found.tolerance)}, as two seeds differ"
    if not found.neighbours:
        return [note(f"No candidate one decision away from the winner is known to be: {limit}.")]
    columns = ["changed", "difference", "known from"]
    more = ["FLOPs", "change of FLOPs", "parameters", "change of parameters"]
    columns += more if priced(found) else []
    rows = [neighbour_row(one, priced(found)) for one in found.neighbours]
    return [
        paragraph(f"One decision away from the winner and {limit}, in the record or predicted."),
        table(columns, rows),
    ]


def neighbour_row(one: Neighbour, counted: bool) -> list[Cell]:
    """A neighbour's line."""
    sizes: list[Cell] = [one.flops, percent(one.flops_share), one.params, percent(one.params_share)]
    told = Sorted(one.difference, signed(one.difference))
    return [wide(changed(one.changed)), told, WORDS[one.source], *(sizes if counted else [])]


def percent(change: float | None) -> Cell:
    """``-22 %``."""
    return None if change is None else Sorted(change, f"{change:+.0%}".replace("%", " %"))


def seeds(found: Explanation) -> list[Markup]:
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
    return [
        paragraph(
            f"If the best {len(rows)} were measured anew with another seed, another one would come"
            f" out first in {share(one.winner_changes)} of cases, and their order would change in"
            f" {share(one.order_changes)}."
        ),
        table(["rank", "trial", found.objective, "would be first"], rows),
        note(f"Standard deviation of the noise: {number(one.noise)}. {basis}"),
    ]


def method(found: Explanation) -> list[Markup]:
    """What the numbers are, and when not to trust them."""
    return [
        bullets(
            [
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
            ]
        )
    ]
