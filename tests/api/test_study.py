"""``nas_hydra.Study``: ask and tell, with the strategies and the record of the command."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import read_csv

import nas_hydra
from api.host import state
from nas_hydra import Study
from nas_hydra.errors import ConfigError
from nas_hydra.record.past import read_run

BASE = ("tracker=none", "report=false", "budget.trials=6", "hydra.run.dir=run")


def score(proposal) -> float:
    """Stands for a training."""
    return sum(map(int, proposal.genotype.key[:4].encode())) / 1000


def run(study: Study) -> list[str]:
    """Ask and tell to the end; the keys in ask order."""
    keys = []
    while (proposal := study.ask()) is not None:
        keys.append(proposal.genotype.key)
        study.tell(proposal, {"val_acc": score(proposal)})
    return keys


def test_the_example_of_the_documentation():
    study = Study.from_config(
        overrides=["search_space=conv_net", "strategy=surrogate_evolution", *BASE]
    )
    proposal = study.ask()
    model = study.build(proposal)
    assert model(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
    assert study.config(proposal)["optimizer"]["_target_"] == "torch.optim.AdamW"
    study.tell(proposal, {"val_acc": 0.93})
    assert study.best.values == {"val_acc": 0.93}
    study.close()


def test_a_whole_study_leaves_the_files_of_a_search():
    with Study.from_config([*BASE, "report=true"]) as study:
        keys = run(study)
        assert study.ask() is None
        best = max(study.result.told, key=lambda trial: trial.values["val_acc"])
        assert study.best == best
    summary = json.loads(Path("run/summary.json").read_text())
    assert summary["trials"]["complete"] == 6
    assert summary["best"]["trial"] == best.number
    assert read_csv("run/trials.csv")["key"].tolist() == keys
    assert Path("run/report.html").exists()
    assert Path("run/best.yaml").exists()
    past = read_run(Path("run"), "run")
    assert [trial.key for trial in past.trials] == keys
    assert past.spent == 6


def test_the_proposals_are_those_of_the_command():
    with Study.from_config([*BASE, "strategy=random"]) as study:
        keys = run(study)
    result = nas_hydra.search(
        ["dataset.limit=100", "trainer.max_epochs=1", *BASE[:3], "engine=serial"],
        overrides=["strategy=random", "hydra.run.dir=other"],
    )
    # The keys are of whole configs, and those differ; the decisions do not.
    own = read_csv("run/trials.csv").filter(like="kernel")
    assert own.equals(read_csv("other/trials.csv").filter(like="kernel"))
    assert len(keys) == len(result.told)


@pytest.mark.long
@pytest.mark.parametrize("ahead", [1, 3])
@pytest.mark.parametrize("strategy", ["evolution", "tpe"])
def test_interrupted_and_gone_on_with_it_ends_as_uninterrupted(strategy, ahead):
    overrides = [*BASE[:3], f"strategy={strategy}", f"engine.ahead={ahead}"]
    with Study.from_config([*overrides, "hydra.run.dir=whole"]) as study:
        whole = run(study)
    with Study.from_config([*overrides, "hydra.run.dir=parts"]) as study:
        for _ in range(3):
            proposal = study.ask()
            study.tell(proposal, {"val_acc": score(proposal)})
        study.ask()  # and nobody tells
    with Study.from_config([*overrides, "hydra.run.dir=parts"]) as study:
        rest = run(study)
        assert study.trials["key"].tolist() == whole
    assert rest == whole[3:]


@pytest.mark.long
@settings(max_examples=4)
@given(st.permutations(range(4)))
def test_several_pending_in_any_order_of_telling_are_one_list_of_trials(tmp_path_factory, order):
    overrides = [*BASE[:2], "budget.trials=12", "engine.ahead=4", "strategy=regularized_evolution"]

    def keys(order) -> list[str]:
        folder = tmp_path_factory.mktemp("study")
        found = []
        with Study.from_config([*overrides, f"hydra.run.dir={folder}"]) as study:
            for _ in range(2):
                asked = [study.ask() for _ in range(4)]
                found += [proposal.genotype.key for proposal in asked]
                for place in order:
                    study.tell(asked[place], {"val_acc": score(asked[place])})
                assert len(study.trials) == len(found)
        return found

    # The second four are asked while some of the first wait for their turn, whatever the order.
    assert keys(order) == keys(range(4))


def test_a_strategy_that_waits_for_its_founders_says_so():
    with Study.from_config([*BASE[:2], "budget.trials=8", "engine.ahead=4"]) as study:
        asked = [study.ask(), study.ask()]
        with pytest.raises(ConfigError, match="strategy: waits for trial 0 before it can make"):
            study.ask()
        for proposal in asked:
            study.tell(proposal, {"val_acc": 0.5})
        assert study.ask() is not None


def test_one_more_than_may_be_pending_is_refused_with_the_way_out():
    with Study.from_config([*BASE, "engine.ahead=2"]) as study:
        first, second = study.ask(), study.ask()
        study.tell(second, {"val_acc": 0.5})
        assert study.best.number == 1
        with pytest.raises(ConfigError, match=r"trial 0 has to be told.*engine.ahead=3"):
            study.ask()
        study.tell(first, {"val_acc": 0.4})
        assert study.ask().number == 2


def test_what_cannot_be_told():
    with Study.from_config([*BASE]) as study:
        proposal = study.ask()
        with pytest.raises(ConfigError, match=r"objective.val_acc: is not measured"):
            study.tell(proposal, {"accuracy": 0.5})
        with pytest.raises(ConfigError, match="val_acc"):
            study.tell(proposal)
        study.tell(proposal, {"val_acc": 0.5})
        with pytest.raises(ConfigError, match="proposal: 0 is not pending; pending are none"):
            study.tell(proposal, {"val_acc": 0.5})


def test_failures_and_further_metrics_are_kept():
    with Study.from_config([*BASE, "+objective.params={at_most: 1000}"]) as study:
        study.tell(study.ask(), error="out of memory")
        study.tell(study.ask(), {"val_acc": float("nan"), "params": 1})
        trial = study.tell(study.ask(), {"val_acc": 0.5, "params": 900, "ece": 0.1}, epochs=3)
        assert study.trials["state"].tolist() == ["failed", "failed", "complete"]
        assert study.trials["params"].tolist()[2] == 900
        assert study.best == trial
    past = read_run(Path("run"), "run")
    assert [one.error for one in past.trials][:2] == [
        "out of memory",
        "an objective is not a finite number",
    ]
    assert past.trials[2].metrics["ece"] == 0.1
    assert past.trials[2].epochs == 3


def test_what_was_told_outlives_a_study_that_was_never_closed():
    study = Study.from_config([*BASE])
    study.tell(study.ask(), {"val_acc": 0.5})
    with pytest.raises(ConfigError, match="is in use"):
        Study.from_config([*BASE])
    study._lock.close()  # as the operating system does when the process is gone
    with Study.from_config([*BASE]) as again:
        assert again.ask().number == 1
        assert again.best.values == {"val_acc": 0.5}


def test_the_host_stays_as_it_was():
    assert nas_hydra.Study
    before = state()
    with Study.from_config([*BASE, "strategy=tpe"]) as study:
        run(study)
    assert state() == before


def test_a_wrong_config_writes_nothing():
    for wrong in ("strategy=nothing", "engine.ahead=0", "trial.timeout=5", "seed=x"):
        with pytest.raises(ConfigError):
            Study.from_config([*BASE, wrong])
    assert not Path("run").exists()
