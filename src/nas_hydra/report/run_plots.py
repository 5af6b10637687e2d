"""The plots of what becomes of the population and the front as a search goes on."""

from collections.abc import Sequence

from markupsafe import Markup

from nas_hydra.objective import Objective
from nas_hydra.page import band, line, plot
from nas_hydra.report.history import History, Moment, window
from nas_hydra.report.outcome import Outcome

MOMENTS = 300
"""Most points of a line along a search; each costs some arithmetic on the population."""
LOW = 200
"""Height of a plot with little in it, in pixels."""


def moments(outcome: Outcome) -> list[Moment]:
    """At most ``MOMENTS`` of a search, evenly spread, the last one among them."""
    trials = outcome.trials
    every = -(-len(trials) // MOMENTS)
    follower = History(outcome.run.objectives, window(outcome.run.config))
    found: list[Moment] = []
    for left, trial in zip(range(len(trials) - 1, -1, -1), trials, strict=True):
        follower.take(trial)
        if left % every == 0:
            found.append(follower.moment)
    return found


def population(found: Sequence[Moment], objective: Objective) -> list[Markup]:
    """Mean and spread of the population, and how much its members differ."""
    known = [(moment.trial.number, moment.population) for moment in found]
    rows = [(number, population) for number, population in known if population is not None]
    x = [number for number, _ in rows]
    high = [population.mean + population.spread for _, population in rows]
    low = [population.mean - population.spread for _, population in rows]
    mean = [population.mean for _, population in rows]
    diversity = [population.diversity for _, population in rows]
    return [
        plot(
            [*band(x, low, high, 0), line(x, mean, "mean, with its standard deviation", 0)],
            f"mean and spread of {objective.name} in the population",
            "trial",
            objective.name,
        ),
        plot(
            [line(x, diversity, "diversity", 2)],
            "diversity of the population",
            "trial",
            "diversity",
            height=LOW,
            yaxis={"range": [0, 1.03]},
            showlegend=False,
        ),
    ]


def volume(found: Sequence[Moment]) -> Markup:
    """How much the front dominates, along the search."""
    x = [moment.trial.number for moment in found]
    y = [moment.hypervolume for moment in found]
    series = [line(x, y, "hypervolume", 0, shape="hv")]
    return plot(
        series, "hypervolume of the front so far", "trial", "hypervolume", LOW, showlegend=False
    )
