"""The rehearsal finds what every trial would fail of, and leaves nothing behind."""

import time
from pathlib import Path

import pytest
import torch
from pytorch_lightning import Callback
from torchvision.transforms import v2

from evaluator.candidates import candidate
from nas_hydra.dataset import empty_images
from nas_hydra.dataset.augment import Augmentation, Crop, Cutout, Flip
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator.rehearsal import check_augmentation
from nas_hydra.evaluator.train import TrainEvaluator
from nas_hydra.task.classification import Classification
from networks import Known

LIGHTNING = "pytorch_lightning.callbacks"
STOP = {"_target_": f"{LIGHTNING}.EarlyStopping", "monitor": "val_loss"}
KEEP = {"_target_": f"{LIGHTNING}.ModelCheckpoint", "monitor": "val_acc", "mode": "max"}
KEEP["dirpath"] = "kept"
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


SHAPE = (3, 6, 4)
FIVE = Classification().bound(Known(5))
IMAGES = r"for inputs float32 of shape \(2, 3, 6, 4\); type and size must stay"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x.byte(), y), rf"gives uint8 of shape \(2, 3, 6, 4\) {IMAGES}"),
        (lambda x, y: (x.double(), y), rf"gives float64 of shape \(2, 3, 6, 4\) {IMAGES}"),
        (lambda x, y: (x[:, :1], y), rf"gives float32 of shape \(2, 1, 6, 4\) {IMAGES}"),
        (lambda x, y: (x.mean(), y), rf"gives float32 of shape \(\) {IMAGES}"),
        (lambda x, y: (x[:0], y[:0]), rf"gives float32 of shape \(0, 3, 6, 4\) {IMAGES}"),
        (lambda x, y: (x / 0, y), "gives inputs with numbers that are not finite"),
        (
            lambda x, y: (x, y[:1]),
            r"gives labels int64 of shape \(1,\) for 2 rows; allowed: int6",
        ),
        (lambda x, y: (x, y + 5), r"gives labels int64 of shape \(2,\) .* from 0 to 4, or shares"),
        (lambda x, y: (x, y.float()), r"gives labels float32 of shape \(2,\)"),
        (lambda x, y: (x, torch.ones(2, 4)), r"float32 of shape \(2, 4\) .*, float32 \(2, 5\)"),
        (lambda x, _: x, "it must give inputs and target|fails on a batch"),
    ],
)
def test_an_augmentation_that_gives_no_batch_is_refused(change, message):
    with pytest.raises(ConfigError, match=rf"^dataset\.augment: .*{message}"):
        check_augmentation(change, empty_images(SHAPE), FIVE)


def test_augmentations_that_give_batches_are_taken():
    shares = (v2.MixUp(num_classes=5), v2.CutMix(num_classes=5))
    for one in (Flip(0.5), Crop(2), Cutout(2), *shares, v2.RandomErasing(p=1)):
        check_augmentation(Augmentation([one]), empty_images(SHAPE), FIVE)
    twice = lambda x, y: (torch.cat([x, x]), torch.cat([y, y]))  # noqa: E731
    check_augmentation(twice, empty_images(SHAPE), FIVE)


def test_what_looks_for_the_worst_is_refused():
    problem = r"callbacks\.0\.mode: is 'min', but val_acc is better the higher it is; say max"
    with pytest.raises(ConfigError, match=problem):
        TrainEvaluator(0).check(trained_by(callbacks=[{**STOP, "monitor": "val_acc"}]))
