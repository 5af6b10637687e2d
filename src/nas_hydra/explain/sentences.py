"""An explanation in plain sentences, which claim no more than the numbers do."""

from collections.abc import Iterator, Mapping

from nas_hydra.document.text import change, number, percent, share, signed
from nas_hydra.explain.result import Explanation, Importance, Neighbour, Source
from nas_hydra.report.history import Change
from nas_hydra.report.outcome import INACTIVE
from nas_hydra.search_space import Decision
from nas_hydra.search_space.gene import shown

RELIABLE, USELESS = 0.7, 0.3
"""Agreement from which on the surrogate is followed, and below which nothing is claimed."""
FEW = 3
"""Decisions that a sentence lists."""
WORDS: Mapping[Source, str] = {
    "measured": "measured",
    "trained": "trained for this",
    "predicted": "predicted",
}
NOISE = {
    "repeats": "The noise is the spread of candidates that the search evaluated repeatedly.",
    "predictor": (
        "The noise is how far the better half of the measured values are from what is predicted of"
        " them by a predictor that does not know them. It holds more than chance in training, so"
        " this is a cautious guess; repeated evaluations would measure it. Each candidate is drawn"
        " around what is predicted of it, since the best of many measured values has had luck."
    ),
}
"""By its source, what it is."""


def summary(found: Explanation) -> list[str]:
    """What a reader should know: how far it can be trusted first."""
    return [
        trust(found),
        *_importances(found),
        *_ablation(found),
        *_cheapest(found),
        *robust(found),
    ]


def hopeless(found: Explanation) -> bool:
    """Whether nothing that is predicted is worth telling."""
    return found.agreement < USELESS


def _importances(found: Explanation) -> Iterator[str]:
    """Which decisions mattered."""
    if hopeless(found):
        return
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


def _ablation(found: Explanation) -> Iterator[str]:
    """The way to the winner."""
    steps, start = found.ablation.steps, found.ablation.start
    if not steps:
        return
    yield (
        f"From {found.ablation.origin} ({known(start.value, start.source)}), to the winner, trial"
        f" {found.winner.trial} ({number(found.winner.value)}), it takes"
        f" {len(steps)} decision{'s' if len(steps) > 1 else ''}."
    )
    step = max(steps, key=lambda one: better(found) * one.difference)
    guessed = hopeless(found) and step.source == "predicted"
    if better(found) * step.difference > 0 and not guessed:
        made = f"{step.gene}: {change(in_words(step.before), in_words(step.after))}"
        yield f"The largest step is {made}: {signed(step.difference)} ({WORDS[step.source]})."


def _cheapest(found: Explanation) -> Iterator[str]:
    """What could be saved."""
    priced = [one for one in found.neighbours if one.flops_share is not None]
    if priced and not hopeless(found):
        yield f"As good as can be told, and cheaper: {_neighbour(priced[0])}."


def _neighbour(one: Neighbour) -> str:
    """``kernel: 7 → 5, -0.1 (predicted), -22 % FLOPs``."""
    saved = "" if one.flops_share is None else f", {percent(one.flops_share)} FLOPs"
    gene, _ = changed_gene(one.changed)
    made = change(*map(in_words, one.changed[gene]))
    return f"{gene}: {made}, {signed(one.difference)} ({WORDS[one.source]}){saved}"


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


def trust(found: Explanation) -> str:
    """How far the predictor is to be followed."""
    told = f"a rank correlation of {found.agreement:.2f} with trials that were kept from it"
    if hopeless(found):
        return (
            f"The predictor learned next to nothing from {found.trials} candidates ({told}):"
            " nothing here that is predicted should be relied on."
        )
    if found.agreement < RELIABLE:
        return f"What is predicted is a hint and no more: the predictor has {told}."
    return f"The predictor can be followed: it has {told}."


def better(found: Explanation) -> float:
    """1 if more is better, else -1."""
    return 1.0 if found.direction == "maximize" else -1.0


def known(value: float, source: Source) -> str:
    """``0.93``, or ``0.93, predicted``."""
    return number(value) if source == "measured" else f"{number(value)}, {WORDS[source]}"


def changed_gene(changes: Mapping[str, Change]) -> tuple[str, list[str]]:
    """The gene that was decided otherwise, and those that came or went with it."""
    first = next((name for name, made in changes.items() if None not in made), next(iter(changes)))
    return first, [name for name in changes if name != first]


def in_words(decision: Decision | None) -> str:
    """A decision, also where there is none."""
    return INACTIVE if decision is None else shown(decision)


def method(found: Explanation) -> list[str]:
    """What the numbers are, and when not to trust them."""
    return [
        f"Predictions are those of a Gaussian process that has learned from {found.trials}"
        " measured candidates. On trials that were kept from it, its ranking agrees with"
        f" what was measured by {found.agreement:.2f} (Spearman; 1 is perfect, 0 chance).",
        "Importances are a functional ANOVA (Hutter et al. 2014) of that predictor over a"
        " uniform sample of the space, not of the search's own trials: these are what the"
        " strategy preferred, and mislead. Shares are of normal scores of the ranks.",
        "Intervals are of functions drawn from the posterior of resampled trials, so they"
        " hold both what is not known of the space and the luck of which trials there are.",
        "A predicted value is the one in the record that has the predicted rank; none is"
        " beyond the best and the worst that were measured.",
        "docs/explaining.md says more, and how well this does where the truth is known.",
    ]
