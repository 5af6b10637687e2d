"""A stranger's run or model is read by the five commands: nothing of it is called, or told."""

import json
import shutil
import socket
import threading
from pathlib import Path

import pytest
import yaml
from PIL import Image

import strangers
from nas_hydra.artifact import read_artifact
from nas_hydra.cli.compare import run as compare
from nas_hydra.cli.explain import run as explain
from nas_hydra.cli.export import run as export
from nas_hydra.cli.predict import run as predict
from nas_hydra.cli.retrain import run as retrain
from nas_hydra.errors import ConfigError

MARKER = "marker"
TOUCH = f"touch {MARKER}"
CODE = f"open({MARKER!r}, 'w')"

FILE = f"sqlite:///{MARKER}"

HOSTILE = [
    *(("os.system", [TOUCH]), ("posix.system", [TOUCH]), ("os.mkdir", [MARKER])),
    *(("os.popen", [TOUCH]), ("subprocess.run", [["touch", MARKER]]), ("pathlib.Path.touch", [])),
    *(("subprocess.Popen", [["touch", MARKER]]), ("subprocess.getoutput", [TOUCH])),
    *(("builtins.exec", [CODE]), ("builtins.eval", [CODE]), ("builtins.open", [MARKER, "w"])),
    *(("builtins.exit", []), ("sys.exit", []), ("os._exit", [3]), ("os.abort", [])),
    *(("builtins.__import__", ["hostile"]), ("importlib.import_module", ["hostile"])),
    *(("runpy.run_path", ["hostile.py"]), ("hostile.Net", []), ("shutil.copy", ["a", MARKER])),
    *(("functools.partial", [print]), ("webbrowser.open", ["x"]), ("pty.spawn", [TOUCH])),
    *(("code.interact", []), ("pickle.loads", ["x"]), ("yaml.unsafe_load", ["x"])),
    ("hydra.utils.instantiate", [{"_target_": "os.system", "_args_": [TOUCH]}]),
    ("hydra.utils.call", [{"_target_": "os.system", "_args_": [TOUCH]}]),
    *(("hydra.utils.get_method", ["os.system"]), ("omegaconf.OmegaConf.load", ["x.yaml"])),
    # in the packages that are known
    ("torchvision.models._api.importlib.import_module", ["hostile"]),
    ("torch.os.system", [TOUCH]),
    *(("torch.hub.load", ["x", "y"]), ("torch.hub.load_state_dict_from_url", ["http://x"])),
    *(("torch.hub.download_url_to_file", ["http://x", MARKER]), ("torch.load", ["hostile.pt"])),
    *(("torch.save", [1, MARKER]), ("torch.jit.load", ["x.pt"])),
    *(("torch.package.PackageImporter", ["x"]),),
    *(("torch.utils.cpp_extension.load_inline", ["n", "c"]), ("torch.compile", [None])),
    *(("torch.serialization.load", ["x"]), ("torch.from_file", [MARKER, True, 8])),
    *(("torch.classes.load_library", ["x.so"]), ("torch.ops.load_library", ["x.so"])),
    *(("torch.utils.model_zoo.load_url", ["http://x"]), ("torch.distributed.run.main", [[]])),
    *(("torchvision.os.mkdir", [MARKER]), ("torchvision.datasets.utils.download_url", ["x", "."])),
    *(("torchvision.datasets.LSUN", ["."]), ("torchvision.io.write_file", [MARKER, None])),
    *(("pytorch_lightning.LightningModule.load_from_checkpoint", ["x"]),),
    *(("pytorch_lightning.loggers.CSVLogger", ["."]),),
    *(("pytorch_lightning.callbacks.ModelCheckpoint", [MARKER]),),
    *(("optuna.storages.RDBStorage", [FILE]), ("optuna.create_study", [FILE])),
    *(("nas_hydra.record.storage.journal", [MARKER]), ("nas_hydra.record.storage.storage", [FILE])),
    *(("nas_hydra.record.storage.os.mkdir", [MARKER]),),
    *(("nas_hydra.report.files.replace", [MARKER, "x"]),),
    *(("nas_hydra.engine.worker.end_with_parent", []), ("nas_hydra.engine.worker.LazyPickle", [1])),
    *(("nas_hydra.config.component.build", [{"_target_": "os.system", "_args_": [TOUCH]}, "k"]),),
    *(("torch.nn.Linear.__init__.__globals__.get", ["x"]), ("torch:os.system", [TOUCH])),
    *(("torch.nn.Module.__subclasses__", []), ("torch.nn.Linear.__class__", ["x"])),
]  # fmt: skip

PLACES = ("search_space.encoder", "search_space.canonical", "search_space.constraints")
PLACES = (*PLACES, "search_space.model", "dataset.augment", "optimizer", "scheduler", "trainer")
RETRAINED = (*PLACES, "engine", "tracker", "trainer.callbacks")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A stranger's run and model, and their configs."""
    home = tmp_path_factory.mktemp("stranger")
    return home, strangers.run(home / "run"), strangers.model(home / "model")


@pytest.fixture
def stranger(folders):
    """Puts a part into the configs of a run and a model in the present folder."""
    home, plain, closed = folders
    for name in ("run", "model"):
        shutil.copytree(home / name, name)
    Path("hostile.py").write_text(f"{CODE}\nclass Net: pass\n")
    Image.new("L", (8, 8)).save("image.png")

    def put(key: str, part, **runtime) -> None:
        strangers.write(Path("run"), strangers.replaced(plain, key, part), **runtime)
        if key in ("search_space.model", "dataset.augment"):
            place = key.removeprefix("search_space.")
            changed = strangers.replaced(closed, place, part)
            Path("model/best.yaml").write_text(yaml.safe_dump(changed))

    return put


@pytest.fixture
def told(capsys):
    """Runs a command; its exit code, and what it says."""

    def typed(command, *words: str) -> tuple[int, str]:
        try:
            code = command(["a-command", *words])
        except SystemExit as ended:
            code = ended.code
        printed = capsys.readouterr()
        return code, printed.err

    return typed


def forms(target: str, given: list, key: str):
    """The ways in which a config can name a target."""
    given = [one for one in given if one is not print]
    node = {"_target_": target, "_args_": given}
    yield [node] if key.endswith("s") else node
    partial = {**node, "_partial_": True}
    yield [partial] if key.endswith("s") else partial


SOME = 6
"""One in so many is tried in every run of the suite."""


@pytest.mark.parametrize(
    ("number", "hostile"),
    [
        pytest.param(*one, marks=() if one[0] % SOME == 0 else pytest.mark.long, id=one[1][0])
        for one in enumerate(HOSTILE)
    ],
)
def test_nothing_hostile_is_called(number, hostile, stranger, told, monkeypatch):
    monkeypatch.syspath_prepend(str(Path.cwd()))
    target, given = hostile
    for turn, key in enumerate((PLACES[number % len(PLACES)], RETRAINED[number % len(RETRAINED)])):
        for part in forms(target, given, key):
            stranger(key, part)
            before = sorted(map(str, Path().rglob("*")))
            commands = [(retrain, "run=run", "seeds=1", "baseline=none")]
            commands += [(explain, "run=run")] if turn == 0 else []
            if key in ("search_space.model", "dataset.augment"):
                commands += [(predict, "model=model", "image.png")]
                commands += [(export, "run=model", "format=state_dict")]
            for command, *words in commands:
                code, said = told(command, *words)
                assert code == 2, said
                assert f"'{target}'" in said or "'os.system'" in said
                assert "._target_: " in said
                assert len(said.splitlines()) == 1
                assert sorted(map(str, Path().rglob("*"))) == before


def test_comparing_calls_nothing_at_all(stranger, told):
    for key in PLACES:
        stranger(key, {"_target_": "os.system", "_args_": [TOUCH]})
        assert told(compare, "run", "--output", "out")[0] == 0
        assert not Path(MARKER).exists()


HIDDEN = {
    "a reference": {"_target_": "${search_space.what}", "_args_": [TOUCH]},
    "two texts": {"_target_": "o${search_space.s}.system", "_args_": [TOUCH]},
    "a resolver": "${oc.create:{_target_: os.system, _args_: [touch marker]}}",
    "a default": "${oc.select:nope,{_target_: os.system, _args_: [touch marker]}}",
    "decoded": "${oc.decode:'{_target_: os.system, _args_: [touch marker]}'}",
    "escaped": {
        "_target_": "torch.nn.Identity",
        "it": "\\${oc.create:{_target_: os.system, _args_: [touch marker]}}",
    },
    "in two steps": {
        "_target_": "torch.nn.Identity",
        "it": "$${search_space.create}",
    },
    "unbuilt": {
        "_target_": "torch.nn.Sequential",
        "_recursive_": False,
        "_args_": [{"_target_": "os.system", "_args_": [TOUCH]}],
    },
    "a choice": {"_target_": {"_choice_": ["os.system", "os.popen"]}, "_args_": [TOUCH]},
}


@pytest.mark.parametrize("part", HIDDEN.values(), ids=HIDDEN)
def test_a_target_that_is_hidden_is_found(part, stranger, told, folders):
    more = {"what": "os.system", "s": "s"}
    more["create"] = "{oc.create:{_target_: os.system, _args_: [touch marker]}}"
    for key in ("search_space.model", "search_space.encoder", "scheduler"):
        changed = strangers.replaced(folders[1], key, part)
        changed["search_space"] |= more
        strangers.write(Path("run"), changed)
        for command in (explain, retrain):
            code, said = told(command, "run=run", *(["seeds=1"] if command is retrain else []))
            assert not Path(MARKER).exists()
            assert "Traceback" not in said
            assert code in (0, 2)
            assert code == 2 or command is explain


def test_a_journal_cannot_name_what_is_called(told):
    strangers.run(Path("run"), evaluator={"_target_": "os.system", "command": TOUCH})
    code, said = told(explain, "run=run", "train=true")
    assert code == 2
    assert said.startswith("error: evaluator._target_: is 'os.system'; of a finished run or model,")
    shutil.rmtree("run")
    strangers.run(Path("run"), evaluator={"_target_": "nas_hydra.evaluator.train.Gone"})
    code, said = told(explain, "run=run")
    assert code == 2
    assert "evaluator._target_: 'nas_hydra.evaluator.train.Gone' does not import" in said
    assert not Path(MARKER).exists()


@pytest.mark.usefixtures("own_modules")
def test_what_the_user_trusts_is_called(stranger, told):
    Path("mine.py").write_text("from torch import nn\nclass Net(nn.Linear): pass\n")
    layer = {"_target_": "mine.Net", "in_features": 64, "out_features": 10}
    closed = yaml.safe_load(Path("model/best.yaml").read_text())
    closed["model"]["_args_"][1] = {**layer, "in_features": size(closed)}
    Path("model/best.yaml").write_text(yaml.safe_dump(closed))
    with pytest.raises(ConfigError, match=r"model._args_.1._target_: is 'mine.Net'.*trust=\[mine]"):
        read_artifact(Path("model"))
    assert told(predict, "model=model", "image.png", "resize=true")[0] == 2
    words = ("model=model", "image.png", "resize=true", "trust=[mine]")
    assert told(predict, *words) == (0, "image.png: resized from 8 x 8\n1 classified, 0 skipped\n")
    assert told(predict, *words[:-1], "trust=[mine.Other]")[0] == 2
    code, said = told(predict, *words[:-1], "trust=[import os]")
    assert (code, said.split(";")[0]) == (2, "error: trust: names 'import os'")


def size(closed) -> int:
    channels, height, width = closed["dataset"]["input_shape"]
    return channels * height * width


def test_what_stands_on_the_command_line_is_the_users_own(stranger, told, monkeypatch):
    monkeypatch.syspath_prepend(str(Path.cwd()))
    Path("own_optimizer.py").write_text("raise RuntimeError('it was imported')\n")
    code, said = told(retrain, "run=run", "seeds=1", "optimizer._target_=own_optimizer.Lion")
    assert code == 2
    assert "it was imported" in said
    stranger("scheduler", {"_target_": "own_schedule.Schedule"})
    code, said = told(retrain, "run=run", "seeds=1", "optimizer.lr=0.1")
    assert code == 2
    assert "scheduler._target_: is 'own_schedule.Schedule'" in said


def test_the_options_of_a_stranger_are_not_taken(stranger, told):
    Path("theirs/optimizer").mkdir(parents=True)
    Path("theirs/optimizer/lion.yaml").write_text(f"_target_: os.system\ncommand: {TOUCH}\n")
    sources = [{"path": str(Path("theirs").absolute()), "schema": "file", "provider": "x"}]
    stranger("seed", 0, config_sources=sources)
    words = ("run=run", "seeds=1", "baseline=none", "optimizer=lion")
    code, said = told(retrain, *words)
    assert code == 2
    assert "os.system" not in said
    assert "os.system" in told(retrain, *words, "config_dir=theirs")[1]  # the user's own choice


SECRET = "a-secret-of-the-environment"


@pytest.fixture
def listener(monkeypatch):
    """A port that notes what is sent to it."""
    heard: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(20)

    def listen() -> None:
        try:
            while True:
                connection, _ = server.accept()
                connection.settimeout(2)
                heard.append(connection.recv(4096))
                connection.close()
        except OSError:
            return

    threading.Thread(target=listen, daemon=True).start()
    monkeypatch.setenv("MY_SECRET", SECRET)
    yield server.getsockname()[1], heard
    server.close()


URLS = (
    "postgresql://${oc.env:MY_SECRET}@127.0.0.1:PORT/x",
    "postgresql://me@127.0.0.1:PORT/x",
    "mysql+pymysql://me:${oc.env:MY_SECRET}@127.0.0.1:PORT/x",
    "sqlite:///${oc.env:MY_SECRET}.db",
    "sqlite:////etc/passwd",
    "sqlite:///../../x.db",
    "${oc.decode:${oc.env:MY_SECRET}}",
    "${oc.${search_space.env}:MY_SECRET}",
    "$${search_space.brace}",
    "${hydra:runtime.secret}",
    "${now:%Y}",
)


@pytest.mark.parametrize("url", URLS)
def test_a_finished_run_resolves_no_environment_and_connects_nowhere(url, told, folders, listener):
    port, heard = listener
    url = url.replace("PORT", str(port))
    changed = strangers.replaced(folders[1], "record.storage", {"url": url})
    changed["search_space"] |= {"env": "env", "brace": "{oc.env:MY_SECRET}"}
    shutil.copytree(folders[0] / "run", "run")
    Path("run/journal.log").unlink()
    strangers.write(Path("run"), changed, secret="${oc.env:MY_SECRET}")
    for command, word in ((compare, "run"), (explain, "run=run"), (retrain, "run=run")):
        code, said = told(command, word)
        assert code == 2
        assert said.startswith("error: record.storage.url: "), said
        assert SECRET not in said
        assert len(said.splitlines()) == 1
    assert heard == []


def test_the_user_names_where_the_record_is(told, folders, monkeypatch):
    shutil.copytree(folders[0] / "run", "run")
    changed = {"study": "search", "storage": {"url": "postgresql://me:pw@127.0.0.1:9/x"}}
    strangers.write(Path("run"), strangers.replaced(folders[1], "record", changed))
    Path("run/journal.log").unlink()
    code, said = told(compare, "run")
    assert code == 2
    assert "connects to no server" in said
    assert "me:***@127.0.0.1" in said
    monkeypatch.setenv("DATABASE_URL", "sqlite:///gone.db")
    code, said = told(compare, "run", "record.storage.url=${oc.env:DATABASE_URL}")
    assert (code, said) == (
        2,
        "error: record.storage.url: is sqlite:///gone.db, but there is no file gone.db\n",
    )


def test_an_image_folder_below_the_environment_is_asked_for(told, stranger):
    stranger("dataset.batch_size", "${oc.env:HOME}")
    code, said = told(retrain, "run=run")
    assert code == 2
    assert said.startswith("error: dataset.batch_size: ")
    assert "the environment is not told" in said


DAMAGES = {
    "config.yaml": ["", "seed: 0\n", "- 1\n", "a: {\n", "seed: x\nbudget: {trials: 3}\n", "\0"],
    "hydra.yaml": ["", "hydra: {}\n", "hydra: 3\n", "hydra: {runtime: {choices: 3}}\n", "[1"],
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_config_is_one_line(name, told, folders):
    shutil.copytree(folders[0] / "run", "run")
    whole = (Path("run/.hydra") / name).read_text()
    for text in (*DAMAGES[name], whole[: len(whole) // 2], whole[: len(whole) // 3]):
        (Path("run/.hydra") / name).write_text(text)
        for command, word in ((compare, "run"), (explain, "run=run"), (retrain, "run=run")):
            code, said = told(command, word, *(["seeds=1"] if command is retrain else []))
            assert code == 2, (text, said)
            assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": []},
        {"classes": ["a"]},
        {"normalize": {"mean": [0.5] * 7, "std": [0.5] * 7}},
        {"normalize": {"mean": [float("nan")], "std": [0.0]}},
        {"image": 3},
        None,
    ],
)
def test_a_damaged_description_is_one_line(changes, stranger, told):
    file = Path("model/model.json")
    text = file.read_text()
    changed = text[: len(text) // 2] if changes is None else json.dumps(json.loads(text) | changes)
    file.write_text(changed)
    commands = [(predict, "model=model", "image.png", "resize=true")]
    commands += [(export, "run=model", "format=state_dict")]
    for command, *words in commands:
        code, said = told(command, *words)
        assert code == 2
        assert "model.json" in said
        assert len(said.splitlines()) == 1
