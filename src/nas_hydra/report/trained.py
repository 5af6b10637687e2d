"""What was trained in a search whose trainings are not all whole ones, and what that saved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

from nas_hydra.document.text import byte_size, counted, share
from nas_hydra.run import Run
from nas_hydra.trial import Trial

FINALIST = "finalist"
"""The origin of a trial that trains one of the best longer, after the search."""
AGAIN = ("promotion", FINALIST)
"""The origins of trials that train a candidate that was trained before."""


def epochs_had(trial: Trial, known: Mapping[int, int]) -> int:
    """Epochs that a trial's network has had, those of the trials that it goes on from among them.

    Args:
        trial: any.
        known: the same of the trials before it, by their numbers.
    """
    before = trial.proposal.fidelity.continues
    if trial.duplicate_of is not None:
        return known.get(trial.duplicate_of, 0)
    return trial.epochs + (0 if before is None else known.get(before, 0))


def all_had(trials: Iterable[Trial]) -> dict[int, int]:
    """The same of every trial, by its number; each stands after the one that it goes on from."""
    known: dict[int, int] = {}
    for trial in trials:
        known[trial.number] = epochs_had(trial, known)
    return known


def whole_epochs(config: Mapping[str, Any]) -> int | None:
    """Epochs of the whole training that a search's config says; None where it says none."""
    evaluator = config.get("evaluator") or {}
    if levels := evaluator.get("fidelities"):
        return max(map(int, levels))
    epochs = evaluator.get("epochs") or (config.get("trainer") or {}).get("max_epochs")
    return epochs if isinstance(epochs, int) and epochs > 0 else None


@dataclass(frozen=True)
class Rung:
    """The trials that end after the same number of epochs.

    Args:
        epochs: that their networks have had then.
        reached: how many candidates were trained so far.
        promoted: how many of these went on.
        stopped: trials on the way to it that their thresholds have ended.
        failed: trials on the way to it that failed.
    """

    epochs: int
    reached: int
    promoted: int
    stopped: int
    failed: int


@dataclass(frozen=True)
class Trained:
    """The trainings of a search.

    Args:
        run: what it is.
        trials: in ask order.
    """

    run: Run
    trials: Sequence[Trial]

    @cached_property
    def here(self) -> list[Trial]:
        """The trials that were evaluated for this search."""
        return [one for one in self.trials if one.duplicate_of is None and one.source is None]

    @cached_property
    def had(self) -> dict[int, int]:
        """Trial -> epochs that its network has had."""
        return all_had(self.trials)

    @cached_property
    def whole(self) -> int:
        """Epochs of a whole training; if the config does not tell, those of the longest one."""
        search = [self.had[one.number] for one in self.trials if one.proposal.origin != FINALIST]
        return whole_epochs(self.run.config) or max(search, default=0)

    def level(self, trial: Trial) -> int:
        """Epochs after which a trial's network is to be measured."""
        return trial.level or self.whole

    @property
    def epochs(self) -> int:
        """Trained in all."""
        return sum(trial.epochs for trial in self.here)

    @property
    def finalists(self) -> list[Trial]:
        """The trials that train the best longer."""
        return [trial for trial in self.trials if trial.proposal.origin == FINALIST]

    @property
    def full(self) -> int:
        """Epochs that whole trainings of the same candidates would have taken."""
        searched = [one for one in self.here if one.proposal.origin != FINALIST and one.epochs]
        return self.whole * len({trial.key for trial in searched})

    @property
    def saved(self) -> float:
        """Share of ``full`` that was not trained; finalists are trained beside it. 0.0 if none."""
        beside = sum(trial.epochs for trial in self.finalists)
        return 1 - (self.epochs - beside) / self.full if self.full else 0.0

    @property
    def shares(self) -> list[float]:
        """Of the trials that inherit, the share of the weights that they have inherited."""
        return [trial.inherited for trial in self.here if trial.inherited is not None]

    @cached_property
    def rungs(self) -> list[Rung]:
        """From the lowest on, but for those of no trial."""
        groups: dict[int, list[Trial]] = {}
        for trial in self.trials:
            if trial.duplicate_of is None:
                groups.setdefault(self.level(trial), []).append(trial)
        on = {trial.proposal.fidelity.continues for trial in self.trials}
        return [self._rung(epochs, groups[epochs], on) for epochs in sorted(groups)]

    @staticmethod
    def _rung(epochs: int, trials: Sequence[Trial], gone_on: set[int | None]) -> Rung:
        states = [trial.state for trial in trials]
        reached = {trial.key for trial in trials if trial.complete}
        promoted = {trial.key for trial in trials if trial.number in gone_on}
        ended = states.count("pruned"), states.count("failed")
        return Rung(epochs, len(reached), len(promoted), *ended)


def trained_summary(trained: Trained, best: Trial | None, checkpoints: int) -> dict[str, Any]:
    """What ``summary.json`` says of it.

    Args:
        trained: by the search.
        best: its winner, if there is one.
        checkpoints: bytes that they have taken at most; 0 if that is not known.
    """
    finalists, shares = trained.finalists, trained.shares
    chosen = best.number if best is not None and best.proposal.origin == FINALIST else None
    return {
        "epochs": trained.epochs,
        "full": trained.full,
        "saved": round(trained.saved, 4),
        "fidelity": 0 if best is None else trained.had[best.number],
        "rungs": [vars(rung) for rung in trained.rungs],
        **({"finalists": _finalists(trained, chosen)} if finalists else {}),
        **({"inherited": {"trials": len(shares), "share": fmean(shares)}} if shares else {}),
        **({"checkpoints": checkpoints} if checkpoints else {}),
    }


def _finalists(trained: Trained, chosen: int | None) -> dict[str, Any]:
    """The finalists' trials, those of the search that they are of, their epochs, and the chosen."""
    return {
        "trials": [trial.number for trial in trained.finalists],
        "of": [trial.proposal.parents[0] for trial in trained.finalists if trial.proposal.parents],
        "epochs": sum(trial.epochs for trial in trained.finalists),
        "chosen": chosen,
    }


def in_words(found: Mapping[str, Any]) -> Iterator[str]:
    """What ``trained_summary`` found, in sentences."""
    finalists, full = found.get("finalists"), found["full"]
    total = found["epochs"] - (finalists["epochs"] if finalists else 0)
    whole = f"; whole trainings of the same candidates would have taken {full:,}" if full else ""
    saved = f", so {share(found['saved'])} of these are saved" if found["saved"] > 0 else ""
    yield f"{counted(total, 'epoch')} were trained{whole}{saved}."
    if finalists:
        number, chosen = len(finalists["trials"]), finalists["chosen"]
        told = "none of them won" if chosen is None else f"trial {chosen} won"
        spent = counted(finalists["epochs"], "epoch")
        yield f"{counted(number, 'finalist')} took another {spent}; {told}."
    if inherited := found.get("inherited"):
        trials = counted(inherited["trials"], "trial")
        yield f"{trials} inherited weights, {share(inherited['share'])} of all on average."
    if size := found.get("checkpoints"):
        yield f"Checkpoints took {byte_size(size)} of disk at most."
