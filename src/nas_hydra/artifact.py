"""A model in use: the folder that ``nas-hydra-retrain`` writes, and what others need of it.

The folder explains itself: ``best.yaml`` builds the network, ``model.ckpt`` holds its weights,
``model.json`` says what it takes and what its outputs mean, and ``prepare.ckpt``, if there is one,
holds what makes its inputs of that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError
from pydantic_core import from_json
from yaml import YAMLError

from nas_hydra.config.component import build, locate
from nas_hydra.config.foreign import check_foreign, foreign
from nas_hydra.config.interpolation import without_environment
from nas_hydra.config.later import with_later
from nas_hydra.description import Description, Image, ModelSource, is_kind
from nas_hydra.errors import ConfigError, shortened
from nas_hydra.files.digest import digest_of_file, intact, unsealed
from nas_hydra.files.small_file import read_yaml

if TYPE_CHECKING:
    from torch import nn

CONFIG, WEIGHTS, DESCRIPTION = "best.yaml", "model.ckpt", "model.json"
PREPARE = "prepare.ckpt"
METRICS, CONFUSION, CARD = "metrics.json", "confusion.svg", "MODEL_CARD.md"
RANGES = "ranges.svg"
EXAMPLES = "examples.npz"
REMEDY = "nas-hydra-retrain run=RUN_DIR makes the folder of a model"


@dataclass(frozen=True)
class Artifact:
    """A retrained model.

    Args:
        folder: that holds it.
        config: its closed config, plain values: ``model``, ``dataset``, ``trainer``, ...
        description: what ``model.json`` holds.
    """

    folder: Path
    config: Mapping[str, Any]
    description: Description

    @property
    def classes(self) -> Sequence[str] | None:
        """The names of the classes, by logit; None if the task knows none."""
        return self.description.classes

    @property
    def image(self) -> Image | None:
        """The images that the model takes; None if that is something else."""
        return self.description.image

    @property
    def source(self) -> ModelSource:
        """The trial that the model is."""
        return self.description.source

    @property
    def dataset(self) -> Mapping[str, Any]:
        """The config of the dataset that it was trained on.

        Raises:
            ConfigError: if there is none.
        """
        given = self.config.get("dataset")
        if not isinstance(given, Mapping) or "_target_" not in given:
            raise _damaged("dataset", self.folder / CONFIG, "it has no dataset._target_")
        return given

    @property
    def examples(self) -> Path | None:
        """The file with digests of the images that it has seen; None if there is none.

        Raises:
            ConfigError: if it is not the one that was written.
        """
        file = self.folder / EXAMPLES
        if self.description.examples is None or not file.is_file():
            return None
        _check_same(file, self.description.examples, "model")
        return file

    def model(self) -> "nn.Module":
        """The network with its trained weights, on the CPU and in evaluation mode.

        It takes prepared inputs: normalised images (N, C, H, W), and gives logits (N, classes). One
        pass of an empty row has made its lazy layers ordinary ones.

        Raises:
            ConfigError: if it cannot be built, or the weights are not there or not its own.
        """
        import torch  # only here: the other facts are known without it

        file = self.folder / WEIGHTS
        _check_same(file, self.description.weights, "model")
        try:
            inputs = self.preparation()(self.empty(1))
            with torch.random.fork_rng(devices=[]), torch.no_grad():  # what it draws is not kept
                network: nn.Module = build(self.config["model"], "model")
                # Before the weights are loaded: from these, lazy layers do not learn their shape.
                output = network.eval()(inputs)
            network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
        except ConfigError:
            raise
        except FileNotFoundError:
            raise ConfigError("model", f"{file} is missing. {REMEDY}") from None
        except Exception as error:  # torch raises all kinds for a file that is none of its own
            raise ConfigError(
                "model", f"{file} does not fit {CONFIG} beside it: {_in_words(error)}"
            ) from error
        shape = tuple(getattr(output, "shape", ()))
        # Behind the classes, there may be pixels.
        if self.classes is not None and shape[:2] != (1, len(self.classes)):
            problem = f"names {len(self.classes)} classes, and the network gives {shape} logits"
            raise _damaged("model", self.folder / DESCRIPTION, problem)
        return network

    def preparation(self) -> "nn.Module":
        """What makes the network's inputs of what the model takes, on the CPU.

        Where ``normalize`` says how pixels are made, that is no part of it.

        Raises:
            ConfigError: if it is not there, or not the one that was written.
        """
        import torch

        known = self.description.prepare
        if known is None:
            return torch.nn.Identity()
        file = self.folder / PREPARE
        _check_same(file, known.sha256, "model")
        classes: list[Any] = [locate(name, "prepare") for name in known.classes]
        try:
            with torch.serialization.safe_globals(classes):
                made: nn.Module = torch.load(file, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            raise ConfigError("model", f"{file} is missing. {REMEDY}") from None
        except Exception as error:  # as of weights
            raise _damaged("model", file, _in_words(error)) from error
        return made.eval()

    def task(self) -> Any:
        """The ``nas_hydra.task.Task`` that it was trained for; it knows what ``model.json`` says.

        Raises:
            ConfigError: if it is none, or refuses its settings.
        """
        return build(self.config["task"], "task").restored(self.facts)

    @property
    def facts(self) -> dict[str, Any]:
        """What ``model.json`` says of the task, see ``nas_hydra.task.Task.facts``."""
        said = {"classes": self.description.classes, "task": self.description.task}
        return {name: one for name, one in said.items() if one is not None}

    def empty(self, rows: int) -> Any:
        """So many rows of what the model takes, all zeros."""
        import torch

        if self.image is not None:
            return torch.zeros(rows, *self.image.shape)
        return _zeros(self.description.inputs, rows)


def _zeros(kinds: Any, rows: int) -> Any:
    """The tree of ``Description.inputs``, as tensors."""
    import torch

    if is_kind(kinds):
        return torch.zeros(rows, *kinds["shape"], dtype=getattr(torch, kinds["dtype"]))
    if isinstance(kinds, Mapping):
        return {name: _zeros(part, rows) for name, part in kinds.items()}
    return tuple(_zeros(part, rows) for part in kinds)


def _check_same(file: Path, known: str | None, key: str) -> None:
    """Make sure that a file is the one that was written.

    Neither torch nor YAML sees a difference if a bit has changed.

    Args:
        file: beside ``model.json``.
        known: its SHA-256, as that names it; None if it names none.
        key: as of ``read_artifact``.

    Raises:
        ConfigError: if it is not.
    """
    if known is not None and file.is_file() and digest_of_file(file) != known:
        raise _damaged(key, file, f"its SHA-256 is not the one that {DESCRIPTION} names")


def read_artifact(folder: Path, key: str = "model", trust: Sequence[str] = ()) -> Artifact:
    """A retrained model's folder, but for its weights.

    Args:
        folder: that holds it.
        key: what the command line calls the folder, for messages.
        trust: modules that its network and its dataset may be of, see ``nas_hydra.config.foreign``.

    Raises:
        ConfigError: if something is missing or damaged, and which command makes it; or if it
            takes what may not be called.
    """
    if not folder.is_dir():
        raise ConfigError(key, f"there is no folder {folder}. {REMEDY}")
    for name in (DESCRIPTION, CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise ConfigError(key, f"{folder} holds no {name}. {REMEDY}")
    description = _described(folder / DESCRIPTION, key)
    try:
        _check_same(folder / CONFIG, description.config, key)
        config = _config(folder / CONFIG)
    except (OSError, ValueError, RecursionError, YAMLError, OmegaConfBaseException) as error:
        raise _damaged(key, folder / CONFIG, _in_words(error)) from error
    if not isinstance(config, dict) or "model" not in config:
        raise _damaged(key, folder / CONFIG, "it has no model")
    with foreign(trust):
        for name in ("model", "dataset", "task"):
            check_foreign(config.get(name), name)
        for name in description.prepare.classes if description.prepare else ():
            check_foreign({"_target_": name}, "prepare")
    return Artifact(folder, with_later(config), description)


def _described(file: Path, key: str) -> Description:
    """What a file holds; it has a digest of itself, but not in folders of version 0.1."""
    try:
        held = from_json(file.read_bytes())
        known = Description.model_validate(unsealed(held) if isinstance(held, dict) else held)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise _damaged(key, file, f"{place}: {first['msg']}") from error
    except (OSError, ValueError) as error:
        raise _damaged(key, file, _in_words(error)) from error
    if not intact(held):
        problem = "it is not as it was written; if you have changed it, delete its digest"
        raise _damaged(key, file, problem)
    return known


def _config(file: Path) -> Any:
    """What a file holds, resolved without the environment."""
    read_yaml(file)  # OmegaConf would expand aliases without end
    with without_environment():
        return OmegaConf.to_container(OmegaConf.load(file), resolve=True)


def _damaged(key: str, file: Path, problem: str) -> ConfigError:
    return ConfigError(key, f"{file} is damaged ({problem}). {REMEDY}")


def _in_words(error: Exception) -> str:
    """What an error says, in one line: of torch's, the first says nothing yet."""
    return shortened(" ".join(str(error).split()), 300) or type(error).__name__
