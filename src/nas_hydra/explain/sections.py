"""An explanation as a document: how far to trust it, what mattered, the way to the winner."""

from collections.abc import Callable, Iterator, Sequence

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
    NOISE,
    WORDS,
    better,
    changed_gene,
    hopeless,
    in_words,
    known,
    method,
    robust,
    trust,
)

MOST_SHOWN = 12
"""Decisions whose options are shown, and rows of a plot: the most important ones."""
FOLDED = "As a table"
DOUBTED = "What the predictor guesses, not to be relied on"


def document(found: Explanation) -> Document:
    """The whole explanation."""
    guessed = not hopeless(found)
    direction = "more" if found.direction == "maximize" else "less"
    return Document(
        f"Why trial {found.winner.trial} won: {found.objective}",
        f"{found.run}; {direction} {found.objective} is better",
        [
            Section("In short", _headline(found)),
            Section("Which decisions mattered", list(_importances(found))),
            Section("What each decision is worth", list(_effects(found)) if guessed else []),
            Section("Decisions that work together", list(_pairs(found)) if guessed else []),
            Section("The way to the winner", list(_ablation(found))),
            Section("Where the winner comes from", list(_lineage(found))),
            Section("As good" + ", and cheaper" * _counted(found), list(_neighbours(found))),
            Section("With another seed", list(_robustness(found))),
            Section("How this was found out", [Bullets(method(found))]),
        ],
    )


def brief(found: Explanation) -> list[Element]:
    """The importances and the summary, for a terminal."""
    trusted, *rest = map(Paragraph, found.summary)
    shares = [] if hopeless(found) else [_share_table(found.importances)]
    return [trusted, *shares, *rest, *map(Note, found.notes)]


def _headline(found: Explanation) -> Sequence[Element]:
    """How far all of it can be trusted, a few numbers, and the summary."""
    figures = {
        "trust in predictions": f"{found.agreement:.2f} of 1",
        found.objective: number(found.winner.value),
        "winner": f"trial {found.winner.trial}",
        "candidates measured": number(found.trials),
        "decisions": number(len(found.importances)),
    }
    told = [one for one in found.summary if one != trust(found)]
    return [Paragraph(trust(found)), Facts(figures), Bullets(told), *map(Note, found.notes)]


def _importances(found: Explanation) -> Iterator[Element]:
    if hopeless(found):
        yield Note("Too little was learned to tell which decisions mattered.")
        yield _share_table(found.importances, folded=DOUBTED)
        return
    single = sum(one.share for one in found.importances)
    yield Paragraph(
        f"Candidates of this space differ in {found.objective}. A dot is the share of that"
        " variation that a decision accounts for by itself, and its line the 95 % interval. All of"
        f" them come to {share(min(single, 1.0))}; the rest is due to decisions that work together."
    )
    yield plots.importances(found.importances[:MOST_SHOWN])
    yield _share_table(found.importances, folded=FOLDED)


def _share_table(found: Sequence[Importance], name: str = "decision", folded: str = "") -> Table:
    rows = [
        (
            *(" and ".join(one.genes), Bar(one.share)),
            _interval(one.low, one.high, share),
        )
        for one in found
    ]
    return Table((name, "share", "95 % interval"), rows, folded=folded)


def _interval(low: float, high: float, shown: Callable[[float], str]) -> Sorted:
    """An interval, which is sorted by its width."""
    return Sorted(high - low, f"{shown(low)} to {shown(high)}")


def _gain(difference: float) -> Sorted:
    return Sorted(difference, signed(difference))


def _effects(found: Explanation) -> Iterator[Element]:
    """Partial dependence: the best options of the most important decisions."""
    effects = [one for one in found.effects[:MOST_SHOWN] if one.levels]
    if not effects:
        return
    yield Paragraph(
        f"The {found.objective} that is expected with each option of a decision while all other"
        " decisions are left to chance (partial dependence), with 95 % intervals."
    )
    yield Switch({one.gene: plots.effect(one, found.objective) for one in effects}, "decision")
    columns = "decision", "best on average", found.objective, "95 % interval", "the winner's"
    rows = [_effect_row(one, found) for one in effects]
    yield Table((*columns, f"{found.objective} of it"), rows, folded=FOLDED)
    left = len(found.effects) - len(found.effects[:MOST_SHOWN])
    more = f" {left} less important ones are in explanation.json." if left else ""
    yield Note(
        "The winner may have another option than the best here: its own is good where the other"
        f" decisions are as the winner's.{more}"
    )


def _effect_row(one: Effect, found: Explanation) -> list[Cell]:
    best = max(one.levels, key=lambda level: better(found) * level.value)
    own = next((level for level in one.levels if level.winner), None)
    return [
        *(one.gene, best.decision, best.value, _interval(best.low, best.high, number)),
        own.decision if own else in_words(found.winner.genotype.get(one.gene)),
        own.value if own else None,
    ]


def _pairs(found: Explanation) -> Iterator[Element]:
    if not found.interactions:
        return
    yield Paragraph(
        "Share of the variation that two decisions account for together, beyond what each does"
        " by itself. Where an interval begins at 0 %, there may be no interaction at all."
    )
    yield plots.importances(found.interactions[:MOST_SHOWN])
    surfaces = {
        " and ".join(one.genes): plots.surface(one, found.objective) for one in found.surfaces
    }
    if surfaces:
        yield Paragraph(
            f"The {found.objective} that is expected with both: the stronger the colour, the more."
        )
        yield Switch(surfaces, "pair")
    yield _share_table(found.interactions, "pair", FOLDED)


def _ablation(found: Explanation) -> Iterator[Element]:
    """What is only guessed is left out where the guesses are not worth telling."""
    start, steps, doubted = found.ablation.start, found.ablation.steps, hopeless(found)
    yield Paragraph(
        f"From {found.ablation.origin} ({known(start.value, start.source)}), one decision at a"
        " time is made as the winner's, in the order in which that is predicted to help most."
    )
    if len(steps) > 1 and not doubted:
        yield plots.ablation(found.ablation, found.objective)
    columns = "step", "decision", "before", "after", "difference", "known from", "value"
    rows = [_step_row(place, one, doubted) for place, one in enumerate(steps, start=1)]
    yield Table((*columns, *([] if doubted else ["predicted"])), rows)
    yield Note(
        "A difference is measured where the record has both candidates, and else that of two"
        " predictions; train=true measures the rest. The order is not the only one possible,"
        " and another one may share out the gain differently."
    )
    for step in steps:
        if step.candidate.error:
            yield Note(f"Not trained: {step.candidate.error}")


def _step_row(place: int, step: AblationStep, doubted: bool) -> list[Cell]:
    one, also = step.candidate, f" (also: {', '.join(step.also)})" if step.also else ""
    guessed, gain = step.source == "predicted", _gain(step.difference)
    return [
        *(place, step.gene, in_words(step.before), in_words(step.after) + also),
        *((None, "not known") if guessed and doubted else (gain, WORDS[step.source])),
        None if one.source == "predicted" else one.value,
        *([] if doubted else [one.predicted]),
    ]


def _lineage(found: Explanation) -> Iterator[Element]:
    if len(found.lineage) < 2:
        origin = found.lineage[0].origin if found.lineage else "unknown"
        yield Note(f"Trial {found.winner.trial} has no ancestors; its origin is {origin}.")
        return
    yield Paragraph(
        "The winner's line of descent, from its first ancestor on: each trial was made of the one"
        " before it, and has a line for each decision that changed."
    )
    columns = "step", "trial", "origin", found.objective, "difference", "decision", "change"
    rows = [row for place, one in enumerate(found.lineage) for row in _ancestor_rows(place, one)]
    yield Table(columns, rows)


def _ancestor_rows(place: int, one: Ancestor) -> Iterator[Sequence[Cell]]:
    """Its value stands in the first."""
    gained = None if one.difference is None else _gain(one.difference)
    first: Sequence[Cell] = (place, one.trial, one.origin, one.value, gained)
    again: Sequence[Cell] = (place, one.trial, None, None, None)
    if not one.changed:
        yield *first, "" if one.parent is None else "nothing", ""
    for line, (gene, made) in enumerate(one.changed.items()):
        yield *(again if line else first), gene, change(*map(in_words, made))


def _counted(found: Explanation) -> bool:
    """Whether the networks of neighbours were counted."""
    return any(one.flops_share is not None for one in found.neighbours)


def _neighbours(found: Explanation) -> Iterator[Element]:
    """Those that are only predicted if that is worth telling."""
    limit = f"worse by at most {number(found.tolerance)}, which another seed alone may make"
    kept = [one for one in found.neighbours if one.source != "predicted" or not hopeless(found)]
    if not kept:
        yield Note(f"No candidate one decision away is known to be as good: {limit}.")
        return
    yield Paragraph(f"Candidates one decision away from the winner, and {limit}.")
    sizes = ("FLOPs", "parameters") * _counted(found)
    rows = [_neighbour_row(one, _counted(found)) for one in kept]
    yield Table(("decision", "change", "difference", "known from", *sizes), rows)


def _neighbour_row(one: Neighbour, counted: bool) -> list[Cell]:
    gene, also = changed_gene(one.changed)
    sizes = [_size(one.flops, one.flops_share), _size(one.params, one.params_share)]
    made = change(*map(in_words, one.changed[gene]))
    made += f" (also: {', '.join(also)})" if also else ""
    return [gene, made, _gain(one.difference), WORDS[one.source], *(sizes if counted else [])]


def _size(size: int | None, against: float | None) -> Cell:
    """``12,000 (-22 %)``."""
    if size is None or against is None:
        return size
    return Sorted(size, f"{number(size)} ({percent(against)})")


def _robustness(found: Explanation) -> Iterator[Element]:
    one = found.robustness
    yield from map(Paragraph, robust(found))
    rows: list[Sequence[Cell]] = [
        (place, item.trial, item.value, Bar(item.best))
        for place, item in enumerate(one.contenders, start=1)
    ]
    yield Table(("rank", "trial", found.objective, "would be first"), rows)
    yield Note(NOISE[one.source])
