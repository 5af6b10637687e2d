"""``nas-hydra-space``: what a search could choose from, before anything is trained."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from hydra.core.hydra_config import HydraConfig
from numpy.random import default_rng
from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.tree import Tree

from nas_hydra.app.completing import complete
from nas_hydra.app.settings import resolved, settings_of
from nas_hydra.app.space import build_space, check_components, sample
from nas_hydra.cli.app import launch
from nas_hydra.constraint import Candidate
from nas_hydra.errors import CandidateError
from nas_hydra.picture.candidate import candidate_picture
from nas_hydra.picture.formats import FORMATS, save
from nas_hydra.picture.outline import Branch, outline, size_in_words
from nas_hydra.picture.scene import Drawing
from nas_hydra.picture.sizes import layer_sizes
from nas_hydra.picture.space import space_picture
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.tracker.terminal import messages


@dataclass
class Sizes:
    """What was counted; ``refusals`` are the reasons why other candidates could not be built."""

    params: list[int] = field(default_factory=list)
    flops: list[int] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)


def _measure(space: SearchSpace, genotypes: Iterable[Genotype]) -> Sizes:
    """Build each candidate without memory and count it; equal candidates are built once.

    Args:
        space: closes the genotypes.
        genotypes: random candidates.

    Raises:
        ConfigError: if the dataset does not say what its images are like.
    """
    sizes = Sizes()
    known: dict[str, tuple[int, int]] = {}
    for genotype in genotypes:
        try:
            if repr(genotype) not in known:
                known[repr(genotype)] = _count(Candidate(space.close(genotype)))
        except CandidateError as error:
            sizes.refusals[str(error)] += 1
        else:
            params, flops = known[repr(genotype)]
            sizes.params.append(params)
            sizes.flops.append(flops)
    return sizes


def _count(candidate: Candidate) -> tuple[int, int]:
    return candidate.params, candidate.flops


def _rows(sizes: Sizes) -> Iterator[tuple[str, str]]:
    """What was counted, for people."""
    if sizes.params:
        yield "parameters", spread(sizes.params)
        yield "FLOPs", f"{spread(sizes.flops)} per row"
    if sizes.refusals:
        reason, times = sizes.refusals.most_common(1)[0]
        yield "cannot work", f"{sizes.refusals.total()} of them; {times}: {reason}"


def spread(numbers: Sequence[int]) -> str:
    """The smallest, the median and the largest."""
    return f"{short(min(numbers))} to {short(max(numbers))}, median {short(median(numbers))}"


def short(number: float) -> str:
    """Three digits that matter: ``38.3 k``, ``1.53 M``, ``12 G``."""
    for unit, sign in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * unit:
            return f"{number / unit:.3g} {sign}"
    return f"{number:.0f}"


def tree(title: str, outline: Iterable[Branch]) -> Tree:
    """The decisions, nested: options under their choice, copies under their count."""
    grown = Tree(f"[bold]{escape(title)}[/]", guide_style="dim")
    for branch in outline:
        _grow(grown, branch)
    return grown


def _grow(above: Tree, branch: Branch) -> None:
    grown = above.add(line(branch))
    for part in branch.inside:
        _grow(grown, part)


def line(branch: Branch) -> str:
    """One branch, in rich's markup."""
    key, name, values = escape(branch.key), escape(branch.name), escape(branch.values)
    place = f"{key} = " if key else ""
    match branch.kind:
        case "group":
            return f"{key} [bold]{name}[/]" if key and name else f"[bold]{name or key}[/]"
        case "option":
            return f"if [bold]{name}[/]"
        case "known":
            return f"{place}[cyan]{name}[/] [dim]as above[/]"
        case "repeat":
            how = "equal copies of" if branch.shared else "copies, each decides"
            count = f"[bold cyan]{name}[/]: {values}" if values else name
            return f"{key + ': ' if key else ''}{count} [dim]{how}[/]"
    shared = " [dim](shared: one decision)[/]" if branch.shared else ""
    return f"{place}[bold cyan]{name}[/]: {values}{shared}"


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
    return launch([*DEFAULTS, *rest], lambda config: _show(config, given.samples))


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"is '{text}'; it must be a whole number, 0 or more")
    return int(text)


def _show(config: DictConfig, samples: int) -> None:
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
    title, size = HydraConfig.get().runtime.choices["search_space"], _described_size(space)
    console = Console(highlight=False, soft_wrap=True)
    console.print(tree(title, outline(space)), soft_wrap=False)
    fact(console, "genes", f"{len(space.genes):,}")
    fact(console, "size", size)
    first = sample(space, default_rng(settings.seed))
    counted = samples and "_target_" in settings.dataset  # else the networks are not known whole
    sizes = layer_sizes(space.close(first)) if counted else {}
    pictures = {
        "space": space_picture(space, title, size),
        "candidate": candidate_picture(space, first, f"a random candidate of {title}", sizes),
    }
    _draw(console, Path(settings.folder), pictures)
    if counted:
        count(console, space, samples, settings.seed)


def _described_size(space: SearchSpace) -> str:
    """How many candidates there are, in words."""
    if space.size == 1:
        return "one candidate, nothing to search"
    notes = ", some of them the same network" if space.hooks.canonical else ""
    notes += ", before the constraints" if space.constraints else ""
    return f"{size_in_words(space.size)} candidates{notes}"


def _draw(console: Console, folder: Path, pictures: Mapping[str, Drawing]) -> None:
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
    sizes = _measure(space, drawn)
    if space.constraints:
        share = 1 - space.rejected / space.tried
        fact(console, "feasible", f"{share:.1%} of {space.tried} different random candidates")
    for name, value in _rows(sizes):
        fact(console, name, value)


def fact(console: Console, name: str, value: str) -> None:
    """One line."""
    console.print(f"  [dim]{name:<11}[/] {escape(value)}")
