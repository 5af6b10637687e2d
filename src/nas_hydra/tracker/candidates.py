"""Every candidate as a W&B run of its own, beside the search's."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import wandb

from nas_hydra.run import Run
from nas_hydra.tracker.wandb_rows import choices, epochs
from nas_hydra.trial import Trial


class Candidates:
    """Sends trials to W&B in a thread, since to begin and to end a run takes W&B a second.

    When W&B is lost, the others are not sent: each would wait for it in vain.

    Args:
        search: whose candidates they are.
        begin: opens a W&B run.
    """

    def __init__(self, search: Run, begin: Callable[..., wandb.Run]) -> None:
        self._search, self._begin = search, begin
        self._thread = ThreadPoolExecutor(1)
        self._sent: list[Future[None]] = []
        self._stopped = False

    def add(self, trial: Trial) -> None:
        """Send a trial, unless an earlier one has answered it."""
        if trial.duplicate_of is None:
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
        for epoch, values in epochs(trial):
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
