"""How much the candidates of a search are trained: the strategy, and what stands around it."""

from typing import Any

from nas_hydra.app.settings import Settings
from nas_hydra.config.component import build
from nas_hydra.config.later import LATER
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator import Evaluator
from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Decorator

GROUPS = ("fidelity", "inherit")


def is_partial(settings: Settings) -> bool:
    """Whether any training may be another one than a whole one from scratch."""
    return bool(_partial(settings))


def trained_as(
    settings: Settings, strategy: Strategy, evaluator: Evaluator, objectives: Objectives
) -> Strategy:
    """The strategy with its inheritance, its fidelity and its budget around it.

    Raises:
        ConfigError: if the evaluator cannot train as it is asked for.
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
            raise ConfigError(key, f"{problem} {type(evaluator).__name__}, cannot")
    needs: dict[str, Any] = {"objectives": objectives}
    inheriting: Strategy = build(settings.inherit, "inherit", Decorator, strategy=strategy, **needs)
    needs |= {"strategy": inheriting, "levels": list(evaluator.levels)}
    found: Strategy = build(settings.fidelity, "fidelity", Decorator, **needs)
    return found


def _partial(settings: Settings) -> list[str]:
    """The keys that ask for another training than a whole one from scratch."""
    found = [key for key in GROUPS if getattr(settings, key) != LATER[key]]
    return [*found, *(["finalists.number"] if settings.finalists.number else [])]
