"""The sections of a search's page on its winner and where that comes from."""

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from nas_hydra.page import Cell, Sorted, code, folded, image, note, number, paragraph, table, wide
from nas_hydra.report.lineage import Change, Step, lineage
from nas_hydra.report.outcome import Outcome
from nas_hydra.report.traits import INACTIVE
from nas_hydra.search_space import Decision
from nas_hydra.search_space.gene import shown


def winner(outcome: Outcome) -> list[Markup]:
    """The winner's picture, its decisions and what else was measured of it."""
    best, folder = outcome.front.best, outcome.run.folder
    if best is None:
        return []
    svg, config = folder / "best.svg", folder / "best.yaml"
    decisions = best.proposal.genotype
    others = {name: value for name, value in best.metrics.items() if name not in best.values}
    values = ", ".join(
        f"{name} {number(value)}" for name, value in {**best.values, **others}.items()
    )
    rows: list[list[Cell]] = [[name, cell(decision)] for name, decision in decisions.items()]
    about = f"trial {best.number}: {decisions.summary}"
    return [
        paragraph(f"Trial {best.number}: {values}."),
        *([image(text(svg), about)] if svg.is_file() else []),
        *([table(["decision", "value"], rows)] if rows else []),
        *([folded("best.yaml", code(text(config)))] if config.is_file() else []),
    ]


def text(file: Path) -> str:
    """What a file holds, also one that somebody has damaged."""
    return file.read_text(encoding="utf-8", errors="replace")


def cell(decision: Decision) -> Cell:
    """A decision in words; numbers are sorted as such."""
    if isinstance(decision, int | float) and not isinstance(decision, bool):
        return Sorted(decision, shown(decision))
    return shown(decision)


def origins(outcome: Outcome) -> list[Markup]:
    """The line from the winner's first ancestor, and what each step changed and gained."""
    best = outcome.front.best
    steps = lineage(best, outcome.trials) if best is not None else []
    if best is None:
        return []
    if len(steps) == 1:
        origin = best.proposal.origin
        return [note(f"Trial {best.number} has no ancestors; its origin is {origin}.")]
    names = [objective.name for objective in outcome.run.objectives]
    values = [column for name in names for column in (name, f"gain in {name}")]
    rows = [[place, *_row(step, names)] for place, step in enumerate(steps)]
    crossed = any(len(step.trial.proposal.parents) > 1 for step in steps)
    return [
        paragraph(
            f"From its first ancestor, trial {steps[0].trial.number}, to the winner, trial"
            f" {best.number}: number of steps {len(steps) - 1}."
        ),
        table(["step", "trial", "origin", *values, "changed"], rows),
        *(
            [note("Of two parents, the line follows the one that is more alike.")]
            if crossed
            else []
        ),
    ]


def _row(step: Step, names: list[str]) -> list[Cell]:
    proposal = step.trial.proposal
    numbers: list[Cell] = []
    for name in names:
        gain = step.gains.get(name)
        gained = None if gain is None else Sorted(gain, f"{gain:+.4g}")
        numbers += [step.trial.values.get(name), gained]
    changed = _changed(step.changes) if step.parent else proposal.genotype.summary
    return [step.trial.number, _origin(step), *numbers, wide(changed)]


def _origin(step: Step) -> str:
    """``crossover of 3 with 7``: the parent in the line first."""
    origin = step.trial.proposal.origin
    if step.parent is None:
        return origin
    others = [n for n in step.trial.proposal.parents if n != step.parent.number]
    beside = f" with {', '.join(map(str, others))}" if others else ""
    return f"{origin} of {step.parent.number}{beside}"


def _changed(changes: Mapping[str, Change]) -> str:
    """``width: 16 to 32; act: not active to relu``."""
    told = [
        f"{name}: {_shown(before)} \N{RIGHTWARDS ARROW} {_shown(after)}"
        for name, (before, after) in changes.items()
    ]
    return "; ".join(told) or "nothing"


def _shown(decision: Decision) -> str:
    return INACTIVE if decision is None else shown(decision)
