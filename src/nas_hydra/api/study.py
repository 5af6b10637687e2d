"""``nas_hydra.search``, a whole search in one call, and ``Study``, which the host tells results."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf, open_dict

from nas_hydra.api.by_hand import Dialogue, HandEngine
from nas_hydra.api.result import Result
from nas_hydra.api.session import Session, session, undisturbed
from nas_hydra.app.assemble import assemble
from nas_hydra.app.running import finish, locked, save_config, spent
from nas_hydra.objective import metrics_of
from nas_hydra.record.journal import exclusive
from nas_hydra.tracker.terminal import Terminal, messages, ties, winner
from nas_hydra.trial import Evaluation, Proposal, Trial

if TYPE_CHECKING:
    from pandas import DataFrame
    from torch import nn

HERE = "nas_hydra.api.by_hand"


class Study:
    """A search whose candidates the host program evaluates.

    The strategy, the record and the run's files are those of ``nas-hydra``; a study of the same
    folder and config goes on where an earlier one ended. Proposals can be pending beside each
    other, as many as ``engine.ahead`` says (1 if it does not), and be told in any order.

    Args:
        dialogue: the search, begun.
        lock: what to let go of at the end.
    """

    def __init__(self, dialogue: Dialogue, lock: ExitStack) -> None:
        self._dialogue, self._lock = dialogue, lock

    @classmethod
    def from_config(
        cls,
        config: DictConfig | Sequence[str] | None = None,
        overrides: Sequence[str] = (),
        config_dir: Path | str | None = None,
    ) -> "Study":
        """Begin a study, or go on with one; the arguments are those of ``nas_hydra.search``.

        Of the config's evaluator, engine and terminal nothing is used but ``engine.ahead``.

        Raises:
            ConfigError: if the config is wrong, or the folder holds another run or is in use.
        """
        with ExitStack() as lock, session(config, overrides, config_dir) as begun:
            lock.enter_context(exclusive(begun.folder))
            dialogue = _dialogue(begun)
            dialogue.begin()
            return cls(dialogue, lock.pop_all())

    def ask(self) -> Proposal | None:
        """The next candidate to evaluate; None if the budget is spent or no candidate is left.

        What is known already, from an earlier study of this folder or as a duplicate, is not
        asked of the host.

        Raises:
            ConfigError: if another trial has to be told first.
        """
        while (pending := self._dialogue.propose()) is not None:
            if not pending.future.done():
                return self._engine.asked[pending.number].job.proposal
        return None

    def config(self, proposal: Proposal) -> dict[str, Any]:
        """A candidate's closed config: ``model``, ``optimizer``, ``trainer``, ..."""
        return self._dialogue.space.close(proposal.genotype)

    def build(self, proposal: Proposal) -> "nn.Module":
        """A candidate's network, checked by an example of its dataset, on the CPU.

        Its weights are drawn from torch's own generator, as always.

        Raises:
            CandidateError: if it cannot be built, or does not take the inputs.
        """
        from nas_hydra.evaluator.build import make_model  # torch
        from nas_hydra.evaluator.prepared import Prepared

        config = self.config(proposal)
        known = config["dataset"].get("_target_") is not None
        return Prepared(config, "search").network() if known else make_model(config["model"])

    def tell(
        self,
        proposal: Proposal,
        metrics: Mapping[str, float] | None = None,
        *,
        error: str | None = None,
        epochs: int = 0,
    ) -> Trial:
        """What became of a proposal; it is on disk when this returns.

        Args:
            proposal: as it was asked; each is told once.
            metrics: what was measured, every objective among them.
            error: why it failed, in one line; then no metrics are needed.
            epochs: how many were trained.

        Raises:
            ConfigError: if the proposal is not pending, or an objective is missing.
        """
        given = {name: float(value) for name, value in (metrics or {}).items()}
        trial = self._engine.answer(proposal, Evaluation(given, epochs, error=error))
        self._dialogue.record.add(trial)
        self._dialogue.settle()
        return trial

    @property
    def best(self) -> Trial | None:
        """The best trial so far, of a front as ``Front.chosen_by`` says; None if there is none."""
        return self.result.best

    @property
    def front(self) -> list[Trial]:
        """The trials that no other one beats."""
        return self.result.front

    @property
    def trials(self) -> "DataFrame":
        """One row per trial that was told, with the columns of ``trials.csv``."""
        return self.result.trials

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self._dialogue.run.folder

    @property
    def result(self) -> Result:
        """What is known by now."""
        trials = sorted(self._dialogue.known, key=lambda trial: trial.number)
        return Result(self._dialogue.run, trials)

    def _repr_html_(self) -> str:
        """What a notebook shows: the result so far."""
        return self.result._repr_html_()

    def close(self) -> None:
        """Finish the run's files and let go of its folder; a later study can go on with it.

        ``summary.json`` and ``report.html`` are written if the budget is spent.
        """
        dialogue = self._dialogue
        with self._lock, undisturbed():
            dialogue.settle(all_of_them=True)
            ended = bool(dialogue.front.members) and dialogue.ended is not None
            dialogue.finish(dialogue.summary() if ended else None, 0)
            if ended:
                dialogue.record.finish(spent(dialogue.run))

    @property
    def _engine(self) -> HandEngine:
        assert isinstance(self._dialogue.engine, HandEngine)
        return self._dialogue.engine

    def __enter__(self) -> "Study":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _dialogue(begun: Session) -> Dialogue:
    """The search of a config, with the host for evaluator and engine."""
    config, folder = begun.config.copy(), begun.folder
    ahead = OmegaConf.select(config, "engine.ahead")
    with open_dict(config):
        metrics = metrics_of(config.objective)
        config.evaluator = {"_target_": f"{HERE}.HandEvaluator", "metrics": metrics}
        config.engine = {"_target_": f"{HERE}.HandEngine", "ahead": 1 if ahead is None else ahead}
    dialogue = assemble(config, begun.choices, folder.name, begun.command, Dialogue)
    assert isinstance(dialogue, Dialogue)
    dialogue.trackers = [one for one in dialogue.trackers if not isinstance(one, Terminal)]
    save_config(config, folder / ".hydra")
    return dialogue


class ProgressLine(Terminal):
    """The live line; what to type next is for those who type commands."""

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """The winner in one line; the result shows the rest."""
        if summary is None or not summary["best"]:
            super().finish(summary, exit_code)
            return
        self._live.stop()
        messages.print(f"winner: {winner(summary['best'])}{ties(summary)}")


def search(
    config: DictConfig | Sequence[str] | None = None,
    overrides: Sequence[str] = (),
    config_dir: Path | str | None = None,
    quiet: bool = False,
) -> Result:
    """Search as ``nas-hydra`` does: the same strategies, files and record.

    A folder that holds an unfinished run of this config is gone on with, a finished one is read.

    Args:
        config: composed by the host, in its own Hydra job or with its ``hydra`` node
            (``hydra.compose(..., return_hydra_config=True)``); without one, nas-hydra's own.
        overrides: as one would type them: ``["dataset=digits", "budget.trials=10"]``. They may
            also stand in the place of ``config``.
        config_dir: a further folder of config groups, as ``--config-dir``.
        quiet: print nothing; else progress goes to standard error.

    Raises:
        ConfigError: if the config is wrong; nothing is trained or written then.
        SearchFailedError: if no trial was completed.
    """
    with session(config, overrides, config_dir) as begun, locked(begun.folder):
        found = assemble(begun.config, begun.choices, begun.folder.name, begun.command)
        others = [one for one in found.trackers if not isinstance(one, Terminal)]
        found.trackers = others if quiet else [*others, ProgressLine()]
        return Result(found.run, finish(found, begun.config).trials)
