"""Candidates' own W&B runs when W&B is lost; what arrives otherwise is in test_wandb_online."""

import pytest

from nas_hydra.tracker.wandb_rows import Candidates
from trials import complete, search


def test_the_first_loss_of_wandb_is_the_last_wait_for_it(tmp_path):
    asked = []

    def begin(suffix: str, **what: object) -> None:
        asked.append(suffix)
        raise TimeoutError("gone")

    sender = Candidates(search(tmp_path), begin)
    for number in range(50):
        sender.add(complete(number, 0.5, {}))
    with pytest.raises(TimeoutError, match="gone"):
        sender.finish()
    assert asked == ["-0"]
