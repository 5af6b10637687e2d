import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.engine.processes import assigned, room, visible_gpus, workers_for
from nas_hydra.errors import ConfigError


@pytest.mark.parametrize(
    ("gpus", "per_trial", "trials"),
    [
        (1, 1, 1),
        (2, 0.5, 4),
        (1, 1 / 3, 3),
        (1, 0.3, 3),
        (1, 0.1, 10),
        (4, 2, 2),
        (3, 2, 1),
        (1, 2, 0),
    ],
)
def test_room(gpus, per_trial, trials):
    assert room(gpus, per_trial) == trials


@given(gpus=st.integers(1, 8), share=st.integers(1, 20))
def test_a_gpu_is_never_given_to_more_trials_than_it_has_room_for(gpus, share):
    names = [f"GPU-{index}" for index in range(gpus)]
    given = [assigned(worker, names, 1 / share) for worker in range(room(gpus, 1 / share))]
    assert {given.count(name) for name in names} == {share}


@given(gpus=st.integers(1, 16), each=st.integers(1, 4))
def test_whole_gpus_are_not_shared(gpus, each):
    names = [str(index) for index in range(gpus)]
    sets = [assigned(worker, names, each).split(",") for worker in range(room(gpus, each))]
    used = [name for one in sets for name in one]
    assert len(used) == len(set(used)) == len(sets) * each


def test_few_workers_are_spread_over_the_gpus():
    assert [assigned(worker, ["4", "7"], 0.25) for worker in range(3)] == ["4", "7", "4"]


@pytest.mark.parametrize(("gpus", "per_trial"), [([], 1), (["0"], None)])
def test_without_gpus_nothing_is_assigned(gpus, per_trial):
    assert assigned(0, gpus, per_trial) is None


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", []),
        ("2,0", ["2", "0"]),
        ("0, 1,-1,3", ["0", "1"]),
        ("GPU-8f,MIG-1", ["GPU-8f", "MIG-1"]),
    ],
)
def test_gpus_are_those_that_cuda_would_see(monkeypatch, value, names):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    assert visible_gpus() == names


def test_workers_fill_the_machine_or_the_gpus(monkeypatch):
    monkeypatch.setattr("nas_hydra.engine.processes.cpu_count", lambda: 6)
    assert workers_for(None, 1, 0, None) == 6
    assert workers_for(None, 4, 0, 1) == 1
    assert workers_for(None, 8, 0, None) == 1
    assert workers_for(None, 1, 2, 0.5) == 4
    assert workers_for(3, 1, 2, 0.5) == 3
    assert workers_for(9, 1, 0, 0.5) == 9


@pytest.mark.parametrize(
    ("workers", "gpus", "per_trial", "key"),
    [
        (5, 2, 0.5, "workers: is 5; 2 GPUs have room for 4"),
        (None, 1, 2, "workers: is 1; 1 GPUs have room for 0"),
        (1, 1, 0, "gpus_per_trial: is 0"),
        (1, 1, 1.5, "gpus_per_trial: is 1.5"),
        (0, 0, None, "workers: is 0"),
    ],
)
def test_what_has_no_room_is_the_users_mistake(workers, gpus, per_trial, key):
    with pytest.raises(ConfigError, match=f"engine\\.{key}"):
        workers_for(workers, 1, gpus, per_trial)
