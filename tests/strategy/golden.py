"""Golden trajectories: what each strategy proposes, trial by trial, as it was when last looked at.

``python -m strategy.golden``, called in ``tests``, writes them anew. Do that when a strategy is
meant to propose something else than before, or a new Optuna does, and read what changed.
"""

import json
from pathlib import Path

from omegaconf import OmegaConf

from nas_hydra.search_space import SearchSpace
from nas_hydra.testing.strategy import PARTS, simulate, small_space, smooth
from strategy.strategies import STRATEGIES, maker

FOLDER = Path(__file__).parent / "golden"


def numeric_space():
    """100 candidates of two numbers."""
    model = {"a": {"_int_": {"low": 0, "high": 9}}, "b": {"_int_": {"low": 0, "high": 9}}}
    return SearchSpace(OmegaConf.create({"model": model}), PARTS)


SEARCHES = {
    **{name: (make, small_space, 24) for name, make in STRATEGIES.items()},
    "gp": (maker("gp"), small_space, 13),
    "cmaes": (maker("cmaes"), numeric_space, 24),
}
"""The strategy, its space and the number of trials."""


def trajectory(name):
    """One line per trial: its candidate, where that came from, and its parents."""
    make, space, trials = SEARCHES[name]
    return [
        " ".join(
            [
                "/".join(map(str, trial.proposal.genotype.values())),
                trial.proposal.origin,
                *map(str, trial.proposal.parents),
            ]
        )
        for trial in simulate(make, space(), smooth, trials, seed=3, ahead=2)
    ]


def read(name):
    """The trajectory as it was."""
    return json.loads((FOLDER / f"{name}.json").read_text())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in SEARCHES:
        (FOLDER / f"{name}.json").write_text(json.dumps(trajectory(name), indent=1) + "\n")
