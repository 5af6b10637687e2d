"""Every YAML file names what is there, and nothing that is not read."""

import inspect
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from command import SMALL, nas_hydra
from made import KINDS
from nas_hydra.config.arguments import UNKNOWN
from nas_hydra.config.component import check, locate
from nas_hydra.config.later import LATER
from nas_hydra.dataset import Dataset
from nas_hydra.engine import Engine
from nas_hydra.evaluator import Evaluator
from nas_hydra.record import Record
from nas_hydra.strategy import Strategy
from nas_hydra.tracker import Tracker

CONF = Path(__file__).parents[1] / "conf"
OPTIONS = [
    file.relative_to(CONF).with_suffix("")
    for file in sorted(CONF.rglob("*.yaml"))
    if file.parent != CONF and "hydra" not in file.parts
]
OWN = {"optimizer/none", "search_space/own", "search_space/values"}
OF_OTHERS = {
    *(f"search_space/{name}" for name in KINDS),
    *(f"dataset/{name}" for name in ("prepare/columns", "prepare/standardize_series")),
    *(f"dataset/{name}" for name in ("split/group", "split/time")),
    *("objective/val_iou", "objective/val_perplexity"),
}
"""Options of data that is no images of classes."""
APART = {"objective/none", "objective/tabular", "strategy/cmaes", *OWN, *OF_OTHERS}
"""Options that need settings of their own; other tests run them."""
NEEDED = {
    "objective/": ("strategy=nsga2",),  # any number of them
    "objective/val_mae": ("task=regression", "search_space=mlp"),
    "objective/val_rmse": ("task=regression", "search_space=mlp"),
    "strategy/optuna": ("strategy.sampler._target_=optuna.samplers.QMCSampler",),
    "strategy/prescreen/predictor/": ("strategy=surrogate_evolution",),
}
"""What has to be said beside some options."""
ADDED = ("dataset/prepare", "dataset/split")
"""Groups of which nothing is taken unless that is said: datasets have an option of their own."""
TOGETHER = (
    ("strategy", "optimizer", "scheduler", "dataset/augment", *ADDED),
    tuple(f"strategy/{part}" for part in ("parents", "variation", "survivors", "design")),
    ("strategy/prescreen",),
    ("strategy/prescreen/predictor",),
    ("objective",),
    ("search_space",),
)
"""Groups of which one search takes an option each."""
PROTOCOLS = {
    "engine": Engine,
    "evaluator": Evaluator,
    "record": Record,
    "strategy": Strategy,
    "tracker": Tracker,
}


@cache
def whole(option: Path) -> DictConfig:
    GlobalHydra.instance().clear()
    with initialize_config_module("nas_hydra.conf", version_base="1.3"):
        return compose("config", [*overrides(option), "+hydra={}"])


def composed(option: Path) -> dict:
    group = OmegaConf.select(whole(option), str(option.parent).replace("/", "."))
    return OmegaConf.to_container(group, resolve=False)


def overrides(option: Path) -> list[str]:
    """What takes an option."""
    needed = [
        part for name, parts in NEEDED.items() if str(option).startswith(name) for part in parts
    ]
    added = "+" if str(option.parent) in ADDED else ""
    return [*needed, f"{added}{option.parent}={option.name}"]


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_targets_import_and_take_their_keys(option):
    config = composed(option)
    provided = {
        "strategy": {"space": None, "objectives": None},
        "engine": {"limits": None},
        "record": {"space": None, "objectives": None, "identity": None},
        "fidelity": {"strategy": None, "objectives": None, "levels": None},
        "inherit": {"strategy": None, "objectives": None},
    }
    if option.parts[0] in ("search_space", "objective"):
        return  # composed whole below
    if option.parent == Path("strategy"):
        config = {
            key: config[key] for key in config if key not in ("initial", "cost", "cost_aware")
        }  # read apart
    check(closed(config), str(option), provided.get(str(option.parent), {}))


LEFT = (
    *("batch_size", "num_classes", "num_targets", "size", "values", "length", "channels"),
    *("features", "cardinalities", "indicators", "target_kind", "ragged", "column", "outputs"),
    *("input_shape", "vocabulary", "inputs"),
)
"""What the rows decide where it is null."""


def closed(value: object) -> object:
    """References and missing values count as given; where a search is composed they are checked."""
    if isinstance(value, dict):
        return {
            key: UNKNOWN if part is None and key in LEFT else closed(part)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [closed(part) for part in value]
    return UNKNOWN if isinstance(value, str) and value.startswith(("${", "???")) else value


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_the_class_meets_its_groups_protocol(option):
    protocol = PROTOCOLS.get(str(option.parent))
    if protocol is None:
        return
    found = locate(composed(option)["_target_"], str(option))
    members = [name for name in vars(protocol) if not name.startswith("_")]
    for name in [*members, *getattr(protocol, "__annotations__", {})]:
        assert hasattr(found, name) or name in found.__init__.__annotations__, name


def test_names_are_the_map():
    """conf/.../GROUP/OPTION.yaml is about a class in src/nas_hydra/GROUP."""
    for option in OPTIONS:
        written = OmegaConf.load(CONF / f"{option}.yaml")
        target = written.get("_target_", "") if isinstance(written, DictConfig) else ""
        if target.startswith("nas_hydra."):
            assert target.split(".")[1] in option.parts


def searches() -> Iterator[tuple[Path, ...]]:
    """Every option is in one of them."""
    for groups in TOGETHER:
        members = (
            [option for option in OPTIONS if str(option.parent) == group] for group in groups
        )
        for together in zip_longest(*members):
            if chosen := tuple(one for one in together if one and str(one) not in APART):
                yield chosen


@pytest.mark.long
@pytest.mark.parametrize(
    "options",
    [*searches()],
    ids=lambda options: " ".join(map(str, options)),
)
def test_every_option_runs(options, monkeypatch):
    words = [word for option in options for word in overrides(option)]
    assert nas_hydra(monkeypatch, *SMALL, *words) == 0


def test_no_part_of_a_strategy_is_left_out():
    parts = {str(option.parent) for option in OPTIONS if option.parts[0] == "strategy"}
    assert parts <= {group for groups in TOGETHER for group in groups}


def test_every_dataset_has_splits_that_it_keeps():
    for option in OPTIONS:
        if option.parent == Path("dataset") and option.name not in ("none", "own"):
            assert issubclass(locate(composed(option)["_target_"], ""), Dataset)


def test_later_keys_stand_with_the_values_that_old_records_mean():
    options = {"dataset": ["image_folder"], "evaluator": ["tabular", "function", "command"]}
    options |= {"task": ["classification"], "fidelity": ["full"], "inherit": ["none"]}
    finalists = whole(Path("fidelity", "full")).finalists
    assert LATER["finalists"] == finalists
    for part, names in options.items():
        configs = [whole(Path(part, option))[part] for option in names]
        for key, value in LATER[part].items():
            having = [config for config in configs if key in config]
            assert having
            for config in having:
                assert config[key] == value
                target = inspect.signature(locate(config["_target_"], part))
                if key != "_target_":
                    assert target.parameters[key].default in (value, ())
