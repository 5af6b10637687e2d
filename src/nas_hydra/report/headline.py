"""How a search's page begins: what won, by how much, how sure that is, and what to type next."""

import math
from collections.abc import Iterator

from nas_hydra.document import Bullets, Code, Element, Facts, Paragraph
from nas_hydra.document.text import amount, counted, duration, number, share, signed
from nas_hydra.front import Front
from nas_hydra.report.next_steps import next_steps
from nas_hydra.report.outcome import Outcome
from nas_hydra.report.spent import spent
from nas_hydra.report.summary import count, founders, ties, trained
from nas_hydra.run import Run
from nas_hydra.shell import pasteable


def headline(outcome: Outcome) -> list[Element]:
    """The result in two sentences, the next command, a few numbers, and what to know of it."""
    sentences = " ".join([*_result(outcome), *_certainty(outcome)])
    return [
        Bullets([sentences] if sentences else [], "sentences"),
        *_first_step(outcome),
        Facts(_numbers(outcome)),
        Bullets([*_remarks(outcome)]),
    ]


def _result(outcome: Outcome) -> Iterator[str]:
    """What won, and by how much over the random candidates that the search began with."""
    best, run = outcome.front.best, outcome.run
    if best is None:
        return
    values = " and ".join(f"{name} {number(value)}" for name, value in best.values.items())
    params = best.metrics.get("params")
    size = f" with {number(params)} parameters" if params and "params" not in best.values else ""
    if outcome.several and outcome.front.feasible:
        members = counted(len(outcome.front.members), "candidate")
        be = "is" if len(outcome.front.members) == 1 else "are"
        yield f"{members}{outcome.scope} {be} on the front;"
        yield f"of these, trial {best.number} was chosen: {values}{size}."
        return
    told = f"Trial {best.number} won: {values}{size}"
    if found := founders(run.objectives, outcome.trials).get("founders"):
        value, random = (of[outcome.objective.name] for of in (best.values, found["values"]))
        of = f"the best of {counted(found['trials'], 'random candidate')} ({number(random)})"
        if value == random:
            yield f"{told}; no candidate that was bred is better than {of}."
        else:
            yield f"{told}, {signed(value - random)} over {of}."
    else:
        yield f"{told}, the best of {counted(len(outcome.ranked), 'candidate')}{outcome.scope}."


def _certainty(outcome: Outcome) -> Iterator[str]:
    """How many others are as good, as far as the validation rows can tell."""
    noise, best = outcome.noise, outcome.front.best
    if noise is None or best is None or len(outcome.ranked) < 2:
        if outcome.front.ties:
            yield f"{_ties(outcome.front)}."
        return
    floor = outcome.objective.fitness(best.values) - noise
    violation = outcome.run.objectives.violation
    near = sum(
        outcome.objective.fitness(trial.values) >= floor and not violation(trial.metrics)
        for trial in outcome.ranked
        if trial.number != best.number
    )
    of = f"{number(noise, 2)}, the standard error of a difference on {outcome.rows:,} rows"
    if not near:
        yield f"No other candidate is within {of}."
    else:
        others = "1 other is" if near == 1 else f"{near:,} others are"
        yield f"{others} within the noise of the validation ({of}): which of them is best is open."


def _first_step(outcome: Outcome) -> list[Element]:
    """What to type next."""
    for purpose, typed in steps(outcome).items():
        return [Paragraph(f"Next, {purpose}:"), Code(typed)]
    return []


def steps(outcome: Outcome) -> dict[str, str]:
    """What each command is for, and the command."""
    run = outcome.run
    if not outcome.ended:
        return {"to go on with this one": pasteable(run.command)}
    if outcome.front.best is None:
        return {}
    told = {**ties(outcome.front), **trained(run, outcome.trials, outcome.front, 0)}
    return next_steps(run, {"trials": count(outcome.trials), **told})


def _numbers(outcome: Outcome) -> dict[str, str]:
    """The search in a few numbers."""
    run, trials = outcome.run, outcome.trials
    shown = {
        "trials": f"{len(trials):,}" + ("" if run.trials is None else f" of {run.trials:,}"),
        "decisions": number(len(run.genes)),
        "time of evaluation": duration(sum(trial.seconds for trial in trials)),
    }
    counts = {
        "epochs trained": sum(trial.epochs for trial in trials),
        "stopped": sum(trial.state == "pruned" for trial in trials),
        "failed": sum(trial.state == "failed" for trial in trials),
        "duplicates saved": sum(trial.duplicate_of is not None for trial in trials),
        "over a limit": outcome.front.infeasible,
    }
    saved = outcome.trained.saved if run.partial else 0.0
    shown |= {name: number(count) for name, count in counts.items() if count}
    if found := spent(run, trials, None).get("cost"):
        shown["spent"] = amount(found["spent"], found["unit"])
    return shown | ({"epochs saved": share(saved)} if saved > 0 else {})


def _remarks(outcome: Outcome) -> Iterator[str]:
    """What else a reader has to know of the result."""
    run, front = outcome.run, outcome.front
    goals = ", ".join(f"{one.direction} {one.name}" for one in run.objectives)
    yield f"Goal: {goals}{_limits(run)}."
    if not outcome.ended:
        yield (
            f"This search was interrupted after {run.after(len(outcome.trials))};"
            " the page shows it as far as it got."
        )
    elif outcome.ended_by == "exhausted":
        yield "The search space is exhausted: no candidate is left."
    elif outcome.ended_by not in (None, "budget.trials"):
        yield f"The search was ended by its {outcome.ended_by}."
    if not front.members:
        yield "No trial was completed."
    elif not front.feasible:
        yield "No trial meets the limits; the winner breaks them least."
    if len(front.members) > 1:
        yield f"The winner shown is {front.choice}."
    if front.ties and outcome.noise is not None:
        yield f"{_ties(front)}."
    for name, optimum in run.optimum.items():
        yield f"The best possible {name} is {number(optimum)}."


def _ties(front: Front) -> str:
    """``2 other candidates are as good; decided by val_loss, then by params, then by age``."""
    others = "1 other candidate is" if front.ties == 1 else f"{front.ties:,} other candidates are"
    return f"{others} as good; decided by {', then by '.join([*front.decided_by, 'age'])}"


def _limits(run: Run) -> str:
    """The limits in words."""
    bounds = [
        f"{limit.name} {words} {number(bound)}"
        for limit in run.objectives.limits
        for words, bound in (("at least", limit.at_least), ("at most", limit.at_most))
        if math.isfinite(bound)
    ]
    return f", with {' and '.join(bounds)}" if bounds else ""
