"""``report.html``: a search on one page."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import yaml

from nas_hydra.document import (
    Bar,
    Cell,
    Code,
    Document,
    Element,
    Note,
    Paragraph,
    Section,
    Sorted,
    Switch,
    Table,
)
from nas_hydra.document.html import html
from nas_hydra.document.text import counted, duration, number
from nas_hydra.files.small_file import read_yaml, replace
from nas_hydra.front import Front
from nas_hydra.objective import Objective
from nas_hydra.report import plots
from nas_hydra.report.candidates import common, origins, trials_table, winner
from nas_hydra.report.headline import headline, steps
from nas_hydra.report.history import Moment, window
from nas_hydra.report.outcome import Cost, Outcome, answer, costs, failures, origin_name
from nas_hydra.report.rungs import trainings
from nas_hydra.report.spent import spent, spent_in_words
from nas_hydra.report.summary import versions
from nas_hydra.run import Run, parted
from nas_hydra.search_space import SearchSpace
from nas_hydra.shell import pasteable
from nas_hydra.trial import Trial

PAGE = "report.html"
MOST_SHOWN = 50
"""Rows of a table of trials; ``trials.csv`` has all of them."""
PARAMS = Objective("params", "minimize")


class RunPage:
    """A tracker that writes ``report.html`` when the search ends or is interrupted.

    Args:
        space: whose genes are decided.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._told: list[Trial] = []

    def start(self, run: Run) -> None:
        """Remember what is searched."""
        self._run, self._began, self._resumed, self._fresh = run, monotonic(), False, False

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """Remember a trial."""
        self._told.append(trial)
        self._front = front
        self._resumed, self._fresh = self._resumed or recorded, self._fresh or not recorded

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """Write the page, if there is anything to show."""
        if not self._told:
            return
        trials = sorted(self._told, key=lambda trial: trial.number)
        seconds = None if self._resumed else monotonic() - self._began
        ended, rows = summary is not None, _validation_rows(self._run)
        when = datetime.now() if self._fresh else _written(self._run.folder / "summary.json")
        size = (summary or {}).get("trained", {}).get("checkpoints", 0)
        by = _ended_by(summary or {})
        known = (seconds, rows, when, size, by)
        outcome = Outcome(*(self._run, self._space.genes, trials, self._front, ended, *known))
        replace(self._run.folder / PAGE, html(run_page(outcome)))


def _ended_by(summary: Mapping[str, Any]) -> str | None:
    """What ended a search, as its summary says; older ones only say whether the space did."""
    known: str | None = summary.get("ended", "exhausted" if summary.get("exhausted") else None)
    return known


def _written(file: Path) -> datetime:
    """When a file was written; now if it is not there."""
    return datetime.fromtimestamp(file.stat().st_mtime) if file.exists() else datetime.now()


def _validation_rows(run: Run) -> int | None:
    """How many rows the metrics are measured on, as the run's folder notes them."""
    from nas_hydra.dataset.examples import (  # torch, of which a page needs none
        FILE,
        SPLITS,
        read_examples,
    )

    noted = read_examples(run.folder / FILE).get(SPLITS[1])
    return None if noted is None else len(noted.labels)


def run_page(outcome: Outcome) -> Document:
    """A search on one page."""
    run = outcome.run
    found = plots.moments(outcome)
    sections = [
        Section("Result", headline(outcome)),
        Section("Front", _front(outcome, found)),
        Section(f"{run.objectives[0].name} against parameters", _against_params(outcome)),
        Section("Winner", winner(outcome)),
        Section("Best trials", _best_trials(outcome)),
        Section("Progress", _progress(outcome)),
        Section(f"What the {outcome.called} has in common", common(outcome)),
        Section("Where the winner comes from", origins(outcome)),
        Section("What was trained", trainings(outcome)),
        Section("Learning curves", _learning(outcome)),
        Section("Population", _population(outcome, found)),
        Section("Failures", _failed(outcome)),
        Section("Cost", [*_by_cost(outcome, found), *_spent(outcome)]),
        Section("To go on, and to reproduce", _reproduce(outcome)),
    ]
    return Document(run.name, _subtitle(outcome), sections)


def _subtitle(outcome: Outcome) -> str:
    """The data, what was searched, when and how long."""
    run, choices = outcome.run, outcome.run.choices
    data = choices.get("dataset", "none")
    on = f" for {data}" if data != "none" else ""
    spent = sum(trial.seconds for trial in outcome.trials)
    took = (
        f"{duration(spent)} of evaluation"
        if outcome.seconds is None
        else f"{duration(outcome.seconds)}"
    )
    return (
        f"{choices['strategy']} on {choices['search_space']}{on}, seed {run.seed};"
        f" {outcome.when:%d %B %Y, %H:%M}; {took}"
    )


def _front(outcome: Outcome, found: list[Moment]) -> list[Element]:
    """The front of several objectives, as points and as a table."""
    if not outcome.several or not outcome.front.feasible or outcome.front.best is None:
        return []
    first, *others = outcome.run.objectives
    reference = ", ".join(f"{k} {number(v)}" for k, v in outcome.front.reference.items())
    names = [objective.name for objective in outcome.run.objectives]
    members = sorted(outcome.front.members, key=lambda trial: -first.fitness(trial.values))
    rows: list[tuple[Trial, list[Cell]]] = [
        (trial, [trial.number, *(trial.values[name] for name in names)]) for trial in members
    ]
    return [
        Paragraph(
            f"{len(rows)} of {len(outcome.ranked)} candidates{outcome.scope} are on the front: no"
            " other one is"
            " better in one objective and no worse in the others. How much they are better than"
            f" {reference}, in all objectives at once, is the hypervolume:"
            f" {number(outcome.front.hypervolume)}."
        ),
        Switch({one.name: plots.against(outcome, one) for one in others}, f"{first.name} against"),
        trials_table(["trial", *names], rows, outcome.front.best),
        plots.volume(found),
    ]


def _against_params(outcome: Outcome) -> list[Element]:
    """The first objective against the number of parameters, which is always of interest."""
    names = {objective.name for objective in outcome.run.objectives}
    known = {trial.metrics["params"] for trial in outcome.ranked if "params" in trial.metrics}
    if PARAMS.name in names or len(known) < 2:
        return []
    return [plots.against(outcome, PARAMS)]


def _progress(outcome: Outcome) -> list[Element]:
    """Every trial and the best so far, for each objective."""
    drawn = {one.name: plots.progress(outcome, one) for one in outcome.run.objectives}
    if not outcome.scope:
        return [Switch(drawn, "objective")]
    scope = f"The best so far is that of the candidates{outcome.scope}; of the others, trained less"
    return [Switch(drawn, "objective"), Note(f"{scope}, none counts, whatever its value.")]


def _population(outcome: Outcome, found: list[Moment]) -> list[Element]:
    """The population over time."""
    if len(outcome.ranked) < 2:
        return []
    size = window(outcome.run.config)
    farthest = ", of those that were trained farthest by then" if outcome.run.partial else ""
    return [
        *plots.population(found, outcome.objective),
        Note(
            f"The population is the last {size} complete trials{farthest}. Diversity is the"
            " probability that"
            " two of them differ in a decision, averaged over all decisions: near 0 they are all"
            " alike."
        ),
    ]


def _learning(outcome: Outcome) -> list[Element]:
    """The learning curves of the best candidates, by metric."""
    trained = [
        trial for trial in outcome.ranked if any(len(curve) > 1 for curve in trial.curves.values())
    ]
    names = list(dict.fromkeys(name for trial in trained for name in trial.curves))
    names.sort(key=lambda name: name != outcome.objective.name)
    if not trained or outcome.run.partial:  # then each trial has a part of its candidate's curve
        return []
    hidden = max(0, len(trained) - plots.LEADERS - plots.OTHERS)
    left = f"; {hidden} more are not shown" if hidden else ""
    return [
        Switch({name: plots.curves(outcome, name) for name in names}, "metric"),
        Note(f"Of {counted(len(trained), 'trained candidate')}{left}."),
    ]


def _failed(outcome: Outcome) -> list[Element]:
    """Why trials failed, alike ones together."""
    rows: list[list[Cell]] = [
        [one.kind, len(one.trials), one.trials[0].number, one.trials[0].error or ""]
        for one in failures(outcome.trials)
    ]
    return [Table(["kind", "trials", "first", "its error"], rows)]


def _by_cost(outcome: Outcome, found: Sequence[Moment]) -> list[Element]:
    """What was spent, and the best value by that, where costs are counted."""
    known = spent(outcome.run, outcome.trials, outcome.front.best).get("cost")
    if known is None:
        return []
    said = Paragraph(f"{'; '.join(spent_in_words(known))}.")
    return [said, plots.by_cost(found, outcome.objective, known["unit"])]


def _spent(outcome: Outcome) -> list[Element]:
    """What was spent on which trials, where there are several kinds of them."""
    groups = {"origin of the candidate": origin_name, "how it was answered": answer}
    tables = [
        _cost_table(name, found)
        for name, group in groups.items()
        if len(found := costs(outcome.trials, group)) > 1
    ]
    known = any(trial.source is not None for trial in outcome.trials)
    there = " Time and epochs of trials known from another run are what they took there." * known
    note = Note(f"Time is of evaluation, summed over all workers.{there}")
    return [*tables, note] if tables else []


def _cost_table(group: str, found: Sequence[Cost]) -> Table:
    """The costs of groups of trials side by side."""
    whole = sum(cost.seconds for cost in found) or 1.0
    rows: list[list[Cell]] = [
        [
            one.name,
            one.trials,
            one.epochs,
            Sorted(one.seconds, duration(one.seconds)),
            Bar(one.seconds / whole),
        ]
        for one in found
    ]
    return Table([group, "trials", "epochs", "time", "share of time"], rows)


def _best_trials(outcome: Outcome) -> list[Element]:
    """The best trials and their decisions; of several objectives, the front tells them."""
    shown, best = outcome.ranked[:MOST_SHOWN], outcome.front.best
    if best is None or len(shown) < 2 or (outcome.several and outcome.front.feasible):
        return []
    names = list(dict.fromkeys([*best.values, PARAMS.name]))
    names = [name for name in names if any(name in trial.metrics for trial in shown)]
    rows: list[tuple[Trial, list[Cell]]] = [
        (trial, [trial.number, *(trial.metrics.get(name) for name in names), origin_name(trial)])
        for trial in shown
    ]
    more = len(outcome.ranked) - len(shown)
    left = f"{more:,} more, and all that was measured, are in trials.csv." if more else ""
    return [
        trials_table(["trial", *names, "origin"], rows, best),
        Note(left or "All that was measured is in trials.csv."),
    ]


def _reproduce(outcome: Outcome) -> list[Element]:
    """What to type next, the command, and what it ran with."""
    run = outcome.run
    further: list[Element] = []
    for purpose, typed in [*steps(outcome).items()][1:]:  # the page begins with the first
        further += [Paragraph(f"{purpose[:1].upper()}{purpose[1:]}:"), Code(typed)]
    return [
        *further,
        Paragraph("The same search in a new folder:"),
        Code(pasteable(command(run))),
        Note(f"It was written to {run.folder.absolute()}; .hydra/config.yaml has every setting."),
        Table(["package", "version"], [*versions().items()], folded="Versions"),
    ]


def command(run: Run) -> str:
    """What to type for this very run, also where it was one of a sweep."""
    overrides = _overrides_of(run)
    if overrides is None:
        return run.command
    words = shlex.split(run.command)
    sweep = ("-m", "--multirun")
    options = [word for word in parted(words[1:])[0] if word not in sweep]
    return shlex.join([words[0], *options, *overrides])


def _overrides_of(run: Run) -> list[str] | None:
    """What was typed for this very run; None if the file that says so is missing or damaged."""
    file = run.folder / ".hydra" / "overrides.yaml"
    try:
        typed = read_yaml(file)
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return [str(word) for word in typed] if isinstance(typed, list) else None
