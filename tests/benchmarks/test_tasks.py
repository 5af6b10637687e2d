"""What the benchmark of every kind of data makes of its figures."""

import json

import numpy as np
import pytest
import task_heads
import task_speed
from task_cases import CASES
from task_runs import Scale
from tasks import GOALS, OTHERS, ahead, as_good, as_published, main, mean_of, page, row, summary

CASE = {case.name: case for case in CASES}
SECONDS = {"search": 1234.4, "retraining": 5.0}


def found(winner, **references):
    networks = [{"role": "winner", "name": "trial 3", "mean": winner, "interval": [0.5, 0.75]}]
    networks += [
        {"role": "reference", "name": name.replace("_", " "), "mean": mean}
        for name, mean in references.items()
    ]
    return {"networks": networks, "seconds": SECONDS}


def trained(acc, rmse, params):
    metrics = {"test_digit_acc": acc, "test_centre_rmse": rmse, "params": params}
    told = {name: one if one is None else {"mean": one} for name, one in metrics.items()}
    return {"trials": 30, "seeds": 3, "metrics": told}


def heads(acc, rmse, params):
    alone = {"digit": trained(0.95, None, 6000), "centre": trained(None, 2.0, 4000)}
    return {"alone": alone, "together": trained(acc, rmse, params)}


def test_a_row_has_the_winner_beside_its_rival_and_all_others():
    known = found(0.625, gradient_boosting=0.5, a_linear_model=0.375)
    cells = row(CASE["wine"], known)
    assert cells[:4] == ("wine", "table", "acc", "0.625 (0.5 to 0.75)")
    assert cells[4:] == ("", "0.5", "a linear model 0.375", "", "1,234 + 5")
    assert row(CASE["GunPoint"], known)[7] == "1"


@pytest.mark.parametrize(
    ("name", "winner", "rival", "good"),
    [
        ("wine", 0.9, 0.9, True),
        ("wine", 0.892, 0.9, True),
        ("wine", 0.88, 0.9, False),
        ("diabetes", 50.4, 50.0, True),
        ("diabetes", 51.0, 50.0, False),
        ("diabetes", 40.0, 50.0, True),
    ],
)
def test_within_one_per_cent_is_as_good_whichever_way_is_better(name, winner, rival, good):
    assert as_good(CASE[name], found(winner, gradient_boosting=rival)) is good


def test_what_was_not_measured_reaches_nothing():
    none = {"networks": [{"role": "winner", "name": "trial 3"}], "seconds": SECONDS}
    assert mean_of(none, "winner") is None
    assert not any(reaches(CASE["wine"], none) for _, _, reaches in GOALS)
    assert not as_good(CASE["wine"], found(0.9))


def test_a_published_figure_is_compared_as_it_is_rounded():
    assert as_published(CASE["ArrowHead"], found(0.82857))
    assert not as_published(CASE["ArrowHead"], found(0.8285))


def test_texts_are_compared_by_points_or_by_perplexity():
    assert ahead(CASE["glosses"], found(0.7, a_linear_model=0.64))
    assert not ahead(CASE["glosses"], found(0.7, a_linear_model=0.66))
    assert ahead(CASE["fortunes"], found(70.0, a_bigram_model=72.0))


def test_the_summary_tells_of_the_goals_of_what_was_measured():
    known = {"wine": found(0.9, gradient_boosting=0.8), "scenes": found(0.8)}
    assert list(summary(known)) == [
        "- Tables: within 1 % of gradient boosting or better on 1 of 1 that were measured",
        "  (wine).",
        "- Masks: a mean IoU of at least 0.9 on 0 of 1 that were measured",
        "  (none).",
    ]


def test_two_heads_may_lose_a_point_each_at_half_the_parameters():
    assert task_heads.lost(heads(0.945, 2.5, 5000)) == pytest.approx({"digit": 0.5, "centre": 0.5})
    assert task_heads.reached(heads(0.945, 2.5, 5000))
    assert not task_heads.reached(heads(0.93, 2.5, 5000))
    assert not task_heads.reached(heads(0.945, 3.5, 5000))
    assert not task_heads.reached(heads(0.99, 1.0, 5001))


def test_a_digit_lies_where_its_centre_is_said_to_be(tmp_path):
    with np.load(task_heads.write(tmp_path)) as known:
        image, centre = known["x"][7, 0], known["centre"][7]
        assert len(known["x"]) == len(known["digit"]) == 1797
    inked = np.argwhere(image > 0)
    middle = (inked.min(0) + inked.max(0)) / 2 / (task_heads.CANVAS - 1) * 100
    assert np.abs(middle - centre).max() < 20  # ink may lie on one side of its 8 x 8 pixels


def test_rows_by_index_are_compared_with_the_better_of_the_others():
    seconds = {"by index": [1.0, 1.0, 2.0], "slow": [9.0, 9.0, 9.0], "fast": [3.0, 5.0, 8.0]}
    assert task_speed.times(seconds) == 4


def test_the_page_has_a_section_for_all_else_that_was_measured():
    kinds = {"a table": {"by index": [1.0], "DataLoader, 0 processes": [1.5]}}
    speed = {"rows": 20_000, "machine": "2 cores", "kinds": kinds}
    text = page({"heads": heads(0.945, 2.5, 5000), "speed": speed}, "python benchmarks/tasks.py")
    assert "0.5 is the goal: reached." in text
    assert "| both | 0.945 | 2.5 | 5,000 |" in text
    assert "| a table | 1.00 (1.00 to 1.00) | 1.50 (1.50 to 1.50) | 1.5 | **no** |" in text


def test_what_was_measured_before_stays(tmp_path, monkeypatch):
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps({"wine": found(0.9, gradient_boosting=0.8)}))
    said = [
        "tasks.py",
        "--only",
        "heads",
        "--trials",
        "2",
        "--output",
        f"{tmp_path}/tasks.md",
        "a=1",
    ]
    monkeypatch.setattr("sys.argv", said)
    scales = []
    monkeypatch.setattr(
        OTHERS["heads"], "measured", lambda scale: scales.append(scale) or heads(0.945, 2.5, 5000)
    )
    main()
    assert scales == [Scale(2, 3, ["a=1"])]
    assert [*json.loads(file.read_text())] == ["wine", "heads"]
    assert "| wine | table |" in (tmp_path / "tasks.md").read_text()
