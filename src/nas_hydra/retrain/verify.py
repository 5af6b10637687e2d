"""Whether a model's folder says what is so: its data, its figures and its card."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isnan
from typing import Any

from torch import nn

from nas_hydra.artifact import CARD, DESCRIPTION, EXAMPLES, METRICS, REMEDY, Artifact
from nas_hydra.dataset import Tree
from nas_hydra.dataset.examples import Examples, read_examples, split_difference
from nas_hydra.dataset.raw import raw_rows
from nas_hydra.dataset.tree import alike, form_of
from nas_hydra.document.markdown import content, escaped
from nas_hydra.errors import ConfigError, NasHydraError, in_one_line
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.files.small_file import read_json
from nas_hydra.network import around
from nas_hydra.report.summary import versions
from nas_hydra.retrain.seen import SEARCHED, TEST, TRAINING, Seen, final_rows
from nas_hydra.retrain.verdict import NetworkResult, Spread, compared, spread
from nas_hydra.task import Task
from nas_hydra.task.report import Figure, Report, hits

NEAR = 0.02
"""So much may a figure differ that a training has measured, perhaps in another precision."""
EXACT, ROUNDED = 1e-9, 1e-4
"""As shares: numbers that were computed of the same, and those of passes in other batches."""
FIGURE = re.compile(r"\d[\d.,]*")
OTHER = "is not the one that the model was trained on"


class NotVerifiedError(NasHydraError):
    """What a model's folder says does not hold, or cannot be shown."""


@dataclass(frozen=True)
class Metrics:
    """What is checked of ``metrics.json``, see ``nas_hydra.retrain.files``."""

    trial: int
    networks: Sequence[NetworkResult]
    model: Mapping[str, float | Sequence[float]]
    confusion: Sequence[Sequence[int]] | None = None
    images: Mapping[str, Any] | None = None
    test_images_seen: Mapping[str, Any] | None = None
    rows: Mapping[str, Any] | None = None
    test_rows_seen: Mapping[str, Any] | None = None

    @property
    def numbers(self) -> Mapping[str, Any]:
        """How many rows there were for what."""
        return self.images or self.rows or {}

    @property
    def seen(self) -> Mapping[str, Any]:
        """How many test rows were seen before."""
        return self.test_images_seen or self.test_rows_seen or {}


def verify(artifact: Artifact) -> list[str]:
    """Check a model's folder against its own files and its data.

    The weights and the digests of the rows are compared with their SHA-256; the rows with
    their digests; the test rows with those that the search and the training have seen; the
    figures of the model with what its weights give on the test rows; those of all networks with
    the values that they are the mean of; the card with the figures.

    Returns:
        What was checked, in lines.

    Raises:
        ConfigError: if a file is missing or damaged, or the dataset is not there.
        NotVerifiedError: if something does not hold; says what.
    """
    noted, metrics = _noted_rows(artifact), _noted_metrics(artifact)
    one = Prepared({**artifact.config, "dataset": artifact.dataset}, "final")
    found = Seen(noted, metrics.seen.get("unknown") or "", one.data.unit)
    report = _measured(artifact, one)
    problems = [
        *_of_data(noted, final_rows(one.data)),
        *_of_test(found),
        *_of_numbers(metrics, noted),
        *_of_figures(metrics, report),
        *_of_networks(metrics, report, count_parameters(artifact.model())),
        *_of_card(artifact, metrics, found, one.task, report),
    ]
    if found.figures != metrics.seen:
        problems.append(f"{METRICS} counts other test {found.unit} as seen than {EXAMPLES} has")
    if problems:
        raise NotVerifiedError(f"{artifact.folder}: {'; '.join(problems)}")
    return [
        f"the weights are those of {DESCRIPTION}, and the {len(noted[TRAINING]):,} training and"
        f" {len(noted[TEST]):,} test {found.unit} those of {EXAMPLES}",
        found.sentences,
        f"measured anew, the model {report.found(found.unit)}; {METRICS} and {CARD} say so."
        " Figures of other seeds and networks cannot be measured anew, since their weights are not"
        " kept",
    ]


def _noted_rows(artifact: Artifact) -> dict[str, Examples]:
    """The rows that a model's folder notes.

    Raises:
        ConfigError: if there are none.
    """
    file = artifact.examples
    known = {} if file is None else read_examples(file)
    if not {TRAINING, TEST} <= known.keys():
        unit = "rows" if artifact.image is None else "images"
        raise ConfigError(
            "verify",
            f"{artifact.folder} has no {EXAMPLES} that tells its {unit}, as folders of earlier"
            f" versions; {REMEDY}",
        )
    return known


def _noted_metrics(artifact: Artifact) -> Metrics:
    """What ``metrics.json`` says.

    Raises:
        ConfigError: if it cannot be read.
    """
    known = read_json(artifact.folder / METRICS, Metrics)
    if known is None:
        raise ConfigError("verify", f"{artifact.folder / METRICS} is missing or damaged. {REMEDY}")
    return known


def _measured(artifact: Artifact, one: Prepared) -> Report:
    """What the model gives on the test rows as they are.

    Raises:
        ConfigError: if these are none that it takes, or of more classes.
    """
    try:
        # Its rows may be more than were trained on, where some were left for what watched that.
        task = one.task.restored(artifact.facts)
        return task.tested(artifact.model(), _batches(artifact, one))
    except NasHydraError:
        raise
    except Exception as error:  # any module may raise anything on what it was not made for
        raise ConfigError("dataset", f"{OTHER} ({in_one_line(error)})") from error


def _batches(artifact: Artifact, one: Prepared) -> Iterator[tuple[Tree, Tree]]:
    """The test rows, prepared as the model's folder says, if they are of the kind that it takes.

    Raises:
        ConfigError: if they are not.
    """
    prepare = around(artifact, nn.Identity(), last=False)
    classes = getattr(one.data, "class_names", None)
    if artifact.classes is not None and classes and len(classes) != len(artifact.classes):
        raise ConfigError("dataset", OTHER)
    for inputs, target in raw_rows(one.data):
        if not alike(inputs, artifact.empty(1)):
            raise ConfigError("dataset", f"{OTHER}: it has {form_of(inputs)}")
        yield prepare(inputs), target


def _figures(known: Spread) -> list[float | None]:
    """What is computed from the values of several seeds."""
    return [known.mean, known.std, *(known.interval or (None, None))]


def _same(
    told: Sequence[float | None], computed: Sequence[float | None], nearness: float = EXACT
) -> bool:
    """Whether numbers are equal, but for the last bits, in which libraries may differ.

    Args:
        told: some numbers.
        computed: the others.
        nearness: by which share of them they may differ.
    """
    return len(told) == len(computed) and all(
        one is other
        if one is None or other is None
        else isclose(one, other, rel_tol=nearness, abs_tol=1e-3 * nearness)
        or (isnan(one) and isnan(other))
        for one, other in zip(told, computed, strict=True)
    )


def _of_data(noted: Mapping[str, Examples], now: Mapping[str, Examples]) -> Iterator[str]:
    for name, one in now.items():
        if other := split_difference(noted[name], one, name):
            yield f"the data is not that of the model: {other}"


def _of_test(found: Seen) -> Iterator[str]:
    if found.any or found.unknown or not {*SEARCHED} <= found.examples.keys():
        yield found.sentences.rstrip(".")


def _of_numbers(metrics: Metrics, noted: Mapping[str, Examples]) -> Iterator[str]:
    """Numbers of rows that are others than are noted."""
    wanted = len(noted[TRAINING]), len(noted[TEST])
    trained = sum(int(metrics.numbers.get(name) or 0) for name in ("trained_on", "monitored_on"))
    if (trained, metrics.numbers.get("tested_on")) != wanted:
        unit = "images" if metrics.images else "rows"
        numbers = ", ".join(f"{number:,}" for number in wanted)
        yield f"{METRICS} tells other numbers of {unit} than there are ({numbers})"


def _of_figures(metrics: Metrics, report: Report) -> Iterator[str]:
    """Figures of the model that are not those that its weights give."""
    counted = "confusion" in report.parts
    told = [*map(list, metrics.confusion or ())]
    if counted and told != report.parts["confusion"]:
        right, total = hits(told), sum(map(sum, told))
        yield (
            f"the model {report.found('images' if metrics.images else 'rows')}, and by the"
            f" confusion of {METRICS} on {right:,} of {total:,}"
        )
    for name, value in report.figures.items():
        known = metrics.model.get(name)
        exact = counted and name.startswith("test_acc")
        if known is None or not _same(_listed(known), _listed(value), EXACT if exact else ROUNDED):
            shown = "nothing" if known is None else _in_digits(known)
            yield f"the model's {name} is {_in_digits(value)}, and by {METRICS} {shown}"


def _listed(figure: Figure) -> list[float]:
    """A number, or the ends of an interval."""
    return [figure] if isinstance(figure, int | float) else list(figure)


def _in_digits(figure: Figure) -> str:
    """``0.9900``, ``0.9800 to 1.0000``."""
    return " to ".join(f"{one:.4f}" for one in _listed(figure))


def _of_networks(metrics: Metrics, report: Report, params: int) -> Iterator[str]:
    """Figures of the trainings that do not fit to each other, or to the model."""
    own = metrics.networks[0].metrics if metrics.networks else {}
    if "params" in own and own["params"].values[0] != params:
        yield f"the network has {params:,} parameters, and others by {METRICS}"
    for name, value in report.figures.items():
        first = own[name].values[0] if name in own else None
        if first is None or not isinstance(value, float):
            continue
        if abs(first - value) > NEAR * max(1.0, abs(value)):
            yield f"the first seed's {name} is {value:.4f}, and by {METRICS} {first:.4f}"
    for one in metrics.networks:
        for name, known in one.metrics.items():
            if not (known.values and _same(_figures(known), _figures(spread(known.values)))):
                yield f"{name} of {one.name} is not the mean of its values in {METRICS}"


def _of_card(
    artifact: Artifact, metrics: Metrics, found: Seen, task: Task, report: Report
) -> Iterator[str]:
    """What the card does not say, if it was written by this version."""
    file = artifact.folder / CARD
    if not file.is_file():
        yield f"{CARD} is missing"
    elif artifact.description.versions == dict(versions()):
        text = file.read_text(encoding="utf-8", errors="replace")
        rows = content(compared(metrics.networks, task.percent)).splitlines()[2:]
        wanted = (found.sentences, escaped(report.sentence(found.unit)))
        if not (all(part in text for part in wanted) and all(_has_row(text, row) for row in rows)):
            yield f"{CARD} says something else than {METRICS}"


def _has_row(text: str, row: str) -> bool:
    """Whether a line begins with the same name, and has all figures of a row in its order."""
    name, *cells = row.split(" | ")
    for line in text.splitlines():
        if line.startswith(f"{name} |"):
            told = iter(FIGURE.findall(line.removeprefix(name)))
            return all(figure in told for figure in FIGURE.findall(" ".join(cells)))
    return False
