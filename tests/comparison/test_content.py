"""A comparison as a document, and its page, with few and with many groups and tasks."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from comparison.made import comparison
from nas_hydra.comparison.content import document
from nas_hydra.document.html import html
from nas_hydra.document.markdown import markdown

TWO = ["evolution", "random"]
MANY = [f"strategy=surrogate_evolution,population_size={size}" for size in range(10, 22)]
TASKS = [f"nasbench201 on cifar{number}" for number in range(6)]
EVIL = "<script>window.evil = 1</script>"
SHAPES = {
    "one": comparison(["random"], TASKS[:1]),
    "two": comparison(TWO, TASKS[:1]),
    "many": comparison(MANY, TASKS),
    "evil": comparison([EVIL, "random"], [EVIL, "other"]),
}


def body(text: str) -> str:
    """What stands in a page, without what draws it."""
    return text[text.index("<main>") : text.index("</main>")]


def titles(text: str) -> list[str]:
    return [unescape(title) for title in re.findall("<h2>(.*?)</h2>", text)]


def test_sentences_come_first_and_every_task_has_a_section():
    text = body(html(document(SHAPES["many"])))
    assert titles(text) == [
        *("Findings", "What to know", *TASKS),
        *("Ranks over tasks", "Runs", "To make this anew"),
    ]
    assert text.index("p = 0.012 after Holm, 10 seeds") < text.index('class="plot"')


def test_without_several_tasks_there_are_no_ranks_and_without_pairs_no_tests():
    assert "Ranks over tasks" not in titles(html(document(SHAPES["two"])))
    assert "A12" in body(html(document(SHAPES["two"])))
    one = body(html(document(SHAPES["one"])))
    assert "A12" not in one
    assert "There is one group only" in one


def test_axes_that_were_not_measured_have_no_button():
    made = SHAPES["two"]
    (task,) = made.tasks
    groups = [replace(g, curves={"trials": g.curves["trials"]}) for g in task.groups]
    text = body(html(document(replace(made, tasks=[replace(task, groups=groups)]))))
    assert "epochs trained" in body(html(document(made)))
    assert "epochs trained" not in text
    assert 'class="switch"' not in text


def test_runs_link_to_their_own_pages_where_there_are_any(tmp_path):
    made = comparison(TWO, TASKS[:1], runs=1)
    runs = [replace(run, folder=str(tmp_path / "a sweep" / run.folder)) for run in made.runs]
    page = Path(runs[0].folder) / "report.html"
    page.parent.mkdir(parents=True)
    page.touch()
    text = html(document(replace(made, runs=runs), tmp_path / "comparison"))
    assert re.findall('href="(.*?)"', body(text)) == ["../a%20sweep/sweep/0-evolution/report.html"]


def test_settings_that_make_groups_are_columns_and_others_are_folded():
    made = comparison(TWO, TASKS[:1])
    by = ["strategy", "strategy.parents.size"]
    groups = {
        "evolution": {"strategy": "evolution", "strategy.parents.size": 10, "optimizer.lr": 0.1},
        "random": {"strategy": "random", "optimizer.lr": 0.2},
    }
    text = markdown(document(replace(made, by=by, groups=groups)))
    assert text.startswith("# val_acc by strategy, parents.size\n")
    assert "| strategy | parents.size | runs | unfinished | best |" in text
    assert re.search(r"\| random \|\s+\| 10 \|", text)
    assert "| optimizer.lr | 0.1 | 0.2 |" in text


def test_runs_link_to_wandb_where_they_were_online():
    made = comparison(TWO, TASKS[:1], runs=2)
    offline, online = made.runs[:2]
    runs = [replace(offline, wandb="nas/1a"), replace(online, wandb="me/nas/2b")]
    text = markdown(document(replace(made, runs=runs), wandb="https://wandb.example"))
    assert "[2b](<https://wandb.example/me/nas/runs/2b>)" in text
    assert "nas/1a |" in text


def test_the_name_of_a_run_without_a_page_is_shortened():
    made = comparison(TWO, TASKS[:1], runs=1)
    end = "-evaluator_tabular-searched-further-0b907712"
    runs = [replace(run, folder=run.folder + end) for run in made.runs]
    text = markdown(document(replace(made, runs=runs)))
    assert "| 0-random-evalu\N{HORIZONTAL ELLIPSIS}rther-0b907712 |" in text
    assert end not in text


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_browser_draws_it_all(browser, tmp_path, shape, width):
    file = tmp_path / "comparison.html"
    file.write_text(html(document(SHAPES[shape])))
    assert file.stat().st_size < 6e6
    browser.open(file, width, "dark")
    assert browser.complaints == []
    assert browser.requests == [file.as_uri()]
    assert browser.run("return window.evil") is None
    assert browser.run("return document.documentElement.scrollWidth") == width
    made = SHAPES[shape]
    drawn = browser.run("return document.querySelectorAll('.drawing').length")
    assert drawn == 2 * len(made.tasks) + (made.ranking is not None)
    first = "return [...document.querySelector('.legend').children].map(one => one.textContent)"
    assert browser.run(first) == [group.group for group in made.tasks[0].groups]
    lines = "return document.querySelector('.drawing').querySelectorAll('.js-line').length"
    assert browser.run(lines) == 3 * len(made.groups)  # a line, and two edges of its band


def test_buttons_change_what_the_curves_run_over(browser, tmp_path):
    file = tmp_path / "comparison.html"
    file.write_text(html(document(SHAPES["two"])))
    browser.open(file)
    axis = "return document.querySelector('.panel:not([hidden]) .xtitle').textContent"
    assert browser.run(axis) == "trials"
    browser.run("document.querySelectorAll('.buttons button')[2].click()")
    assert browser.run(axis) == "seconds of evaluation"
