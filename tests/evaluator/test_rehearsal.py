"""The rehearsal finds what every trial would fail of, and leaves nothing behind."""

import time
from pathlib import Path

import pytest
from pytorch_lightning import Callback

from evaluator.candidates import candidate
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator.train import TrainEvaluator

LIGHTNING = "pytorch_lightning.callbacks"
STOP = {"_target_": f"{LIGHTNING}.EarlyStopping", "monitor": "val_loss"}
KEEP = {"_target_": f"{LIGHTNING}.ModelCheckpoint", "monitor": "val_acc", "dirpath": "kept"}
CSV = {"_target_": "pytorch_lightning.loggers.CSVLogger", "save_dir": "logs"}

CALLED = []


class Own(Callback):
    """Looks at the network, and measures what it likes."""

    def on_train_epoch_start(self, trainer, module) -> None:
        CALLED.append(next(iter(module.model)))
        module.log("own", 1.0)


OWN = {"_target_": f"{__name__}.Own"}


def trained_by(**changes) -> dict:
    return candidate(trainer={**candidate()["trainer"], **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"callbacks": [STOP]},
        {"callbacks": STOP},
        {"callbacks": {"stop": STOP, "keep": None}},
        {"callbacks": {"stop": None}},
        {"callbacks": {}},
        {"callbacks": []},
        {"callbacks": [OWN, {**STOP, "monitor": "own"}]},
        {"callbacks": [KEEP], "enable_checkpointing": True},
        {"callbacks": {"rate": {"_target_": f"{LIGHTNING}.LearningRateMonitor"}}, "logger": CSV},
        {"logger": {"csv": CSV}},
        {"max_epochs": 100, "check_val_every_n_epoch": 2},
        {"max_epochs": -1, "max_steps": 10},
        {"max_epochs": -1, "max_time": {"minutes": 1}},
        {"devices": "auto"},
        {"precision": "bf16-mixed", "gradient_clip_val": 1.0, "profiler": "simple"},
        {"val_check_interval": 0.5, "limit_val_batches": 1, "limit_train_batches": 2},
    ],
    ids=str,
)
def test_what_trains_is_rehearsed_and_leaves_nothing(changes, tmp_path, capsys):
    CALLED.clear()
    start = time.monotonic()
    TrainEvaluator(0).check(trained_by(**changes))
    assert time.monotonic() - start < 10
    assert not list(tmp_path.rglob("*"))
    assert not CALLED
    assert not capsys.readouterr().out


def test_a_mapping_of_callbacks_works_in_the_training_too(tmp_path):
    CALLED.clear()
    own = trained_by(callbacks={"own": OWN, "off": None, "stop": {**STOP, "monitor": "own"}})
    assert TrainEvaluator(0).evaluate(own, 0, Path("weights")).error is None
    assert len(CALLED) == 1


def test_several_devices_are_refused_in_the_training_too():
    with pytest.raises(ConfigError, match=r"trainer\.devices: is 2, .* engine\.workers"):
        TrainEvaluator(0).evaluate(trained_by(devices=2), 0, Path("weights"))
