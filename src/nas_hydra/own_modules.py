"""The user's own modules: found beside and within the folders of configs that the user names.

Only such folders count as the user's. What a finished run says of its own is not followed: it may
be a stranger's.
"""

import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

HINT = (
    "Python finds what is installed, what lies beside or within a folder given as --config-dir"
    " (config_dir= of the commands that open a run), and what is in a folder that is named before"
    " the command: PYTHONPATH=. nas-hydra ..."
)


@contextmanager
def importable(folders: Sequence[Path]) -> Iterator[None]:
    """For a while, these folders and those that they are in hold modules, after all others'.

    Worker processes know them too. A folder around them that everybody can write into, such as
    ``/tmp``, is left out.
    """
    known = [folder.absolute() for folder in folders]
    around = [folder.parent for folder in known if not is_open_to_all(folder.parent)]
    more = [*dict.fromkeys(map(str, [*known, *around]))]
    sys.path.extend(more)
    try:
        yield
    finally:
        for place in more:
            with suppress(ValueError):  # somebody else has removed it
                sys.path.remove(place)


def is_open_to_all(folder: Path) -> bool:
    """Whether any user of the machine can put a module into a folder."""
    return bool(folder.exists() and folder.stat().st_mode & stat.S_IWOTH)
