"""``nas-hydra-space``: what a search could choose from, before anything is trained."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from numpy.random import default_rng
from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from nas_hydra.cli.app import launch
from nas_hydra.cli.sizes import measure, rows
from nas_hydra.cli.tree import tree
from nas_hydra.completing import complete
from nas_hydra.opened import build_space, check_components, sample
from nas_hydra.report.candidate_picture import candidate_picture
from nas_hydra.report.drawing.scene import Drawing
from nas_hydra.report.outline import outline, size_in_words
from nas_hydra.report.picture import FORMATS, save
from nas_hydra.report.space_picture import space_picture
from nas_hydra.search_space import SearchSpace
from nas_hydra.settings import resolved, settings_of
from nas_hydra.tracker.terminal import messages

SAMPLES = 200
"""Random candidates that are built, without memory, to count parameters and FLOPs."""

ABOUT = """\
Show a search space: its decisions, its size, how large its networks are, and pictures.
Nothing is trained. OVERRIDES and flags are those of nas-hydra; hydra.run.dir=FOLDER says where
the pictures go.
"""
EXAMPLES = """\
  nas-hydra-space search_space=conv_net
  nas-hydra-space search_space=mine --config-dir my_conf --samples 0
"""
DEFAULTS = (
    "hydra.job.name=nas-hydra-space",
    "hydra.run.dir=outputs/${now:%Y-%m-%d}/${now:%H-%M-%S}-space-${hydra:runtime.choices.search_space}",
)


def run(argv: Sequence[str]) -> int:
    """Compose as nas-hydra does, show the space and return the exit code.

    Args:
        argv: the program's name, then what was typed.
    """
    parser = argparse.ArgumentParser(
        prog="nas-hydra-space",
        usage="%(prog)s [OVERRIDES] [--samples N] [--config-dir DIR]",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--samples",
        type=_natural,
        default=SAMPLES,
        metavar="N",
        help=f"random candidates to count ({SAMPLES}); with 0 no model is built",
    )
    given, rest = parser.parse_known_args(argv[1:])
    return launch([*DEFAULTS, *rest], lambda config: show(config, given.samples))


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"is '{text}'; it must be a whole number, 0 or more")
    return int(text)


def show(config: DictConfig, samples: int) -> None:
    """Print and draw one space: first what is known at once, then what has to be counted.

    Args:
        config: the composed config.
        samples: how many random candidates to count.

    Raises:
        ConfigError: if the config is wrong, or its constraints refuse nearly everything.
    """
    plain = resolved(config)
    settings = settings_of(plain)
    if samples:
        complete(config, plain)
    space = build_space(config)
    title, size = HydraConfig.get().runtime.choices["search_space"], described_size(space)
    console = Console(highlight=False, soft_wrap=True)
    console.print(tree(title, outline(space)), soft_wrap=False)
    fact(console, "genes", f"{len(space.genes):,}")
    fact(console, "size", size)
    first = sample(space, default_rng(settings.seed))
    pictures = {
        "space": space_picture(space, title, size),
        "candidate": candidate_picture(space, first, f"a random candidate of {title}"),
    }
    draw(console, Path(settings.folder), pictures)
    if samples and "_target_" in settings.dataset:  # else the networks are not known whole
        count(console, space, samples, settings.seed)


def described_size(space: SearchSpace) -> str:
    """How many candidates there are, in words."""
    if space.size == 1:
        return "one candidate, nothing to search"
    notes = ", some of them the same network" if space.hooks.canonical else ""
    notes += ", before the constraints" if space.constraints else ""
    return f"{size_in_words(space.size)} candidates{notes}"


def draw(console: Console, folder: Path, pictures: Mapping[str, Drawing]) -> None:
    """Write the pictures and say where."""
    for name, picture in pictures.items():
        save(picture, folder, name)
    names = ", ".join(f"{name}.{kind}" for name in pictures for kind in FORMATS)
    fact(console, "pictures", f"{names} in {folder}")


def count(console: Console, space: SearchSpace, samples: int, seed: int) -> None:
    """Print the range of parameters and FLOPs, and the share that meets the constraints."""
    check_components([*space.parts.values(), *space.constraints])
    rng = default_rng(seed)
    drawn = track(
        (sample(space, rng) for _ in range(samples)),
        "counting",
        samples,
        console=messages,
        transient=True,
        disable=not messages.is_terminal,
    )
    sizes = measure(space, drawn)
    if space.constraints:
        share = 1 - space.rejected / space.tried
        fact(console, "feasible", f"{share:.1%} of {space.tried} different random candidates")
    for name, value in rows(sizes):
        fact(console, name, value)


def fact(console: Console, name: str, value: str) -> None:
    """One line."""
    console.print(f"  [dim]{name:<11}[/] {escape(value)}")
