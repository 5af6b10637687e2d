"""Comparisons made by hand, of any number of groups and tasks."""

from itertools import combinations

from nas_hydra.comparison.result import (
    Comparison,
    Curve,
    GroupResult,
    Interval,
    Ranking,
    RunFacts,
    TaskResult,
    Test,
)

MOST = 200
"""Points of a curve."""


def interval(middle: float) -> Interval:
    return Interval(middle - 0.4, middle, middle + 0.3)


def curve(end: float, last: float, points: int = MOST) -> Curve:
    places = [last * (place + 1) / points for place in range(points)]
    return Curve(places, [interval(end - 20 / (place + 1)) for place in range(points)])


def group(name: str, end: float) -> GroupResult:
    curves = {"trials": curve(end, 200), "epochs": curve(end, 2400), "seconds": curve(end, 9999.5)}
    return GroupResult(name, 10, 1, interval(end), 0.8, 41.0, curves)


def task(name: str, names: list[str]) -> TaskResult:
    groups = [group(one, 94.0 - place / 3) for place, one in enumerate(names)]
    tests = [
        Test(one, other, "Wilcoxon signed-rank", "final value", 0.002, 0.012, 0.91, 10, None)
        for one, other in combinations(names, 2)
    ]
    quoted = [f"{names[0]} reached 92.0 in 41 trials (medians; p = 0.012 after Holm, 10 seeds)."]
    return TaskResult(name, 92.0, groups, tests, quoted if tests else [])


def comparison(names: list[str], tasks: list[str], runs: int = 3) -> Comparison:
    ranks = {name: 1 + place * 0.9 for place, name in enumerate(names)}
    several = len(tasks) > 1 and len(names) > 1
    return Comparison(
        by=["strategy"],
        objective="val_acc",
        direction="maximize",
        groups={name: {"strategy": name} for name in names},
        tasks=[task(one, names) for one in tasks],
        ranking=Ranking(ranks, 1.7, 0.003, len(tasks)) if several else None,
        runs=[
            RunFacts(
                *(f"sweep/{number}-{name}", one, name, number, 200, 200, 93.5, 120, 41, 2400),
                *(1234.5, 2, "me/nas/1a2b3c" if number else None),
            )
            for one in tasks
            for name in names
            for number in range(runs)
        ],
        notes=["1 run is unfinished, and used as far as it goes: sweep/3."],
        command="nas-hydra-compare sweep",
    )
