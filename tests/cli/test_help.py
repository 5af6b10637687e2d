"""``nas-hydra --help``."""

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

from command import COMMAND, nas_hydra
from nas_hydra.cli.arguments import groups, show_help

CONF = Path(__file__).parents[2] / "conf"


def test_every_group_and_option_is_listed_with_its_purpose(capsys):
    show_help([])
    printed = " ".join(capsys.readouterr().out.split())
    for group, options in groups().items():
        assert f"{group}=" in printed
        for option, purpose in options.items():
            assert f"{option} {purpose}" in printed


def test_every_option_says_what_it_is_for():
    files = [file for file in CONF.rglob("*.yaml") if "hydra" not in file.parts]
    for file in files:
        assert file.read_text().startswith("# "), file
    assert sum(map(len, groups().values())) == len(files) - 1  # config.yaml is no option


def test_options_of_a_config_dir_are_listed_too(capsys, tmp_path):
    (tmp_path / "my_conf" / "search_space").mkdir(parents=True)
    (tmp_path / "my_conf" / "search_space" / "mine.yaml").write_text("# my own space\n")
    show_help(["--config-dir", str(tmp_path / "my_conf")])
    printed = capsys.readouterr().out
    assert "my own space" in printed
    assert "conv_net" in printed


SCRIPTS = tomllib.loads((CONF.parent / "pyproject.toml").read_text())["project"]["scripts"]


def test_every_other_command_is_listed(capsys):
    show_help([])
    printed = capsys.readouterr().out
    for command in set(SCRIPTS) - {"nas-hydra"}:
        assert f"  {command} " in printed


def test_every_command_knows_its_version():
    names = [script.partition(":")[2] for script in SCRIPTS.values()]
    code = (
        "import sys; sys.argv = ['it', '-m', '--version']; from nas_hydra import cli\n"
        f"for name in {names}:\n"
        " try: getattr(cli, name)()\n except SystemExit as ended: assert not ended.code"
    )
    words = [sys.executable, "-c", code]
    found = subprocess.run(words, check=True, text=True, capture_output=True)
    assert found.stdout.splitlines() == [f"nas-hydra {version('nas-hydra')}"] * len(names)


def test_help_needs_neither_torch_nor_hydra():
    code = (
        "import sys; sys.argv = ['nas-hydra', '--help']; from nas_hydra.cli import main; main();"
        "sys.exit(sum(name in sys.modules for name in ('torch', 'hydra', 'wandb', 'optuna')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_hydras_own_help_is_still_there():
    found = subprocess.run([*COMMAND, "--hydra-help"], text=True, capture_output=True, check=True)
    assert "--config-dir" in found.stdout


def test_the_composed_config_can_be_printed(monkeypatch, capsys):
    assert nas_hydra(monkeypatch, "--cfg", "job") == 0
    assert "population_size: 10" in capsys.readouterr().out
