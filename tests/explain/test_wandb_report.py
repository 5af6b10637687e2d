"""Explanations as W&B reports, with the real wandb-workspaces and a stand-in of the service."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from comparison.folders import run as search_run
from comparison.made import comparison
from explain.known import search
from explain.made import explanation
from nas_hydra.cli.explain import run as explain
from nas_hydra.comparison.comparing import publish as publish_comparison
from nas_hydra.errors import NasHydraError
from nas_hydra.explain.publishing import FILE, publish
from nas_hydra.explain.result import Explanation
from nas_hydra.tracker.wandb_rows import WandbPlace
from tracker.wandb_answers import ENTITY, Service
from tracker.wandb_service import account

COMMAND = "nas-hydra-explain run=night wandb=true"


@pytest.fixture
def service(monkeypatch) -> Iterator[Service]:
    with account(monkeypatch) as running:
        running.projects.append("nas")
        yield running


def explained(path: str | None = f"{ENTITY}/nas/run7", **changes) -> Explanation:
    """An explanation of a run whose folder says by which W&B run it was tracked."""
    folder = search_run("night", [0.1, 0.2])
    if path:
        WandbPlace("run7", path, 2).write(folder)
    return explanation(run=str(folder), **changes)


def published(service: Service, found: Explanation, project: str | None = None) -> list[dict]:
    """The blocks that arrived."""
    publish(found, COMMAND, project, None, Path())
    (report,) = service.reports.values()
    return report["spec"]["blocks"]


def of_kind(blocks: list[dict], kind: str) -> list[dict]:
    return [block for block in blocks if block["type"] == kind]


def text(blocks: list[dict]) -> str:
    return "\n\n".join(block["content"] for block in of_kind(blocks, "markdown-block"))


def headings(blocks: list[dict]) -> list[str]:
    found = of_kind(blocks, "heading")
    return ["".join(part["text"] for part in block["children"]) for block in found]


def addresses(blocks: list[dict]) -> list[str]:
    return [
        part["url"]
        for block in of_kind(blocks, "list")
        for item in block["children"]
        for part in item["children"][0]["children"]
        if part.get("type") == "link"
    ]


@pytest.mark.long
def test_from_a_tracked_search_to_its_report(service, monkeypatch, capsys):
    tracked = ("tracker=wandb", "tracker.project=nas", "strategy=random", "budget.trials=40")
    search(monkeypatch, *tracked)
    (arrived,) = service.runs.values()
    capsys.readouterr()
    words = ["nas-hydra-explain", "run=run", "output=out", "wandb=true"]
    assert explain(words) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].startswith(f"{service.url}/{ENTITY}/nas/reports/")
    ((key, report),) = service.reports.items()
    assert Path("out", FILE).read_text() == f"{ENTITY}/nas/{key}\n"
    assert report["displayName"].startswith("Why trial ")
    assert report["displayName"].endswith(" won: acc in run")
    blocks = report["spec"]["blocks"]
    for sentence in printed:
        if sentence.startswith(("What matters most", "The largest step")):
            assert sentence in text(blocks)
    (grid,) = of_kind(blocks, "panel-grid")
    (runset,) = grid["metadata"]["runSets"]
    assert (runset["project"]["entityName"], runset["project"]["name"]) == (ENTITY, "nas")
    assert runset["filters"]["filters"][0]["value"] == [arrived.id]
    (panel,) = grid["metadata"]["panelBankSectionConfig"]["panels"]  # a table trains no epochs
    assert panel["config"]["xAxis"] == "trial"
    assert set(panel["config"]["metrics"]) <= set(arrived.history[-1])
    assert addresses(blocks) == [
        f"{service.url}/{ENTITY}/nas/runs/{arrived.id}",
        f"{service.url}/{ENTITY}/nas/artifacts/search/search-{arrived.id}",
    ]
    assert f"search-{arrived.id}" in service.artifacts

    assert explain(words) == 0
    assert capsys.readouterr().out.splitlines() == printed
    assert [*service.reports] == [key]


def test_the_whole_explanation_is_in_the_report(service):
    found = text(published(service, explained()))
    for line in (
        "The predictor can be followed: it has a rank correlation of 0.83",
        "- What matters most for val_acc: op 61 %.",
        "The search is not finished; this is what it has found so far.",
        "| op | 61 % | 50 % to 70 % |",
        "| op and width | 8 % | 2 % to 15 % |",
        "| width | 64 | 0.93 | 0.928 to 0.933 | 32 | 0.92 |",
        "From trial 4, the median of 20 random candidates (0.912), one decision at a time",
        "| 2 | width | 16 | 32 | +0.01 | predicted | 0.951 | 0.94 |",
        "| 0 | 4 | random | 0.912 |  |  |  |",
        "| 1 | 17 | mutation | 0.951 | +0.039 | op | skip → conv\\|3x3 |",
        "| width | 32 → 24 | -0.006 | predicted | 12,000 (-22 %) | 900 (-25 %) |",
        "another one of the best 2 would come out first in 33 % of cases",
        "| 1 | 17 | 0.951 | 67 % |",
        "agrees with what was measured by 0.83",
    ):
        assert line in found


def test_nothing_is_folded_away(service):
    shown = text(published(service, explained(agreement=0.1)))
    assert "<details" not in shown
    assert "not to be relied on:\n\n| decision | share |" in shown


def test_what_markdown_would_take_for_its_own_is_escaped(service):
    found = explained(summary=["cell*width and <b> matter most."])
    sent = text(published(service, found))
    assert "- cell\\*width and \\<b> matter most." in sent
    assert "| 1 | op | skip | conv\\|3x3 (also: depth) | +0.02 | predicted |  | 0.93 |" in sent


def test_where_less_is_better_the_best_option_is_the_least(service):
    sent = text(published(service, explained(direction="minimize")))
    assert "| width | 16 | 0.9 | 0.898 to 0.903 | 32 | 0.92 |" in sent


def test_parts_without_content_are_left_out(service):
    sent = headings(published(service, explained(interactions=[], surfaces=[])))
    assert "Which decisions mattered" in sent
    assert "Decisions that work together" not in sent


def test_where_nothing_was_learned_nothing_is_predicted(service):
    blocks = published(service, explained(agreement=0.1))
    sent = text(blocks)
    assert sent.startswith("The predictor learned next to nothing from 40 candidates")
    assert not {"What each decision is worth", "Decisions that work together"} & {*headings(blocks)}
    assert "| 2 | width | 16 | 32 |  | not known | 0.951 |" in sent
    assert "No candidate one decision away is known to be as good" in sent
    assert "| 1 | 17 | mutation | 0.951 | +0.039 |" in sent


def test_what_was_trained_has_its_curve_by_epochs_too(service):
    (grid,) = of_kind(published(service, explained()), "panel-grid")
    panels = grid["metadata"]["panelBankSectionConfig"]["panels"]
    assert [panel["config"]["xAxis"] for panel in panels] == ["trial", "cost/epochs"]
    assert {tuple(panel["config"]["metrics"]) for panel in panels} == {("best/val_acc",)}


def test_publishing_again_updates_the_report(service):
    first = publish(explained(), COMMAND, None, None, Path())
    again = publish(explanation(run="night", notes=["new"]), COMMAND, None, None, Path())
    assert first == again
    (report,) = service.reports.values()
    assert "new" in text(report["spec"]["blocks"])
    assert report["description"] == f"Made with {COMMAND}"


def test_a_comparison_in_the_same_folder_is_another_report(service):
    publish(explained(), COMMAND, None, None, Path())
    publish_comparison(comparison(["a", "b"], ["t"]), "nas", None, Path())
    publish(explanation(run="night"), COMMAND, None, None, Path())
    publish_comparison(comparison(["a", "b"], ["t"]), "nas", None, Path())
    assert len(service.reports) == 2


def test_a_report_elsewhere_shows_the_run_where_it_is(service):
    blocks = published(service, explained(), project="elsewhere")
    (report,) = service.reports.values()
    assert (report["projectName"], service.projects) == ("elsewhere", ["nas", "elsewhere"])
    (runset,) = of_kind(blocks, "panel-grid")[0]["metadata"]["runSets"]
    assert runset["project"]["name"] == "nas"
    assert f"{service.url}/{ENTITY}/nas/runs/run7" in addresses(blocks)


def test_a_search_that_was_tracked_offline_can_be_reported_before_it_is_uploaded(service):
    blocks = published(service, explained(path="later/run7"), project="nas")
    (runset,) = of_kind(blocks, "panel-grid")[0]["metadata"]["runSets"]
    assert (runset["project"]["entityName"], runset["project"]["name"]) == (ENTITY, "later")
    assert service.projects == ["nas", "later"]


def test_an_untracked_search_needs_a_project_and_has_its_text_only(service):
    found = explained(path=None)
    with pytest.raises(NasHydraError, match=r"^wandb: no run was tracked .*: project=P$"):
        publish(found, COMMAND, None, None, Path())
    blocks = published(service, found, project="nas")
    assert text(blocks)
    assert not of_kind(blocks, "panel-grid")
    assert addresses(blocks) == []


def test_a_long_name_is_cut_to_what_wandb_takes(service):
    found = explained()
    publish(replace(found, objective="x" * 200), COMMAND, None, None, Path())
    (report,) = service.reports.values()
    assert len(report["displayName"]) == 128


def test_no_account_names_the_login_command():
    with pytest.raises(NasHydraError, match=r"^wandb: no W&B account found") as caught:
        publish(explained(), COMMAND, None, None, Path())
    assert f"  wandb login\n  {COMMAND}" in str(caught.value)
    assert not Path(FILE).exists()


def test_an_account_that_the_service_refuses_is_told(service):
    service.query_troubles.append(401)
    with pytest.raises(NasHydraError, match=r"^wandb: W&B refuses or does not answer") as caught:
        publish(explained(), COMMAND, None, None, Path())
    assert f"wandb login --relogin\n  {COMMAND}" in str(caught.value)
