"""Real processes on real files."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
import pytest

from nas_hydra.record.storage import FileLock, journal, storage
from record.records import STORES, complete, open_record, proposal

HERE = Path(__file__).parent


def start(store, file):
    return subprocess.Popen(
        [sys.executable, str(HERE / "records.py"), store, str(file)],
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_after(process, number):
    """Kill once this number is acknowledged; every number that was."""
    acknowledged = []
    for line in process.stdout:
        acknowledged.append(int(line))
        if acknowledged[-1] >= number:
            process.kill()
            break
    acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
    process.stdout.close()
    process.wait()
    return acknowledged


@pytest.mark.long
@pytest.mark.parametrize(("store", "opens"), [("journal", journal), ("sqlite", storage)])
def test_a_killed_process_loses_nothing_that_it_acknowledged(store, opens, tmp_path):
    file = tmp_path / "record"
    for until in (7, 30):
        acknowledged = kill_after(start(store, file), until)
        place = str(file) if store == "journal" else f"sqlite:///{file}"
        record = open_record(opens(place))
        assert all(record.find(proposal(n)) == complete(n) for n in acknowledged)
        assert len(record) <= acknowledged[-1] + 2
        record.add(complete(len(record)))


def test_a_reader_may_look_while_a_run_is_written(tmp_path):
    record = open_record(STORES["journal"](tmp_path))
    for number in range(5):
        record.add(complete(number))
        study = optuna.load_study(study_name="search", storage=STORES["journal"](tmp_path))
        assert len(study.trials) == number + 1


def test_the_lock_is_exclusive_and_leaves_no_file(tmp_path):
    file = tmp_path / "journal.log"
    count = [0]

    def step(_):
        lock = FileLock(file)
        lock.acquire()
        before = count[0]
        count[0] = before + 1
        lock.release()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(step, range(400)))
    assert count == [400]
    assert [path.name for path in tmp_path.iterdir()] == ["journal.log"]
