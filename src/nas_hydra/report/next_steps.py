"""What is worth doing after a search, as commands to paste."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nas_hydra.config.foreign import needed_trust
from nas_hydra.run import FEWEST_EXPLAINED, Run, parted
from nas_hydra.shell import from_here, pasteable

SEEDS = "seed=0,1,2,3,4,5,6"
"""As many as it takes to tell strategies apart."""
TRAIN = ("nas_hydra.evaluator.train.TrainEvaluator", "nas_hydra.evaluator.own.OwnEvaluator")
"""Evaluators whose winners can be trained anew."""
MEMORY = "nas_hydra.record.memory.MemoryRecord"
LOOKS_UP = "nas_hydra.evaluator.tabular.TabularEvaluator"
UNREAD = ("strategy", "fidelity", "inherit", "objective", "record")
"""Parts of a config that are not built when a finished run is read."""
NETWORKS = ("search_space", "dataset", "task", "trainer", "optimizer", "scheduler")
"""Those that are not even imported where networks are looked up."""
URL = "record.storage.url="
CONFIG_DIR = ("--config-dir", "-cd")


def next_steps(run: Run, summary: Mapping[str, Any]) -> dict[str, str]:
    """What each command is for, and the command; at most three."""
    return dict([*_of_this_run(run, summary), _comparison(run)])


def _of_this_run(run: Run, summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the run's folder is good for, if its record can be read again."""
    if _target(run, "record") == MEMORY:
        return
    where = [word for word in shlex.split(run.command) if word.startswith(URL)]  # of the record
    words = [f"run={from_here(run.folder)}", *_trust(run), *where]
    if _target(run, "evaluator") in TRAIN and not (run.folder / "retrain").exists():
        yield "train the winner to the end", _command("nas-hydra-retrain", words)
    candidates = summary["trials"]["complete"] - summary["trials"]["duplicates_saved"]
    if trained := summary.get("trained"):  # what is compared was trained as far
        candidates = max((rung["reached"] for rung in trained["rungs"]), default=0)
    alike = 1 + summary.get("ties", {}).get("others", 0)  # there is nothing to explain if all are
    if run.genes and candidates >= FEWEST_EXPLAINED and alike < candidates:
        yield "why it won", _command("nas-hydra-explain", words)


def _comparison(run: Run) -> tuple[str, str]:
    """The run's strategy beside another one; with settings of its own, it over several seeds."""
    flags, overrides = parted(shlex.split(run.command)[1:])
    kept = _without(overrides, "hydra.run.dir", "hydra.sweep.dir", "seed")
    own = _without(kept, "strategy")
    if any(re.match(r"\W?strategy[./]", word) for word in kept):
        return "was it luck", _command("nas-hydra", ["-m", *flags, SEEDS, *kept])
    strategy = run.choices["strategy"]
    other = "evolution" if len(run.objectives) == 1 else "nsga2"
    other = other if strategy in ("random", "random_optuna") else "random"
    pair = f"strategy={strategy},{other}"
    return f"is it better than {other}", _command("nas-hydra", ["-m", *flags, pair, SEEDS, *own])


def _without(overrides: Sequence[str], *keys: str) -> list[str]:
    """Overrides, but for those of these keys and of what is in them."""
    dropped = re.compile(rf"\W?({'|'.join(map(re.escape, keys))})\b")
    return [word for word in overrides if not dropped.match(word)]


def _trust(run: Run) -> list[str]:
    """The words by which a command may use the modules of the user's that the run has used."""
    unread = (*UNREAD, *(NETWORKS if _target(run, "evaluator") == LOOKS_UP else ()))
    parts = {name: part for name, part in run.config.items() if name not in unread}
    names = needed_trust(parts)
    return [f"trust=[{','.join(names)}]", *_config_dir(run)] if names else []


def _config_dir(run: Run) -> list[str]:
    """The word that says where these modules may lie: the folder that ``--config-dir`` named."""
    flags, _ = parted(shlex.split(run.command)[1:])
    for flag, after in zip(flags, [*flags, ""][1:], strict=True):
        name, _, value = flag.partition("=")
        if name in CONFIG_DIR:
            return [f"config_dir={value or after}"]
    return []


def _target(run: Run, part: str) -> str | None:
    config = run.config.get(part)
    return config.get("_target_") if isinstance(config, Mapping) else None


def _command(program: str, words: Sequence[str]) -> str:
    return pasteable(shlex.join([program, *words]))
