"""A record in a database: what goes wrong there is one message, and the same command goes on."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from command import nas_hydra, rows
from integration.cells import CELLS, write_cells
from nas_hydra.cli.compare import run as compare
from nas_hydra.report.files import RunFiles

TOOLS = ("initdb", "pg_ctl")


@pytest.fixture
def search(monkeypatch, capsys):
    """Searches a table with a record in a database; the exit code, and what is said."""
    write_cells(Path("cells.csv"))

    def searched(url: str, *more: str, folder: str = "run") -> tuple[int, str]:
        words = (*CELLS, "budget.trials=6", f"hydra.run.dir={folder}", "record=storage")
        code = nas_hydra(monkeypatch, *words, f"record.storage.url='{url}'", *more)
        return code, capsys.readouterr().err

    return searched


def after(number: int, work, monkeypatch) -> None:
    """Have something happen once, when so many trials are told."""
    told, waiting = RunFiles.tell, [work]

    def tell(self, trial, front, recorded):
        told(self, trial, front, recorded)
        if trial.number == number and waiting:
            waiting.pop()()

    monkeypatch.setattr(RunFiles, "tell", tell)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "Could not parse SQLAlchemy URL"),
        ("sqlite:////no/such/folder/x.db", "unable to open database file"),
        ("sqlite:///damaged.db", "file is not a database"),
        ("sqlite:///.", "unable to open database file"),
        ("oracle+cx_oracle://me:pa55@host/x", "needs a driver that is not here (No module named"),
        ("mysql+no://me:pa55@host/x", "Can't load plugin"),
        ("postgresql://me:***@host/x", "has *** in place of a password; say it again"),
        ("redis://me:pa55@host/x", "Can't load plugin"),
    ],
)
def test_what_does_not_open_is_one_message(search, url, problem):
    Path("damaged.db").write_text("no database, " * 1000)
    code, said = search(url)
    assert code == 2
    told = [line for line in said.splitlines() if "error" in line]
    assert len(told) == 1
    assert "record.storage.url: " in told[0]
    assert problem in told[0]
    assert "pa55" not in said
    assert "Traceback" not in said
    assert "invalid data in the commit" not in said


@pytest.mark.long
def test_a_database_that_is_damaged_meanwhile_is_one_message(search, monkeypatch):
    after(2, lambda: Path("all.db").write_bytes(b"no database " * 10_000), monkeypatch)
    code, said = search("sqlite:///all.db")
    assert code == 1
    assert "Traceback" not in said
    assert "invalid data in the commit" not in said
    assert said.count("the record does not answer (") == 1


class Server:
    """A PostgreSQL of a test's own; it runs as another user where the tests run as root."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._folder = folder
        self.url = f"postgresql://me:pa55@127.0.0.1:{self._port}/postgres"

    def run(self, *words: str) -> None:
        user = ("runuser", "-u", "postgres", "--") if os.getuid() == 0 else ()
        subprocess.run([*user, *words], check=True, capture_output=True, cwd="/")

    def start(self) -> None:
        given = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self._folder / "log")
        self.run("pg_ctl", "-D", str(self._folder / "data"), "-w", "-l", log, "-o", given, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip("psycopg", reason="needs PostgreSQL's driver psycopg")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    monkeypatch.setenv("PATH", os.pathsep.join([*map(str, found), os.environ["PATH"]]))
    if not all(map(shutil.which, TOOLS)):
        pytest.skip("needs PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="nas-hydra-postgres-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    made = Server(folder)
    made.run("initdb", "-D", str(folder / "data"), "-U", "me", "-A", "trust", "--no-sync")
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.mark.long
def test_a_server_that_stops_is_one_message_and_the_search_goes_on(search, server, monkeypatch):
    after(2, server.stop, monkeypatch)
    code, said = search(server.url)
    assert code == 1
    assert "Traceback" not in said
    assert "pa55" not in said
    assert "invalid data in the commit" not in said
    errors = [line for line in said.splitlines() if "the record does not answer (" in line]
    assert len(errors) == 1
    code, said = search(server.url)  # it is still down
    assert code == 2
    assert "onnection refused" in said
    assert "Traceback" not in said
    server.start()
    code, said = search(server.url)
    assert code == 0
    assert "3 trials are recorded already" in said
    assert search("sqlite:///all.db", folder="other")[0] == 0
    assert rows(Path("run")) == rows(Path("other"))
    assert compare(["nas-hydra-compare", "run"]) == 2
    assert compare(["nas-hydra-compare", "run", f"record.storage.url={server.url}"]) == 0
    assert "me:***@127.0.0.1" in Path("run/comparison.html").read_text()
    assert not any(
        b"pa55" in file.read_bytes() for file in Path("run").rglob("*") if file.is_file()
    )
