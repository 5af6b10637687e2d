"""Folders as ``nas-hydra-retrain`` writes them, of small networks that nobody trained."""

import json
from pathlib import Path

import torch
from hydra import compose, initialize_config_module
from hydra.core.global_hydra import GlobalHydra
from numpy.random import default_rng
from omegaconf import OmegaConf

from integration.test_spaces import CONNECTED, tiny
from nas_hydra.app.completing import complete
from nas_hydra.app.settings import resolved
from nas_hydra.app.space import build_space
from nas_hydra.artifact import Artifact, read_artifact
from nas_hydra.config.component import build
from nas_hydra.evaluator.base import seeded
from networks import built


def winner(space: str, seed: int = 0, dataset: str = "digits") -> dict:
    """The closed config of a random candidate of a space, made small."""
    GlobalHydra.instance().clear()
    with initialize_config_module("nas_hydra.conf", version_base="1.3"):
        chosen = [f"search_space={space}", f"dataset={dataset}", "++folder=run", "++name=it"]
        config = compose("config", [*chosen, *tiny(space), *CONNECTED.get(space, [])])
        complete(config, resolved(config), builds=False)
        found = build_space(config)
        return found.close(found.sample(default_rng(seed)))


def retrained(folder: Path, config: dict) -> Artifact:
    """A model's folder: random weights, BatchNorm's statistics of real images."""
    dataset = build(config["dataset"], "dataset")
    source = dataset.open("test")
    pixels = source[torch.arange(256)]
    mean, std = pixels.mean(dim=(0, 2, 3)), pixels.std(dim=(0, 2, 3))
    with seeded(0):
        network = built(config["model"], dataset.input_shape, dataset.num_classes)
        with torch.no_grad():
            for _ in range(3):
                network.train()((pixels - mean[:, None, None]) / std[:, None, None])
    folder.mkdir(parents=True)
    OmegaConf.save(OmegaConf.create(config), folder / "best.yaml")
    torch.save(network.state_dict(), folder / "model.ckpt")
    channels, height, width = dataset.input_shape
    description = {
        "classes": [f"class {number}" for number in range(dataset.num_classes)],
        "image": {"channels": channels, "height": height, "width": width},
        "normalize": {"mean": mean.tolist(), "std": std.tolist()},
        "source": {"run": "outputs/run", "trial": 3, "key": "abc"},
        "versions": {"torch": torch.__version__},
    }
    (folder / "model.json").write_text(json.dumps(description))
    return read_artifact(folder, trust=["export"])  # the tests' own modules
