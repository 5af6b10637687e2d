"""W&B reports through the real wandb-workspaces, with a stand-in of the service on the loopback."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from comparison.made import comparison
from nas_hydra.comparison.comparing import WANDB_FILE, publish
from nas_hydra.comparison.result import Comparison
from nas_hydra.errors import NasHydraError
from tracker.wandb_answers import ENTITY, Service
from tracker.wandb_service import account

NAMES, TASKS = ["evolution", "random"], ["cells on digits", "mlp on digits"]


@pytest.fixture
def service(monkeypatch) -> Iterator[Service]:
    with account(monkeypatch) as running:
        running.projects.append("nas")
        yield running


def made(**changes) -> Comparison:
    found = comparison(NAMES, TASKS)
    runs = [
        replace(run, wandb=f"{ENTITY}/nas/run{place}", seed=place % 3)
        for place, run in enumerate(found.runs)
    ]
    groups = {
        name: {"strategy": name, "strategy.population_size": size}
        for size, name in enumerate(NAMES, 20)
    }
    return replace(found, runs=runs, groups=groups, command="nas-hydra-compare sweep", **changes)


def published(service: Service, found: Comparison, tmp_path, **where) -> list[dict]:
    """The blocks that arrived."""
    publish(found, where.get("project"), where.get("entity"), tmp_path)
    (report,) = service.reports.values()
    return report["spec"]["blocks"]


def of_kind(blocks: list[dict], kind: str) -> list[dict]:
    return [block for block in blocks if block["type"] == kind]


def panels(block: dict, kind: str) -> list[dict]:
    found = block["metadata"]["panelBankSectionConfig"]["panels"]
    return [panel["config"] for panel in found if panel["viewType"] == kind]


def test_the_statistics_are_in_the_report(service, tmp_path):
    blocks = published(service, made(notes=["one seed only"]), tmp_path)
    text = "\n".join(block["content"] for block in of_kind(blocks, "markdown-block"))
    assert "evolution reached 92.0 in 41 trials" in text
    assert "p after Holm" in text
    assert "one seed only" in text
    assert "nas-hydra-compare sweep" in text


def test_each_task_has_its_runs_grouped_by_strategy(service, tmp_path):
    found = made()
    grids = of_kind(published(service, found, tmp_path), "panel-grid")
    assert len(grids) == len(TASKS)
    for task, grid in zip(TASKS, grids, strict=True):
        (runset,) = grid["metadata"]["runSets"]
        assert runset["name"] == task
        assert runset["grouping"] == [{"section": "config", "name": "choices.value.strategy"}]
        (chosen,) = runset["filters"]["filters"]
        assert chosen["key"] == {"section": "run", "name": "name"}
        ids = [run.wandb.split("/")[-1] for run in found.runs if run.task == task]
        assert chosen["value"] == ids


def test_curves_run_over_trials_epochs_and_seconds(service, tmp_path):
    grid = of_kind(published(service, made(), tmp_path), "panel-grid")[0]
    plots = panels(grid, "Run History Line Plot")
    assert [plot["xAxis"] for plot in plots] == ["trial", "cost/epochs", "cost/seconds"]
    assert {tuple(plot["metrics"]) for plot in plots} == {("best/val_acc",)}
    assert {plot["groupBy"] for plot in plots} == {"choices.value.strategy"}
    assert {plot["groupAgg"] for plot in plots} == {"median"}


def test_settings_are_compared_with_the_result(service, tmp_path):
    grid = of_kind(published(service, made(), tmp_path), "panel-grid")[0]
    (parallel,) = panels(grid, "Parallel Coordinates Plot")
    assert [column["accessor"] for column in parallel["columns"]] == [
        "config:choices.value.strategy",
        "config:strategy.value.population_size",
        "config:seed.value",
        "summary:best/val_acc",
    ]
    assert not panels(grid, "Parameter Importance")  # explanations have the one there is


def test_groups_of_a_setting_follow_the_setting(service, tmp_path):
    found = made(by=["strategy.population_size", "strategy/survivors"], objective="hypervolume")
    grid = of_kind(published(service, found, tmp_path), "panel-grid")[0]
    assert [key["name"] for key in grid["metadata"]["runSets"][0]["grouping"]] == [
        "strategy.value.population_size",
        "choices.value.strategy/survivors",
    ]
    plot = panels(grid, "Run History Line Plot")[0]
    assert plot["metrics"] == ["hypervolume"]
    assert "groupBy" not in plot  # two keys are the run set's


def test_runs_and_their_files_are_linked(service, tmp_path):
    (links,) = of_kind(published(service, made(), tmp_path), "list")
    found = [
        part["url"]
        for item in links["children"]
        for part in item["children"][0]["children"]
        if part.get("type") == "link"
    ]
    assert f"{service.url}/{ENTITY}/nas/runs/run0" in found
    assert f"{service.url}/{ENTITY}/nas/artifacts/search/search-run0" in found
    assert len(found) == 2 * len(made().runs)


def test_runs_of_several_projects_are_shown_where_they_are(service, tmp_path):
    found = made()
    first, *others = found.runs
    moved = replace(first, wandb=f"{ENTITY}/old/run0")
    blocks = published(service, replace(found, runs=[moved, *others]), tmp_path, project="nas")
    sets = of_kind(blocks, "panel-grid")[0]["metadata"]["runSets"]
    assert [one["project"]["name"] for one in sets] == ["old", "nas"]
    assert [one["filters"]["filters"][0]["value"][0] for one in sets] == ["run0", "run1"]
    assert f"{service.url}/{ENTITY}/old/runs/run0" in json.dumps(of_kind(blocks, "list"))


def test_runs_that_were_explained_say_why_their_winner_won(service, tmp_path):
    blocks = published(service, made(), tmp_path)
    assert "Why the winners won" not in json.dumps(blocks)
    found = made()
    folder = Path(found.runs[1].folder)
    folder.mkdir(parents=True)
    (folder / "explanation.json").write_text(json.dumps({"summary": ["Depth mattered."]}))
    sent = json.dumps(published(service, found, tmp_path))
    assert "Why the winners won" in sent
    assert f"evolution, seed {found.runs[1].seed} on cells on digits" in sent
    assert sent.count("Depth mattered.") == len(TASKS)  # the folder is the same for each task


def test_publishing_again_updates_the_report(service, tmp_path):
    first = publish(made(), None, None, tmp_path)
    again = publish(made(notes=["new"]), None, None, tmp_path)
    assert first == again
    (report,) = service.reports.values()
    assert "new" in json.dumps(report["spec"]["blocks"])
    assert (report["entityName"], report["projectName"]) == (ENTITY, "nas")
    assert (tmp_path / WANDB_FILE).read_text() == f"{ENTITY}/nas/view1\n"


def test_another_project_has_a_report_of_its_own(service, tmp_path):
    publish(made(), None, None, tmp_path)
    publish(made(), "elsewhere", None, tmp_path)
    assert [report["projectName"] for report in service.reports.values()] == ["nas", "elsewhere"]
    assert service.projects == ["nas", "elsewhere"]


def test_the_url_is_the_services(service, tmp_path):
    url = publish(made(), None, ENTITY, tmp_path)
    assert url.startswith(f"{service.url}/{ENTITY}/nas/reports/val_acc-by-strategy")
    assert url.endswith("--view1")


def test_untracked_runs_have_their_statistics_only(service, tmp_path):
    found = made()
    untracked = replace(found, runs=[replace(run, wandb=None) for run in found.runs])
    with pytest.raises(NasHydraError, match="no run was tracked with W&B; name a project"):
        publish(untracked, None, None, tmp_path)
    blocks = published(service, untracked, tmp_path, project="nas")
    assert not of_kind(blocks, "panel-grid")
    assert of_kind(blocks, "markdown-block")


def test_runs_tracked_offline_are_the_accounts_own(service, tmp_path):
    found = made()
    runs = [replace(run, wandb=run.wandb.removeprefix(f"{ENTITY}/")) for run in found.runs]
    blocks = published(service, replace(found, runs=runs), tmp_path)
    (runset,) = of_kind(blocks, "panel-grid")[0]["metadata"]["runSets"]
    assert runset["project"]["entityName"] == ENTITY


def test_no_account_names_the_login_command(tmp_path):
    with pytest.raises(NasHydraError, match="no W&B account found") as caught:
        publish(made(), None, None, tmp_path)
    assert "  wandb login\n  nas-hydra-compare sweep" in str(caught.value)
    assert not (tmp_path / WANDB_FILE).exists()


@pytest.mark.long  # W&B asks again for 20 s
def test_no_network_names_the_login_command(service, tmp_path):
    service.away = True
    with pytest.raises(NasHydraError, match="does not answer") as caught:
        publish(made(), None, None, tmp_path)
    assert "wandb login --relogin\n  nas-hydra-compare sweep" in str(caught.value)
    service.away = False


def test_an_account_that_the_service_refuses_is_told(service, tmp_path, monkeypatch):
    service.query_troubles.append(401)
    with pytest.raises(NasHydraError, match="wandb login --relogin"):
        publish(made(), None, None, tmp_path)
