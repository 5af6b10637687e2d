"""Parts and keys that came later: at their defaults, nothing is told from before."""

from omegaconf import OmegaConf

from nas_hydra.config.later import LATER, LATER_PARTS, identifying, with_later
from nas_hydra.search_space import SearchSpace

TASK = dict(LATER["task"])
PARTS = {"model": ("model",), "task": ("task",)}


def key(**task):
    space = SearchSpace(OmegaConf.create({"model": {"width": 8}, "task": task}), PARTS)
    return space.walk(lambda gene: gene.at(0.0)).key


def test_a_part_at_its_default_identifies_nothing():
    assert identifying({"seed": 0, "task": TASK}) == {"seed": 0}
    assert identifying({"objective": {}, "seed": 0}) == {"objective": {}, "seed": 0}
    assert (
        key(**TASK)
        == SearchSpace(OmegaConf.create({"model": {"width": 8}}), {"model": ("model",)})
        .walk(lambda gene: gene.at(0.0))
        .key
    )


def test_a_part_that_is_not_at_its_default_does():
    keys = {key(**TASK), key(_target_="my.Task"), key(**TASK, smoothing=0.1)}
    assert len(keys) == 3
    assert key(**TASK, smoothing={"_choice_": [0.1, 0.2]}) == key(**TASK, smoothing=0.1)


def test_what_is_written_down_is_never_replaced():
    own = {"task": {"_target_": "my.Task"}, "fidelity": {"_target_": "my.Fidelity"}, "seed": 1}
    assert with_later(own) == {**with_later({}), **own}
    assert with_later({"seed": 1})["task"] == TASK
    assert with_later({}).keys() == {*LATER_PARTS}
