"""``report.html``: a search on one page."""

import math
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from nas_hydra.front import Front
from nas_hydra.page import (
    Cell,
    Section,
    bar,
    bullets,
    duration,
    facts,
    note,
    number,
    page,
    paragraph,
    switch,
    table,
    wide,
)
from nas_hydra.report import run_plots, trial_plots
from nas_hydra.report.candidates import origins, winner
from nas_hydra.report.costs import Cost, answer, costs, failures, origin
from nas_hydra.report.decisions import common, important
from nas_hydra.report.history import Moment, window
from nas_hydra.report.outcome import Outcome
from nas_hydra.report.progress_plot import progress as progress_plot
from nas_hydra.report.reproduce import reproduce
from nas_hydra.report.summary import founders, founders_in_words
from nas_hydra.run import Run
from nas_hydra.search_space import SearchSpace
from nas_hydra.small_file import replace
from nas_hydra.trial import Trial

PAGE = "report.html"
MOST_SHOWN = 50
"""Rows of a table of trials; ``trials.csv`` has all of them."""


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
        self._run = run

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """Remember a trial."""
        self._told.append(trial)
        self._front = front

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """Write the page, if there is anything to show."""
        if not self._told:
            return
        trials = sorted(self._told, key=lambda trial: trial.number)
        ended = summary is not None
        outcome = Outcome(self._run, self._space.genes, trials, self._front, ended)
        replace(self._run.folder / PAGE, run_page(outcome))


def run_page(outcome: Outcome) -> str:
    """A search on one page."""
    run = outcome.run
    found = run_plots.moments(outcome)
    sections = [
        Section("Result", headline(outcome)),
        Section("Front", front(outcome, found)),
        Section("Progress", progress(outcome)),
        Section("Population", population(outcome, found)),
        Section("Importance of each decision", important(outcome)),
        Section("What the best tenth has in common", common(outcome)),
        Section("Winner", winner(outcome)),
        Section("Where the winner comes from", origins(outcome)),
        Section("Learning curves", learning(outcome)),
        Section("Failures", failed(outcome)),
        Section("Cost", spent(outcome)),
        Section("Best trials", best_trials(outcome)),
        Section("To reproduce", reproduce(outcome)),
    ]
    told = f"{run.choices['strategy']} on {run.choices['search_space']}, seed {run.seed}"
    return page(run.name, told, sections)


def headline(outcome: Outcome) -> list[Markup]:
    """The result in a few numbers, and whether it is final."""
    run, trials, best = outcome.run, outcome.trials, outcome.front.best
    shown: dict[str, str] = {}
    if best is not None:
        shown |= {name: number(value) for name, value in best.values.items()}
        shown["found in trial"] = number(best.number)
    shown["trials"] = f"{len(trials):,} of {run.trials:,}"
    shown["decisions"] = number(len(run.genes))
    shown["time of evaluation"] = duration(sum(trial.seconds for trial in trials))
    counts = {
        "epochs trained": sum(trial.epochs for trial in trials),
        "failed": sum(trial.state == "failed" for trial in trials),
        "duplicates saved": sum(trial.duplicate_of is not None for trial in trials),
        "over a limit": outcome.front.infeasible,
    }
    shown |= {name: number(count) for name, count in counts.items() if count}
    return [facts(shown), *remarks(outcome)]


def remarks(outcome: Outcome) -> list[Markup]:
    """What a reader has to know of the result."""
    run, front = outcome.run, outcome.front
    goals = ", ".join(f"{one.direction} {one.name}" for one in run.objectives)
    remarks = [f"Searched: {goals}{limits(run)}."]
    if not outcome.ended:
        remarks.append(
            f"This search was interrupted after {len(outcome.trials):,} of {run.trials:,} trials;"
            " the page shows it as far as it got. How to go on stands below."
        )
    elif len(outcome.trials) < run.trials:
        remarks.append("The search space is exhausted: no candidate is left.")
    if not front.members:
        remarks.append("No trial was completed.")
    elif not front.feasible:
        remarks.append("No trial meets the limits; the winner breaks them least.")
    if len(front.members) > 1:
        remarks.append(f"The winner shown is {front.choice}.")
    if front.ties:
        remarks.append(f"{ties(front)}.")
    if found := founders(run.objectives, outcome.trials).get("founders"):
        assert front.best is not None  # there is a complete trial
        values = ", ".join(f"{name} {number(value)}" for name, value in found["values"].items())
        told = founders_in_words(found, front.best.values, values)
        remarks.append(f"To compare: {told}.")
    for name, optimum in run.optimum.items():
        remarks.append(f"The best possible {name} is {number(optimum)}.")
    return [bullets(remarks)]


def ties(front: Front) -> str:
    """``2 other candidates are as good; decided by val_loss, then by params, then by age``."""
    others = "1 other candidate is" if front.ties == 1 else f"{front.ties:,} other candidates are"
    return f"{others} as good; decided by {', then by '.join([*front.decided_by, 'age'])}"


def limits(run: Run) -> str:
    """The limits in words."""
    bounds = [
        f"{limit.name} {words} {number(bound)}"
        for limit in run.objectives.limits
        for words, bound in (("at least", limit.at_least), ("at most", limit.at_most))
        if math.isfinite(bound)
    ]
    return f", with {' and '.join(bounds)}" if bounds else ""


def front(outcome: Outcome, found: list[Moment]) -> list[Markup]:
    """The front of several objectives, as points and as a table."""
    if not outcome.several or not outcome.front.feasible:
        return []
    first, *others = outcome.run.objectives
    reference = ", ".join(f"{k} {number(v)}" for k, v in outcome.front.reference.items())
    names = [objective.name for objective in outcome.run.objectives]
    rows: list[list[Cell]] = [
        [
            trial.number,
            *(trial.values[name] for name in names),
            wide(trial.proposal.genotype.summary),
        ]
        for trial in outcome.front.members
    ]
    return [
        paragraph(
            f"{len(rows)} of {len(outcome.ranked)} candidates are on the front: no other one is"
            f" better in one objective and no worse in the others. Their hypervolume is"
            f" {number(outcome.front.hypervolume)}, from {reference} on."
        ),
        switch(
            {one.name: trial_plots.front(outcome, one) for one in others}, f"{first.name} against"
        ),
        run_plots.volume(found),
        table(["trial", *names, "decisions"], rows),
    ]


def progress(outcome: Outcome) -> list[Markup]:
    """Every trial and the best so far, for each objective."""
    plots = {one.name: progress_plot(outcome, one) for one in outcome.run.objectives}
    return [switch(plots, "objective")]


def population(outcome: Outcome, found: list[Moment]) -> list[Markup]:
    """The population over time."""
    if not outcome.ranked:
        return []
    size = window(outcome.run.config)
    return [
        *run_plots.population(found, outcome.objective),
        note(
            f"The population is the last {size} complete trials. Diversity is the probability that"
            " two of them differ in a decision, averaged over all decisions: near 0 they are all"
            " alike."
        ),
    ]


def learning(outcome: Outcome) -> list[Markup]:
    """The learning curves of the best candidates, by metric."""
    trained = [trial for trial in outcome.ranked if trial.curves]
    names = list(dict.fromkeys(name for trial in trained for name in trial.curves))
    names.sort(key=lambda name: name != outcome.objective.name)
    if not trained:
        return []
    hidden = max(0, len(trained) - trial_plots.LEADERS - trial_plots.OTHERS)
    left = f"; {hidden} more are not shown" if hidden else ""
    return [
        switch({name: trial_plots.curves(outcome, name) for name in names}, "metric"),
        note(f"Of {len(trained)} trained candidates{left}."),
    ]


def failed(outcome: Outcome) -> list[Markup]:
    """Why trials failed, alike ones together."""
    rows: list[list[Cell]] = [
        [wide(one.kind), len(one.trials), one.trials[0].number, wide(one.trials[0].error or "")]
        for one in failures(outcome.trials)
    ]
    return [table(["kind", "trials", "first", "its error"], rows)] if rows else []


def spent(outcome: Outcome) -> list[Markup]:
    """What was spent on which trials."""
    by_origin, by_answer = costs(outcome.trials, origin), costs(outcome.trials, answer)
    return [
        cost_table("origin of the candidate", by_origin),
        cost_table("how it was answered", by_answer),
        note(
            "Time and epochs of trials known from another run are what they took there. Time is of"
            " evaluation, summed over all workers."
        ),
    ]


def cost_table(group: str, found: list[Cost]) -> Markup:
    """The costs of groups of trials side by side."""
    whole = sum(cost.seconds for cost in found) or 1.0
    rows: list[list[Cell]] = [
        [one.name, one.trials, one.epochs, round(one.seconds, 3), bar(one.seconds / whole)]
        for one in found
    ]
    return table([group, "trials", "epochs", "seconds", "share of time"], rows)


def best_trials(outcome: Outcome) -> list[Markup]:
    """The best trials and their decisions."""
    shown = outcome.ranked[:MOST_SHOWN]
    if not shown:
        return []
    names = outcome.run.measures
    rows = [[place, *trial_row(trial, names)] for place, trial in enumerate(shown, start=1)]
    more = len(outcome.ranked) - len(shown)
    return [
        table(["rank", "trial", *names, "origin", "seconds", "decisions"], rows),
        *([note(f"{more:,} more are in trials.csv.")] if more else []),
    ]


def trial_row(trial: Trial, names: list[str]) -> list[Cell]:
    """A trial's cells: number, metrics, origin, seconds and decisions."""
    measured: list[Cell] = [trial.metrics.get(name) for name in names]
    proposal = trial.proposal
    seconds = round(trial.seconds, 3)
    return [trial.number, *measured, proposal.origin, seconds, wide(proposal.genotype.summary)]
