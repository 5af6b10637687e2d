"""Programs of one's own: what they are given, how they end, and what is told of it."""

import contextlib
import json
import os
import shlex
import time
from functools import partial
from pathlib import Path

import psutil
import pytest
import yaml
from omegaconf import OmegaConf

from evaluator.programs import PROGRAMS, PYTHON, evaluator, write
from nas_hydra.config.foreign import foreign
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.command import CommandEvaluator
from nas_hydra.evaluator.program import Template
from nas_hydra.search_space import SearchSpace
from nas_hydra.testing.evaluator import (
    CHECKS,
    Subject,
    check_changes,
    check_identity,
    check_repeatable,
    check_weights,
)

PARTS = {"model": ("model",)}
WRITES = "import sys; open(sys.argv[1], 'w').write('{}')"
CANDIDATES = [{"model": {"x": 1, "net": {"acts": ["a b", None]}}}, {"model": {"x": 2}}]


@pytest.fixture(autouse=True)
def programs(tmp_path):
    write(tmp_path)
    (tmp_path / "weights").mkdir()


def space() -> SearchSpace:
    model = {"x": {"_choice_": [1, 2]}, "net": {"acts": ["a b", None]}}
    return SearchSpace(OmegaConf.create({"model": model}), PARTS)


def evaluated(found: CommandEvaluator, repeat: int = 0) -> dict[str, float]:
    found.prepare(space())
    return dict(found.evaluate(CANDIDATES[0], repeat, Path("weights/7.ckpt")).metrics)


def told(command: str, **settings) -> dict:
    """What a program was given."""
    evaluated(evaluator(f"tells.py {command}", **settings))
    return json.loads(Path("weights/trials/7/told.json").read_text())


APART = (check_repeatable, check_weights, check_identity, check_changes)
EACH = [
    pytest.param(check, marks=pytest.mark.long if check in APART else (), id=check.__name__)
    for check in CHECKS
]


@contextlib.contextmanager
def rewritten(file: Path):
    before = file.read_text()
    file.write_text(before + "# changed\n")
    yield
    file.write_text(before)


@pytest.mark.parametrize("check", EACH)
def test_conformance(check, tmp_path):
    make = partial(evaluator, "valley.py {overrides}", cwd=str(tmp_path))
    changes = {"the program": partial(rewritten, tmp_path / "valley.py")}
    check(Subject(make, space, CANDIDATES, changes))


def test_metrics_are_the_last_line_that_is_a_json_object():
    assert evaluated(evaluator("valley.py {overrides}")) == {"loss": 4.0}
    assert Path("weights/trials/7/stdout.txt").read_text().startswith("begins\n")


def test_a_program_is_given_every_value_as_hydra_reads_it():
    assert told("{overrides}")["words"] == ["x=1", "net.acts=['a b',null]"]
    assert told("'-c {overrides}'")["words"] == ["-c x=1 'net.acts=['\"'\"'a b'\"'\"',null]'"]


def test_or_single_values_and_paths():
    words = told("--x={x} {{{net.acts}}} {seed} {config} {folder} {weights}")["words"]
    folder = Path("weights/trials/7").absolute()
    paths = [str(folder / "config.yaml"), str(folder), str(Path("weights/7.ckpt").absolute())]
    assert words == ["--x=1", '{["a b", null]}', "0", *paths]
    assert yaml.safe_load(Path(paths[0]).read_text()) == CANDIDATES[0]["model"]


def test_it_runs_where_the_search_was_started_or_is_told_and_knows_its_trial(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    for name in [name for name in os.environ if name.startswith("NAS_HYDRA")]:
        monkeypatch.delenv(name)  # of whoever runs the tests
    found = told("")
    assert found["cwd"] == str(tmp_path)
    assert found["environment"] == {
        "NAS_HYDRA_TRIAL": "7",
        "NAS_HYDRA_TRIAL_FOLDER": str(tmp_path / "weights/trials/7"),
        "NAS_HYDRA_WEIGHTS": str(tmp_path / "weights/7.ckpt"),
        "NAS_HYDRA_SEED": "0",
        "CUDA_VISIBLE_DEVICES": "3",
    }
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "tells.py").write_text((tmp_path / "tells.py").read_text())
    assert told("", cwd="sub")["cwd"] == str(tmp_path / "sub")


@pytest.mark.parametrize("text", ['{"loss": 1e-5}', "loss: 1.0e-5\nname: x\n", "1e-5"])
def test_metrics_may_be_written_to_a_file(text):
    escaped = text.replace("{", "{{").replace("}", "}}")
    found = evaluator(f"writes.py {{folder}}/m.json {shlex.quote(escaped)}", metrics="m.json")
    assert evaluated(found) == {"loss": 1e-5}


@pytest.mark.parametrize(
    ("program", "settings", "problem"),
    [
        (PROGRAMS["fails.py"], {}, "ended with exit code 3: Traceback | ValueError: too wide"),
        ("import os; os.kill(os.getpid(), 9)", {}, "was killed by SIGKILL, as when memory runs"),
        ("", {}, 'is a JSON object such as {"loss": 0.5}; it has printed nothing'),
        ("print(5)", {}, "no line of its output is a JSON object"),
        ("print({'a': 1})", {}, "0.5}: {'a': 1} (trials/7/stdout.txt has all)"),
        ("""print('{"loss": "x"}')""", {}, "it gave as 'loss' the str 'x'; a number is needed"),
        ("""print('{"loss": NaN}')""", {}, "it gave as 'loss' nan, which is no finite number"),
        ("""print('{"los": 1}')""", {}, "'loss' is not among what it gave: 'los'; did you mean"),
        ("", {"metrics": "m"}, "trials/7/m cannot be read: FileNotFoundError"),
        (WRITES.format("{a: ["), {"metrics": "m"}, "trials/7/m is neither JSON nor YAML"),
        (WRITES.format("[1]"), {"metrics": "m"}, "it gave the list [1]; a number or a dict"),
        ("while True: pass", {"timeout": 0.2}, "evaluator.timeout: ended after 0.2 s; it has"),
    ],
)
def test_a_program_that_fails_is_a_failed_trial_with_its_last_words(program, settings, problem):
    Path("p.py").write_text(program)
    with pytest.raises(CandidateError) as failed:
        evaluated(evaluator("p.py {folder}/m", **settings))
    assert problem in str(failed.value)


def test_metrics_of_an_earlier_attempt_are_not_taken_for_those_of_this_one():
    evaluated(evaluator("writes.py {folder}/m.json 1", metrics="m.json"))
    with pytest.raises(CandidateError, match=r"m\.json cannot be read"):
        evaluated(evaluator("-c ''", metrics="m.json"))


@pytest.mark.parametrize("how", ["stays", "leaves"])
def test_nothing_that_it_has_started_outlives_it(how):
    found = evaluator(f"begets.py {how}", timeout=1.5 if how == "stays" else 30)
    with contextlib.suppress(CandidateError):
        evaluated(found)
    pids = [int(Path(name).read_text()) for name in ("child", "orphan")]
    until = time.monotonic() + 5
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(psutil.pid_exists, pids))


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("no_such_program {x}", "'no_such_program' is no program that is found"),
        ("./valley.py {x}", "'./valley.py' may not be executed"),
        ("python 'x", "is no line of words: No closing quotation"),
        (" ", "is empty; say which program"),
        (f"{PYTHON} {{lr}}", r"has {lr}, which means nothing .*; allowed: 'x', 'net.acts', 'overr"),
        (f"{PYTHON} {{conf}}", "has {conf}, .* did you mean 'config'"),
        (f"{PYTHON} {{x", "has {, which means nothing .a brace itself is written {{"),
        (f"{PYTHON} x}}", "has }, which means nothing"),
        (f"{PYTHON} {{}}", "has {}, which means nothing"),
    ],
)
def test_a_command_that_cannot_work_is_told_before_anything_runs(command, problem):
    with pytest.raises(ConfigError, match=f"^evaluator.command: .*{problem}"):
        CommandEvaluator(command, 0, measure=["loss"]).prepare(space())


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"cwd": "nowhere"}, "evaluator.cwd: there is no folder"),
        ({"metrics": "/tmp/m.json"}, "evaluator.metrics: .* give its name in {folder}"),
        ({"timeout": 0}, "evaluator.timeout: is 0; it must be above 0"),
    ],
)
def test_wrong_settings_are_told(settings, problem):
    with pytest.raises(ConfigError, match=problem):
        evaluator("valley.py", **settings)


def test_a_key_that_cannot_be_an_override_is_told():
    with pytest.raises(ConfigError, match=r"the key 'a b' cannot be said .*; say {config}"):
        Template("x {overrides}").check({"a b": 1})
    Template("x {config}").check({"a b": 1})


def test_a_value_that_only_some_candidates_have():
    found = evaluator("valley.py x={x} {net.acts}")
    found.prepare(space())
    with pytest.raises(CandidateError, match=r"has no value 'net.acts', which the command asks"):
        found.evaluate(CANDIDATES[1], 0, Path("weights/7.ckpt"))


def test_files_of_the_command_tell_one_search_from_another(tmp_path):
    found = evaluator("valley.py {overrides}")
    before = found.files
    assert {*before} >= {"valley.py"}
    with rewritten(tmp_path / "valley.py"):
        assert {name for name in before if found.files[name] != before[name]} == {"valley.py"}


def test_a_strangers_command_is_not_run():
    with foreign(), pytest.raises(ConfigError, match=r"trust=\[nas_hydra.evaluator.command\]"):
        evaluator("valley.py")
    with foreign(["nas_hydra.evaluator.command"]):
        evaluator("valley.py")
