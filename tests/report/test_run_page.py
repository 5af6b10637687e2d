"""``report.html`` of a search: what it says, for whatever a search may have come to."""

import math
import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from nas_hydra.document import Plot, Table
from nas_hydra.document.markdown import markdown
from nas_hydra.front import Front
from nas_hydra.objective import Limit, Objectives
from nas_hydra.report.candidates import decided, parts
from nas_hydra.report.outcome import Outcome
from nas_hydra.report.plots import measured, progress
from nas_hydra.report.run_page import RunPage, command, run_page
from nas_hydra.run import Run
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.trial import Proposal, Trial, duplicate
from trials import ONE, TWO, complete, search, trials

MODEL = {
    "width": {"_choice_": [16, 32], "_name_": "width"},
    "act": {"_choice_": ["relu", None], "_name_": "model.act"},
    "rate": {"_float_": {"low": 0.0, "high": 1.0}, "_name_": "rate"},
}
SPACE = SearchSpace(OmegaConf.create({"model": MODEL}), parts={"model": ("model",)})
LIMITED = Objectives(ONE.optimised, (Limit("val_loss", at_most=0.3),))
EVIL = "<script>window.evil = 1</script>"


def write(run: Run, told: list[Trial], summary: dict | None = None) -> Path:
    front, page = Front(run.objectives), RunPage(SPACE)
    page.start(run)
    for trial in told:
        front.add(trial)
        page.tell(trial, front, recorded=False)
    page.finish({} if summary is None else summary, 0)
    return run.folder / "report.html"


def sections(file: Path) -> dict[str, str]:
    """Heading -> what stands below it, as text without tags; plots as their data."""
    parts = re.findall(r"<section id=.*?><h2>(.*?)</h2>(.*?)</section>", file.read_text(), re.S)
    return {title: unescape(re.sub(r"<[^>]*>", "\n", body)) for title, body in parts}


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def climb(count: int = 30) -> list[Trial]:
    """Every trial a mutation of the one before, and a little better."""
    return [
        complete(
            number,
            0.5 + number / 100,
            {"width": (16, 32)[number % 2], "rate": number / count},
            (number - 1,) if number else (),
        )
        for number in range(count)
    ]


def test_a_whole_search_has_every_section(tmp_path):
    curves = {"val_acc": (0.3, 0.5), "train_loss": (1.0, 0.5)}
    told = [
        replace(trial, curves=curves, metrics={**trial.metrics, "params": 100.0 + trial.number})
        for trial in climb()
    ]
    told.append(replace(trials()[1], proposal=replace(trials()[1].proposal, number=30)))
    found = sections(write(search(tmp_path / "run", trials=31), told))
    assert list(found) == [
        *("Result", "val_acc against parameters", "Winner", "Best trials", "Progress"),
        *("What the best tenth has in common", "Where the winner comes from", "Learning curves"),
        *("Population", "Failures", "Cost", "To go on, and to reproduce"),
    ]
    assert lines(found["Result"])[0] == (
        "Trial 29 won: val_acc 0.79 with 129 parameters, the best of 30 candidates."
    )
    assert "too deep" in found["Failures"]
    assert "nas-hydra-explain" in found["What the best tenth has in common"]
    assert "best_acc" not in found["Winner"]


def test_the_lineage_tells_what_each_step_changed_and_gained(tmp_path):
    told = [
        complete(0, 0.5, {"width": 16}),
        complete(1, 0.6, {"width": 32, "rate": 0.5}),
        complete(2, 0.7, {"width": 32, "model.act": "relu"}, parents=(0, 1)),
        complete(3, 0.8, {"width": 32, "model.act": "relu", "rate": 0.25}, parents=(2,)),
    ]
    shown = lines(sections(write(search(tmp_path / "run"), told))["Where the winner comes from"])
    text = " ".join(shown)
    assert "mutation of 2" in text
    assert "+0.1" in text
    assert "rate: not active → 0.25" in text
    assert "mutation of 0 with 1" in text or "mutation of 1 with 0" in text


def test_an_interrupted_search_says_how_far_it_came_and_how_to_go_on(tmp_path):
    run, page = search(tmp_path / "run", trials=40), RunPage(SPACE)
    page.start(run)
    front = Front(ONE)
    for trial in climb(3):
        front.add(trial)
        page.tell(trial, front, recorded=False)
    page.finish(None, 130)
    found = sections(run.folder / "report.html")
    assert "interrupted after 3 of 40 trials" in found["Result"]
    shown = lines(found["Result"])
    assert shown[shown.index("Next, to go on with this one:") + 1] == run.command


def test_a_search_without_a_trial_has_no_page(tmp_path):
    page = RunPage(SPACE)
    page.start(search(tmp_path / "run"))
    page.finish(None, 1)
    assert not (tmp_path / "run" / "report.html").exists()


def test_a_search_without_a_result_says_so(tmp_path):
    failed = replace(trials()[1], proposal=replace(trials()[1].proposal, number=0))
    found = sections(write(search(tmp_path / "run"), [failed]))
    assert "No trial was completed." in found["Result"]
    assert "Winner" not in found
    assert "What the best tenth has in common" not in found


def test_a_front_is_shown_with_its_hypervolume(tmp_path):
    told = [complete(n, 0.5 + n / 20, {"width": 16}, val_loss=0.1 + n / 10) for n in range(5)]
    run = search(tmp_path / "run", objectives=TWO, trials=5)
    found = sections(write(run, told))
    assert "5 of 5 candidates are on the front" in found["Front"]
    assert "hypervolume" in found["Front"]
    assert "the best val_acc of the front, which has no knee" in found["Result"]


def test_ties_are_told(tmp_path):
    told = [replace(complete(n, 0.5, {"width": n}), values={"val_acc": 0.5}) for n in range(3)]
    found = sections(write(search(tmp_path / "run"), told))
    assert "2 other candidates are as good; decided by val_loss, then by age." in found["Result"]


def test_the_winner_is_compared_with_the_founders(tmp_path):
    founder = complete(0, 0.5, {"width": 16})
    founder = replace(founder, proposal=replace(founder.proposal, origin="random"))
    told = [founder, complete(1, 0.75, {"width": 32}, parents=(0,))]
    found = sections(write(search(tmp_path / "run", objectives=ONE), told))
    assert lines(found["Result"])[0] == (
        "Trial 1 won: val_acc 0.75, +0.25 over the best of 1 random candidate (0.5)."
    )


def test_candidates_within_the_noise_of_the_validation_are_counted(tmp_path):
    told = [complete(n, value, {"width": n}) for n, value in enumerate((0.8, 0.78, 0.5))]
    outcome = Outcome(
        search(tmp_path / "run"), SPACE.genes, told, Front(ONE, told), True, 65.0, rows=200
    )
    text = markdown(run_page(outcome))
    assert "1 other is within the noise of the validation" in text
    assert "0.04, the standard error of a difference on 200 rows" in text
    assert "1 min 05 s" in text.splitlines()[2]
    assert "digits" in text.splitlines()[2]


def test_a_front_is_sorted_and_has_a_column_for_each_decision(tmp_path):
    told = [
        complete(n, acc, {"a.width": 16 * n, "a.act": "relu"}, val_loss=loss)
        for n, (acc, loss) in enumerate([(0.5, 0.1), (0.9, 0.5), (0.7, 0.3)])
    ]
    front = Front(TWO, told)
    run = search(tmp_path / "run", objectives=TWO)
    parts = run_page(Outcome(run, SPACE.genes, told, front, True)).sections[1].content
    (table,) = (part for part in parts if isinstance(part, Table))
    assert table.columns == ["trial", "val_acc", "val_loss", "a.width"]
    assert [row[0] for row in table.rows] == [1, 2, 0]
    assert table.caption == "The same in all: a.act relu."


def test_copies_of_a_repeated_part_are_one_column():
    genotype = Genotype({"k[0]": 3, "k[2]": 5, "depth": 2}, "key")
    assert parts([*genotype, "k[1]"]) == {"k": ["k[0]", "k[2]", "k[1]"], "depth": ["depth"]}
    assert decided(genotype, ["k[0]", "k[1]", "k[2]", "k[3]"]) == "3, -, 5"
    assert decided(genotype, ["k[1]", "k[3]"]) is None


def test_limits_that_nothing_meets_are_told(tmp_path):
    told = [complete(0, 0.5, {"width": 16})]
    found = sections(write(search(tmp_path / "run", objectives=LIMITED), told))
    assert "No trial meets the limits" in found["Result"]
    assert "maximize val_acc, with val_loss at most 0.3." in found["Result"]


def test_a_trial_far_worse_than_the_others_does_not_squeeze_them(tmp_path):
    told = [complete(0, -100.0, {"width": 16}), *climb()[1:]]
    outcome = Outcome(search(tmp_path / "run"), SPACE.genes, told, Front(ONE), True)
    series = data(progress(outcome, ONE[0]))
    assert series["far worse"]["x"] == [0]
    assert series["far worse"]["yaxis"] == "y2"
    assert min(series["trial"]["y"]) > 0
    assert series["best so far"]["y"][0] is None


def data(plot: Plot) -> dict[str, dict]:
    return {series["name"]: series for series in plot.traces}


@pytest.mark.parametrize(
    ("typed", "overrides", "expected"),
    [
        ("nas-hydra hydra.run.dir=there a=1", ["a=1"], "nas-hydra a=1"),
        (
            "nas-hydra --config-dir mine -m hydra.sweep.dir=there a=1,2 'b=[x, y]'",
            ["a=2", "b=[x, y]"],
            "nas-hydra --config-dir mine a=2 'b=[x, y]'",
        ),
    ],
)
def test_the_command_is_that_of_this_run_alone(tmp_path, typed, overrides, expected):
    run = search(tmp_path / "run", command=typed)
    assert command(run) == typed
    (run.folder / ".hydra").mkdir()
    OmegaConf.save(overrides, run.folder / ".hydra" / "overrides.yaml")
    assert command(run) == expected


# ------------------------------------------------------------------ whatever may come

finite = st.floats(-1e100, 1e100)
genotypes = st.fixed_dictionaries(
    {},
    optional={
        "width": st.sampled_from([16, 32]),
        "model.act": st.sampled_from(["relu", None]),
        "rate": st.floats(0, 1),
    },
)


@st.composite
def searches(draw):
    """Trials of every state, their parents among the earlier ones, some known already."""
    told: list[Trial] = []
    for number in range(draw(st.integers(1, 25))):
        genes = draw(genotypes)
        parents = draw(st.lists(st.integers(0, number - 1), max_size=2)) if number else []
        proposal = Proposal(number, Genotype(genes, str(genes)), "mutation", tuple(parents))
        if told and draw(st.integers(0, 9)) == 0:
            told.append(duplicate(proposal, told[-1]))
        elif draw(st.integers(0, 9)) < 2:
            told.append(Trial(proposal, "failed", error=draw(st.text()), seconds=1.0))
        else:
            values = {"val_acc": draw(finite), "val_loss": draw(finite)}
            curves = draw(st.dictionaries(st.text(), st.lists(st.floats()).map(tuple), max_size=2))
            metrics = {**values, "params": draw(st.floats())}
            told.append(Trial(proposal, "complete", values, metrics, 1, 1.0, curves=curves))
    return told


@given(searches(), st.sampled_from([ONE, TWO, LIMITED]), st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_search_is_without_a_page(tmp_path, told, objectives, ended):
    shutil.rmtree(tmp_path / "run", ignore_errors=True)
    names = {objective.name for objective in objectives}
    told = [
        replace(trial, values={name: trial.values[name] for name in names & {*trial.values}})
        for trial in told
    ]
    run = search(tmp_path / "run", objectives=objectives, metrics=["val_loss", "val_acc"])
    file = write(run, told, {} if ended else None)
    assert {"Result", "To go on, and to reproduce"} <= set(sections(file))


# ------------------------------------------------------------------ in a browser


def test_a_real_browser_shows_names_and_errors_as_text(browser, tmp_path):
    told = [replace(trial, curves={EVIL: (0.1, 0.2)}) for trial in climb()]
    error = Trial(Proposal(30, Genotype({}, EVIL), EVIL), "failed", error=EVIL)
    run = search(tmp_path / "run", name=EVIL, command=EVIL, trials=31)
    (run.folder / "best.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="90">{EVIL}</svg>'
    )
    for width in (1280, 390):
        file = write(run, [*told, error])
        browser.open(file, width)
        assert browser.run("return window.evil") is None
        assert browser.complaints == []
        assert browser.requests == [file.as_uri()]
        assert browser.run("return document.documentElement.scrollWidth") == width
    headings = browser.run("return document.querySelector('h1').textContent")
    assert headings == EVIL
    assert browser.run("return document.querySelectorAll('.drawing .main-svg').length") > 4


def test_a_curve_goes_through_the_epochs_that_were_measured():
    assert measured((math.nan, 0.5, math.nan, 0.7)) == ([2, 4], [0.5, 0.7])
