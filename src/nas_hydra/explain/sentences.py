"""An explanation in plain sentences, which claim no more than the numbers do."""

from collections.abc import Iterator, Mapping

from nas_hydra.explain.ablation import largest
from nas_hydra.explain.result import Explanation, Importance, Neighbour, Source
from nas_hydra.page import number, share
from nas_hydra.report.traits import INACTIVE
from nas_hydra.search_space import Decision
from nas_hydra.search_space.gene import shown as in_words

RELIABLE, USELESS = 0.7, 0.3
"""Agreement from which on the surrogate is followed, and below which nothing is claimed."""
FEW = 3
"""Decisions that a sentence lists."""
ARROW = "\N{RIGHTWARDS ARROW}"
WORDS: Mapping[Source, str] = {
    "measured": "measured",
    "trained": "trained for this",
    "predicted": "predicted",
}


def summary(found: Explanation) -> list[str]:
    """What a reader should know, the most important first."""
    return [*importance(found), *walk(found), *cheaper(found), *robust(found), *trust(found)]


def importance(found: Explanation) -> Iterator[str]:
    """Which decisions mattered."""
    listed = ", ".join(_share(one) for one in found.importances[:FEW] if one.share > 0)
    if not listed:
        yield f"No single decision is known to matter for {found.objective}."
    else:
        yield (
            f"What matters most for {found.objective} over the whole space: {listed}"
            " (share of the variation, with a 95 % interval)."
        )
    sure = [pair for pair in found.interactions if pair.low > 0]
    if sure:
        one, other = sure[0].genes
        yield f"{one} and {other} are best decided together: {_share(sure[0], name=False)}."


def _share(one: Importance, name: bool = True) -> str:
    """``depth 31 % (20 to 40 %)``."""
    ends = f"({share(one.low).removesuffix(' %')} to {share(one.high)})"
    return (
        f"{' and '.join(one.genes)} {share(one.share)} {ends}"
        if name
        else (f"{share(one.share)} {ends} of the variation comes from their combination")
    )


def walk(found: Explanation) -> Iterator[str]:
    """The way to the winner."""
    steps, start = found.ablation.steps, found.ablation.start
    if not steps:
        return
    yield (
        f"From {found.ablation.origin} ({known(start.value, start.source)}), to the winner, trial"
        f" {found.winner.trial} ({number(found.winner.value)}), it takes"
        f" {len(steps)} decision{'s' if len(steps) > 1 else ''}."
    )
    step = largest(steps, better(found))
    if step is not None and better(found) * step.difference > 0:
        change = changed({step.gene: (step.before, step.after)})
        yield f"The largest step is {change}: {signed(step.difference)} ({WORDS[step.source]})."


def cheaper(found: Explanation) -> Iterator[str]:
    """What could be saved."""
    priced = [one for one in found.neighbours if one.flops_share is not None]
    if not priced:
        return
    first = priced[0]
    yield f"As good as can be told, and cheaper: {neighbour(first)}."


def neighbour(one: Neighbour) -> str:
    """``kernel: 7 → 5, -0.1 (predicted), -22 % FLOPs``."""
    saved = one.flops_share
    shown = f", {saved:+.0%} FLOPs".replace("%", " %") if saved is not None else ""
    return f"{changed(one.changed)}, {signed(one.difference)} ({WORDS[one.source]}){shown}"


def robust(found: Explanation) -> Iterator[str]:
    """Whether another seed would have chosen otherwise."""
    one = found.robustness
    if len(one.contenders) < 2:
        return
    basis = {
        "repeats": "from repeated trials",
        "predictor": "from what the predictor cannot explain, which counts as noise",
    }[one.source]
    yield (
        f"With another seed, another one of the best {len(one.contenders)} would come out first in"
        f" {share(one.winner_changes)} of cases, and their order would change in"
        f" {share(one.order_changes)} ({basis}; standard deviation {number(one.noise)})."
    )


def trust(found: Explanation) -> Iterator[str]:
    """How far the surrogate is to be followed."""
    told = f"a rank correlation of {found.agreement:.2f} with trials that were kept from it"
    if found.agreement < USELESS:
        yield (
            f"The predictor learned next to nothing from {found.trials} candidates ({told}):"
            " nothing here that is predicted should be relied on."
        )
    elif found.agreement < RELIABLE:
        yield f"What is predicted is a hint and no more: the predictor has {told}."
    else:
        yield f"The predictor can be followed: it has {told}."


def better(found: Explanation) -> float:
    """1 if more is better, else -1."""
    return 1.0 if found.direction == "maximize" else -1.0


def known(value: float, source: Source) -> str:
    """``0.93``, or ``0.93, predicted``."""
    return number(value) if source == "measured" else f"{number(value)}, {WORDS[source]}"


def signed(value: float) -> str:
    """``+0.012``; a difference of nothing is ``±0``."""
    return f"{value:+.3g}" if value else "\N{PLUS-MINUS SIGN}0"


def changed(changes: Mapping[str, tuple[Decision, Decision]]) -> str:
    """``width: 16 → 32; act: not active → relu``."""
    return "; ".join(
        f"{name}: {shown(before)} {ARROW} {shown(after)}"
        for name, (before, after) in changes.items()
    )


def shown(decision: Decision) -> str:
    """A decision in words, also where there is none."""
    return INACTIVE if decision is None else in_words(decision)
