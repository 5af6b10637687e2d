"""Finished runs made by hand."""

from efficiency.loop import Improvement
from efficiency.matrix import Case, Run


def run(strategy, task, seed, *improvements, pending=1, budget=300, **changes):
    """Improvements are triples: evaluation, value, what is reported."""
    case = Case(strategy, "config", task, seed, pending, budget)
    facts = {"evaluations": budget, "proposals": budget, "seconds": 1.0, "late": 2.0, "code": "c"}
    return Run(case, [Improvement(*one) for one in improvements], **(facts | changes))
