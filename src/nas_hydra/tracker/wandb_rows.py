"""What W&B is told of a search, and where that is: readable without W&B itself."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas_hydra.document.text import change
from nas_hydra.files.small_file import read_json, replace
from nas_hydra.report.files import COST, PARTIAL, partial_cells
from nas_hydra.report.history import Change, Moment, Step
from nas_hydra.report.trained import all_had, epochs_had
from nas_hydra.run import Run
from nas_hydra.search_space.gene import shown
from nas_hydra.trial import Trial

if TYPE_CHECKING:
    import wandb

LONGEST_TAG = 64
"""Characters that W&B takes."""


def config(run: Run) -> dict[str, Any]:
    """The whole config, and under ``choices`` the option of every group, to group runs by."""
    return {**run.config, "choices": choices(run)}


def choices(run: Run) -> dict[str, str]:
    """Config group -> the option taken, but for Hydra's own groups."""
    known = run.choices.items()
    return {group: option for group, option in known if not group.startswith("hydra/")}


def tags(run: Run, more: Sequence[str]) -> list[str]:
    """Strategy, space, dataset, and the user's."""
    known = [run.choices[group] for group in ("strategy", "search_space", "dataset")]
    own = [tag[:LONGEST_TAG] for tag in known if tag != "none"]
    return list(dict.fromkeys([*own, *more]))


def history_row(moment: Moment, several: bool, partial: bool = False) -> dict[str, float]:
    """One row of the history.

    Args:
        moment: the search after a trial.
        several: whether there are several objectives.
        partial: whether not every training is a whole one.
    """
    trial, best, population = moment.trial, moment.best, moment.population
    return {
        "trial": trial.number,
        **_prefixed("best", best.values if best else {}),
        **_prefixed("trial", {**trial.metrics, **trial.values}),
        **_prefixed("population", vars(population) if population else {}),
        "duplicates": moment.duplicates,
        "failures": moment.failures,
        "cost/seconds": moment.seconds,
        "cost/epochs": moment.epochs,
        **(_of_fidelity(moment) if partial else {}),
        **({} if trial.cost is None else {"cost/spent": moment.cost, "trial/cost": trial.cost}),
        **trial.proposal.facts,
        **({"front/size": moment.front, "hypervolume": moment.hypervolume} if several else {}),
    }


BY_EPOCHS = "best_by_epochs"
"""Prefix of the best values that are drawn over the epochs trained."""


def _of_fidelity(moment: Moment) -> dict[str, float]:
    """How far the trial's network was trained, and the best value over what was trained in all."""
    best = _prefixed(BY_EPOCHS, moment.best.values if moment.best else {})
    return {"trial/fidelity": moment.fidelity, **best}


def _prefixed(prefix: str, values: Mapping[str, float]) -> dict[str, float]:
    """``{"val_acc": 0.9}`` as ``{"best/val_acc": 0.9}``."""
    return {f"{prefix}/{name}": value for name, value in values.items()}


Table = tuple[list[str], list[list[Any]]]
"""Columns, and rows of cells."""


def trial_table(run: Run, trials: Sequence[Trial]) -> Table:
    """One row per trial, one column per objective, metric and gene; empty where inactive."""
    facts = ["number", "state", "origin", "parents", *(PARTIAL if run.partial else ())]
    facts += [COST] if run.cost else []
    had = all_had(trials)
    cells = [_trial_row(trial, run, had[trial.number]) for trial in trials]
    return [*facts, *run.measures, *run.genes, "error"], cells


def _trial_row(trial: Trial, run: Run, had: int) -> list[Any]:
    proposal = trial.proposal
    measured = {**trial.metrics, **trial.values}
    return [
        trial.number,
        trial.state,
        proposal.origin,
        " ".join(str(parent) for parent in proposal.parents),
        *(partial_cells(trial, had) if run.partial else ()),
        *((trial.cost,) if run.cost else ()),
        *(measured.get(name) for name in run.measures),
        *(proposal.genotype.get(name) for name in run.genes),
        trial.error,
    ]


def curve_table(trials: Sequence[Trial]) -> Table:
    """The learning curves: one row per trial and epoch that its network has had, from 1."""
    had = all_had(trials)
    metrics = list(dict.fromkeys(name for trial in trials for name in trial.curves))
    rows = [
        [trial.number, epoch, *(values.get(name) for name in metrics)]
        for trial in trials
        for epoch, values in epochs(trial, had[trial.number] - trial.epochs)
    ]
    return ["trial", "epoch", *metrics], rows


def epochs(trial: Trial, before: int = 0) -> Iterator[tuple[int, dict[str, float]]]:
    """Each epoch of a training, from 1, with what was measured after it.

    Args:
        trial: that was trained.
        before: epochs that its network has had already.
    """
    for place in range(max(map(len, trial.curves.values()), default=0)):
        curves = trial.curves.items()
        known = {name: curve[place] for name, curve in curves if place < len(curve)}
        yield (
            before + place + 1,
            {name: value for name, value in known.items() if not math.isnan(value)},
        )


def lineage_table(run: Run, line: Sequence[Step]) -> Table:
    """The winner's ancestors, the first one first, and what each step changed and gained."""
    names = [objective.name for objective in run.objectives]
    columns = ["trial", "parent", "origin", "changed", *names]
    rows = [
        [
            step.trial.number,
            step.parent.number if step.parent else None,
            step.trial.proposal.origin,
            _changed(step.changes),
            *(step.trial.values.get(name) for name in names),
            *(step.gains.get(name) for name in names),
        ]
        for step in line
    ]
    return [*columns, *(f"gain/{name}" for name in names)], rows


def _changed(changes: Mapping[str, Change]) -> str:
    """``width 16 → 32, depth None → 3``."""
    told = (f"{name} {change(*map(shown, pair))}" for name, pair in changes.items())
    return ", ".join(told)


def flat_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What ``summary.json`` says about the winner and the counts, under the history's names."""
    flat = {f"trials/{name}": count for name, count in summary.get("trials", {}).items()}
    if best := summary.get("best"):
        flat |= _prefixed("best", best["values"])
        flat |= {"best/trial": best["trial"], "best/key": best["key"]}
        flat["best/genotype"] = dict(best["genotype"])
    flat |= _prefixed("regret", summary.get("regret", {}))
    numbers = ("epochs", "full", "saved", "fidelity", "checkpoints")
    told = summary.get("trained", {})
    flat |= _prefixed("trained", {name: told[name] for name in numbers if name in told})
    if "pareto" in summary:
        flat |= {"pareto": list(summary["pareto"]), "hypervolume": summary["hypervolume"]}
    return flat


PLACE_FILE = "wandb.json"


@dataclass(frozen=True)
class WandbPlace:
    """The W&B run of a search, kept in the search's folder.

    Args:
        id: of the W&B run; a resumed search continues it.
        path: ``entity/project/id``; without the entity while the run is offline.
        rows: of how many trials W&B has the rows for certain, counted when a process ends; what
            a killed one has left to W&B may not be on disk.
    """

    id: str
    path: str
    rows: int

    def write(self, folder: Path) -> None:
        """Keep it, in one step."""
        replace(folder / PLACE_FILE, json.dumps(asdict(self)) + "\n")


def wandb_place(folder: Path) -> WandbPlace | None:
    """The W&B run of the search in a folder; None if it has none."""
    return read_json(folder / PLACE_FILE, WandbPlace)


class Candidates:
    """Sends trials to W&B in a thread, since to begin and to end a run takes W&B a second.

    When W&B is lost, the others are not sent: each would wait for it in vain.

    Args:
        search: whose candidates they are.
        begin: opens a W&B run.
    """

    def __init__(self, search: Run, begin: "Callable[..., wandb.Run]") -> None:
        self._search, self._begin = search, begin
        self._thread = ThreadPoolExecutor(1)
        self._sent: list[Future[None]] = []
        self._stopped = False
        self._had: dict[int, int] = {}

    def add(self, trial: Trial, known: bool = False) -> None:
        """Send a trial, unless W&B knows it, or an earlier one has answered it."""
        self._had[trial.number] = epochs_had(trial, self._had)
        if trial.duplicate_of is None and not known:
            self._sent.append(self._thread.submit(self._send, trial))
            self._sent[-1].add_done_callback(self._check)

    def finish(self) -> None:
        """Wait until all are sent.

        Raises:
            Exception: by which W&B was lost.
        """
        self._thread.shutdown()
        for sent in self._sent:
            sent.result()

    def stop(self) -> None:
        """Send no more."""
        self._stopped = True
        self._thread.shutdown(wait=False)

    def _check(self, sent: Future[None]) -> None:
        self._stopped |= sent.exception() is not None

    def _send(self, trial: Trial) -> None:
        if self._stopped:
            return
        run = self._begin(
            f"-{trial.number}",
            job_type="candidate",
            name=f"{self._search.name}-{trial.number}",
            config=_candidate_config(self._search, trial),
        )
        run.define_metric("*", step_metric="epoch")
        for epoch, values in epochs(trial, self._had[trial.number] - trial.epochs):
            run.log({"epoch": epoch, **values}, step=epoch)
        run.summary.update({**trial.metrics, **trial.values, "seconds": trial.seconds})
        if trial.error:
            run.summary["error"] = trial.error
        run.finish(exit_code=int(trial.state == "failed"))


def _candidate_config(search: Run, trial: Trial) -> dict[str, Any]:
    proposal = trial.proposal
    return {
        "choices": choices(search),
        "seed": search.seed,
        "search": search.name,
        "trial": trial.number,
        "origin": proposal.origin,
        "parents": list(proposal.parents),
        "genotype": dict(proposal.genotype),
    }
