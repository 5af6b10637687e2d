"""An explanation as a document: how far to trust it, what mattered, the way to the winner."""

from collections.abc import Iterator, Sequence

from nas_hydra.document.content import (
    Bar,
    Bullets,
    Cell,
    Document,
    Element,
    Facts,
    Note,
    Paragraph,
    Section,
    Sorted,
    Switch,
    Table,
)
from nas_hydra.document.text import change, number, percent, share, signed
from nas_hydra.explain import plots
from nas_hydra.explain.result import (
    AblationStep,
    Ancestor,
    Effect,
    Explanation,
    Importance,
    Neighbour,
)
from nas_hydra.explain.sentences import (
    WORDS,
    better,
    changed_gene,
    hopeless,
    in_words,
    known,
    trust,
)
from nas_hydra.report.lineage import Change

MOST_SHOWN = 12
"""Decisions whose options are shown, and rows of a plot: the most important ones."""
FOLDED = "As a table"
DOUBTED = "What the predictor guesses, not to be relied on"


def document(found: Explanation) -> Document:
    """The whole explanation."""
    guessed = not hopeless(found)
    return Document(
        f"Why it won: {found.objective}",
        _about(found),
        [
            Section("In short", _headline(found)),
            Section("Which decisions mattered", list(_mattered(found))),
            Section("What each decision is worth", list(_worth(found)) if guessed else []),
            Section("Decisions that work together", list(_together(found)) if guessed else []),
            Section("The way to the winner", list(_way(found))),
            Section("Where the winner comes from", list(_descent(found))),
            Section("As good" + ", and cheaper" * _priced(found), list(_alternatives(found))),
            Section("With another seed", list(_seeds(found))),
            Section("How this was found out", [_method(found)]),
        ],
    )


def brief(found: Explanation) -> list[Element]:
    """The importances and the summary, for a terminal."""
    trusted, *rest = map(Paragraph, found.summary)
    shares = [] if hopeless(found) else [_importance_table(found.importances)]
    return [trusted, *shares, *rest, *map(Note, found.notes)]


def _about(found: Explanation) -> str:
    """What is explained, in a line."""
    direction = "more" if found.direction == "maximize" else "less"
    return (
        f"{found.run}: why trial {found.winner.trial} won; {direction} {found.objective} is better"
    )


def _headline(found: Explanation) -> Sequence[Element]:
    """How far all of it can be trusted, a few numbers, and the summary."""
    figures = {
        "trust in predictions": f"{found.agreement:.2f}",
        found.objective: number(found.winner.value),
        "winner": f"trial {found.winner.trial}",
        "candidates measured": number(found.trials),
        "decisions": number(len(found.importances)),
    }
    told = [one for one in found.summary if one != trust(found)]
    return [
        *(Paragraph(trust(found)), Facts(figures), Bullets(told)),
        *map(Note, found.notes),
    ]


def _mattered(found: Explanation) -> Iterator[Element]:
    """The importance of each decision."""
    if hopeless(found):
        yield Note("Too little was learned to tell which decisions mattered.")
        yield _importance_table(found.importances, folded=DOUBTED)
        return
    single = sum(one.share for one in found.importances)
    yield Paragraph(
        f"Share of the variation of {found.objective} over the whole space that each decision"
        f" accounts for by itself; together {share(min(single, 1.0))}. The rest is due to"
        " decisions that work together, and every share has its 95 % interval."
    )
    yield plots.importances(found.importances[:MOST_SHOWN])
    yield _importance_table(found.importances, folded=FOLDED)


def _importance_table(
    found: Sequence[Importance], name: str = "decision", folded: str = ""
) -> Table:
    """Shares with their intervals, which are sorted by their width."""
    rows: list[Sequence[Cell]] = [
        (
            *(" and ".join(one.genes), Bar(one.share)),
            Sorted(one.high - one.low, f"{share(one.low)} to {share(one.high)}"),
        )
        for one in found
    ]
    return Table((name, "share", "95 % interval"), rows, folded=folded)


def _worth(found: Explanation) -> Iterator[Element]:
    """Partial dependence: the best options of the most important decisions."""
    effects = [one for one in found.effects[:MOST_SHOWN] if one.levels]
    if not effects:
        return
    drawn = {one.gene: plots.effect(one, found.objective) for one in effects}
    yield Switch(drawn, "decision")
    columns = "decision", "best on average", found.objective, "95 % interval", "the winner's"
    rows = [_effect_row(one, found) for one in effects]
    yield Table((*columns, f"{found.objective} of it"), rows, folded=FOLDED)
    left = len(found.effects) - len(found.effects[:MOST_SHOWN])
    more = f" {left} less important ones are in explanation.json." if left else ""
    yield Note(
        f"What {found.objective} is expected to be with each decision while all others are left"
        " to chance (partial dependence), with 95 % intervals. The winner may have another one"
        f" than the best here: it is good where the others are as the winner's.{more}"
    )


def _effect_row(one: Effect, found: Explanation) -> list[Cell]:
    """A decision's line: its best option, and the winner's."""
    best = max(one.levels, key=lambda level: better(found) * level.value)
    own = next((level for level in one.levels if level.winner), None)
    ends = Sorted(best.high - best.low, f"{number(best.low)} to {number(best.high)}")
    return [
        *(one.gene, best.decision, best.value, ends),
        own.decision if own else in_words(found.winner.genotype.get(one.gene)),
        own.value if own else None,
    ]


def _together(found: Explanation) -> Iterator[Element]:
    """Interactions of pairs."""
    if not found.interactions:
        return
    yield Paragraph(
        "Share of the variation that two decisions account for together, beyond what each does"
        " by itself. An interval that begins at 0 % may be no interaction at all."
    )
    yield plots.importances(found.interactions[:MOST_SHOWN])
    surfaces = {
        " and ".join(one.genes): plots.surface(one, found.objective) for one in found.surfaces
    }
    if surfaces:
        yield Switch(surfaces, "pair")
    yield _importance_table(found.interactions, "pair", FOLDED)


def _way(found: Explanation) -> Iterator[Element]:
    """The ablation; what is only guessed is left out where the guesses are not worth telling."""
    start, steps = found.ablation.start, found.ablation.steps
    yield Paragraph(
        f"From {found.ablation.origin} ({known(start.value, start.source)}), one decision at a"
        " time is made as the winner's, in the order in which that is predicted to help most."
    )
    if not hopeless(found):
        yield plots.walk(found.ablation, found.objective)
    columns = "step", "decision", "before", "after", "difference", "known from", "value"
    rows = [_step_row(place, one, hopeless(found)) for place, one in enumerate(steps, start=1)]
    yield Table((*columns, *(["predicted"] if not hopeless(found) else [])), rows)
    yield Note(
        "A difference is measured where the record has both candidates, and else that of two"
        " predictions; train=true measures the rest. The order is not the only one possible,"
        " and another one may share out the gain differently."
    )
    for step in steps:
        if step.candidate.error:
            yield Note(f"Not trained: {step.candidate.error}")


def _step_row(place: int, step: AblationStep, doubted: bool) -> list[Cell]:
    """A step's line."""
    one, also = step.candidate, f" (also: {', '.join(step.also)})" if step.also else ""
    guessed = step.source == "predicted"
    gain = Sorted(step.difference, signed(step.difference))
    return [
        *(place, step.gene, in_words(step.before), in_words(step.after) + also),
        *((None, "not known") if guessed and doubted else (gain, WORDS[step.source])),
        None if one.source == "predicted" else one.value,
        *([] if doubted else [one.predicted]),
    ]


def _descent(found: Explanation) -> Iterator[Element]:
    """The lineage, a line for each decision that changed."""
    if len(found.lineage) < 2:
        origin = found.lineage[0].origin if found.lineage else "unknown"
        yield Note(f"Trial {found.winner.trial} has no ancestors; its origin is {origin}.")
        return
    columns = "step", "trial", "origin", found.objective, "difference", "decision", "change"
    rows = [row for place, one in enumerate(found.lineage) for row in _ancestor_rows(place, one)]
    yield Table(columns, rows)


def _ancestor_rows(place: int, one: Ancestor) -> Iterator[Sequence[Cell]]:
    """An ancestor's lines; its value stands in the first."""
    gained = None if one.difference is None else Sorted(one.difference, signed(one.difference))
    first: Sequence[Cell] = (place, one.trial, one.origin, one.value, gained)
    again: Sequence[Cell] = (place, one.trial, None, None, None)
    changes = list(one.changed.items())
    if not changes:
        yield *first, "" if one.parent is None else "nothing", ""
    for line, (gene, made) in enumerate(changes):
        yield *(again if line else first), gene, _told(made)


def _told(made: Change) -> str:
    """``16 → 32``."""
    return change(*map(in_words, made))


def _priced(found: Explanation) -> bool:
    """Whether the networks of neighbours were counted."""
    return any(one.flops_share is not None for one in found.neighbours)


def _alternatives(found: Explanation) -> Iterator[Element]:
    """Neighbours of the winner; those that are only predicted if that is worth telling."""
    limit = f"worse by at most {number(found.tolerance)}, as two seeds differ"
    kept = [one for one in found.neighbours if one.source != "predicted" or not hopeless(found)]
    if not kept:
        yield Note(f"No candidate one decision away is known to be as good: {limit}.")
        return
    yield Paragraph(f"One decision away from the winner and {limit}, in the record or predicted.")
    sizes = ("FLOPs", "parameters") * _priced(found)
    rows = [_neighbour_row(one, _priced(found)) for one in kept]
    yield Table(("decision", "change", "difference", "known from", *sizes), rows)


def _neighbour_row(one: Neighbour, counted: bool) -> list[Cell]:
    """A neighbour's line."""
    gene, also = changed_gene(one.changed)
    sizes = [_sized(one.flops, one.flops_share), _sized(one.params, one.params_share)]
    gain = Sorted(one.difference, signed(one.difference))
    made = _told(one.changed[gene]) + (f" (also: {', '.join(also)})" if also else "")
    return [gene, made, gain, WORDS[one.source], *(sizes if counted else [])]


def _sized(size: int | None, against: float | None) -> Cell:
    """``12,000 (-22 %)``."""
    if size is None or against is None:
        return size
    return Sorted(size, f"{number(size)} ({percent(against)})")


def _seeds(found: Explanation) -> Iterator[Element]:
    """The robustness of the ranking."""
    one = found.robustness
    yield Paragraph(
        f"If the best {len(one.contenders)} were measured anew with another seed, another one would"
        f" come out first in {share(one.winner_changes)} of cases, and their order would change in"
        f" {share(one.order_changes)}."
    )
    rows: list[Sequence[Cell]] = [
        (place, item.trial, item.value, Bar(item.best))
        for place, item in enumerate(one.contenders, start=1)
    ]
    yield Table(("rank", "trial", found.objective, "would be first"), rows)
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
    yield Note(f"Standard deviation of the noise: {number(one.noise)}. {basis}")


def _method(found: Explanation) -> Bullets:
    """What the numbers are, and when not to trust them."""
    return Bullets(
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
            "docs/explaining.md says more, and how well this does where the truth is known.",
        ]
    )
