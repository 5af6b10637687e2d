"""Where a record's study is kept."""

import fcntl
import logging
import os
from pathlib import Path
from typing import BinaryIO

from optuna.exceptions import OptunaError
from optuna.storages import BaseStorage, JournalStorage, get_storage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.exc import SQLAlchemyError

from nas_hydra.errors import ConfigError

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

    Raises:
        ConfigError: if the file cannot be written, or is no journal.
    """
    file = Path(path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_line(file, FileLock(file))
    except OSError as error:
        raise ConfigError("folder", f"cannot write {file}: {error.strerror}") from error
    except ValueError as error:
        raise _damaged(file, error) from error
    return _journal(file, FileLock(file, file.open("rb")))


def read_journal(file: Path) -> BaseStorage:
    """A journal file as it stands, also one that a search is writing; reading changes nothing.

    Raises:
        ConfigError: if it cannot be read, or is no journal.
    """
    return _journal(file, FileLock(file))


def _journal(file: Path, lock: FileLock) -> BaseStorage:
    try:
        # Optuna does not export the base class of locks.
        return JournalStorage(JournalFileBackend(str(file), lock_obj=lock))  # type: ignore[arg-type]
    except OSError as error:
        raise ConfigError("folder", f"cannot read {file}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AssertionError) as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception) -> ConfigError:
    return ConfigError("folder", f"{file} is no record of a search, or is damaged: {error}")


def storage(url: str) -> BaseStorage:
    """Any storage that Optuna knows by a URL: SQLite, PostgreSQL, MySQL.

    Raises:
        ConfigError: if it cannot be reached.
    """
    try:
        return get_storage(url)
    except (ImportError, ValueError, OSError, RuntimeError, OptunaError, SQLAlchemyError) as error:
        raise ConfigError(
            "record.storage.url", f"does not open: {str(error).splitlines()[0]}"
        ) from error


def _cut_torn_line(file: Path, lock: FileLock) -> None:
    """Drop what a killed process left of its last line; the trial it meant is evaluated anew."""
    lock.acquire()
    try:
        content = file.read_bytes()
        if content and not content.startswith(b"{"):
            raise ValueError("it begins with other things than a journal does")
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(file, whole)
    finally:
        lock.release()
