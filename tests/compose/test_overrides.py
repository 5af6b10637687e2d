import re

import pytest
from hydra import version
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import OmegaConf

from nas_hydra.compose import Composer
from nas_hydra.compose.loader import known
from nas_hydra.compose.overrides import LONGEST_NAME

DEFAULT = "evolution-conv_net-digits-0"


@pytest.fixture
def loader():
    version.setbase("1.3")
    GlobalHydra.instance().clear()
    yield Composer().config_loader
    GlobalHydra.instance().clear()


def names(loader, *typed):
    """The folders of a sweep's jobs, as Hydra's own sweeper and launchers make them."""
    sweep = loader.load_configuration("config", [*typed], RunMode.MULTIRUN, from_shell=False)
    task = OmegaConf.to_container(sweep.hydra.overrides.task, resolve=False)
    words = OverridesParser.create().parse_overrides(task)
    (jobs,) = BasicSweeper.split_arguments(words, None)
    found = []
    for job in jobs:
        config = loader.load_sweep_config(sweep, job)
        config.hydra.job.num = len(found)
        with known(config):
            assert config.name == config.hydra.sweep.subdir
            found.append(config.hydra.sweep.subdir)
    return found


def test_a_job_is_called_by_what_it_overrides(loader):
    assert names(loader, "trainer.max_epochs=1,2", "strategy=random") == [
        "random-conv_net-digits-0-trainer.max_epochs_1",
        "random-conv_net-digits-0-trainer.max_epochs_2",
    ]


@pytest.mark.long
def test_the_order_of_overrides_and_values_does_not_matter(loader):
    one = names(loader, "strategy=random,tpe", "optimizer.lr=0.1,1e-2")
    other = names(loader, "optimizer.lr=0.01,0.10", "strategy=tpe,random")
    assert sorted(one) == sorted(other)
    assert len({*one}) == 4


def test_a_sweep_that_is_extended_keeps_the_names_of_its_jobs(loader):
    base = {*names(loader, "seed=0,1", "trainer.max_epochs=3")}
    assert {*names(loader, "trainer.max_epochs=3")} < base
    assert base < {*names(loader, "strategy=evolution,tpe", "seed=1,0", "trainer.max_epochs=3")}


def test_what_decides_nothing_names_a_job_only_where_it_is_swept(loader):
    assert names(loader, "tracker=none", "engine.workers=1", "budget.trials=9") == [DEFAULT]
    assert names(loader, "budget.trials=9,99") == [
        f"{DEFAULT}-budget.trials_9",
        f"{DEFAULT}-budget.trials_99",
    ]


def test_a_name_of_ones_own_goes_before_what_it_does_not_tell(loader):
    assert names(loader, "name=mine", "seed=0,1") == ["mine-seed_0", "mine-seed_1"]
    assert names(loader, "name='it-${seed}'", "seed=0,1") == ["it-0", "it-1"]


@pytest.mark.parametrize(
    "typed",
    [
        ["strategy.initial=a/runs,b/runs,runs"],
        ["+x=[1,2],[1,3],1+2,null,true", "strategy=random,tpe"],
        ["+x='a b','a_b','a/b',\"a'b\",''"],
        ["+x={a: 1},{a: 2}", "dataset/augment=none"],
        [f"+x={'a' * 300},{'a' * 301}"],
        ["+x='äö','üö','${seed}'"],
        ["+tracker.api_key=abc,def"],
    ],
)
def test_names_are_safe_and_different(loader, typed):
    found = names(loader, *typed)
    assert all(re.fullmatch(rf"[\w.+-]{{1,{LONGEST_NAME}}}", name, re.ASCII) for name in found)
    if "api_key" in typed[0]:
        assert not any("abc" in name or "def" in name for name in found)
    else:
        assert len({*found}) == len(found)
