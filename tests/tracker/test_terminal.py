"""What a person sees, on a terminal and in a log."""

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from nas_hydra.objective import Limit, Objectives
from nas_hydra.report.summary import summarize
from nas_hydra.search_space import Genotype
from nas_hydra.tracker import terminal
from nas_hydra.tracker.terminal import Terminal, show
from nas_hydra.trial import Proposal, Trial
from trials import ONE, TWO, complete, halved, standing, told, trials
from trials import search as of_sweep


def search(folder, **changes):
    """A run that is no part of a sweep."""
    return of_sweep(folder, **{"group": folder.name, **changes})


@pytest.fixture
def follow(tmp_path, monkeypatch):
    """A search followed by the terminal: what it printed while running."""

    def run(
        *given, upto=4, recorded=0, finish=True, is_terminal=False, objectives=ONE, sweep=False
    ):
        stream = io.StringIO()
        console = Console(
            file=stream,
            force_terminal=is_terminal,
            soft_wrap=True,
            width=80,
            markup=False,
            highlight=False,
        )
        monkeypatch.setattr(terminal, "messages", console)
        group = "sweep" if sweep else "run"
        followed = search(tmp_path / "run", objectives=objectives, group=group)
        tracker = Terminal()
        tracker.start(followed)
        for trial, front in told(*given, objectives=objectives)[:upto]:
            tracker.tell(trial, front, recorded=trial.number < recorded)
        summary = summarize(followed, given or trials(), front) if finish else None
        tracker.finish(summary, 0 if finish else 130)
        return stream.getvalue()

    return run


def test_a_log_has_a_line_per_trial(follow):
    printed = follow().splitlines()
    assert printed[0].startswith("random-conv_net-digits-0: 4 trials, 2 genes, in ")
    assert printed[1] == "   0  val_acc 0.5  mutation  width 16  <- best so far"
    assert printed[2] == "   1  failed: too deep  random  width 16 → 32"
    assert printed[3].endswith("width 16 → 32, model.act relu  <- best so far")
    assert (
        printed[4]
        == "   3  val_acc 0.5  crossover, known from trial 0  width 32 → 16, no model.act"
    )


def test_a_terminal_has_lines_for_news_only(follow):
    printed = follow(is_terminal=True)
    assert printed.count("best so far") == 2
    assert "too deep" in printed
    assert "known from trial" not in printed
    assert "4/4" in printed
    assert "1 failed" in printed


def test_news_take_one_line_of_a_terminal(follow):
    genes = {f"block[{i}].kernel_size": 3 for i in range(40)}
    printed = follow(complete(0, 0.5, genes), complete(1, 0.75, {"lr": 0.1}), is_terminal=True)
    first, second = (line for line in printed.splitlines() if "best so far" in line)
    assert "   0  val_acc 0.5  mutation  block.kernel_size 3,3,3,3,3,3,3,3" in first
    assert first.endswith("…  <- best so far")
    assert cell_len(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", first)) == 80
    assert second.endswith("no block.kernel_size, lr 0.1  <- best so far")


def test_of_many_decisions_that_differ_from_the_best_some_are_told(follow):
    given = [complete(n, acc, {f"gene_{i}": n for i in range(9)}) for n, acc in enumerate((1, 0))]
    told = follow(*given).splitlines()[-1]
    assert told.endswith("gene_0 0 → 1, gene_1 0 → 1, gene_2 0 → 1, gene_3 0 → 1 and 5 more")


def test_why_a_trial_failed_is_told_whole(follow):
    why = "the kernel is larger than the image " * 4
    failed = Trial(Proposal(0, Genotype({"width": 32}, "c"), "random"), "failed", error=why)
    assert f"failed: {why}" in follow(failed, is_terminal=True, finish=False, upto=1)


def test_of_a_sweeps_search_one_line_is_left(follow, capsys):
    printed = follow(sweep=True)
    assert printed == ""
    shown = capsys.readouterr().out
    assert shown.startswith("val_acc 0.8  3 s  1 failed  random-conv_net-digits-0  ")
    assert shown.count("\n") == 1
    assert "next" not in shown


def test_the_end_names_the_winner_the_files_and_what_to_do_next(follow, capsys, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "best.yaml").write_text("")
    follow()
    shown = capsys.readouterr().out
    assert "winner: trial 2, val_acc 0.8" in shown
    assert "width      32" in shown
    assert "files in run\n" in shown
    assert "best.yaml" in shown
    assert "best.ckpt" not in shown  # not there
    assert shown.split("next")[1].count("nas-hydra -m strategy=random,evolution") == 1


def test_numbers_are_shown_to_four_digits(follow, capsys):
    printed = follow(complete(0, 0.5, {"lr": 0.0031622776601683794, "width": 16}))
    assert "lr 0.003162, width 16" in printed
    assert "lr     0.003162\n" in capsys.readouterr().out


def test_repeated_parts_of_the_winner_share_a_line(follow, capsys):
    follow(complete(0, 0.5, {"kernel[0]": 3, "kernel[1]": 5, "depth": 2}))
    assert "\n  kernel  3, 5\n  depth   2\n" in capsys.readouterr().out


def test_what_looks_like_markup_is_shown_as_it_is(capsys, tmp_path):
    folder = tmp_path / "a[/]" / ":b:[red]"
    folder.mkdir(parents=True)
    run = search(folder)
    best = complete(0, 0.5, {"[/x]": "[bold]"})
    show(run, summarize(run, [best], standing(best)))
    shown = capsys.readouterr().out
    assert "files in a[/]/:b:[red]\n" in shown
    assert "[/x]  [bold]" in shown


def test_several_objectives_have_a_front(follow, capsys):
    two = complete(0, 0.5, {}, val_loss=3.0), complete(1, 0.75, {}, val_loss=5.0)
    printed = follow(*two, objectives=TWO)
    assert "val_loss 5  mutation  <- on the front" in printed
    shown = capsys.readouterr().out
    assert "front: 2 of 2 trials, hypervolume 0" in shown
    assert "trial 1  val_acc 0.75, val_loss 5" in shown


def test_the_live_line_of_several_objectives_shows_the_winner():
    front = standing(complete(0, 0.5, {}, val_loss=3.0), objectives=TWO)
    assert terminal.standing(front) == "best val_acc 0.5, val_loss 3 (trial 0)"
    front.add(complete(1, 0.75, {}, val_loss=5.0))
    shown = terminal.standing(front)
    assert shown == "front of 2, best val_acc 0.75, val_loss 5 (trial 1)"
    front.add(complete(2, 0.7, {}, val_loss=3.5))
    assert terminal.standing(front) == "front of 3, knee val_acc 0.7, val_loss 3.5 (trial 2)"


def test_ties_are_told_while_they_are_found_and_at_the_end(follow, capsys):
    told = [replace(complete(n, 0.5, {"width": n}), values={"val_acc": 0.5}) for n in range(3)]
    told[1].metrics["val_loss"] = 0.1
    printed = follow(*told)
    assert printed.count("<- best so far") == 2
    assert printed.count("<- best so far, of 2 that tie") == 1
    assert "trial 1, val_acc 0.5 (val_loss 0.1); 2 others tie, decided by val_loss, age" in (
        capsys.readouterr().out
    )


def test_limits_that_nothing_meets_are_mentioned(follow, capsys):
    limited = Objectives(ONE.optimised, (Limit("val_acc", at_least=0.9),))
    printed = follow(objectives=limited)
    assert printed.count("best so far, but over a limit") == 2
    assert "no trial meets the limits" in capsys.readouterr().out


def test_an_interrupted_search_says_how_to_go_on(follow, tmp_path):
    printed = follow(upto=2, finish=False)
    assert "stopped after 2 of 4 trials; all are recorded" in printed
    assert f"nas-hydra hydra.run.dir={tmp_path}/run" in printed


def test_recorded_trials_are_counted_not_listed(follow):
    printed = follow(recorded=3)
    assert "3 trials are recorded already" in printed
    assert "too deep" not in printed
    assert "known from trial 0" in printed


def shown_at_the_end(capsys, folder, **changes) -> str:
    run = search(folder, **changes)
    show(run, summarize(run, trials(), standing(*trials())))
    return capsys.readouterr().out


def test_the_winner_is_shown_with_all_that_was_measured(capsys, tmp_path):
    assert "trial 2, val_acc 0.8 (val_loss 0.2)" in shown_at_the_end(capsys, tmp_path / "run")


def test_only_counts_that_say_something_are_shown(capsys, tmp_path):
    shown = shown_at_the_end(capsys, tmp_path / "run")
    assert "done: 3 complete, 1 failed, 1 duplicates saved; 3 s of evaluation" in shown


@pytest.mark.parametrize(("optimum", "regret"), [(0.95, "regret 0.15"), (0.8, "found")])
def test_a_known_optimum_is_told_with_the_regret(optimum, regret, capsys, tmp_path):
    shown = shown_at_the_end(capsys, tmp_path / "run", optimum={"val_acc": optimum})
    assert f"optimum: val_acc {optimum}, {regret}" in shown


def test_no_optimum_is_made_up(capsys, tmp_path):
    assert "optimum:" not in shown_at_the_end(capsys, tmp_path / "run")


@pytest.mark.parametrize(
    ("trial", "best", "said"),
    [(7, 0.9, "the winner is better"), (1, 0.8, "no candidate that was bred is better")],
)
def test_the_winner_is_compared_with_the_founders(trial, best, said):
    summary = {
        "best": {"trial": trial, "values": {"val_acc": best}},
        "founders": {"trials": 5, "values": {"val_acc": 0.8}},
    }
    ((word, told, _),) = terminal.founders_rows(summary)
    assert (word, told) == (
        "founders",
        f": the best of 5 random candidates has val_acc 0.8; {said}",
    )
    assert not [*terminal.founders_rows({**summary, "founders": None})]


def test_trials_say_how_far_they_were_trained(follow):
    printed = follow(*halved(), upto=8, finish=False).splitlines()
    assert printed[1].startswith("   0  val_acc 0.5 after 1 epoch  random  width 1")
    assert any("   6  stopped after 2 epochs  random" in line for line in printed)


def test_end_says_what_was_trained(tmp_path, capsys):
    run = search(tmp_path / "run", partial=True, config={"trainer": {"max_epochs": 9}})
    show(run, summarize(run, halved(), standing(*halved()), checkpoints=2_000_000))
    printed = capsys.readouterr().out
    assert "trained: 15 epochs were trained; whole trainings of the same candidates" in printed
    assert "Checkpoints took 2 MB of disk at most" in printed
    assert "3 epochs  2 candidates" in printed
