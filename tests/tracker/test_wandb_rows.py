"""What W&B is told, without W&B."""

from dataclasses import replace

from nas_hydra.objective import Objectives
from nas_hydra.report.history import History, Moment, lineage
from nas_hydra.report.summary import summarize
from nas_hydra.tracker import wandb_rows as rows
from nas_hydra.trial import Trial
from trials import ONE, TWO, complete, halved, search, standing, trials


def after(objectives: Objectives, *told: Trial) -> Moment:
    follower = History(objectives, window=20)
    for trial in told:
        follower.take(trial)
    return follower.moment


def test_groups_and_settings_are_at_stable_places(tmp_path):
    choices = {"strategy": "evolution", "strategy/survivors": "best", "hydra/launcher": "basic"}
    settings = {"seed": 0, "strategy": {"population_size": 20}}
    found = rows.config(search(tmp_path, choices=choices, config=settings))
    assert found["strategy"]["population_size"] == 20
    assert found["choices"] == {"strategy": "evolution", "strategy/survivors": "best"}


def test_tags_are_the_groups_and_the_users(tmp_path):
    choices = {"strategy": "s" * 70, "search_space": "cells", "dataset": "none"}
    run = search(tmp_path, choices=choices)
    assert rows.tags(run, ["paper", "cells"]) == ["s" * 64, "cells", "paper"]


def test_a_row_has_the_population_and_what_the_strategy_says():
    first = complete(0, 0.5, {"a": 1})
    proposal = replace(first.proposal, number=1, facts={"predictor/correlation": 0.7})
    row = rows.history_row(after(ONE, first, replace(first, proposal=proposal)), several=False)
    assert row["predictor/correlation"] == 0.7
    assert row["population/mean"] == 0.5
    assert row["population/spread"] == row["population/diversity"] == 0.0
    assert "hypervolume" not in row


def test_a_row_of_several_objectives_has_the_front():
    row = rows.history_row(after(TWO, complete(0, 0.5, {}, val_loss=3.0)), several=True)
    assert (row["front/size"], row["hypervolume"]) == (1, 0.0)
    assert row["best/val_loss"] == 3.0


def test_curves_have_a_row_per_epoch():
    one = replace(complete(0, 0.5, {}), curves={"val_acc": (0.3, 0.5)})
    broken = replace(complete(1, 0.5, {}), curves={"val_acc": (0.1,), "train_loss": (2.0, 1.5)})
    columns, cells = rows.curve_table([one, *trials()[1:2], broken])
    assert columns == ["trial", "epoch", "val_acc", "train_loss"]
    assert cells == [[0, 1, 0.3, None], [0, 2, 0.5, None], [1, 1, 0.1, 2.0], [1, 2, None, 1.5]]


def test_lineage_tells_what_changed_and_what_it_gained(tmp_path):
    first = complete(0, 0.5, {"width": 16})
    child = complete(3, 0.75, {"width": 32, "depth": 2}, parents=(0,))
    columns, cells = rows.lineage_table(search(tmp_path), lineage(child, [first, child]))
    assert columns == ["trial", "parent", "origin", "changed", "val_acc", "gain/val_acc"]
    assert cells == [
        [0, None, "mutation", "", 0.5, None],
        [3, 0, "mutation", "width 16 → 32, depth None → 2", 0.75, 0.25],
    ]


def test_a_row_tells_how_far_a_trial_was_trained_where_that_differs():
    moment = after(ONE, *halved()[:6])
    row = rows.history_row(moment, several=False, partial=True)
    assert (row["trial/fidelity"], row["cost/epochs"]) == (9, 13)
    assert row["best_by_epochs/val_acc"] == row["best/val_acc"] == 0.7
    assert "trial/fidelity" not in rows.history_row(moment, several=False)


def test_tables_tell_what_continues_what(tmp_path):
    run = search(tmp_path / "run", partial=True)
    columns, cells = rows.trial_table(run, halved())
    assert columns[4:8] == ["fidelity", "continues", "inherits", "inherited"]
    assert cells[5][4:8] == [9, 3, None, None]
    columns, cells = rows.curve_table(halved()[:6])
    assert [row[1] for row in cells if row[0] == 5] == [4, 5, 6, 7, 8, 9]


def test_summary_tells_what_was_saved(tmp_path):
    run = search(tmp_path / "run", partial=True, config={"trainer": {"max_epochs": 9}})
    flat = rows.flat_summary(summarize(run, halved(), standing(*halved()), checkpoints=5))
    assert (flat["trained/epochs"], flat["trained/full"], flat["trained/checkpoints"]) == (
        15,
        36,
        5,
    )
