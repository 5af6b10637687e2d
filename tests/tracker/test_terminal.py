"""What a person sees, on a terminal and in a log."""

import io

import pytest
from rich.console import Console

from nas_hydra.report.summary import summarize
from nas_hydra.tracker import terminal
from nas_hydra.tracker.terminal import Terminal
from trials import search, told, trials


@pytest.fixture
def follow(tmp_path, monkeypatch):
    """A search followed by the terminal: what it printed while running."""

    def run(upto=4, recorded=0, finish=True, is_terminal=False):
        stream = io.StringIO()
        console = Console(
            file=stream, force_terminal=is_terminal, soft_wrap=True, width=100, markup=False
        )
        monkeypatch.setattr(terminal, "messages", console)
        followed = search(tmp_path / "run")
        tracker = Terminal()
        tracker.start(followed)
        for trial, best in told()[:upto]:
            tracker.tell(trial, best, recorded=trial.number < recorded)
        summary = summarize(followed, trials(), trials()[2]) if finish else None
        tracker.finish(summary, 0 if finish else 130)
        return stream.getvalue()

    return run


def test_a_log_has_a_line_per_trial(follow):
    printed = follow().splitlines()
    assert printed[0].startswith("random-conv_net-digits-0: 4 trials, 2 genes, in /")
    assert printed[1] == "   0  val_acc 0.5  mutation  width=16  <- best so far"
    assert printed[2] == "   1  failed: too deep  random  width=32"
    assert printed[3].endswith("width=32 model.act=relu  <- best so far")
    assert printed[4] == "   3  val_acc 0.5  crossover, known from trial 0  width=16"


def test_a_terminal_has_lines_for_news_only(follow):
    printed = follow(is_terminal=True)
    assert printed.count("best so far") == 2
    assert "too deep" in printed
    assert "known from trial" not in printed
    assert "4/4 trials" in printed
    assert "1 failed" in printed


def test_the_end_names_the_winner_the_files_and_three_commands(follow, capsys, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "best.yaml").write_text("")
    follow()
    shown = capsys.readouterr().out
    assert "winner: trial 2, val_acc 0.8" in shown
    assert "width      32" in shown
    assert str(tmp_path / "run") in shown
    assert "best.yaml" in shown
    assert "best.ckpt" not in shown  # not there
    assert shown.split("next")[1].count("nas-hydra") == 3


def test_an_interrupted_search_says_how_to_go_on(follow, tmp_path):
    printed = follow(upto=2, finish=False)
    assert "stopped after 2 of 4 trials; all are recorded" in printed
    assert f"nas-hydra hydra.run.dir={tmp_path}/run" in printed


def test_recorded_trials_are_counted_not_listed(follow):
    printed = follow(recorded=3)
    assert "3 trials are recorded already" in printed
    assert "too deep" not in printed
    assert "known from trial 0" in printed
