"""Searches whose trainings begin short, go on and inherit: from the command to the files."""

import csv
import signal
from pathlib import Path

import pytest

from command import SMALL, nas_hydra, rows, start

RUN = (
    *(*SMALL, "search_space=mlp", "dataset.limit=200", "trainer.max_epochs=4"),
    *("fidelity=halving", "fidelity.reduction=2", "inherit=parent", "inherit.keep=4"),
    *("strategy=regularized_evolution", "strategy.population_size=10", "strategy.founders=4"),
    *("engine.ahead=2",),
)
TIMES = ("seconds", "latency")


def told(folder: str) -> list[dict[str, str]]:
    """The table of trials without what depends on the clock."""
    return [{k: v for k, v in row.items() if k not in TIMES} for row in rows(Path(folder))]


def test_a_larger_budget_goes_on_as_if_it_had_been_there(monkeypatch):
    """Promotions and children find the checkpoints that the first process has left."""
    assert nas_hydra(monkeypatch, *RUN, "budget.trials=16", "hydra.run.dir=whole") == 0
    for trials in (7, 16):
        words = f"budget.trials={trials}", "hydra.run.dir=twice"
        assert nas_hydra(monkeypatch, *RUN, *words) == 0
    assert told("twice") == told("whole")
    assert any(row["origin"] == "promotion" for row in told("whole"))
    assert any(row["inherits"] for row in told("whole"))


def test_no_checkpoint_is_kept_that_nothing_may_ask_for(monkeypatch):
    assert nas_hydra(monkeypatch, *RUN, "budget.trials=16", "hydra.run.dir=run") == 0
    kept = {int(file.stem) for file in Path("run/checkpoints").glob("*.ckpt")}
    continued = {int(row["continues"]) for row in told("run") if row["continues"]}
    assert 4 <= len(kept) < 16
    assert len(kept - continued) == len(kept)  # what has gone on is not asked for again


def test_with_one_rung_it_is_the_full_search(monkeypatch):
    base = (*SMALL, "search_space=mlp", "dataset.limit=200", "trainer.max_epochs=2")
    found = {}
    for name, more in {"full": (), "rung": ("fidelity=halving", "fidelity.minimum=2")}.items():
        words = (*base, *more, "budget.trials=6", f"hydra.run.dir={name}")
        assert nas_hydra(monkeypatch, *words) == 0
        found[name] = [(row["key"], row["val_acc"], row["epochs"]) for row in rows(Path(name))]
    assert found["full"] == found["rung"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fidelity=halving", "fidelity.reduction=1"), "fidelity.reduction: is 1"),
        (("fidelity=halving", "fidelity.minimum=9"), "fidelity.minimum: is 9"),
        (("fidelity=halving", "trainer.max_epochs={_choice_:[1,2]}"), "fidelity: needs"),
    ],
)
def test_what_cannot_be_is_told_in_one_message(monkeypatch, capsys, words, message):
    assert nas_hydra(monkeypatch, *SMALL, "trainer.max_epochs=4", *words) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")


def test_tables_of_trials_stay_as_they_were_where_every_training_is_whole(monkeypatch):
    assert nas_hydra(monkeypatch, *SMALL, "budget.trials=2", "hydra.run.dir=run") == 0
    with Path("run/trials.csv").open(encoding="utf-8") as stream:
        head = next(csv.reader(stream))
    assert not {"fidelity", "continues", "inherits", "inherited"} & {*head}
    assert not Path("run/checkpoints").exists()


@pytest.mark.long
def test_a_killed_search_ends_as_an_uninterrupted_one_and_trains_no_epoch_again(monkeypatch):
    """It is killed as soon as some trials, or some epochs of one, are on disk."""
    words = (*RUN, "trainer.max_epochs=8", "budget.trials=14", "engine=serial", "engine.ahead=2")
    assert nas_hydra(monkeypatch, *words, "hydra.run.dir=whole") == 0
    for trials in (2, 9):
        process = start(*words, "hydra.run.dir=killed")
        for line in process.stderr:
            if line.startswith(f"{trials:>4}  "):
                break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not Path("killed/summary.json").exists()
    assert nas_hydra(monkeypatch, *words, "hydra.run.dir=killed") == 0
    assert told("killed") == told("whole")


@pytest.mark.long
def test_disk_is_bounded_over_many_trials(monkeypatch):
    """As many checkpoints as may be continued or inherited, whatever the number of trials."""
    words = (
        *(*SMALL, "search_space=mlp", "dataset.limit=60", "trainer.max_epochs=2", "report=false"),
        *("fidelity=halving", "fidelity.reduction=2", "inherit=parent", "inherit.keep=4"),
        *("strategy=random", "engine=serial", "budget.trials=150"),
    )
    largest = {}
    for trials in (50, 150):
        folder = f"run-{trials}"
        assert (
            nas_hydra(monkeypatch, *words, f"budget.trials={trials}", f"hydra.run.dir={folder}")
            == 0
        )
        largest[trials] = len(list(Path(folder, "checkpoints").glob("*.ckpt")))
    assert largest[150] <= largest[50] + 4
