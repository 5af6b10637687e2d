"""What W&B costs a search."""

import pytest
from tracking import measure, report


@pytest.mark.long
def test_a_fast_search_is_not_held_up(tmp_path):
    found = measure(2000, "tracker=wandb tracker.mode=offline", tmp_path)
    assert 0 < found.share < 0.2  # 0.01 on an idle core
    assert "| `tracker=wandb` | " in report({"`tracker=wandb`": found}, 2000)
