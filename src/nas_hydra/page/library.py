"""Plotly's JavaScript, small enough to be part of every page."""

import gzip
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

FILE = "plotly/package_data/plotly.min.js"
LEVEL = 5
"""Of gzip: level 9 saves one per cent and takes twice as long."""


class Library(NamedTuple):
    """The script as it stands in a page.

    Args:
        packed: compressed with gzip and written in base64, 2 MB; the browser unpacks it.
        digest: SHA-256 of the unpacked script, in base64.
    """

    packed: Markup
    digest: str


@lru_cache
def library() -> Library:
    """Plotly of the installed Python package, packed once per process, in a fifth of a second."""
    # Its module is not imported: that takes longer than packing does.
    script = Path(str(distribution("plotly").locate_file(FILE))).read_bytes()
    packed = b64encode(gzip.compress(script, LEVEL, mtime=0)).decode()
    return Library(Markup(packed), b64encode(sha256(script).digest()).decode())
