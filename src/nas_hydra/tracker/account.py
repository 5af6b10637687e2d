"""Whether and how W&B can be reached; never with a prompt."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, cast

import wandb
from pydantic import ValidationError
from wandb import env
from wandb.errors import AuthenticationError, UsageError
from wandb.sdk.artifacts.staging import get_staging_dir

from nas_hydra.errors import ConfigError
from nas_hydra.masking import masked_words

Mode = Literal["online", "offline", "disabled", "shared"]

log = logging.getLogger(__name__)

ONLINE = {"online", "run", "shared"}
"""The modes that need an account; ``run`` is W&B's old word for online."""
INIT_SECONDS = 30
"""How long W&B may take to answer before the search goes on offline."""
FINISH_SECONDS = 300
"""How long the end of a search may wait for a network that went away, or for large uploads."""


def run_settings(**given: Any) -> wandb.Settings:
    """W&B stays off the terminal, which is the search's, and takes no code with it.

    Raises:
        ConfigError: if W&B refuses a setting.
    """
    try:
        return wandb.Settings(
            silent=True,
            console="off",
            save_code=False,
            disable_code=True,
            init_timeout=INIT_SECONDS,
            finish_timeout=FINISH_SECONDS,
            finish_timeout_raises=True,
            **given,
        )
    except ValidationError as error:
        raise ConfigError("tracker", error.errors()[0]["msg"]) from error
    except UsageError as error:
        raise ConfigError("tracker.project", str(error)) from error


@contextmanager
def discreet() -> Iterator[None]:
    """W&B notes the command's words, and uploads them: for a while they are without secrets."""
    typed = sys.argv
    sys.argv = masked_words(typed)
    try:
        yield
    finally:
        sys.argv = typed


def resolve_mode(asked: str) -> Mode:
    """The mode for ``wandb.init``; an online one only where no prompt for a key can follow."""
    configured = silent_setup().settings.mode
    if os.environ.get("WANDB_MODE") or asked == "auto":
        asked = configured  # by the environment, by `wandb offline`, or W&B's default: online
    if asked in ONLINE and not has_account():
        log.info("W&B: no account found, so this run is tracked offline (`wandb login` adds one)")
        return "offline"
    return cast(Mode, asked)


def has_account() -> bool:
    """Whether W&B finds an API key (environment, settings, netrc); asks neither user nor server."""
    silent_setup()
    try:
        return wandb.login(prompt=False, verify=False)
    except AuthenticationError as error:
        log.warning("W&B: %s", error)
        return False


def silent_setup() -> Any:
    """W&B's setup, off the terminal."""
    return wandb.setup(wandb.Settings(silent=True))


def find_room(folder: Path) -> None:
    """Let W&B keep in a run's folder what it keeps under HOME, if that cannot be written.

    Has to be called before W&B's service begins, which would print its log else.
    """
    usual = env.get_data_dir()
    try:
        get_staging_dir()
    except OSError:
        place = folder / "wandb"
        for name in (env.DATA_DIR, env.CACHE_DIR, env.CONFIG_DIR):
            os.environ.setdefault(name, str(place))
        log.warning("W&B cannot write %s, so all its files are in %s", usual, place)


def warm_up() -> None:
    """Load what W&B loads with the first row, which would be in the search's time (0.2 s)."""
    with suppress(ImportError):  # another version of W&B may do without
        import_module("opentelemetry.exporter.otlp.proto.http.metric_exporter")
