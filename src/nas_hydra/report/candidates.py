"""What a search's page says of candidates: their decisions, the winner, and where it comes from."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nas_hydra.document import (
    Bar,
    Cell,
    Code,
    Element,
    Facts,
    Folded,
    Mono,
    Note,
    Paragraph,
    Picture,
    Sorted,
    Table,
)
from nas_hydra.document.content import plain
from nas_hydra.document.content import told as text_of
from nas_hydra.document.text import change, number, signed
from nas_hydra.report.history import Change, Step, changes, lineage
from nas_hydra.report.outcome import INACTIVE, Outcome, Trait, traits
from nas_hydra.search_space import Decision, Genotype
from nas_hydra.search_space.gene import shown
from nas_hydra.trial import Trial

MOST_COLUMNS = 12
"""Decisions that get a column of their own; of more, a table says what differs from the winner."""
MOST_CHANGES = 6
"""Changes that are told in one cell."""
MOST_TRAITS = 15
"""How many are shown at first."""
FEWEST, WEAK = 2, 10
"""Trials that a best tenth needs to have something in common at all, and to say much."""


def trials_table(
    columns: Sequence[str], rows: Iterable[tuple[Trial, Sequence[Cell]]], winner: Trial
) -> Table:
    """Trials and what they decided: a column for each decision in which they differ.

    Args:
        columns: of what is told of them beside.
        rows: each trial with these cells.
        winner: whom they are compared with, where they differ in too much for columns.
    """
    given = list(rows)
    decisions = [trial.proposal.genotype for trial, _ in given]
    names = parts(dict.fromkeys(name for genotype in decisions for name in genotype))
    made = {name: [decided(one, of) for one in decisions] for name, of in names.items()}
    apart = {name: cells for name, cells in made.items() if len({*cells}) > 1}
    alike = {name: cells[0] for name, cells in made.items() if name not in apart}
    if len(apart) > MOST_COLUMNS:
        told = [[*cells, changed(changes(winner, trial))] for trial, cells in given]
        return Table([*columns, f"differs from trial {winner.number} in"], told)
    told = [[*cells, *more] for (_, cells), *more in zip(given, *apart.values(), strict=True)]
    same = ", ".join(f"{name} {plain(text_of(cell))}" for name, cell in alike.items())
    few = same and len(given) > 1 and len(alike) <= MOST_COLUMNS
    return Table([*columns, *short(apart)], told, f"The same in all: {same}." if few else "")


def parts(names: Iterable[str]) -> dict[str, list[str]]:
    """Repeated parts, ``kernel[0]`` and ``kernel[1]``, under one name, in their order."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(re.sub(r"\[\d+\]", "", name), []).append(name)
    return found


def short(names: Iterable[str]) -> list[str]:
    """Names without the parts that all begin with."""
    paths = [name.split(".") for name in names]
    same = 0
    while len(paths) > 1 and len({tuple(one[: same + 1]) for one in paths}) == 1:
        same += 1
    return [".".join(one[min(same, len(one) - 1) :]) for one in paths]


def decided(genotype: Genotype, names: Sequence[str]) -> Cell:
    """A decision as a cell, empty if it is not active; numbers are sorted as such.

    Args:
        genotype: that holds it.
        names: of the decision in each copy of a repeated part, whose decisions are one list.
    """
    active = [place for place, name in enumerate(names) if name in genotype]
    if not active:
        return None
    decision = genotype.get(names[0])
    if len(names) == 1 and isinstance(decision, int | float) and not isinstance(decision, bool):
        return Sorted(decision, shown(decision))
    known = names[: active[-1] + 1]
    return ", ".join(shown(genotype[name]) if name in genotype else "-" for name in known)


def changed(found: Mapping[str, Change]) -> str:
    """``width: 16 → 32; act: not active → relu``."""
    told = [
        f"{name}: {change(_named(before), _named(after))}"
        for name, (before, after) in found.items()
    ]
    more = [f"{len(told) - MOST_CHANGES} more"] if len(told) > MOST_CHANGES else []
    return "; ".join([*told[:MOST_CHANGES], *more]) or "nothing"


def _named(decision: Decision) -> str:
    return INACTIVE if decision is None else shown(decision)


def winner(outcome: Outcome) -> list[Element]:
    """The winner's picture, its decisions and what else was measured of it."""
    best, folder = outcome.front.best, outcome.run.folder
    if best is None:
        return []
    svg, config = folder / "best.svg", folder / "best.yaml"
    genotype = best.proposal.genotype
    measured = {name: number(value) for name, value in {**best.values, **best.metrics}.items()}
    rows: list[list[Cell]] = [
        [name, text_of(decided(genotype, of))] for name, of in parts(genotype).items()
    ]
    about = f"trial {best.number}: {genotype.summary}"
    return [
        Facts({"trial": number(best.number), **measured}),
        *([Picture(_content(svg), about)] if svg.is_file() else []),
        Table(["decision", "value"], rows),
        *([Folded("best.yaml", Code(_content(config)))] if config.is_file() else []),
    ]


def _content(file: Path) -> str:
    """What a file holds, also one that somebody has damaged."""
    return file.read_text(encoding="utf-8", errors="replace")


def origins(outcome: Outcome) -> list[Element]:
    """The line from the winner's first ancestor, and what each step changed and gained."""
    best = outcome.front.best
    steps = lineage(best, outcome.trials) if best is not None else []
    if best is None:
        return []
    if len(steps) == 1:
        origin = best.proposal.origin
        return [Note(f"Trial {best.number} has no ancestors; its origin is {origin}.")]
    names = [objective.name for objective in outcome.run.objectives]
    values = [column for name in names for column in (name, f"gain in {name}")]
    rows = [[place, *_step(step, names)] for place, step in enumerate(steps)]
    first = steps[0].trial.number
    crossed = any(len(step.trial.proposal.parents) > 1 for step in steps)
    return [
        Paragraph(f"{len(steps) - 1} steps lead from trial {first} to the winner.")
        if len(steps) > 2
        else Paragraph(f"One step leads from trial {first} to the winner."),
        Table(["step", "trial", "origin", *values, "changed"], rows),
        *([Note("Of two parents, the line follows the one that is more alike.")] * crossed),
    ]


def _step(step: Step, names: list[str]) -> list[Cell]:
    numbers: list[Cell] = []
    for name in names:
        gain = step.gains.get(name)
        gained = None if gain is None else Sorted(gain, signed(gain))
        numbers += [step.trial.values.get(name), gained]
    return [
        step.trial.number,
        _origin(step),
        *numbers,
        changed(step.changes) if step.parent else "the first",
    ]


def _origin(step: Step) -> str:
    """``crossover of 3 with 7``: the parent in the line first."""
    origin = step.trial.proposal.origin
    if step.parent is None:
        return origin
    others = [n for n in step.trial.proposal.parents if n != step.parent.number]
    beside = f" with {', '.join(map(str, others))}" if others else ""
    return f"{origin} of {step.parent.number}{beside}"


def common(outcome: Outcome) -> list[Element]:
    """What the best have more often than all trials."""
    best, everyone = outcome.leaders, outcome.ranked
    found = traits(best, everyone, outcome.genes) if len(best) >= FEWEST else []
    taken = [trait for trait in found if trait.decision != INACTIVE]  # what is not follows
    told = [trait for trait in taken if trait.difference > 0][:MOST_TRAITS]
    if not told:
        return []
    weak = " Of so few, that is weak evidence." if len(best) < WEAK else ""
    name = "front" if outcome.several else "best"
    columns = ["decision", "value", f"{name} {len(best)}", f"all {len(everyone)}"]
    return [
        Paragraph(
            f"Values that the candidates of the {outcome.called} took more often than all"
            f"{outcome.scope} did, as"
            " shares of both, the most telling first. A strategy tries more of what it has found"
            " good, so the shares of all are no longer those of chance." + weak
        ),
        Table(columns, [*map(_trait, told)]),
        Table(columns, [*map(_trait, found)], folded=f"All {len(found)} values"),
        Note(
            ["Which decisions mattered, and why the winner won: ", Mono("nas-hydra-explain"), "."]
        ),
    ]


def _trait(trait: Trait) -> list[Cell]:
    return [trait.gene, trait.decision, Bar(trait.best), Bar(trait.all)]
