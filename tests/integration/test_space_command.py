"""``nas-hydra-space``: the whole command, on real spaces."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nas_hydra.cli.space import run

QUICK = ("--samples", "0", "hydra.run.dir=here")


def nas_hydra_space(monkeypatch, *arguments: str) -> int:
    """The exit code of one command in this process."""
    monkeypatch.setattr(sys, "argv", ["nas-hydra-space", *arguments])
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    try:
        return run(sys.argv)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_prints_decisions_genes_and_size_and_writes_pictures(monkeypatch, capsys):
    assert nas_hydra_space(monkeypatch, "search_space=conv_net", *QUICK) == 0
    printed = capsys.readouterr().out
    for words in ("conv_net", "depth: 2 … 5", "kernel_size: 3 | 5 | 7", "1,080 candidates"):
        assert words in printed
    assert re.search(r"genes +7\b", printed)
    for name in ("space.svg", "space.png", "candidate.svg", "candidate.png"):
        assert name in printed
        assert (Path("here") / name).stat().st_size > 500


def test_counts_random_candidates(monkeypatch, capsys):
    assert nas_hydra_space(monkeypatch, "hydra.run.dir=here", "--samples", "5") == 0
    printed = capsys.readouterr().out
    assert re.search(r"parameters +[\d.]+ [kM] to [\d.]+ [kM], median [\d.]+ [kM]", printed)
    assert re.search(r"FLOPs +[\d.]+ [kMG] to .* per row", printed)
    assert "feasible" not in printed


def test_says_which_share_meets_the_constraints(monkeypatch, capsys):
    limit = "{_target_: nas_hydra.constraint.MaxParams, limit: 60000}"
    arguments = (f"+search_space.constraints=[{limit}]", "--samples", "10", "hydra.run.dir=here")
    assert nas_hydra_space(monkeypatch, *arguments) == 0
    share = re.search(r"feasible +([\d.]+)% of \d+", capsys.readouterr().out)
    assert share is not None
    assert 20 < float(share[1]) < 90


def test_overrides_open_and_close_values(monkeypatch, capsys):
    opened = "optimizer.lr={_float_:{low:1e-3,high:1e-1,log:true}}"
    assert nas_hydra_space(monkeypatch, *QUICK, opened) == 0
    printed = capsys.readouterr().out
    assert "optimizer AdamW" in printed
    assert "endless" in printed


def test_a_space_of_one_candidate_says_so(monkeypatch, capsys):
    closed = ("~search_space.width", "~search_space.model")
    model = "+search_space.model={_target_:torch.nn.Flatten}"
    assert nas_hydra_space(monkeypatch, *QUICK, *closed, model) == 0
    printed = capsys.readouterr().out
    assert "one candidate, nothing to search" in printed
    assert re.search(r"genes +0\b", printed)


def test_a_space_of_ones_own(monkeypatch, capsys, tmp_path):
    folder = tmp_path / "my_conf" / "search_space"
    folder.mkdir(parents=True)
    positional = "{_target_: torch.nn.Linear, _args_: [64, 10], name: '', '<script>': '<b>'}"
    (folder / "mine.yaml").write_text(f"model: {{hidden: {{_choice_: [1, 2]}}, x: {positional}}}\n")
    code = nas_hydra_space(monkeypatch, "--config-dir", "my_conf", "search_space=mine", *QUICK)
    assert code == 0
    assert "hidden: 1 | 2" in capsys.readouterr().out
    drawn = [node.text for node in ElementTree.parse("here/candidate.svg").iter() if node.text]
    assert {"64", "10", "<script> ", "<b>"} <= set(drawn)


MISTAKES = {
    "misspelt option": (["search_space=conv_nte"], ["'conv_nte'", "did you mean 'conv_net'?"]),
    "unknown key": (["budget.trails=3"], ["budget.trails", "did you mean 'trials'?"]),
    "mistake in the space": (
        ["search_space.width._choice_=[]"],
        ["search_space.width", "at least"],
    ),
    "key of nobody": (["+foo=1"], ["foo: is read by nobody"]),
    "target that does not import": (
        ["search_space.model._args_.1._target_=no.Head", "--samples", "1"],
        ["'no.Head' does not import"],
    ),
    "constraints that nothing meets": (
        ["+search_space.constraints=[{_target_: nas_hydra.constraint.AtMost, value: 2, limit: 1}]"],
        ["search_space.constraints", "refuse"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake(mistake, monkeypatch, capsys, tmp_path):
    overrides, words = MISTAKES[mistake]
    assert nas_hydra_space(monkeypatch, "hydra.run.dir=here", *overrides) == 2
    printed = capsys.readouterr().err
    for word in words:
        assert word in printed
    assert "Traceback" not in printed


def test_samples_must_be_a_number(monkeypatch, capsys):
    assert nas_hydra_space(monkeypatch, "--samples", "many") == 2
    assert "'many'; it must be a whole number" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nasbench201", pytest.param("conv_net", marks=pytest.mark.long)])
def test_torch_is_not_imported_where_no_model_is_built(name):
    code = (
        "import sys\n"
        f"sys.argv = ['nas-hydra-space', 'search_space={name}', '--samples', '0']\n"
        "from nas_hydra.cli import space\n"
        "try:\n    space()\n"
        "except SystemExit as ended:\n"
        "    assert not ended.code\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=os.environ)


def test_help_names_the_flags(monkeypatch, capsys):
    assert nas_hydra_space(monkeypatch, "--help") == 0
    printed = capsys.readouterr().out
    assert "--samples N" in printed
    assert "--config-dir DIR" in printed
