"""``report.html`` of real searches, and the key that leaves it out."""

import os
import re
from pathlib import Path

import pytest

from command import SMALL, nas_hydra, rows
from integration.cells import CELLS, write_cells

REPORT = Path("run/report.html")


@pytest.fixture(autouse=True)
def table(tmp_path):
    write_cells(tmp_path / "cells.csv")


def test_a_search_writes_its_page_unless_told_not_to(monkeypatch):
    assert nas_hydra(monkeypatch, *CELLS, "report=true") == 0
    assert "20 of 20" in REPORT.read_text()
    assert nas_hydra(monkeypatch, *CELLS, "hydra.run.dir=other") == 0
    assert not Path("other/report.html").exists()


@pytest.mark.long
def test_the_page_is_no_part_of_what_a_run_is(monkeypatch):
    """A run that was begun with a page goes on without one, and the other way round."""
    assert nas_hydra(monkeypatch, *CELLS, "budget.trials=4", "report=true") == 0
    before = REPORT.read_text()
    assert nas_hydra(monkeypatch, *CELLS, "budget.trials=8") == 0
    assert REPORT.read_text() == before
    assert nas_hydra(monkeypatch, *CELLS, "budget.trials=12", "report=true") == 0
    assert "12 of 12" in REPORT.read_text()
    assert len(rows(Path("run"))) == 12


@pytest.mark.long
def test_a_finished_run_gets_the_page_that_it_lacks_and_keeps_one_that_it_has(monkeypatch):
    assert nas_hydra(monkeypatch, *CELLS, "report=true") == 0
    as_it_ended = REPORT.read_text()
    REPORT.unlink()
    os.utime("run/summary.json", (0, 12 * 3600))
    assert nas_hydra(monkeypatch, *CELLS) == 0
    assert not REPORT.exists()
    assert nas_hydra(monkeypatch, *CELLS, "report=true") == 0
    when_and_how_long = re.compile(r"(?<=seed 0; )[^<]*")
    again = REPORT.read_text()
    assert when_and_how_long.sub("", again) == when_and_how_long.sub("", as_it_ended)
    assert "01 January 1970" in again
    REPORT.write_text("mine")
    assert nas_hydra(monkeypatch, *CELLS, "report=true") == 0
    assert REPORT.read_text() == "mine"


def test_a_switch_is_on_or_off(monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *CELLS, "report=perhaps") == 2
    assert "report: is 'perhaps'; it must be a valid boolean" in capsys.readouterr().err


@pytest.mark.long
def test_real_trainings_have_learning_curves_and_a_picture(monkeypatch, browser):
    settings = ("report=true", "trainer.max_epochs=2", "hydra.run.dir=run", "strategy=random")
    assert nas_hydra(monkeypatch, *SMALL, *settings) == 0
    browser.open(REPORT.absolute(), width=390)
    assert browser.complaints == []
    assert browser.requests == [REPORT.absolute().as_uri()]
    buttons = "return [...document.querySelectorAll('.buttons button')].map(b => b.textContent)"
    assert browser.run(buttons) == ["val_acc", "val_loss", "val_f1", "train_loss"]
    assert browser.run("return document.querySelector('.picture img').naturalWidth") > 100
    assert browser.run("return document.documentElement.scrollWidth") == 390
    shown = browser.run("return document.querySelector('main').innerText")
    assert "Trial 0" in shown or "Trial 1" in shown or "Trial 2" in shown
