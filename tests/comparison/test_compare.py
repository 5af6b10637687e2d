"""What a comparison finds in records: groups, curves, targets, tests, tasks; cases by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from comparison.folders import run, sweep
from nas_hydra.comparison import compare
from nas_hydra.comparison.comparing import plain
from nas_hydra.comparison.findings import headline
from nas_hydra.comparison.result import Comparison

SLOW = [[0.1, 0.2, 0.3, 0.5], [0.1, 0.1, 0.2, 0.4], [0.2, 0.2, 0.2, 0.6]]
FAST = [[0.5, 0.7, 0.6, 0.8], [0.4, 0.4, 0.9, 0.1], [0.6, 0.1, 0.1, 0.7]]


def one(*folders: Path | str, **more) -> Comparison:
    return compare([Path(folder) for folder in folders], **more)


def group(comparison: Comparison, name: str, task: int = 0):
    return next(found for found in comparison.tasks[task].groups if found.group == name)


def test_groups_by_strategy_the_best_first():
    found = one(sweep("s", {"random": SLOW, "tpe": FAST}))
    assert found.by == ["strategy"]
    assert (found.objective, found.direction) == ("val_acc", "maximize")
    (task,) = found.tasks
    assert task.task == "conv_net on digits"
    assert [(g.group, g.runs, g.unfinished) for g in task.groups] == [
        ("tpe", 3, 0),
        ("random", 3, 0),
    ]
    assert group(found, "tpe").final.middle == pytest.approx(0.8)  # of 0.8, 0.9 and 0.7
    assert [(r.group, r.seed, r.value, r.best) for r in found.runs][:2] == [
        ("random", 0, 0.5, 3),
        ("random", 1, 0.4, 3),
    ]
    assert found.groups == {"random": {"strategy": "random"}, "tpe": {"strategy": "tpe"}}
    assert found.notes == []


def test_the_curve_is_the_best_so_far_over_trials_epochs_and_seconds():
    found = one(sweep("s", {"random": SLOW}, seconds=0.5))
    curves = group(found, "random").curves
    assert list(curves) == ["trials", "epochs", "seconds"]
    assert list(curves["trials"].points) == [1, 2, 3, 4]
    means = [np.mean(best) for best in zip(*(np.maximum.accumulate(s) for s in SLOW), strict=True)]
    assert [value.middle for value in curves["trials"].values] == pytest.approx(means)
    for axis, end in (("epochs", 8.0), ("seconds", 2.0)):
        points, values = curves[axis].points, curves[axis].values
        assert (points[0], points[-1], len(points)) == (end / 4, end, 200)
        expected = [means[min(3, math.floor(point / end * 4 + 1e-9) - 1)] for point in points]
        assert [value.middle for value in values] == pytest.approx(expected)
    assert all(v.low <= v.middle <= v.high for c in curves.values() for v in c.values)


def test_failures_and_duplicates_are_trials_and_better_nothing():
    run("r/0", [0.3, None, "again", None, 0.5])
    found = one("r")
    (facts,) = found.runs
    assert (facts.trials, facts.failed, facts.best, facts.reached) == (5, 2, 4, 5)
    assert facts.epochs == 4  # of two evaluations; a failure has trained nothing to its end
    curve = group(found, "random").curves["trials"]
    assert [value.middle for value in curve.values] == [0.3, 0.3, 0.3, 0.3, 0.5]


def test_a_curve_begins_where_every_run_has_a_value():
    run("r/0", [None, None, 0.3, 0.5])
    run("r/1", [0.1, 0.2, 0.2, 0.2], seed=1)
    assert list(group(one("r"), "random").curves["trials"].points) == [3, 4]


def test_what_is_minimised_is_best_when_low():
    lower = {"objective": {"val_loss": "minimize"}}
    found = one(sweep("s", {"random": SLOW, "tpe": FAST}, **lower))
    assert [g.group for g in found.tasks[0].groups] == ["random", "tpe"]
    assert group(found, "random").final.middle == pytest.approx((0.1 + 0.1 + 0.2) / 3)
    assert [v.middle for v in group(found, "tpe").curves["trials"].values] == pytest.approx(
        [0.5, (0.5 + 0.4 + 0.1) / 3, 1 / 3 * (0.5 + 0.4 + 0.1), (0.5 + 0.1 + 0.1) / 3]
    )


def test_the_target_is_what_most_runs_of_every_group_reach():
    found = one(sweep("s", {"random": SLOW, "tpe": FAST}))
    assert found.tasks[0].target == 0.5  # the median of 0.5, 0.4 and 0.6
    slow, fast = group(found, "random"), group(found, "tpe")
    assert (slow.reached, slow.evaluations) == (pytest.approx(2 / 3), 4)
    assert (fast.reached, fast.evaluations) == (1, 1)
    assert [facts.reached for facts in found.runs] == [4, None, 4, 1, 3, 1]
    given = one("s", target=0.75)
    assert group(given, "random").evaluations is None
    assert group(given, "tpe").evaluations == 4  # of 4, 3 and never
    first = given.tasks[0].sentences[0]
    assert "random did not within 4 trials in half of its runs or more" in first


@pytest.mark.parametrize(("optimum", "target"), [(0.8, 0.8), (0.9, 0.5)])
def test_the_target_is_the_optimum_if_a_group_finds_it(optimum, target):
    sweep("s", {"random": SLOW, "tpe": FAST})
    known = {"trials": {}, "best": None, "seconds": 1.0, "optimum": {"val_acc": optimum}}
    Path("s/tpe-0/summary.json").write_text(json.dumps(known))
    assert one("s").tasks[0].target == target


def test_parameters_make_groups_if_the_strategy_does_not_explain_them():
    for strategy, size in (("evolution", 10), ("evolution", 20), ("random", None)):
        for seed in (0, 1):
            changes = {"strategy__population_size": size} if size else {}
            choices = {"strategy/parents": "tournament"} if size else {}
            folder = f"s/{strategy}-{size}-{seed}"
            run(folder, [seed, size or 0], strategy=strategy, seed=seed, choices=choices, **changes)
    found = one("s")
    assert found.by == ["strategy", "strategy.population_size"]
    assert {g.group for g in found.tasks[0].groups} == {
        "evolution, population_size=10",
        "evolution, population_size=20",
        "random",
    }
    only = one("s/evolution*")
    assert only.by == ["strategy.population_size"]
    assert [g.group for g in only.tasks[0].groups] == ["population_size=20", "population_size=10"]
    assert only.groups["population_size=20"] == {"strategy.population_size": 20}


def test_parameters_of_a_later_strategy_make_groups_too():
    for seed in range(4):
        run(f"s/random-{seed}", [seed], seed=seed)
    for size in (10, 20):
        for rate in (1, 2):
            changes = {"strategy__population_size": size, "strategy__rate": rate}
            run(f"s/tpe-{size}-{rate}", [size + rate], strategy="tpe", **changes)
    assert one("s").by == ["strategy", "strategy.population_size", "strategy.rate"]


def test_other_settings_make_groups_and_references_to_them_do_not():
    for rate in (0.1, 0.01):
        run(f"s/{rate}", [rate], optimizer={"lr": rate}, strategy__rate="${optimizer.lr}")
    found = one("s")
    assert found.by == ["optimizer.lr"]
    assert [g.group for g in found.tasks[0].groups] == ["lr=0.1", "lr=0.01"]
    chosen = one("s", by=["strategy.rate"])  # unless they are asked for
    assert [g.group for g in chosen.tasks[0].groups] == ["rate=0.1", "rate=0.01"]


def test_grouped_by_one_setting_runs_pair_on_all_others():
    for strategy in ("evolution", "tpe"):
        for size in (10, 20):
            for seed in range(3):
                value = seed / 10 + size / 100 + (strategy == "tpe") * 5
                folder = f"s/{strategy}-{size}-{seed}"
                run(folder, [value], strategy=strategy, seed=seed, strategy__size=size)
    found = one("s", by=["strategy.size"])
    final = next(test for test in found.tasks[0].tests if test.measure == "final value")
    assert (final.name, final.pairs, final.one) == ("Wilcoxon signed-rank", 6, "size=20")
    assert final.p == 0.03125  # all six pairs go one way, though the strategies differ by more
    assert any("size=10 also differ in strategy" in note for note in found.notes)


def test_seeds_that_pair_are_tested_in_pairs_and_others_are_not():
    spread = [[seed + 3] for seed in range(6)]
    sweep("s", {"random": [[seed] for seed in range(6)], "tpe": spread})
    paired = one("s").tasks[0].tests[1]
    assert (paired.name, paired.p, paired.pairs, paired.one) == (
        *("Wilcoxon signed-rank", 0.03125, 6, "tpe"),
    )
    assert paired.effect == (30 + 3 / 2) / 36  # of 36 pairs, three are ties and three lost
    for seed in range(6):
        run(f"other/{seed}", spread[seed], strategy="tpe", seed=100 + seed)
    alone = one("s/random*", "other").tasks[0].tests[1]
    assert (alone.name, alone.pairs) == ("Mann-Whitney U", 6)
    assert alone.effect == paired.effect


def test_holm_corrects_over_the_pairs_of_a_task_and_measure():
    values = {name: [[k + seed / 10] for seed in range(8)] for k, name in enumerate("abc")}
    tests = [t for t in one(sweep("s", values)).tasks[0].tests if t.measure == "final value"]
    assert [t.p for t in tests] == [2 / 2**8] * 3
    assert [t.corrected for t in tests] == pytest.approx([3 * 2 / 2**8] * 3)
    assert [t.needed for t in tests] == [None] * 3


def test_sentences_may_be_quoted():
    early = {"random": [[0, 0, 0.9 + s / 100] for s in range(8)], "tpe": [[0.99, 0, 0]] * 8}
    reached, final = one(sweep("s", early)).tasks[0].sentences
    assert reached == (
        "tpe reached 0.93 in 1 trial, random in 3 (medians; p = 0.0078, 8 seeds, A12 = 1.00)."
    )
    assert final.startswith("After 3 trials, tpe was at 0.99 and random at 0.935 (interquartile")


def test_the_headline_says_who_leads_and_against_whom_that_is_sure():
    far = {"random": [[s / 100] for s in range(8)], "tpe": [[0.9 + s / 100] for s in range(8)]}
    found = one(sweep("s", far))
    assert headline(found) == "tpe leads; confirmed against random, on the final value."
    near = [[value[0] + (-1) ** seed / 90 - 0.001] for seed, value in enumerate(far["tpe"])]
    found = one(sweep("s", {"evolution": near}), "s")
    assert headline(found) == "tpe leads; confirmed against random only, on the final value."
    assert headline(one("s/tpe*")) == "There is one group only, and nothing to compare it with."


def test_too_few_seeds_allow_no_conclusion():
    found = one(sweep("s", {"random": [[0.1]] * 5, "tpe": [[0.5 + s / 10] for s in range(5)]}))
    assert found.tasks[0].sentences[1] == (
        "After 1 trial, tpe was at 0.7 and random at 0.1 (interquartile means; 5 seeds, not told"
        " apart)."
    )
    assert found.tasks[0].tests[1].needed == 6
    assert headline(found) == (
        "tpe leads; nothing is confirmed, which takes at least 6 seeds of each group."
    )


def test_a_small_effect_says_how_many_seeds_it_would_take():
    ones = [[0.5 + s / 100] for s in range(10)]
    others = [[0.5 + ((s * 7) % 10) / 100 + 0.012] for s in range(10)]
    found = one(sweep("s", {"random": ones, "tpe": others})).tasks[0]
    final = found.tests[1]
    assert final.corrected > 0.05
    assert final.needed is not None
    assert final.needed > 10
    assert f"an effect of this size takes about {final.needed} seeds" in found.sentences[1]


def test_one_seed_is_marked():
    found = one(sweep("s", {"random": [[0.1, 0.2]], "tpe": [[0.3, 0.4]]}))
    assert group(found, "tpe").final == (0.4, 0.4, 0.4)
    assert "one seed only of random, tpe" in " ".join(found.notes)
    assert "1 seed, not told apart" in found.tasks[0].sentences[0]


def test_equal_settings_on_other_data_are_told():
    noted = {"counts": [9, 9], "training": "a", "validation": "b"}
    known = {"one": noted, "two": {**noted, "validation": "c"}, "old": None}
    for seed, (name, data) in enumerate(known.items()):
        run(f"s/{name}", [0.1, 0.2], seed=seed, data=data)
    run("s/seed", [0.1, 0.2], seed=3, data={**noted, "training": "d"}, dataset__seed=1)
    (note,) = [note for note in one("s").notes if "other data" in note]
    assert note == (
        "two was measured on other data than one, with the same settings: other validation images."
    )


def test_a_single_group_is_described_without_tests():
    found = one(sweep("s", {"random": SLOW}))
    assert (found.by, found.tasks[0].tests, found.tasks[0].sentences) == ([], [], [])


def test_an_unfinished_run_is_used_as_far_as_it_goes():
    sweep("s", {"random": SLOW, "tpe": FAST})
    run("s/tpe-3", [0.9, 0.95], strategy="tpe", seed=3, trials=4)
    run("s/tpe-4", [], strategy="tpe", seed=4, trials=4)
    found = one("s")
    tpe = group(found, "tpe")
    assert (tpe.runs, tpe.unfinished) == (4, 1)
    assert tpe.final.middle == pytest.approx(0.8)  # of the three that are finished
    curve = tpe.curves["trials"].values
    assert curve[0].middle == pytest.approx(np.mean([0.5, 0.6]))  # of 0.5, 0.4, 0.6 and 0.9
    assert curve[1].middle == pytest.approx(np.mean([0.7, 0.6]))
    assert curve[3].middle == pytest.approx(0.8)
    assert "Left out, no trial is finished yet: tpe-4." in found.notes
    assert "Not finished, used as far as they go: tpe-3 (2 of 4)." in found.notes
    assert [(r.finished, r.trials, r.budget) for r in found.runs][-1] == (False, 2, 4)


def test_while_all_are_running_they_are_compared_after_what_most_have():
    for seed, trials in enumerate((3, 5, 4)):
        run(f"s/a{seed}", [seed / 10] * trials, strategy="random", seed=seed, trials=10)
        run(f"s/b{seed}", [seed / 10] * (trials + 2), strategy="tpe", seed=seed, trials=10)
    found = one("s")
    assert "final values are those after 4 trials; not as far went a0." in " ".join(found.notes)
    assert found.tasks[0].tests[0].pairs == 2


def test_trials_after_the_first_that_is_missing_do_not_count():
    """A pool finishes trials out of turn; interrupted, it may leave a gap."""
    folder = run("r/0", [0.1, 0.2, 0.3, 0.9], trials=4)
    lines = (folder / "journal.log").read_text().splitlines(keepends=True)
    (folder / "journal.log").write_text("".join(line for line in lines if '"number":2' not in line))
    (facts,) = one("r").runs
    assert (facts.trials, facts.value) == (2, 0.2)


def test_an_exhausted_space_is_a_finished_run():
    run("s/a", [0.1, 0.2], trials=8, spent=8)
    run("s/b", [0.1] * 8, strategy="tpe")
    found = one("s")
    assert [(r.finished, r.trials) for r in found.runs] == [(True, 2), (True, 8)]
    assert found.tasks[0].tests[1].pairs == 1
    assert not any("Not finished" in note for note in found.notes)


def test_a_run_that_was_killed_among_its_finalists_is_not_finished():
    final = {"trials": 4, "finalists__number": 2, "rungs": [(3, 0.9, 9, None)]}
    run("s/killed", [0.1, 0.2, 0.3, 0.4], **final)
    run("s/ended", [0.1, 0.2, 0.3, 0.4], **final, strategy="tpe", spent=6)
    found = one("s")
    assert [(r.finished, r.trials) for r in found.runs] == [(True, 5), (False, 5)]
    assert "Not finished, used as far as they go: killed (5 of 6)." in found.notes


def test_a_run_that_is_there_twice_counts_once():
    sweep("s", {"random": SLOW, "tpe": FAST})
    run("again/random-0", SLOW[0], seed=0)
    found = one("s", "again")
    assert group(found, "random").runs == 3
    assert any("a repetition of another run" in note and "random-0" in note for note in found.notes)
    assert one("s", "s/random-0") == one("s")  # and a folder that is given twice


def test_runs_in_which_nothing_is_feasible_are_left_out_and_told():
    limited = {"objective": {"val_acc": "maximize", "params": {"at_most": 10}}}
    small, large = {"val_acc": 0.5, "params": 5.0}, {"val_acc": 0.9, "params": 50.0}
    run("s/a", [large, small], **limited)
    run("s/b", [large, large], seed=1, **limited)
    found = one("s")
    assert [(r.value, r.best) for r in found.runs] == [(0.5, 1)]
    assert any("within the limits: b" in note for note in found.notes)


def test_several_objectives_are_compared_by_hypervolume_from_one_reference():
    both = {"objective": {"val_acc": "maximize", "params": "minimize"}}
    run("s/a", [{"val_acc": 0.5, "params": 4.0}, {"val_acc": 0.8, "params": 8.0}], **both)
    run(
        "s/b",
        [{"val_acc": 0.9, "params": 8.0}, {"val_acc": 0.1, "params": 10.0}],
        strategy="tpe",
        **both,
    )
    found = one("s")
    # from (0.1, 10), the worst of both runs: 0.4 x 6 + 0.3 x 2, and 0.8 x 2
    assert {r.group: r.value for r in found.runs} == pytest.approx({"random": 3.0, "tpe": 1.6})
    assert (found.objective, found.direction) == ("hypervolume", "maximize")
    assert "the hypervolume begins at val_acc 0.1, params 10" in " ".join(found.notes)
    single = one("s", objective="params")
    assert (single.objective, single.direction) == ("params", "minimize")
    assert {r.group: r.value for r in single.runs} == {"random": 4.0, "tpe": 8.0}


def test_a_reference_that_is_configured_is_taken():
    params = {"direction": "minimize", "reference": 12}
    both = {"objective": {"val_acc": {"direction": "maximize", "reference": 0}, "params": params}}
    run("s/a", [{"val_acc": 0.5, "params": 4.0}], **both)
    assert one("s").runs[0].value == pytest.approx(0.5 * 8)


def test_groups_are_ranked_over_tasks():
    for task in range(6):
        for rank, strategy in enumerate(("c", "b", "a")):
            for seed in range(2):
                run(
                    f"s/{task}-{strategy}-{seed}",
                    [task * 10 + rank + seed / 10],
                    strategy=strategy,
                    seed=seed,
                    choices={"dataset": f"d{task}"},
                    dataset={"limit": task},
                )
    found = one("s")
    assert [task.task for task in found.tasks] == [f"conv_net on d{k}" for k in range(6)]
    assert found.ranking is not None
    assert found.ranking.ranks == {"a": 1.0, "b": 2.0, "c": 3.0}
    assert found.ranking.tasks == 6
    assert found.ranking.p == pytest.approx(math.exp(-6))  # chi-squared is 12 with 2 degrees
    assert found.ranking.difference == pytest.approx(2.343 * math.sqrt(12 / 36), abs=1e-3)
    few = one("s/[01]-*")
    assert few.ranking is not None
    assert any("Ranks are over 2 tasks only" in note for note in few.notes)


def test_what_changes_the_meaning_of_a_value_makes_tasks():
    for epochs in (2, 5):
        for strategy in ("random", "tpe"):
            folder = f"s/{strategy}-{epochs}"
            run(folder, [epochs], strategy=strategy, trainer={"max_epochs": epochs})
    assert [task.task for task in one("s").tasks] == [
        "conv_net on digits (trainer.max_epochs=2)",
        "conv_net on digits (trainer.max_epochs=5)",
    ]
    (task,) = one("s/random*", by=["trainer.max_epochs"]).tasks
    assert [g.group for g in task.groups] == ["max_epochs=5", "max_epochs=2"]


def test_a_comparison_is_the_same_again_and_is_json():
    sweep("s", {"random": SLOW, "tpe": FAST})
    text = json.dumps(plain(one("s")), allow_nan=False)
    assert text == json.dumps(plain(one("s")), allow_nan=False)
    assert json.loads(text)["tasks"][0]["groups"][0]["final"].keys() == {"low", "middle", "high"}
