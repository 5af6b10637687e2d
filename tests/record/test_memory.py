"""The record in memory."""

from nas_hydra.record.memory import MemoryRecord
from record.records import IDENTITY, OBJECTIVES, SPACE, complete, proposal


def test_the_first_trial_of_a_number_stays():
    record = MemoryRecord(SPACE, OBJECTIVES, IDENTITY)
    for number in (1, 0):
        record.add(complete(number))
    record.add(complete(0, epochs=99))
    assert record.numbers == [1, 0]
    assert record.find(proposal(0)) == complete(0)
    assert record.find(proposal(2)) is None


def test_a_run_is_never_finished_already():
    record = MemoryRecord(SPACE, OBJECTIVES, IDENTITY)
    record.finish({"trials": 1})
    assert not record.finished({"trials": 1})
