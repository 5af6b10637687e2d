"""Searches as one writes them without this project, on the same space, split and training.

``python benchmarks/usual_search.py textbook|hyperband|tpe ...`` prints a line of JSON for each
candidate. Both train with Lightning's Trainer as it comes, a DataLoader, and two threads of torch,
one candidate after the other:

- ``textbook``: random founders, then mutants of the best of a tournament, everything in full;
- ``hyperband``: Optuna's TPE with its Hyperband pruner, which is told every epoch's accuracy;
- ``tpe``: the same without a pruner.
"""

import argparse
import json
import logging
import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import optuna
import pytorch_lightning as pl
import torch
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from training import DEPTHS, KERNELS, WIDTHS, Shape, drawn

from nas_hydra.config.component import build
from nas_hydra.model import ClassifierHead, ConvBlock

FOUNDERS, POPULATION, TOURNAMENT = 6, 6, 3


class Classifier(pl.LightningModule):
    """A classifier as tutorials write it, with the optimizer and schedule of the defaults."""

    def __init__(self, shape: Shape, epochs: int) -> None:
        super().__init__()
        blocks = [ConvBlock(shape.width, kernel, pool=2) for kernel in shape.kernels]
        self.model, self.epochs = nn.Sequential(*blocks, ClassifierHead(10)), epochs

    def training_step(self, batch: Sequence[Tensor], index: int) -> Tensor:
        images, labels = batch
        return nn.functional.cross_entropy(self.model(images), labels)

    def validation_step(self, batch: Sequence[Tensor], index: int) -> None:
        images, labels = batch
        self.log("val_acc", (self.model(images).argmax(1) == labels).float().mean())

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), lr=3e-3, weight_decay=1e-2)
        return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.epochs)]


class Report(pl.Callback):
    """Tells what every epoch has reached."""

    def __init__(self, tell: Callable[[int, float], None]) -> None:
        self._tell = tell

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._tell(trainer.current_epoch + 1, float(trainer.callback_metrics["val_acc"]))


class Training:
    """Trains candidates on the search's own split.

    Args:
        overrides: of the search.
        epochs: of a whole training.
    """

    def __init__(self, overrides: Sequence[str], epochs: int) -> None:
        with initialize_config_module("nas_hydra.conf", version_base="1.3"):
            config = compose("config", [*overrides, "dataset.batch_size=128", "+hydra={}"])
        data: Any = build(OmegaConf.to_container(config.dataset, resolve=True), "dataset")
        self._train, self._valid = (
            TensorDataset(one.inputs, one.target) for one in (data.train, data.valid)
        )
        self._epochs = epochs

    def __call__(self, shape: Shape, tell: Callable[[int, float], None]) -> float:
        trainer = pl.Trainer(
            max_epochs=self._epochs,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[Report(tell)],
        )
        module = Classifier(shape, self._epochs)
        module.model(torch.zeros(2, 1, 28, 28))  # makes its lazy layers
        loaders = DataLoader(self._train, 128, shuffle=True), DataLoader(self._valid, 512)
        trainer.fit(module, *loaders)
        return float(trainer.callback_metrics["val_acc"])


def say(value: float) -> None:
    """A candidate is finished."""
    print(json.dumps({"val_acc": value}), flush=True)


def mutated(shape: Shape, rng: random.Random) -> Shape:
    """One decision made anew: the width, the depth, or a kernel."""
    kind = rng.choice(("width", "depth", "kernel"))
    if kind == "width":
        return shape._replace(width=rng.choice([one for one in WIDTHS if one != shape.width]))
    if kind == "depth":
        depth = rng.choice([one for one in DEPTHS if one != len(shape.kernels)])
        more = tuple(rng.choice(KERNELS) for _ in range(depth))
        return shape._replace(kernels=(*shape.kernels, *more)[:depth])
    place, kernels = rng.randrange(len(shape.kernels)), list(shape.kernels)
    kernels[place] = rng.choice([one for one in KERNELS if one != kernels[place]])
    return shape._replace(kernels=tuple(kernels))


def textbook(train: Training, trials: int, seed: int) -> None:
    """Random founders and mutated survivors, everything in full."""
    rng, population = random.Random(seed), list[tuple[float, Shape]]()
    for number in range(trials):
        if number < FOUNDERS:
            shape = drawn(rng)
        else:
            shape = mutated(max(rng.sample(population, TOURNAMENT))[1], rng)
        value = train(shape, lambda epoch, value: None)
        population = sorted([*population, (value, shape)])[-POPULATION:]
        say(value)


def tpe(train: Training, said: argparse.Namespace) -> None:
    """Optuna's TPE, with the Hyperband pruner if that is the way."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: optuna.Trial) -> float:
        depth = trial.suggest_int("depth", min(DEPTHS), max(DEPTHS))
        width = trial.suggest_categorical("width", WIDTHS)
        kernels = [trial.suggest_categorical(f"kernel_{n}", KERNELS) for n in range(depth)]

        def tell(epoch: int, value: float) -> None:
            trial.report(value, epoch)
            if epoch < said.epochs and trial.should_prune():
                raise optuna.TrialPruned

        value = train(Shape(tuple(kernels), width), tell)
        say(value)
        return value

    pruner: optuna.pruners.BasePruner = optuna.pruners.NopPruner()
    if said.way == "hyperband":
        pruner = optuna.pruners.HyperbandPruner(min_resource=1, max_resource=said.epochs)
    sampler = optuna.samplers.TPESampler(seed=said.seed)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    study.optimize(objective, n_trials=said.trials, timeout=said.seconds)


def main() -> None:
    """Search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("textbook", "hyperband", "tpe"))
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seconds", type=float, help="of hyperband and tpe, in all")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("overrides", nargs="*", help="of the dataset")
    said = parser.parse_intermixed_args()
    for name in ("pytorch_lightning", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(2)
    pl.seed_everything(said.seed, verbose=False)
    train = Training(said.overrides, said.epochs)
    if said.way == "textbook":
        textbook(train, said.trials, said.seed)
    else:
        tpe(train, said)


if __name__ == "__main__":
    main()
