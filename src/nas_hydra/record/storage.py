"""Where a record's study is kept."""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from optuna.exceptions import OptunaError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from nas_hydra.errors import ConfigError, NasHydraError
from nas_hydra.masking import MASK, masked_text
from nas_hydra.record.journal import Journal, take_out

URL = "record.storage.url"
DRIVERS = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
"""Module -> the package that brings it, where that has another name."""
GONE = (OptunaError, SQLAlchemyError)
"""What a database raises that does not answer, or is damaged."""
FAULTS = (*GONE, OSError, RuntimeError, ValueError)
"""What a storage raises that does not open."""
DAMAGED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError)
"""What Optuna raises on what it has not written so."""
LONGEST = 300
"""Characters of what a database says that are told."""

log = logging.getLogger(__name__)


class FileLock:
    """A lock for Optuna's journal that the operating system drops with its process.

    Optuna's own locks are files that a killed process leaves behind; the next one then waits
    30 seconds for nobody.

    Args:
        path: the file to lock; made if it is not there.
        seen: the same file, open; its content is put back where somebody deletes it or moves it
            away meanwhile.
    """

    def __init__(self, path: Path, seen: BinaryIO | None = None) -> None:
        self._path, self._seen = path, seen
        self._held: int | None = None

    def acquire(self) -> bool:
        """Wait for the lock and take it."""
        if self._seen is not None and not self._path.exists():
            self._put_back(self._seen)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(file, fcntl.LOCK_EX)
        self._held = file
        return True

    def _put_back(self, seen: BinaryIO) -> None:
        seen.seek(0)
        fresh = self._path.with_name(f".{self._path.name}.new")
        fresh.write_bytes(seen.read())
        os.replace(fresh, self._path)
        self._seen = self._path.open("rb")
        log.warning("%s was gone, with the record of the search; it is there again", self._path)

    def release(self) -> None:
        """Give the lock back."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


def journal(path: str) -> BaseStorage:
    """A journal file: one line per event, appended and synced to disk.

    What cannot be read of it, and would be written anew by the search, is taken out.

    Raises:
        ConfigError: if the file cannot be written, is no journal, or is damaged beyond that.
    """
    file = Path(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_line(file, FileLock(file))
        made = Journal(file, FileLock(file, file.open("rb")))
        opened = _opened_journal(made)
        if not made.damaged:
            return opened
        with _locked(FileLock(file)):
            take_out(file, made.damaged)
        return _opened_journal(Journal(file, FileLock(file, file.open("rb"))))
    except OSError as error:
        raise ConfigError("folder", f"cannot write {file}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError("folder", f"{file} is no record of a search: {error}") from error


def read_journal(file: Path) -> BaseStorage:
    """A journal file as it stands, also one that a search is writing; reading changes nothing.

    Raises:
        ConfigError: if it cannot be read, is no journal, or is damaged.
    """
    try:
        return _opened_journal(Journal(file, FileLock(file)))
    except OSError as error:
        raise ConfigError("folder", f"cannot read {file}: {error.strerror}") from error


def _opened_journal(made: Journal) -> BaseStorage:
    try:
        return JournalStorage(made)
    except DAMAGED as error:
        problem = str(error) if isinstance(error, ValueError) else f"{type(error).__name__} {error}"
        raise ConfigError(
            "folder",
            f"{made.file} is no record of a search, or is damaged: line {made.line}: {problem}. If"
            " that line is a trial's (its op_code is 4), delete it, and the search evaluates that"
            " trial again; else put a copy of the file back, or start in a new folder",
        ) from error


def storage(url: str) -> BaseStorage:
    """Any storage that Optuna knows by a URL: SQLite, PostgreSQL, MySQL.

    Raises:
        ConfigError: if it cannot be reached.
    """
    return _opened(url, url)


def read_storage(url: str) -> BaseStorage:
    """The same, only to be read: what is no database of Optuna's does not become one.

    Raises:
        ConfigError: as ``storage``.
    """
    file = sqlite_file(url)
    return _opened(url, url if file is None else f"sqlite:///file:{quote(file)}?mode=ro&uri=true")


def sqlite_file(url: str) -> str | None:
    """The path in a URL of SQLite's; None if it is another's.

    Raises:
        ConfigError: if it is no URL.
    """
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise ConfigError(URL, f"is no URL of a storage: {reason(error)}") from error
    return parts.database if parts.get_backend_name() == "sqlite" else None


def _opened(url: str, opened: str) -> BaseStorage:
    if MASK in url:
        problem = f"has {MASK} in place of a password; say it again, or '${{oc.env:DATABASE_URL}}'"
        raise ConfigError(URL, problem)
    # A server that was started anew while a trial was trained has forgotten our connection.
    options = {} if opened.startswith("sqlite") else {"pool_pre_ping": True}
    try:
        return get_storage(RDBStorage(opened, engine_kwargs=options))
    except ImportError as error:
        problem = f"needs a driver that is not here ({reason(error)}){_mend(error)}"
        raise ConfigError(URL, problem) from error
    except FAULTS as error:
        raise ConfigError(
            URL, f"is {masked_text(url)}, which does not open: {reason(error)}"
        ) from error


def _mend(error: ImportError) -> str:
    """How to install the driver that is missing."""
    cause = error.__cause__
    name = str(cause.name) if isinstance(cause, ImportError) and cause.name else ""
    return f": pip install '{DRIVERS.get(name, name)}'" if name else ""


@contextmanager
def answering(failure: Callable[[str], NasHydraError]) -> Iterator[None]:
    """What an open database raises, as one message.

    Args:
        failure: the error to raise, from a message.
    """
    try:
        yield
    except GONE as error:
        raise failure(
            f"the record does not answer ({reason(error)}). What it holds is kept: once it is back,"
            " the same command goes on",
        ) from error


def reason(error: BaseException) -> str:
    """In a line, what went wrong in the first place: Optuna's own words are a guess."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = " ".join(str(error).split("\n(Background")[0].split())
    return text[:LONGEST] or type(error).__name__


def _cut_torn_line(file: Path, lock: FileLock) -> None:
    """Drop what a killed process left of its last line; the trial it meant is evaluated anew."""
    with _locked(lock):
        content = file.read_bytes()
        if content and not content.startswith(b"{"):
            raise ValueError("it begins with other things than a journal does")
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(file, whole)


@contextmanager
def _locked(lock: FileLock) -> Iterator[None]:
    lock.acquire()
    try:
        yield
    finally:
        lock.release()
