"""Strategies built from conf/strategy/*.yaml for the tests."""

from pathlib import Path

from omegaconf import OmegaConf

import nas_hydra
from nas_hydra.component import build
from nas_hydra.strategy.conformance import Make

CONF = Path(nas_hydra.__file__).parent / "conf" / "strategy"


def config(name, **changes):
    """A strategy's config with its defaults put in; ``changes`` may name other parts."""
    loaded = OmegaConf.load(CONF / f"{name}.yaml")
    for default in loaded.pop("defaults", []):
        ((group, option),) = default.items()
        loaded[group] = OmegaConf.load(CONF / group / f"{changes.pop(group, option)}.yaml")
    return OmegaConf.merge(loaded, changes)


def maker(name, **changes) -> Make:
    def make(space, objectives, seed):
        plain = OmegaConf.to_container(
            OmegaConf.create({"seed": seed, "strategy": config(name, **changes)}), resolve=True
        )
        return build(plain["strategy"], "strategy", space=space, objectives=objectives)

    return make
