"""Evaluations are kept by what determines them, and are there whole or not at all."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from evaluator.candidates import candidate, convolutions
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator import code as source
from nas_hydra.evaluator.prepared import Prepared, training_identity
from nas_hydra.evaluator.store import Store
from nas_hydra.evaluator.train import TrainEvaluator
from nas_hydra.files.digest import sealed, unsealed
from nas_hydra.trial import Evaluation

CPU = torch.device("cpu")
MINE = """
from torch import nn
from my_parts import WIDTH, part

class Mine(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(64, WIDTH), part(), nn.Linear(WIDTH, 10))
"""
PARTS = "from torch import nn\nWIDTH = 8\n\ndef part():\n    return nn.ReLU()\n"
RACER = """
import sys
from pathlib import Path
from nas_hydra.evaluator.store import Store
from nas_hydra.trial import Evaluation

me, store, weights = int(sys.argv[1]), Store(sys.argv[2]), Path(sys.argv[3])
trained = 0

def train(number):
    global trained
    trained += 1
    weights.write_bytes(b"weights of %d" % number * 1000)
    return Evaluation({"acc": float(number)}, 5)

sys.stdin.readline()
for turn in range(300):
    number = turn if me == 0 else 299 - turn
    found = store({"number": number}, weights, lambda: train(number))
    assert found.metrics == {"acc": float(number)}, found
    assert weights.read_bytes() == b"weights of %d" % number * 1000
print(trained)
"""


@pytest.fixture
def weights(tmp_path):
    """Where trial 7 of a run leaves its weights."""
    file = tmp_path / "run" / "weights" / "7.ckpt"
    file.parent.mkdir(parents=True)
    return file


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "store"


def train(weights: Path, acc: float = 0.5):
    def evaluate() -> Evaluation:
        weights.write_bytes(b"trained" * 100)
        return Evaluation({"acc": acc}, 3, curves={"acc": (0.25, acc)})

    return evaluate


def never() -> Evaluation:
    pytest.fail("trained again")


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("??/*.json"))


def test_a_hit_has_the_original_cost_and_weights_and_names_its_source(folder, weights):
    first = Store(str(folder))({"width": 8}, weights, train(weights))
    other = weights.with_name("9.ckpt")
    found = Store(str(folder))({"width": 8}, other, never)
    assert found == replace(first, source=f"trial 7 of {weights.parent.parent}")
    assert (found.metrics, found.epochs) == ({"acc": 0.5}, 3)
    assert found.curves == {"acc": (0.25, 0.5)}
    assert found.seconds > 0
    assert other.read_bytes() == b"trained" * 100


def test_another_identity_is_a_miss(folder, weights):
    store = Store(str(folder))
    store({"width": 8}, weights, train(weights))
    assert store({"width": 16}, weights, train(weights, 0.75)).metrics == {"acc": 0.75}
    assert len(entries(folder)) == 2


def test_numbers_that_are_not_finite_are_kept(folder, weights):
    store = Store(str(folder))
    store({}, weights, train(weights, float("inf")))
    assert store({}, weights, never).metrics == {"acc": float("inf")}


def cut(share: float):
    return lambda file: file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])


def overwritten(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


@pytest.mark.parametrize("what", ["entry", "weights"])
@pytest.mark.parametrize(
    "tear",
    [cut(0), cut(0.01), cut(0.5), cut(0.99), overwritten, Path.unlink],
    ids=["empty", "begun", "half", "nearly", "zeros", "gone"],
)
def test_a_torn_file_is_ignored_and_made_anew(what, tear, folder, weights):
    store = Store(str(folder))
    store({"width": 8}, weights, train(weights))
    (file,) = entries(folder) if what == "entry" else folder.glob("weights/*")
    tear(file)
    weights.unlink()
    assert store.find({"width": 8}, weights) is None
    assert not weights.exists()
    store({"width": 8}, weights, train(weights))
    assert store({"width": 8}, weights, never).metrics == {"acc": 0.5}
    assert weights.read_bytes() == b"trained" * 100


def overwritten_by(**changes):
    """Change an entry; its digest stays."""
    return lambda file: file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def resealed(**changes):
    """The same, as if it had been written so."""

    def change(file: Path) -> None:
        file.write_text(json.dumps(sealed(unsealed(json.loads(file.read_text())) | changes)))

    return change


def without_digest(file: Path) -> None:
    file.write_text(json.dumps(unsealed(json.loads(file.read_text()))))


def turned_into(make):
    def change(file: Path) -> None:
        file.unlink()
        make(file)

    return change


@pytest.mark.parametrize(
    "change",
    [
        overwritten_by(metrics={"acc": 0.75}),
        overwritten_by(metrics={"acc": float("nan")}),
        overwritten_by(metrics={}),
        overwritten_by(epochs=-3),
        overwritten_by(epochs=4),
        overwritten_by(seconds=0.0),
        overwritten_by(error="too wide"),
        overwritten_by(weights=None),
        overwritten_by(curves={}),
        overwritten_by(identity={"width": 9}),
        resealed(identity={"width": 9}),
        resealed(metrics={"loss": 0.5}),
        resealed(metrics={"acc": "high"}),
        resealed(metrics=None),
        resealed(epochs=-3),
        resealed(seconds="long"),
        resealed(weights="../weights"),
        resealed(weights="\0"),
        without_digest,
        lambda file: file.write_text("[" * 100_000),
        lambda file: file.write_bytes(b"\xff\xfe"),
        turned_into(Path.mkdir),
        turned_into(os.mkfifo),
        turned_into(lambda file: file.symlink_to("/dev/zero")),
        turned_into(lambda file: file.symlink_to(file.name)),
    ],
)
def test_an_entry_that_is_not_what_was_written_is_ignored_and_made_anew(change, folder, weights):
    store = Store(str(folder))
    store({"width": 8}, weights, train(weights), ["acc"])
    (file,) = entries(folder)
    change(file)
    weights.unlink()
    assert store.find({"width": 8}, weights, ["acc"]) is None
    assert not weights.exists()
    assert store({"width": 8}, weights, train(weights), ["acc"]).metrics == {"acc": 0.5}
    if not file.is_dir():
        assert store({"width": 8}, weights, never, ["acc"]).metrics == {"acc": 0.5}
    assert not list(folder.rglob("*.new"))


def test_every_flipped_byte_of_an_entry_is_seen(folder, weights):
    store = Store(str(folder))
    first = store({"width": 8}, weights, train(weights))
    (file,) = entries(folder)
    content = file.read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(bytes(damaged))
        found = store.find({"width": 8}, weights)
        assert found is None or replace(found, source=None) == first


def fails(error: Exception, cause: Exception | None = None):
    def evaluate() -> Evaluation:
        raise error from cause

    return evaluate


def test_a_candidate_that_came_to_nothing_does_so_at_once(folder, weights):
    store = Store(str(folder))
    with pytest.raises(CandidateError, match="diverged"):
        store({}, weights, fails(CandidateError("diverged")))
    found = store({}, weights, never)
    assert (found.error, found.metrics, found.epochs) == ("diverged", {}, 0)
    assert found.source.startswith("trial 7 of ")


@pytest.mark.parametrize(
    "failure",
    [
        fails(CandidateError("no memory"), torch.OutOfMemoryError("no memory")),
        fails(RuntimeError("no idea")),
        fails(KeyboardInterrupt()),
    ],
)
def test_what_may_come_from_the_machine_is_not_kept(failure, folder, weights):
    with pytest.raises((CandidateError, RuntimeError, KeyboardInterrupt)):
        Store(str(folder))({}, weights, failure)
    assert not entries(folder)


def test_a_folder_that_cannot_be_written_does_not_stop_a_search(folder, weights, caplog):
    store = Store(str(folder))
    folder.write_text("in the way")
    assert store({}, weights, train(weights)).metrics == {"acc": 0.5}
    assert "not kept in evaluator.store" in caplog.text
    with pytest.raises(ConfigError, match=r"evaluator\.store: is .*store, which is no folder"):
        Store(str(folder))


def test_two_processes_use_one_store_at_a_time(folder, tmp_path):
    """One from the front, one from the back: each finds what the other has done already."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(me), str(folder), str(tmp_path / f"{me}.ckpt")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for me in (0, 1)
    ]
    for racer in racers:
        racer.stdin.write("\n")
        racer.stdin.flush()
    trained = [int(racer.communicate()[0]) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    assert 300 <= sum(trained) < 600
    assert len(entries(folder)) == 300
    assert not list(folder.rglob("*.new"))


# ------------------------------------------------------------------ with real training


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module of the user's own, which imports another one."""
    (tmp_path / "my_network.py").write_text(MINE)
    (tmp_path / "my_parts.py").write_text(PARTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("my_network", "my_parts"):
        sys.modules.pop(name, None)
    source.source_of.cache_clear()


def evaluate(folder: Path, weights: Path, repeat: int = 0, seed: int = 0, **changes) -> Evaluation:
    given = candidate(**changes)
    return TrainEvaluator(seed=seed, store=str(folder)).evaluate(given, repeat, weights)


def test_a_network_is_trained_once_and_its_weights_load(folder, weights):
    first = evaluate(folder, weights)
    expected = torch.load(weights, weights_only=True)
    weights.unlink()
    found = evaluate(folder, weights)
    assert found.source is not None
    assert (found.metrics, found.epochs, found.seconds) == (
        *(first.metrics, first.epochs),
        first.seconds,
    )
    loaded = torch.load(weights, weights_only=True)
    assert all(torch.equal(loaded[name], tensor) for name, tensor in expected.items())


def test_a_repeat_is_the_same_as_the_next_seed_and_no_other(folder, weights):
    evaluate(folder, weights, repeat=1)
    assert evaluate(folder, weights).source is None
    assert evaluate(folder, weights, seed=1).source is not None


def changed(part: str, **changes) -> dict:
    return {part: {**candidate()[part], **changes}}


@pytest.mark.parametrize(
    "changes",
    [
        {"model": convolutions(1, 9)},
        changed("trainer", max_epochs=2),
        changed("trainer", precision="bf16-mixed"),
        changed("optimizer", lr=0.2),
        changed("dataset", limit=210),
        changed("dataset", seed=1),
        changed("dataset", validation=0.3),
        changed("dataset", batch_size=8),
        {"scheduler": {"_target_": "torch.optim.lr_scheduler.StepLR", "_partial_": True}},
    ],
)
def test_whatever_changes_the_numbers_is_a_miss(changes):
    assert known(**changes) != known()


def known(settings: dict | None = None, **changes) -> dict:
    one = Prepared(candidate(**changes), "search")
    return training_identity(one, settings or {"seed": 0}, ["nas_hydra.evaluator.training"])


def test_where_data_lie_and_who_computes_changes_nothing():
    same = changed("dataset", workers=3, memory_limit="2GB")
    assert known(**same) == known()
    assert known(**changed("trainer", accelerator="auto")) == known()


def test_threads_and_settings_of_the_evaluator_count():
    before, threads = known(), torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        assert known() != before
    finally:
        torch.set_num_threads(threads)
    assert known({"seed": 0, "channels_last": False}) != before


def test_the_users_own_code_counts_also_what_it_imports(mine, folder, weights):
    model = {"_target_": "my_network.Mine"}
    evaluate(folder, weights, model=model)
    assert evaluate(folder, weights, model=model).source is not None
    (mine / "my_parts.py").write_text(PARTS.replace("ReLU", "Tanh"))
    source.source_of.cache_clear()  # as in another process
    assert evaluate(folder, weights, model=model).source is None


def test_our_training_code_counts(monkeypatch, tmp_path):
    before = known()
    ours = (
        "evaluator.training",
        "task.classification",
        "model.conv",
        "dataset.base",
        "config.total_steps",
    )
    assert {f"nas_hydra.{name}" for name in ours} <= (set(before["code"]))
    assert before["code"]["torch"] == torch.__version__
    found = source.source_file
    edited = tmp_path / "classification.py"
    edited.write_text(found("nas_hydra.task.classification").read_text() + "# another loss\n")
    monkeypatch.setattr(
        source,
        "source_file",
        lambda name: edited if name.endswith("task.classification") else found(name),
    )
    source.source_of.cache_clear()
    try:
        assert known() != before
    finally:
        source.source_of.cache_clear()


def test_a_file_that_a_candidate_names_is_known_by_what_it_holds():
    named = changed("optimizer", state="w.pt")
    before = known(**named)
    for content in (b"one", b"two"):
        Path("w.pt").write_bytes(content)
        now = known(**named)
        assert now != before
        before = now
    assert list(before["files"]) == ["w.pt"]
    assert known(**changed("optimizer", state="file://" + str(Path("w.pt").absolute())))["files"]
    odd = changed("optimizer", state=["x" * 5000, "a\0b", "~nobody/x", "", "."])
    assert known(**odd)["files"] == {}
