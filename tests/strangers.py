"""Folders as a stranger could send them: a finished run and a model, with one part replaced."""

import copy
import json
from pathlib import Path
from typing import Any

import torch
import yaml
from hydra import compose, initialize_config_module
from hydra.core.global_hydra import GlobalHydra
from numpy.random import default_rng
from omegaconf import OmegaConf
from torch import nn

from nas_hydra.app.assemble import IDENTITY
from nas_hydra.app.completing import complete
from nas_hydra.app.settings import resolved
from nas_hydra.app.space import build_space
from nas_hydra.objective import objectives_from
from nas_hydra.record.storage import journal
from nas_hydra.record.study import StudyRecord
from nas_hydra.trial import Evaluation, Proposal, measured

WORDS = ("search_space=mlp", "dataset=fake", "engine=serial", "tracker=none", "dataset.limit=100")
RUNTIME = {"choices": {"strategy": "random"}, "output_dir": "/then/run", "cwd": "/then"}
TRIALS = 12


def config() -> dict[str, Any]:
    """The whole config of a small search, references unresolved."""
    GlobalHydra.instance().clear()
    with initialize_config_module("nas_hydra.conf", version_base="1.3"):
        composed = compose("config", [*WORDS, "trainer.max_epochs=1", "++folder=run", "++name=it"])
    complete(composed, resolved(composed), builds=False)
    return OmegaConf.to_container(composed)


def run(folder: Path, **identity: Any) -> dict[str, Any]:
    """A finished run's folder with a real record of trials that nobody trained; its config."""
    plain = config()
    opened = OmegaConf.create(plain)
    space, known = build_space(opened), resolved(opened)
    objectives = objectives_from({"val_acc": "maximize"})
    (folder / ".hydra").mkdir(parents=True)
    mine = {key: known[key] for key in IDENTITY} | {"objective": {"val_acc": "maximize"}}
    mine |= {"engine": {"ahead": 1, "order": "asked", "threads": 1}, "machine": None} | identity
    place = str(folder / "journal.log")
    record = StudyRecord(journal(place), "search", space, objectives, mine)
    rng, keys = default_rng(0), set()
    while len(keys) < TRIALS:
        genotype = space.sample(rng)
        if genotype.key not in keys:
            proposal = Proposal(len(keys), genotype, "random")
            value = Evaluation({"val_acc": 0.5 + len(keys) / 100}, epochs=1)
            record.add(measured(proposal, value, objectives, 1.0))
            keys.add(genotype.key)
    record.finish({"trials": TRIALS})
    write(folder, plain)
    return plain


def write(folder: Path, plain: dict[str, Any], **runtime: Any) -> None:
    """What the run's folder says of its config."""
    (folder / ".hydra/config.yaml").write_text(yaml.safe_dump(plain))
    hydra = {"hydra": {"runtime": {**RUNTIME, "cwd": str(Path.cwd()), **runtime}}}
    (folder / ".hydra/hydra.yaml").write_text(yaml.safe_dump(hydra))


def replaced(plain: dict[str, Any], key: str, part: Any) -> dict[str, Any]:
    """A config with another part at a dotted key; a last ``+`` puts it into a list there."""
    changed = copy.deepcopy(plain)
    *path, last = key.split(".")
    home: Any = changed
    for name in path:
        home = home[int(name) if isinstance(home, list) else name]
    if last == "+":
        home.insert(0, part)
    else:
        home[int(last) if isinstance(home, list) else last] = part
    return changed


MODEL = {
    "model": {
        "_target_": "torch.nn.Sequential",
        "_args_": [
            {"_target_": "torch.nn.Flatten"},
            {"_target_": "torch.nn.LazyLinear", "out_features": 10},
        ],
    },
}


def model(folder: Path) -> dict[str, Any]:
    """A model's folder; its config."""
    folder.mkdir()
    plain = {**copy.deepcopy(MODEL), "dataset": resolved(OmegaConf.create(config()))["dataset"]}
    channels, height, width = plain["dataset"]["input_shape"]
    network = nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, 10))
    torch.save(network.state_dict(), folder / "model.ckpt")
    description = {
        "classes": [str(number) for number in range(10)],
        "image": {"channels": channels, "height": height, "width": width},
        "normalize": {"mean": [0.5] * channels, "std": [0.25] * channels},
        "source": {"run": "outputs/run", "trial": 3, "key": "abc"},
        "versions": {"torch": torch.__version__},
    }
    (folder / "model.json").write_text(json.dumps(description))
    (folder / "best.yaml").write_text(yaml.safe_dump(plain))
    return plain
