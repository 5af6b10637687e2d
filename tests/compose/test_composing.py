"""Configs composed in a program, and changed after a search, in Hydra's own grammar."""

from pathlib import Path

import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from nas_hydra.compose import ComposeError, changed, composed


@pytest.fixture
def config() -> DictConfig:
    with composed(["dataset=fake", "seed=4", "hydra.run.dir=run"]) as found:
        return found


def test_a_config_knows_its_folder_name_and_choices():
    before = HydraConfig.initialized()
    with composed(["dataset=fake", "seed=4", "hydra.run.dir=run"]) as found:
        assert found.name == "evolution-conv_net-fake-4"
        assert found.folder == str(Path("run").absolute())
        assert HydraConfig.get().runtime.choices["dataset"] == "fake"
        assert "hydra" not in found
    assert not Path("run").exists()
    assert HydraConfig.initialized() == before


def test_an_option_takes_the_place_of_what_stood_there(config):
    found = changed(config, ["optimizer.lr=0.5", "optimizer=sgd", "dataset/augment=flip"])
    assert found.optimizer._target_ == "torch.optim.SGD"
    assert found.optimizer.nesterov
    assert found.optimizer.lr == 0.5  # options first, whatever the order
    assert found.dataset.augment.transforms[0]._target_.endswith("Flip")
    assert config.optimizer._target_ == "torch.optim.AdamW"


def test_values_are_changed_added_and_deleted(config):
    words = ["trainer.max_epochs=9", "+trainer.precision=bf16-mixed", "~optimizer.fused"]
    found = changed(config, words)
    assert found.scheduler.T_max == 9  # refers to it
    assert found.trainer.precision == "bf16-mixed"
    assert "fused" not in found.optimizer


def test_options_of_the_users_own_folder(config):
    Path("mine/optimizer").mkdir(parents=True)
    Path("mine/optimizer/own.yaml").write_text("_target_: my.Optimizer\n")
    assert changed(config, ["optimizer=own"], [Path("mine")]).optimizer._target_ == "my.Optimizer"
    with pytest.raises(ComposeError):
        changed(config, ["optimizer=own"])


@pytest.mark.parametrize("wrong", ["nothing=1", "trainer.max_epoch=1", "optimizer=nothing", "seed"])
def test_what_there_is_not_is_refused(config, wrong):
    with pytest.raises(ComposeError):
        changed(config, [wrong])
