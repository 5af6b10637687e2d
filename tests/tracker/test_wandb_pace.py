"""The pace of a side job, on a clock of our own."""

import pytest

from nas_hydra.tracker.wandb import Pace


class Clock:
    """Time passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("nas_hydra.tracker.wandb.perf_counter", found)
    return found


def test_a_job_gets_its_share_and_no_more(clock):
    pace, spent = Pace(0.01), 0.0
    for _ in range(10_000):
        clock.pass_by(0.001)
        if pace.due:
            with pace.spending():
                clock.pass_by(0.004)
            spent += 0.004
    assert spent == pytest.approx(0.01 * clock.now, rel=0.05)


def test_a_job_that_is_fast_enough_is_always_due(clock):
    pace = Pace(0.01)
    for _ in range(100):
        assert pace.due
        with pace.spending():
            clock.pass_by(0.004)
        clock.pass_by(1.0)


def test_what_fails_has_taken_its_time_too(clock):
    pace = Pace(0.01)

    def fail() -> None:
        with pace.spending():
            clock.pass_by(1.0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not pace.due
