"""What ``strategy.initial`` may be, and what is wrong with what it may not."""

import gzip
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from nas_hydra.app.warm_start import initial_candidates
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator.tabular import TabularEvaluator
from nas_hydra.front import Front
from nas_hydra.objective import Objective, Objectives
from nas_hydra.record.storage import journal
from nas_hydra.record.study import StudyRecord
from nas_hydra.report.files import RunFiles
from nas_hydra.search_space import Hooks, SearchSpace
from nas_hydra.testing.strategy import PARTS
from nas_hydra.trial import Proposal, Trial, duplicate
from trials import search

MODEL = {
    "act": {"_choice_": ["relu", "gelu", None], "_name_": "act"},
    "width": {"_int_": {"low": 1, "high": 64}, "_name_": "width"},
    "drop": {"_float_": {"low": 0, "high": 0.5}, "_name_": "drop"},
    "pool": {
        "_choice_": ["none", {"size": {"_int_": {"low": 2, "high": 4}, "_name_": "size"}}],
        "_name_": "pool",
    },
}
ACC = Objectives((Objective("acc", "maximize"),))
IDENTITY = {"evaluator": {"epochs": 2}, "engine": {"threads": 1, "ahead": 1}, "seed": 0}
PLAIN = {"act": "relu", "width": 8, "drop": 0.25, "pool": "none"}
POOLED = {"act": None, "width": 16, "drop": 0.0, "pool": "1", "size": 3}


def space_where(feasible=None):
    config = {"model": MODEL, "search_space": {"constraints": [{"a": 1}] if feasible else []}}
    return SearchSpace(OmegaConf.create(config), PARTS, Hooks(feasible=feasible))


SPACE = space_where()
POOLED["pool"] = SPACE.places["pool"].gene.labels[1]


def read(given, space=SPACE, objectives=ACC, identity=IDENTITY):
    return initial_candidates(given, space, objectives, identity)


def decisions(candidates):
    return [dict(candidate.genotype) for candidate in candidates]


def refusal(given, **more):
    with pytest.raises(ConfigError) as caught:
        read(given, **more)
    assert caught.value.key == "strategy.initial"
    return caught.value.problem


def test_without_it_there_are_none():
    assert read(None) == []


def test_a_list_of_decisions():
    found = read([PLAIN, POOLED])
    assert decisions(found) == [PLAIN, POOLED]
    assert [candidate.known for candidate in found] == [None, None]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"width": 65}, "width: is 65; it must be a whole number from 1 to 64"),
        ({"act": "swish"}, "act: is 'swish'; it must be one of relu, gelu, None"),
        ({"widht": 3}, "widht: is no gene; .*did you mean 'width'?"),
        ({"size": 3}, "size: is not active beside these decisions"),
        ({"pool": POOLED["pool"]}, "size: has no decision; give it a whole number from 2 to 4"),
    ],
)
def test_what_is_outside_the_space_is_named(changes, problem):
    with pytest.raises(ConfigError, match=f"entry 2 is outside the space: {problem}"):
        read([POOLED, {**PLAIN, **changes}])


def test_what_is_no_list_of_mappings_is_refused():
    assert "entry 1 is outside the space: it is 3, and not {gene: decision}" in refusal([3])
    assert "is 3; allowed: a list of" in refusal(3)
    assert "has no entry" in refusal([])


def test_a_candidate_given_twice_is_refused():
    assert "entry 3 is the same candidate as 1: act=relu" in refusal([PLAIN, POOLED, PLAIN])


def test_what_breaks_the_constraints_is_refused():
    space = space_where(lambda closed, constraints: closed["model"]["width"] > 8)
    assert "entry 1 breaks the constraints: act=relu" in refusal([PLAIN], space=space)


def write(name, text):
    Path(name).write_text(text)
    return name


HEAD = "number,act,width,drop,pool,size\n"
ROWS = f'0,relu,8,0.25,none,\n1,,16,0.0,"{POOLED["pool"]}",3\n'
CSV = HEAD + ROWS


def test_a_csv_with_a_column_for_each_gene(tmp_path):
    Path("c.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    for file in (write("c.csv", CSV), "c.csv.gz", str(tmp_path / "c.csv")):
        assert decisions(read(file)) == [PLAIN, POOLED]


def test_candidates_that_were_trained_on_are_taken_once(caplog):
    lines = [f"{row},{epochs}" for epochs in (1, 3) for row in ROWS.splitlines()]
    text = "\n".join([HEAD.strip() + ",fidelity", *lines])
    with caplog.at_level(logging.INFO):
        assert decisions(read(write("c.csv", text))) == [PLAIN, POOLED]
    assert "2 rows are further trainings of candidates above, each taken once" in caplog.text
    assert "row 3 is the same candidate as 1" in refusal(write("c.csv", HEAD + ROWS + ROWS))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_a_csv_as_others_save_it(encoding):
    mark = "\ufeff" if encoding.endswith("be") else ""
    Path("c.csv").write_bytes((mark + CSV).encode(encoding))
    Path("c.csv.gz").write_bytes(gzip.compress(Path("c.csv").read_bytes()))
    assert decisions(read("c.csv")) == decisions(read("c.csv.gz")) == [PLAIN, POOLED]


def test_a_csv_in_an_old_encoding_is_refused_with_what_to_do():
    Path("c.csv").write_bytes(CSV.replace("relu", "größe").encode("latin-1"))
    assert "save it as UTF-8 (in Excel: CSV UTF-8)" in refusal("c.csv")


LABELS = [
    0.5,
    "0.5",
    "",
    None,
    True,
    "True",
    "=1+1",
    "-2",
    -2,
    "'",
    "a\r\nb",
    "\udcff",
    " x",
    "nan",
]
"""Each is another decision, and many look alike in a csv."""


def own_table(labels, folder):
    """``trials.csv`` of a search that has tried each label."""
    model = {"act": {"_choice_": labels, "_name_": "@act"}}
    space = SearchSpace(OmegaConf.create({"model": model}), PARTS)
    run = search(folder, objectives=ACC, genes=["@act"], metrics=["acc"])
    files, front = RunFiles(space), Front(ACC)
    files.start(run)
    for number, label in enumerate(labels):
        proposal = Proposal(number, space.genotype({"@act": label}), "random")
        trial = Trial(proposal, "complete", {"acc": number / 10}, {"acc": number / 10})
        front.add(trial)
        files.tell(trial, front, recorded=False)
    files.finish(None, 0)
    return space, str(folder / "trials.csv")


def test_decisions_that_look_alike_come_back_from_ones_own_table(tmp_path):
    space, file = own_table(LABELS, tmp_path / "run")
    found = [dict(one.genotype)["@act"] for one in read(file, space=space)]
    assert [(type(one), one) for one in found] == [(type(one), one) for one in LABELS]


def test_ones_own_table_can_be_searched(tmp_path):
    labels = [label for label in LABELS if label is not None]  # an empty cell is no decision there
    space, file = own_table(labels, tmp_path / "run")
    table = TabularEvaluator(file, "acc", [], "error")
    table.prepare(space)
    for number, label in enumerate(labels):
        measured = table.evaluate({"@act": label}, 0, Path("nowhere")).metrics
        assert measured == {"acc": number / 10}


def test_a_table_of_version_0_1_can_still_be_read():
    """It has texts as they are."""
    model = {"act": {"_choice_": ["0.5", "'quoted'", "=1", "-2", "True"], "_name_": "act"}}
    space = SearchSpace(OmegaConf.create({"model": model}), PARTS)
    old = write("c.csv", "act\n0.5\n'quoted'\n=1\n-2\nTrue\n")
    assert [dict(one.genotype)["act"] for one in read(old, space=space)] == model["act"]["_choice_"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("0,relu", "0,swish", "row 1 is outside the space: act: is 'swish'"),
        ("relu,8", "relu,8.5", "row 1 is outside the space: width: is '8.5'"),
        ("relu,8", "relu,", "row 1 is outside the space: width: is ''"),
        ("none,", "none,4", "row 1 is outside the space: size: is '4', but not active"),
        ("width", "breadth", "lacks columns of genes: 'width'; it has 'number'"),
        (ROWS, "", "has no row"),
        (CSV, "", "lacks columns of genes"),
    ],
)
def test_what_is_wrong_with_a_csv_is_named(old, new, problem):
    assert old in CSV
    assert problem in refusal(write("c.csv", CSV.replace(old, new, 1)))


def test_what_is_no_csv_is_refused():
    Path("c.csv.gz").write_bytes(b"no gzip")
    assert "cannot be read as a csv" in refusal("c.csv.gz")
    Path("c.csv").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read as a csv" in refusal("c.csv")
    assert "there is no file or folder" in refusal("nowhere")


@pytest.fixture
def run():
    """A folder with trials 0 to 4: complete, failed, a duplicate, complete, from elsewhere."""
    folder = Path("run")
    storage = journal(str(folder / "journal.log"))
    record = StudyRecord(storage, "search", SPACE, ACC, IDENTITY)
    given = [PLAIN, {**PLAIN, "width": 9}, PLAIN, POOLED, {**PLAIN, "width": 10}]
    proposals = [Proposal(n, SPACE.genotype(one), "random") for n, one in enumerate(given)]
    metrics = {"acc": 0.75, "params": 100.0}
    first = Trial(proposals[0], "complete", {"acc": 0.75}, metrics, epochs=2, seconds=1.5)
    record.add(replace(first, proposal=proposals[3]))  # the order of finishing
    record.add(first)
    record.add(Trial(proposals[1], "failed", error="too wide"))
    record.add(duplicate(proposals[2], first))
    record.add(replace(first, proposal=proposals[4], source="trial 3 of /elsewhere"))
    return folder


def test_the_complete_trials_of_a_run_come_as_they_were_told(run):
    found = read(str(run))
    assert decisions(found) == [PLAIN, POOLED, {**PLAIN, "width": 10}]
    first = found[0].known
    assert (first.metrics, first.epochs, first.seconds) == ({"acc": 0.75, "params": 100.0}, 2, 1.5)
    sources = [candidate.known.source for candidate in found]
    here = run.absolute()
    assert sources == [f"trial 0 of {here}", f"trial 3 of {here}", "trial 3 of /elsewhere"]


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        ({"evaluator": {"epochs": 3}}, "evaluator.epochs was 2 there and is 3 here"),
        ({"engine": {"threads": 2}}, "engine.threads was 1 there and is 2 here"),
        ({"machine": "another"}, "machine was None there and is 'another' here"),
    ],
)
def test_measured_otherwise_they_are_evaluated_anew(run, identity, reason, caplog):
    caplog.set_level("INFO")
    found = read(str(run), identity={**IDENTITY, **identity})
    assert len(found) == 3
    assert {candidate.known for candidate in found} == {None}
    assert f"0 trials of {run.absolute()} as they are, 3 to be evaluated anew" in caplog.text
    assert reason in caplog.text


def test_values_of_other_data_are_no_values_of_this(run, caplog):
    caplog.set_level("INFO")
    noted = {**IDENTITY, "data": {"counts": [4, 4], "training": "a", "validation": "b"}}
    found = read(str(run), identity=noted)
    assert all(candidate.known for candidate in found)
    assert "its record is older, and does not tell its images from others" in caplog.text
    storage = journal("noted/journal.log")
    record = StudyRecord(storage, "search", SPACE, ACC, {**noted, "files": {"w.pt": "1"}})
    proposal = Proposal(0, SPACE.genotype(PLAIN), "random")
    record.add(Trial(proposal, "complete", {"acc": 0.5}, {"acc": 0.5}, 1))
    for changes, reason in (
        ({"data": {**noted["data"], "validation": "c"}}, "other validation images"),
        ({"data": {**noted["data"], "counts": [4, 5]}}, "it had 8 images for training and"),
        ({"files": {"w.pt": "2"}}, "'w.pt' has other content"),
    ):
        assert read("noted", identity={**noted, **changes})[0].known is None
        assert f"its data is not that of this run: {reason}" in caplog.text
    moved = {**noted, "files": {"elsewhere/w.pt": "1"}}
    assert read("noted", identity=moved)[0].known is not None


def test_what_decides_no_metric_may_differ(run):
    changed = {**IDENTITY, "engine": {"threads": 1, "ahead": 8}, "seed": 7, "strategy": "other"}
    assert all(candidate.known for candidate in read(str(run), identity=changed))


def test_a_candidate_whose_own_config_differs_is_evaluated_anew(run):
    config = OmegaConf.create({"model": {**MODEL, "bias": True}})
    found = read(str(run), space=SearchSpace(config, PARTS))
    assert {candidate.known for candidate in found} == {None}


def test_without_one_of_the_objectives_they_are_evaluated_anew(run):
    both = Objectives((*ACC.optimised, Objective("latency", "minimize")))
    assert {candidate.known for candidate in read(str(run), objectives=both)} == {None}
    params = Objectives((Objective("params", "minimize"),))
    assert all(candidate.known for candidate in read(str(run), objectives=params))


def test_a_trial_outside_the_space_is_named(run):
    narrow = {**MODEL, "width": {"_choice_": [8], "_name_": "width"}}
    space = SearchSpace(OmegaConf.create({"model": narrow}), PARTS)
    problem = refusal(str(run), space=space)
    assert "trial 2 is outside the space: width: is 16; it must be one of 8" in problem


def test_a_folder_without_a_record_is_refused(tmp_path):
    assert f"{tmp_path} holds no journal.log" in refusal(str(tmp_path))
    journal(str(tmp_path / "journal.log"))
    assert "is the record of no search of ours" in refusal(str(tmp_path))


def test_a_run_without_a_complete_trial_is_refused():
    storage = journal("run/journal.log")
    StudyRecord(storage, "search", SPACE, ACC, IDENTITY)
    assert "has no trial" in refusal("run")
