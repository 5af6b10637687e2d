"""Where a record's study is kept."""

import fcntl
import os
from pathlib import Path

from optuna.exceptions import OptunaError
from optuna.storages import BaseStorage, JournalStorage, get_storage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.exc import SQLAlchemyError

from nas_hydra.errors import ConfigError


class FileLock:
    """A lock for Optuna's journal that the operating system drops with its process.

    Optuna's own locks are files that a killed process leaves behind; the next one then waits
    30 seconds for nobody.

    Args:
        path: the file to lock; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    def acquire(self) -> bool:
        """Wait for the lock and take it."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(file, fcntl.LOCK_EX)
        self._held = file
        return True

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
    return read_journal(file)


def read_journal(file: Path) -> BaseStorage:
    """A journal file as it stands, also one that a search is writing; reading changes nothing.

    Raises:
        ConfigError: if it cannot be read, or is no journal.
    """
    try:
        # Optuna does not export the base class of locks.
        return JournalStorage(JournalFileBackend(str(file), lock_obj=FileLock(file)))  # type: ignore[arg-type]
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
