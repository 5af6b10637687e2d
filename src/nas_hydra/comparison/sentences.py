"""What was found, in sentences that may be quoted; they claim no more than the tests do."""

from collections.abc import Iterator, Sequence

from nas_hydra.comparison.pairwise import PAIRED, SOONEST
from nas_hydra.comparison.result import GroupResult, Test
from nas_hydra.comparison.statistics import LEVEL, least_p, least_runs


def sentences(
    groups: Sequence[GroupResult], tests: Sequence[Test], target: float, trials: int
) -> Iterator[str]:
    """The best group against each other one: how soon the target was reached, and the end.

    Args:
        groups: the best first.
        tests: of all pairs, for both measures.
        target: the value to reach.
        trials: after how many final values are taken.
    """
    by_name = {group.group: group for group in groups}
    for test in tests:
        one, other = by_name[test.one], by_name[test.other]
        if groups[0] not in (one, other):
            continue
        family = sum(test.measure == another.measure for another in tests)
        told = verdict(test, family, (one.runs, other.runs))
        if test.measure == SOONEST:
            yield f"{soonest(one, other, target, trials)} (medians; {told})."
        else:
            best, worse = told_apart(one.final.middle, other.final.middle)
            yield (
                f"After {_trials(trials)}, {one.group} was at {best} and {other.group} at {worse}"
                f" (interquartile means; {told})."
            )


def soonest(one: GroupResult, other: GroupResult, target: float, trials: int) -> str:
    """Who reached the target first."""
    value, end = number(target), f"within {_trials(trials)}"
    if one.evaluations is None and other.evaluations is None:
        both = f"Neither {one.group} nor {other.group}"
        return f"{both} reached {value} {end} in more than half of the runs"
    if other.evaluations is None:
        late = f"{other.group} did not {end} in half of its runs or more"
        return f"{one.group} reached {value} {_in(one)}, {late}"
    if one.evaluations is None:
        return soonest(other, one, target, trials)
    return f"{one.group} reached {value} {_in(one)}, {other.group} in {other.evaluations:g}"


def _in(group: GroupResult) -> str:
    return f"in {_trials(group.evaluations or 0)}"


def _trials(number: float) -> str:
    return f"{number:g} trial{'' if number == 1 else 's'}"


def verdict(test: Test, family: int, sizes: tuple[int, int]) -> str:
    """How sure it is; or that nothing can be concluded, and what that would take.

    Args:
        test: one of its family.
        family: how many tests are corrected together.
        sizes: of the two groups.
    """
    paired, seeds = test.name == PAIRED, f"{test.pairs} seed{'s' if test.pairs > 1 else ''}"
    least = least_p(paired, *((test.pairs, test.pairs) if paired else sizes)) * family
    if least >= LEVEL:
        runs = least_runs(paired, family)
        holm = f" with {family} comparisons" if family > 1 else ""
        return (
            f"nothing can be concluded from {seeds}, since p cannot be below"
            f" {min(1.0, least):.3g}{holm}: at least {runs} seeds are needed"
        )
    after = " after Holm" if family > 1 else ""
    told = f"{p_value(test.corrected)}{after}, {seeds}, A12 = {test.effect:.2f}"
    if test.corrected < LEVEL:
        return told
    more = f"; an effect of this size takes about {test.needed} seeds" if test.needed else ""
    return f"not told apart: {told}{more}"


def p_value(p: float) -> str:
    """``p = 0.012`` or ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def number(value: float, digits: int = 4) -> str:
    """A value with the digits that matter, in its own units."""
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Two values with as many digits as it takes to see a difference, up to ten."""
    shown = ((number(one, digits), number(other, digits)) for digits in range(4, 11))
    both = (number(one), number(other))
    return next((two for two in shown if two[0] != two[1]), both)
