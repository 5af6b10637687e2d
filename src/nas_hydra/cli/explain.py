"""``nas-hydra-explain``: why a search's winner won."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeInt

from nas_hydra.cli.arguments import RecordWords, command, typed, unknown
from nas_hydra.errors import ConfigError

ABOUT = """\
nas-hydra-explain run=RUN_DIR [start=median] [train=true] [objective=NAME] [wandb=true]

Say which decisions mattered in a search and how sure that is, how the winner differs from an
ordinary candidate step by step, what is as good and cheaper, and whether another seed would have
chosen otherwise. Writes explanation.json and explanation.html; the run itself is only read.
docs/explaining.md explains every number.
"""


class ExplainWords(RecordWords):
    """What ``nas-hydra-explain`` is told."""

    run: Path = Field(description="the folder of a search")
    objective: str | None = Field(None, description="to explain, if there are several; the first")
    start: Literal["median", "default"] | NonNegativeInt = Field(
        "median", description="of the way to the winner: median, default, or a trial's number"
    )
    train: bool = Field(
        False, description="whether candidates on that way that nobody has measured are trained"
    )
    count: bool | None = Field(
        None,
        description="whether networks are counted to find cheaper ones; not by default for tables",
    )
    output: Path | None = Field(None, description="where the files go; RUN if not given")
    wandb: bool = Field(False, description="true: publish a W&B report too")
    project: str | None = Field(None, description="the report's W&B project; the search's")
    entity: str | None = Field(None, description="the report's W&B user or team; the search's")


def run(argv: Sequence[str]) -> int:
    """Explain, print, write and return the exit code.

    Args:
        argv: the program's name, then what was typed.
    """
    shown = typed("nas-hydra-explain", argv[1:])
    return command(argv, ABOUT, ExplainWords, lambda said, rest: _explain(said, rest, shown))


def _explain(said: ExplainWords, rest: Sequence[str], shown: str) -> None:
    """The explanation in the terminal, in files and, if wanted, at W&B.

    Raises:
        NasHydraError: if there is nothing to explain, or not what was asked for, or W&B cannot be
            reached.
    """
    if rest:
        raise unknown(rest[0], ExplainWords)
    for name in ("project", "entity"):
        if getattr(said, name) and not said.wandb:
            raise ConfigError(name, "is where a W&B report goes; say wandb=true too")
    from nas_hydra.document.terminal import content
    from nas_hydra.explain import explain  # scipy and the record: not for the help
    from nas_hydra.explain.publishing import publish as publish_report
    from nas_hydra.explain.publishing import write
    from nas_hydra.explain.sections import brief

    asked = (said.objective, said.start, said.train, said.count)
    found = explain(said.run, *asked, trust=said.trust, url=said.url)
    folder = said.output or said.run
    for line in [*content(brief(found)), *write(found, folder)]:
        print(line)
    if said.wandb:
        print(publish_report(found, shown, said.project, said.entity, folder))
