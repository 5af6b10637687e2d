"""``explanation.html``: an explanation on one page."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from markupsafe import Markup

from nas_hydra.explain import plots
from nas_hydra.explain.parts import (
    MOST_SHOWN,
    PARTS,
    Part,
    about,
    figures,
    headline,
    mattered,
    together,
    way,
    worth,
)
from nas_hydra.explain.result import Explanation
from nas_hydra.page import Section, bullets, facts, folded, note, page, paragraph, switch, table


def html(found: Explanation) -> str:
    """The whole explanation, the sentences first."""
    drawn = pictures(found)
    sections = [
        Section(part.title, list(elements(part, drawn.get(make, ()))))
        for make in PARTS
        for part in [make(found)]
    ]
    return page(f"Why it won: {found.objective}", about(found), sections)


def pictures(
    found: Explanation,
) -> Mapping[Callable[[Explanation], Part], Sequence[Markup]]:
    """What is shown of some parts before their tables."""
    effects = {one.gene: plots.effect(one, found.objective) for one in found.effects[:MOST_SHOWN]}
    surfaces = {
        " and ".join(one.genes): plots.surface(one, found.objective) for one in found.surfaces
    }
    pairs = [plots.importances(found.interactions[:MOST_SHOWN])] if found.interactions else []
    return {
        headline: [facts(figures(found))],
        mattered: [plots.importances(found.importances[:MOST_SHOWN])],
        worth: [switch(effects, "decision")],
        together: [*pairs, *([switch(surfaces, "pair")] if surfaces else [])],
        way: [plots.walk(found.ablation, found.objective)],
    }


def elements(part: Part, drawn: Sequence[Markup]) -> Iterator[Markup]:
    """A part's elements; its table is folded if plots show the first rows of it."""
    if part.text:
        yield paragraph(part.text)
    yield from drawn
    if part.rows:
        shown = table(part.columns, part.rows)
        yield folded("As a table", shown) if part.drawn else shown
    if part.points:
        yield bullets(part.points)
    yield from map(note, part.notes)
