"""Several inputs, each with its own preparation: images, and the columns of a table beside them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from nas_hydra.dataset.prepare import Prepare
from nas_hydra.dataset.prepare.channels import StandardizeChannels
from nas_hydra.dataset.tree import Tree


@dataclass(frozen=True)
class Beside(Prepare):
    """Images standardised in each channel, and columns as a table prepares them.

    Args:
        images: names of the inputs that are images.
        facts: name of the input of columns.
        columns: how that is prepared.
    """

    images: Sequence[str]
    facts: str
    columns: Prepare

    def fit(self, parts: Iterable[Tree]) -> "PreparedBeside":
        """Of dicts of inputs; they are gone through once, and images are not kept."""
        rows: list[Tree] = []

        def images() -> Iterator[Tree]:
            for part in parts:
                rows.append(part[self.facts])
                yield {name: part[name] for name in self.images}

        prepared = StandardizeChannels().fit(images())  # which fills the rows, too
        return PreparedBeside(self.images, self.facts, prepared, self.columns.fit(rows))


class PreparedBeside(nn.Module):
    """Dicts of inputs to the same keys.

    Args:
        images: see ``Beside``.
        facts: likewise.
        image_parts: what prepares the images, all together.
        columns: what prepares the columns.
    """

    def __init__(
        self, images: Sequence[str], facts: str, image_parts: nn.Module, columns: nn.Module
    ) -> None:
        super().__init__()
        self.images, self.facts = [*images], facts
        self.image_parts, self.columns = image_parts, columns

    def forward(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Prepare each."""
        found: dict[str, Any] = self.image_parts({name: inputs[name] for name in self.images})
        return {**found, self.facts: self.columns(inputs[self.facts])}
