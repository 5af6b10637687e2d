"""Every argument of Lightning's trainer means what Lightning says, or is refused by its name."""

import inspect
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.plugins import MixedPrecision

from evaluator.candidates import candidate
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator.final import FinalEvaluator
from nas_hydra.evaluator.train import TrainEvaluator
from nas_hydra.evaluator.trainer import DEVICES, REFUSED

BATCHES, VALIDATED = 16, 2
"""Of the training and the validation split."""


@dataclass
class Seen:
    """What happened in a training."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    trained: list[tuple[int, int]] = field(default_factory=list)
    labels: list[list[int]] = field(default_factory=list)
    validated: list[int] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    largest: list[float] = field(default_factory=list)
    sanity: int = 0
    anomaly: bool = False
    autocast: bool = False
    deterministic: bool = False
    benchmark: bool = False
    graphs: int = 0
    logged: int = 0
    trainer: Any = None
    printed: str = ""

    @property
    def epochs(self) -> int:
        return len({epoch for epoch, _ in self.trained})


SEEN = Seen()


class Spy(pl.Callback):
    """Looks on."""

    def on_train_batch_start(self, trainer, module, batch, index) -> None:
        SEEN.trainer = trainer
        SEEN.trained.append((trainer.current_epoch, index))
        SEEN.labels.append(batch[1].tolist())
        SEEN.anomaly = torch.is_anomaly_enabled()
        SEEN.deterministic = torch.are_deterministic_algorithms_enabled()
        SEEN.benchmark = torch.backends.cudnn.benchmark

    def on_validation_batch_start(self, trainer, module, batch, index, dataloader_idx=0) -> None:
        if trainer.sanity_checking:
            SEEN.sanity += 1
        else:
            SEEN.validated.append(len(SEEN.trained))

    def on_before_zero_grad(self, trainer, module, optimizer) -> None:
        gradients = [one.grad for one in module.parameters() if one.grad is not None]
        if gradients:
            SEEN.norms.append(float(torch.cat([one.flatten() for one in gradients]).norm()))
            SEEN.largest.append(max(float(one.abs().max()) for one in gradients))


class Graphs(CSVLogger):
    """Counts what it is told."""

    def log_graph(self, *args, **kwargs) -> None:
        SEEN.graphs += 1

    def log_metrics(self, metrics, step=None) -> None:
        SEEN.logged += 1


class Autocast(MixedPrecision):
    def forward_context(self):
        SEEN.autocast = True
        return super().forward_context()


def final(seed: int) -> FinalEvaluator:
    return FinalEvaluator(TrainEvaluator(seed), monitored=True)


def own(name: str, **arguments: Any) -> dict:
    return {"_target_": f"{__name__}.{name}", **arguments}


def trained(**changes: Any) -> dict:
    plain = candidate()
    given = plain["trainer"] | {"callbacks": [own("Spy")]} | changes
    return candidate(trainer=given, dataset={**plain["dataset"], "limit": 160, "batch_size": 8})


@pytest.fixture(autouse=True)
def _flags_stay():
    benchmark = torch.backends.cudnn.benchmark
    yield
    torch.backends.cudnn.benchmark = benchmark
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def training(capfd):
    """Trains with changes of the trainer; what was seen, and the evaluation."""

    def run(evaluator: Callable[..., Any] = TrainEvaluator, **changes: Any) -> Seen:
        global SEEN
        SEEN = Seen()
        evaluator, one = evaluator(seed=0), trained(**changes)
        evaluator.check(one)
        assert not SEEN.trained, "the rehearsal is not seen"
        SEEN.metrics = evaluator.evaluate(one, 0, Path("weights")).metrics
        SEEN.printed = capfd.readouterr().out
        return SEEN

    return run


def files() -> list[str]:
    return [str(path) for path in Path().rglob("*") if path.is_file() and path.name != "weights"]


def of_epochs(*numbers: int) -> Callable[[Seen], bool]:
    """Whether validation came after so many batches."""
    return lambda seen: [*dict.fromkeys(seen.validated)] == [*numbers]


LOGGER = own("Graphs", save_dir="logs")
CHECKPOINT = {"_target_": "pytorch_lightning.callbacks.ModelCheckpoint", "dirpath": "kept"}
STOP = {
    "_target_": "pytorch_lightning.callbacks.EarlyStopping",
    "monitor": "val_loss",
    "patience": 0,
    "stopping_threshold": 1e9,
}

TAKEN: Mapping[str, list[tuple[Mapping[str, Any], Callable[[Seen], Any]]]] = {
    "accelerator": [
        ({"accelerator": "cpu"}, lambda s: s.trainer.strategy.root_device.type == "cpu"),
    ],
    "precision": [
        ({"precision": "bf16-true"}, lambda s: weights().dtype == torch.bfloat16),
        ({"precision": "64-true"}, lambda s: weights().dtype == torch.float64),
        ({}, lambda s: weights().dtype == torch.float32),
    ],
    "plugins": [
        ({"plugins": [own("Autocast", precision="bf16-mixed", device="cpu")]}, lambda s: s.autocast)
    ],
    "logger": [
        ({"logger": LOGGER, "log_every_n_steps": 1}, lambda s: s.logged),
        ({"logger": True, "default_root_dir": "here"}, lambda s: files()[0].startswith("here/")),
        ({"logger": False}, lambda s: not files()),
    ],
    "callbacks": [
        ({"callbacks": [own("Spy"), STOP], "max_epochs": 9}, lambda s: s.epochs == 1),
    ],
    "max_epochs": [
        ({"max_epochs": 3}, lambda s: s.epochs == 3),
        ({"max_epochs": None, "max_steps": 20}, lambda s: s.epochs == 2),
    ],
    "min_epochs": [
        (
            {"callbacks": [own("Spy"), STOP], "max_epochs": 9, "min_epochs": 3},
            lambda s: s.epochs == 3,
        ),
    ],
    "max_steps": [({"max_epochs": 5, "max_steps": 20}, lambda s: len(s.trained) == 20)],
    "min_steps": [
        (
            {"callbacks": [own("Spy"), STOP], "max_epochs": 9, "min_steps": 20},
            lambda s: 20 <= len(s.trained) <= 32,
        ),
    ],
    "max_time": [
        ({"max_epochs": -1, "max_time": {"seconds": 1}}, lambda s: s.epochs > 1),
    ],
    "limit_train_batches": [
        ({"limit_train_batches": 3}, lambda s: len(s.trained) == 3),
        ({"limit_train_batches": 0.5}, lambda s: len(s.trained) == BATCHES // 2),
        ({"limit_train_batches": 1}, lambda s: len(s.trained) == 1),
        ({"limit_train_batches": 1.0}, lambda s: len(s.trained) == BATCHES),
    ],
    "limit_val_batches": [
        ({"limit_val_batches": 1}, lambda s: len(s.validated) == 1),
        ({"limit_val_batches": 0.5}, lambda s: len(s.validated) == 1),
        ({"limit_val_batches": 1.0}, lambda s: len(s.validated) == VALIDATED),
    ],
    "val_check_interval": [
        ({"val_check_interval": 4}, of_epochs(4, 8, 12, 16)),
        ({"val_check_interval": 0.25}, of_epochs(4, 8, 12, 16)),
    ],
    "check_val_every_n_epoch": [
        ({"max_epochs": 4, "check_val_every_n_epoch": 2}, of_epochs(32, 64)),
        (
            {"max_epochs": 2, "check_val_every_n_epoch": None, "val_check_interval": 16},
            of_epochs(16, 32),
        ),
    ],
    "num_sanity_val_steps": [
        ({"num_sanity_val_steps": 1}, lambda s: s.sanity == 1),
        ({"num_sanity_val_steps": 0}, lambda s: s.sanity == 0),
    ],
    "log_every_n_steps": [
        ({"logger": LOGGER, "log_every_n_steps": 2}, lambda s: s.trainer.log_every_n_steps == 2)
    ],
    "enable_checkpointing": [
        (
            {"enable_checkpointing": True, "callbacks": [own("Spy"), CHECKPOINT]},
            lambda s: len(files()) == 1 and files()[0].startswith("kept/"),
        ),
        (
            {"enable_checkpointing": True, "default_root_dir": "here"},
            lambda s: files()[0].startswith("here/checkpoints/"),
        ),
        ({"enable_checkpointing": False}, lambda s: not files()),
    ],
    "enable_progress_bar": [({"enable_progress_bar": True}, lambda s: "Epoch 0" in s.printed)],
    "enable_model_summary": [({"enable_model_summary": True}, lambda s: summarised(s.trainer))],
    "accumulate_grad_batches": [
        ({"accumulate_grad_batches": 3}, lambda s: s.trainer.global_step == 6),
    ],
    "gradient_clip_val": [
        ({"gradient_clip_val": 0.01}, lambda s: max(s.norms) <= 0.0101),
        ({"gradient_clip_val": None}, lambda s: max(s.norms) > 0.1),
    ],
    "gradient_clip_algorithm": [
        (
            {"gradient_clip_val": 0.001, "gradient_clip_algorithm": "value"},
            lambda s: max(s.largest) <= 0.00101 < max(s.norms),
        ),
    ],
    "deterministic": [
        ({"deterministic": True}, lambda s: s.deterministic),
        ({}, lambda s: not s.deterministic),
    ],
    "benchmark": [
        ({"benchmark": True}, lambda s: s.benchmark),
        ({"benchmark": False}, lambda s: not s.benchmark),
    ],
    "inference_mode": [  # of a test; a training's own validation knows none
        ({"inference_mode": True}, lambda s: s.trainer.validate_loop.inference_mode),
        ({"inference_mode": False}, lambda s: not s.trainer.validate_loop.inference_mode),
    ],
    "profiler": [({"profiler": "simple"}, lambda s: "SimpleProfiler" in repr(s.trainer.profiler))],
    "detect_anomaly": [
        ({"detect_anomaly": True}, lambda s: s.anomaly),
        ({}, lambda s: not s.anomaly),
    ],
    "default_root_dir": [
        ({"logger": True, "default_root_dir": "here"}, lambda s: files()[0].startswith("here/")),
    ],
    "enable_autolog_hparams": [
        ({"logger": LOGGER}, lambda s: s.graphs == 1),
        ({"logger": LOGGER, "enable_autolog_hparams": False}, lambda s: s.graphs == 0),
    ],
}
"""Argument -> settings, and what must be seen in a training with them."""

NOT_TAKEN: Mapping[str, list[Any]] = {
    "barebones": [True],
    "devices": [2, "2"],
    "fast_dev_run": [True, 1, 3],
    "limit_predict_batches": [1, 0, 0.5],
    "limit_test_batches": [1, 0, 0.5],
    "model_registry": ["mine"],
    "num_nodes": [2],
    "overfit_batches": [1, 3, 0.1, 1.0],
    "reload_dataloaders_every_n_epochs": [1, 3],
    "strategy": ["ddp", "ddp_spawn"],
    "sync_batchnorm": [True],
    "use_distributed_sampler": [False],
}
"""Argument -> values that are refused."""


def weights() -> torch.Tensor:
    return next(iter(torch.load("weights", weights_only=True).values()))


def summarised(trainer: pl.Trainer) -> bool:
    return any(isinstance(one, pl.callbacks.ModelSummary) for one in trainer.callbacks)


def test_every_argument_is_taken_or_refused():
    """A new one of Lightning's makes this fail until somebody has said which."""
    known = [*TAKEN, *NOT_TAKEN]
    assert sorted(known) == sorted({*known}), "in one list each"
    assert sorted(known) == sorted(inspect.signature(pl.Trainer).parameters)
    assert {*NOT_TAKEN} == {*REFUSED, *DEVICES}


def test_every_argument_that_is_written_about_is_lightnings():
    root = Path(__file__).parents[2]
    texts = [root / "README.md", *(root / "docs").glob("*.md"), *(root / "conf").rglob("*.yaml")]
    words = {
        found[1]: path
        for path in texts
        for found in re.finditer(r"(?<![\w.])\+?trainer\.([a-z_]+)", path.read_text())
    }
    assert "max_epochs" in words
    assert {*words} <= {*TAKEN, *NOT_TAKEN, "total_steps"}, words


@pytest.mark.parametrize(
    ("changes", "shows"),
    [(changes, shows) for settings in TAKEN.values() for changes, shows in settings],
    ids=[f"{name} {place}" for name, settings in TAKEN.items() for place in range(len(settings))],
)
def test_what_is_taken_has_lightnings_meaning(changes, shows, training):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert shows(training(**changes))


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in NOT_TAKEN.items() for value in values]
)
def test_what_is_refused_is_named(name, value):
    with pytest.raises(ConfigError) as caught:
        TrainEvaluator(seed=0).check(trained(**{name: value}))
    assert str(caught.value).startswith(f"trainer.{name}: is {value!r}, but ")
    assert caught.value.problem.endswith(("leave it out", "engine.gpus_per_trial"))


@pytest.mark.parametrize("name", REFUSED)
def test_the_value_that_changes_nothing_may_stand_there(name):
    allowed, _ = REFUSED[name]
    default = inspect.signature(pl.Trainer).parameters[name].default
    assert any(default == one for one in allowed)
    for value in allowed:
        TrainEvaluator(seed=0).check(trained(**{name: value}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"logger": True}, "trainer.logger: is True, and would write lightning_logs"),
        ({"logger": None}, "trainer.logger: is None, and would write lightning_logs"),
        ({"enable_checkpointing": True}, "trainer.enable_checkpointing: is true, and would write"),
        (
            {"enable_checkpointing": True, "callbacks": [{**CHECKPOINT, "dirpath": None}]},
            "trainer.enable_checkpointing: is true, and would write checkpoints",
        ),
    ],
    ids=str,
)
def test_nothing_is_written_into_the_working_folder(changes, words):
    with pytest.raises(ConfigError, match=re.escape(words)):
        TrainEvaluator(seed=0).check(trained(**changes))
    assert not files()


def test_a_trainer_that_says_little_writes_nothing_and_prints_nothing(training, capfd):
    silent = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    one = trained(num_sanity_val_steps=0)
    one["trainer"] = {name: one["trainer"][name] for name in one["trainer"] if name not in silent}
    TrainEvaluator(seed=0).evaluate(one, 0, Path("weights"))
    assert not files()
    assert not capfd.readouterr().out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limit_val_batches": 2}, "limit_val_batches=2: trials are ranked by a part"),
        ({"limit_val_batches": 0.5}, "limit_val_batches=0.5: trials are ranked by a part"),
        ({"max_time": {"hours": 1}}, "max_time: the clock ends trainings"),
        ({"limit_val_batches": 1.0}, ""),
        ({"limit_val_batches": None}, ""),
    ],
    ids=str,
)
def test_what_changes_the_value_of_a_trial_is_said(changes, words, caplog):
    TrainEvaluator(seed=0).check(trained(**changes))
    said = [one.getMessage() for one in caplog.records if one.name.endswith("rehearsal")]
    assert words in "".join(said)
    assert bool(words) == bool(said)


@pytest.mark.parametrize("changes", [{"limit_val_batches": 1}, {"limit_val_batches": 0.5}], ids=str)
def test_the_test_split_is_whole_whatever_limits_validation(changes, training):
    whole = training(final).metrics
    assert training(final, **changes).metrics == whole
