"""How much candidates are trained, and when a search ends: what stands around its strategy."""

from collections.abc import Mapping, Sequence
from typing import Any

from nas_hydra.app.settings import Settings
from nas_hydra.config.component import build
from nas_hydra.config.later import LATER
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator import Evaluator
from nas_hydra.fidelity.finalists import Finalists
from nas_hydra.fidelity.full import Full
from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Decorator
from nas_hydra.strategy.budget import Budgeted
from nas_hydra.strategy.cost import Costs, Counted

GROUPS = ("fidelity", "inherit")


def is_partial(settings: Settings) -> bool:
    """Whether any training may be another one than a whole one from scratch."""
    return bool(_partial(settings))


def trained_as(
    settings: Settings,
    strategy: Strategy,
    evaluator: Evaluator,
    objectives: Objectives,
    costs: Costs | None = None,
    imported: int = 0,
) -> Decorator:
    """The strategy with its inheritance, its fidelity, its budget and its finalists around it.

    Args:
        settings: of all of them.
        strategy: within them.
        evaluator: says after which epochs a training can end.
        objectives: of the search.
        costs: of candidates, where they are counted.
        imported: how many proposals need no evaluation, and take none of ``budget.trials``.

    Raises:
        ConfigError: if the evaluator cannot train as it is asked for, or nobody can tell when the
            search is to end.
    """
    if "inherit" in _partial(settings) and not evaluator.inherits:
        problem = (
            "needs networks that are trained here, as evaluator=train does; this evaluator, of"
        )
        said = f"{problem} {type(evaluator).__name__}, has no weights to hand on; take inherit=none"
        raise ConfigError("inherit", said)
    for key in _partial(settings):
        if not evaluator.levels:
            problem = "needs an evaluator that can end a training and go on with it; this one, of"
            raise ConfigError(key, f"{problem} {_named(evaluator, 'cannot')}")
    needs: dict[str, Any] = {"objectives": objectives}
    inheriting: Strategy = build(settings.inherit, "inherit", Decorator, strategy=strategy, **needs)
    needs |= {"strategy": inheriting, "levels": list(evaluator.levels)}
    within: Decorator = build(settings.fidelity, "fidelity", Decorator, **needs)
    limits = settings.budget.limits
    if "trials" in limits:
        limits["trials"] += imported
    _check_epochs(limits, evaluator)
    budgeted = Budgeted(within, objectives, limits, max(evaluator.levels, default=0), costs)
    final = settings.finalists
    chosen: Decorator = budgeted
    if final.number:
        epochs = _final_epochs(final.epochs, evaluator.levels, isinstance(within, Full))
        chosen = Finalists(budgeted, objectives, final.number, epochs, final.start)
    return chosen if costs is None else Counted(chosen, costs)


def _check_epochs(limits: Mapping[str, float], evaluator: Evaluator) -> None:
    """Make sure that epochs are counted where they are limited."""
    if "epochs" in limits and not evaluator.levels:
        problem = "needs an evaluator that says how many epochs it trains; this one, of"
        raise ConfigError("budget.epochs", f"{problem} {_named(evaluator, 'does not')}")


def _named(evaluator: Evaluator, cannot: str) -> str:
    """An evaluator that lacks levels, that it does, and how it gets some."""
    mending = f"; say {evaluator.levelled_by}" if evaluator.levelled_by else ""
    return f"{type(evaluator).__name__}, {cannot}{mending}"


def _final_epochs(given: int | None, levels: Sequence[int], full: bool) -> int:
    """How long finalists are trained.

    An evaluator that can end after any epoch can also train for more of them than the config says.

    Args:
        given: how long they are to be.
        levels: of the evaluator.
        full: whether each trial of the search is a whole training.

    Raises:
        ConfigError: if the search trains as long already, or the evaluator never does.
    """
    key, whole = "finalists.epochs", levels[-1]
    epochs = whole if given is None else given
    steady = [*levels] == [*range(1, whole + 1)]
    if not steady and epochs not in levels:
        raise ConfigError(key, f"is {epochs}; allowed: {', '.join(map(str, levels))}")
    if epochs < whole or (full and epochs == whole):
        more = f"at least {whole + full}" if steady else "a fidelity that trains less in the search"
        said = "null, which is the whole training" if given is None else epochs
        raise ConfigError(key, f"is {said}, and the search trains for {whole} already; take {more}")
    return epochs


def _partial(settings: Settings) -> list[str]:
    """The keys that ask for another training than a whole one from scratch."""
    found = [key for key in GROUPS if getattr(settings, key) != LATER[key]]
    return [*found, *(["finalists.number"] if settings.finalists.number else [])]
