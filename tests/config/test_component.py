from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal, Protocol

import pytest
import torch
from omegaconf import OmegaConf

from nas_hydra.config.arguments import UNKNOWN
from nas_hydra.config.component import build, build_function, check, check_call, locate
from nas_hydra.errors import ConfigError

if TYPE_CHECKING:
    from nowhere import Unheard


class Part(Protocol):
    def work(self) -> None: ...


class Colour(Enum):
    RED = 1


@dataclass(frozen=True)
class Given:
    name: str


class Whole:
    def __init__(
        self,
        size: int,
        rate: float = 0.1,
        mode: Literal["a", "b"] = "a",
        pair: tuple[float, float] = (0.0, 1.0),
        names: Sequence[str] = (),
        parts: Sequence[Part] = (),
        part: Part | None = None,
        colour: Colour = Colour.RED,
        unheard: Unheard | None = None,
        lying: int = None,  # noqa: RUF013
    ) -> None:
        if size == 13:
            raise ConfigError("whole.size", "is 13")
        if size < 0:
            raise ValueError(f"size is {size},\nbut it must be positive")
        self.size, self.parts, self.pair = size, parts, pair


class Fed:
    """Takes what only the program can give."""

    def __init__(self, given: Given, several: Sequence[Given], size: int = 1) -> None:
        self.given, self.several, self.size = given, several, size


def positional(a: int, /, b: int, *rest: float, c: str = "") -> tuple:
    return a, b, rest, c


def keywords(a: int = 0, **rest: int) -> dict:
    return {"a": a, **rest}


WHOLE = f"{__name__}.Whole"
FED = f"{__name__}.Fed"
POSITIONAL = f"{__name__}.positional"
SERIAL = "nas_hydra.engine.serial.SerialEngine"
LAZY = "torch.nn.LazyConv"
SHAPE = {"out_channels": 8, "kernel_size": 3}
SGD = "torch.optim.SGD"
TRAINER = "pytorch_lightning.Trainer"


def problem(config, provided=None):
    with pytest.raises(ConfigError) as caught:
        check(config, "k", provided)
    return str(caught.value)


@pytest.mark.parametrize(
    "config",
    [
        {"_target_": WHOLE, "size": 1},
        {"_target_": WHOLE, "_args_": [1, 2]},
        {"_target_": WHOLE, "size": 1, "rate": 1, "pair": [1, 0.5], "names": ["a"]},
        {"_target_": WHOLE, "size": 1, "parts": [{"_target_": WHOLE, "size": 2}]},
        {"_target_": WHOLE, "size": 1, "part": {"_target_": WHOLE, "size": 2}},
        {"_target_": WHOLE, "size": 1, "unheard": 3, "lying": None, "colour": "RED"},
        {"_target_": WHOLE, "_partial_": True},
        {"_target_": WHOLE, "size": 1, "_recursive_": False, "_convert_": "all"},
        {"_target_": POSITIONAL, "_args_": [1, 2, 3, 4.5], "c": "x"},
        {"_target_": POSITIONAL, "_args_": [1], "b": 2},
        {"_target_": f"{__name__}.keywords", "anything": "goes"},
        {"_target_": "builtins.dict", "a": 1},
        {"_target_": "math.sqrt", "_args_": ["what C refuses is its own affair"]},
        {"_target_": "datetime.timedelta", "days": 1},
        {"_target_": SGD, "_partial_": True, "lr": 1, "momentum": 0.9, "foreach": None},
        {"_target_": "torch.optim.AdamW", "_partial_": True, "betas": [0.9, 0.95]},
        {"_target_": "torch.nn.Conv2d", "_args_": [3, 8], "kernel_size": [3, 3], "padding": "same"},
        {"_target_": "torch.nn.Sequential", "_args_": [{"_target_": "torch.nn.ReLU"}] * 3},
        {"_target_": "torch.nn.Linear", "in_features": 3, "out_features": 3, "device": "cpu"},
        {"_target_": TRAINER, "max_epochs": 3, "precision": 32, "devices": [0], "logger": False},
        {"_target_": TRAINER, "limit_train_batches": 0.5, "gradient_clip_val": 1},
        {"_target_": f"{LAZY}2d", **SHAPE, "padding": "same"},
        {"_target_": f"{LAZY}1d", **SHAPE, "padding": "valid"},
        {"_target_": f"{LAZY}Transpose2d", **SHAPE, "dilation": [1, 2]},
        {"_target_": "torch.nn.UpsamplingNearest2d", "size": [2, 3]},
    ],
    ids=str,
)
def test_what_works_is_accepted(config):
    check(config, "k")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"_target_": WHOLE, "size": 1, "sise": 2}, "k.sise: is no argument of"),
        ({"_target_": WHOLE, "size": 1, "sise": 2}, "did you mean 'size'?"),
        ({"_target_": WHOLE, "size": 1, "_partail_": True}, "k._partail_: is no argument"),
        ({"_target_": WHOLE}, "missing a required argument: 'size'"),
        ({"_target_": WHOLE, "size": "1"}, "k.size: is '1'; it must be a valid integer"),
        ({"_target_": WHOLE, "size": True}, "k.size: is True"),
        ({"_target_": WHOLE, "size": 1.0}, "k.size: is 1.0"),
        ({"_target_": WHOLE, "size": None}, "k.size: is None"),
        ({"_target_": WHOLE, "_args_": ["1"]}, "k._args_.0: is '1'"),
        ({"_target_": WHOLE, "_args_": [1], "size": 1}, "multiple values for argument 'size'"),
        ({"_target_": WHOLE, "_args_": [1] * 11}, "too many positional arguments"),
        ({"_target_": WHOLE, "size": 1, "rate": "0.1"}, "k.rate: is '0.1'"),
        ({"_target_": WHOLE, "size": 1, "mode": "c"}, "k.mode: is 'c'; it must be 'a' or 'b'"),
        ({"_target_": WHOLE, "size": 1, "pair": [1]}, "k.pair: is [1]; it must be longer"),
        ({"_target_": WHOLE, "size": 1, "pair": [1, 2, 3]}, "it must be shorter"),
        ({"_target_": WHOLE, "size": 1, "pair": [1, "x"]}, "k.pair: is [1, 'x']; it must be a"),
        ({"_target_": WHOLE, "size": 1, "parts": [{"_target_": WHOLE}]}, "k.parts.0: does not"),
        ({"_target_": POSITIONAL, "a": 1, "b": 2}, "k.a: can be given only by"),
        ({"_target_": POSITIONAL, "_args_": [1, 2, "x"]}, "k._args_.2: is 'x'"),
        (
            {"_target_": POSITIONAL, "_args_": [1, 2], "rest": [3]},
            "k.rest: can",
        ),
        ({"_target_": "math.sqrt", "x": 2}, "k.x: can be given only by its position"),
        ({"_target_": SGD, "_partial_": True, "lr": "abc"}, "k.lr: is 'abc'; it must be a valid"),
        ({"_target_": SGD, "lr": 0.1}, "missing a required argument: 'params'"),
        ({"_target_": TRAINER, "max_epochs": "abc"}, "k.max_epochs: is 'abc'"),
        ({"_target_": TRAINER, "max_epoch": 3}, "did you mean 'max_epochs'?"),
        ({"_target_": "torch.nn.Conv2d", "_args_": [3, 4, "x"]}, "k._args_.2: is 'x'"),
        ({"_target_": "torch.nn.Sequential", "args": []}, "k.args: can be given only by"),
        ({"_target_": "optuna.samplers.TPESampler", "seed": "abc"}, "k.seed: is 'abc'"),
        ({"_target_": WHOLE, "size": 1, "_convert_": "bogus"}, "k._convert_: is 'bogus'; allowed"),
        ({"_target_": WHOLE, "size": 1, "_recursive_": "no"}, "k._recursive_: is 'no'; allowed"),
        ({"_target_": WHOLE, "size": 1, "_partial_": 1}, "k._partial_: is 1; allowed"),
        ({"_target_": WHOLE, "_args_": "1"}, "k._args_: is '1'; it must be a list"),
        ({"_target_": SERIAL, "_recursive_": False}, "k._recursive_: makes no sense beside"),
        ({"_target_": SERIAL, "_convert_": "object"}, "k._convert_: makes no sense beside"),
        ({"_target_": f"{LAZY}2d", **SHAPE, "padding": [1, "x"]}, "k.padding: is [1, 'x']"),
        ({"_target_": f"{LAZY}2d", **SHAPE, "stride": "same"}, "k.stride: is 'same'"),
    ],
)
def test_what_does_not_is_refused_and_named(config, message):
    assert message in problem(config)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("torch.nn.Conv2dd", "torch.nn has no 'Conv2dd'; did you mean 'Conv2d'?"),
        ("torch.optm.SGD", "torch has no 'optm'; did you mean 'optim'?"),
        ("trch.nn.ReLU", "No module named 'trch'"),
        ("Conv2d", "No module named 'Conv2d'"),
        ("torch.nn", "is a module, which cannot be called"),
        ("torch.nn..ReLU", "does not import"),
        ("", "must be the dotted name"),
        (None, "must be the dotted name"),
        (3, "must be the dotted name"),
        ("torch.__version__", "cannot be called"),
    ],
)
def test_targets_that_lead_nowhere_say_where_they_stop(target, message):
    with pytest.raises(ConfigError) as caught:
        locate(target, "k._target_")
    assert message in str(caught.value)
    assert caught.value.key == "k._target_"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import not_installed_anywhere", "No module named 'not_installed_anywhere'"),
        ("def broken(:", "SyntaxError"),
        ("raise OSError('no GPU here')", "OSError: no GPU here"),
    ],
)
def test_a_module_that_does_not_import_says_why(text, message, tmp_path, monkeypatch):
    package = tmp_path / "users_own"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("users_own")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ConfigError) as caught:
        locate("users_own.models.Net", "k")
    assert message in str(caught.value)


def test_open_arguments_are_checked_by_name_only():
    check_call({"_target_": WHOLE, "size": UNKNOWN, "rate": UNKNOWN}, "k", {})
    check_call({"_target_": WHOLE, "size": 1, "pair": [UNKNOWN, 2]}, "k", {})
    check_call({"_target_": WHOLE, "_args_": [UNKNOWN]}, "k", {})
    check_call({"_target_": WHOLE, "_args_": UNKNOWN}, "k", {})
    with pytest.raises(ConfigError, match="did you mean 'rate'"):
        check_call({"_target_": WHOLE, "size": UNKNOWN, "ratee": UNKNOWN}, "k", {})
    with pytest.raises(ConfigError, match="missing a required argument: 'size'"):
        check_call({"_target_": WHOLE, "rate": UNKNOWN}, "k", {})
    with pytest.raises(ConfigError, match=r"k\.rate: is 'x'"):
        check_call({"_target_": WHOLE, "size": UNKNOWN, "rate": "x"}, "k", {})


def test_what_the_program_provides_arrives_as_it_is():
    given, several = Given("a"), (Given("b"), Given("c"))
    fed = build({"_target_": FED, "size": 2}, "k", given=given, several=several)
    assert fed.given is given
    assert fed.several is several
    assert fed.size == 2


def test_what_the_program_provides_is_not_the_configs_to_give():
    config = {"_target_": FED, "given": 1}
    message = problem(config, {"given": 1, "several": ()})
    assert f"k.given: is no argument of {FED}; allowed: 'size'" in message


def test_build_gives_plain_values_and_nested_objects():
    config = OmegaConf.create(
        {"_target_": WHOLE, "size": 1, "pair": [1, 2], "parts": [{"_target_": WHOLE, "size": 2}]}
    )
    whole = build(OmegaConf.to_container(config), "k")
    assert (whole.pair, whole.parts[0].size) == ([1, 2], 2)


def test_a_partial_waits_for_its_call():
    assert build({"_target_": WHOLE, "_partial_": True}, "k")(size=4).size == 4


@pytest.mark.parametrize("provided", [{}, {"rate": 0.5}])
def test_a_targets_refusal_is_told_in_one_line(provided):
    with pytest.raises(ConfigError) as caught:
        build({"_target_": WHOLE, "size": -1}, "k", **provided)
    text = str(caught.value)
    assert caught.value.key == "k"
    assert "ValueError" in text
    assert "size is -1" in text
    assert "\n" not in text


def test_the_refusal_of_an_inner_component_names_it():
    inner = {"_target_": SGD, "_args_": [[]], "lr": 1}
    with pytest.raises(ConfigError, match=r"^k\.part: torch\.optim\.sgd\.SGD refuses"):
        build({"_target_": WHOLE, "size": 1, "part": inner}, "k")


@pytest.mark.parametrize("provided", [{}, {"rate": 0.5}])
def test_a_config_error_of_a_target_keeps_its_key(provided):
    with pytest.raises(ConfigError) as caught:
        build({"_target_": WHOLE, "size": 13}, "k", **provided)
    assert str(caught.value) == "whole.size: is 13"
    inner = {"_target_": WHOLE, "size": 13}
    with pytest.raises(ConfigError) as caught:
        build({"_target_": WHOLE, "size": 1, "parts": [inner]}, "k", **provided)
    assert str(caught.value) == "whole.size: is 13"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "k._target_: is missing"),
        ({"size": 1}, "k._target_: is missing"),
        (None, "k: is None; it must be a mapping"),
        ("x", "k: is 'x'; it must be a mapping"),
        ([1], "k: is [1]; it must be a mapping"),
        (math.nan, "k: is nan; it must be a mapping"),
    ],
)
@pytest.mark.parametrize("make", [build, build_function])
def test_a_component_needs_a_target(make, config, message):
    with pytest.raises(ConfigError) as caught:
        make(config, "k")
    assert str(caught.value).startswith(message)


def test_strategies_stay_light():
    code = (
        "import sys, nas_hydra.strategy.evolution, nas_hydra.strategy.optuna,"
        " nas_hydra.strategy.random, nas_hydra.testing.strategy;"
        "print([m for m in ('torch', 'hydra', 'wandb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


class Works(Protocol):
    """What some parts of the tests below must be."""

    name: str

    def work(self, hours: int) -> None: ...

    def rest(self) -> None: ...


class Worker:
    def __init__(self, name: str = "a") -> None:
        self.name = name

    def work(self, hours: int) -> None: ...

    def rest(self) -> None: ...


class Nameless:
    def work(self, hours: int) -> None: ...

    def rest(self) -> None: ...


class Resting:
    def rest(self) -> None: ...


class Standing:
    """Hands everything on."""

    def __init__(self) -> None:
        self.whole = Worker()

    def __getattr__(self, name: str) -> object:
        return getattr(self.whole, name)


CALLED = []


def hired() -> Worker:
    return Worker("hired")


def hired_perhaps() -> Works:
    CALLED.append("perhaps")
    return Worker("hired")


def lying() -> Works:
    return 3  # type: ignore[return-value]


def unsaid():
    CALLED.append("unsaid")


@pytest.mark.parametrize("name", ["Worker", "Standing", "hired", "hired_perhaps"])
def test_what_meets_a_protocol_is_built(name):
    assert build({"_target_": f"{__name__}.{name}"}, "k", Works).name in ("a", "hired")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("builtins.dict", "k._target_: 'builtins.dict' gives a dict, which is no Works: it lacks"),
        (f"{__name__}.Resting", "gives a Resting, which is no Works: it lacks 'work'"),
        (f"{__name__}.Nameless", "k: gives a Nameless, which is no Works: it lacks 'name'"),
        (f"{__name__}.lying", "k: gives a int, which is no Works: it lacks 'work', 'rest'"),
        (f"{__name__}.unsaid", "does not say what it gives; name a class, or annotate its result"),
        ("sys.exit", "k._target_: 'sys.exit' is a function that does not say what it gives"),
        ("builtins.exit", "does not say what it gives"),
        ("builtins.input", "does not say what it gives"),
        ("os.getcwd", "does not say what it gives"),
        ("torch.nn.ReLU", "k: gives a ReLU, which is no Works: it lacks 'work', 'rest'"),
    ],
)
def test_what_is_of_another_kind_is_refused_before_it_is_called(config, message):
    CALLED.clear()
    with pytest.raises(ConfigError) as caught:
        build({"_target_": config}, "k", Works)
    assert message in str(caught.value)
    assert not CALLED


def test_a_part_is_no_function_that_makes_one():
    config = {"_target_": f"{__name__}.Worker", "_partial_": True}
    with pytest.raises(ConfigError, match=r"^k\._partial_: makes no sense here, where Works is"):
        build(config, "k", Works)
    with pytest.raises(ConfigError, match=r"^k\._partial_: makes no sense"):
        build(config, "k", Works, name="b")


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ({"_target_": "builtins.dict"}, "k.storage._target_: 'builtins.dict' gives a dict, and"),
        ({"_target_": "sys.exit"}, "k.storage._target_: 'sys.exit' is a function"),
        (
            {"_target_": "nas_hydra.record.storage.journal", "path": "x", "_partial_": True},
            "k.storage._partial_: makes no sense here",
        ),
    ],
)
def test_a_part_of_our_own_parts_is_checked_too(storage, message):
    config = {"_target_": "nas_hydra.record.study.StudyRecord", "study": "s", "storage": storage}
    needs = {"space": None, "objectives": None, "identity": None}
    assert problem(config, needs).startswith(message)


def test_a_target_that_ends_the_process_only_refuses_its_arguments():
    with pytest.raises(ConfigError, match="refuses its arguments: SystemExit: 3"):
        build({"_target_": "sys.exit", "_args_": [3]}, "k")


def test_what_a_function_gives_is_checked_as_far_as_it_says():
    sgd = {"_target_": SGD, "_partial_": True, "lr": 0.1}
    assert build_function(sgd, "k", Callable[..., torch.optim.Optimizer])
    for wrong in ({**sgd, "_target_": "torch.nn.ReLU"}, {**sgd, "_partial_": False}):
        wrong = {key: value for key, value in wrong.items() if key != "lr"}
        with pytest.raises(ConfigError, match=r"^k"):
            build_function(wrong, "k", Callable[..., torch.optim.Optimizer])
