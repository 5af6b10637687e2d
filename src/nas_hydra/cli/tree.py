"""The outline of a space on the terminal."""

from collections.abc import Iterable

from rich.markup import escape
from rich.tree import Tree

from nas_hydra.report.outline import Branch


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
