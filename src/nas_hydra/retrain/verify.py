"""Whether a model's folder says what is so: its images, its figures and its card."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isclose, isnan
from typing import Any

import torch

from nas_hydra.artifact import CARD, DESCRIPTION, EXAMPLES, METRICS, REMEDY, Artifact
from nas_hydra.component import build
from nas_hydra.dataset import ImageDataset
from nas_hydra.dataset.check import decoded
from nas_hydra.dataset.examples import Examples, difference, read
from nas_hydra.dataset.prepare.standardize import Standardized
from nas_hydra.dataset.source import target_of
from nas_hydra.dataset.stream import Stream
from nas_hydra.errors import ConfigError, NasHydraError
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.report.summary import versions
from nas_hydra.retrain.card import results
from nas_hydra.retrain.confusion import confusion
from nas_hydra.retrain.seen import SEARCHED, TEST, TRAINING, Seen, final_images
from nas_hydra.retrain.standing import Spread, Standing, spread, wilson
from nas_hydra.small_file import read_json

NEAR = 0.02
"""So much may an accuracy differ that a training has measured, perhaps in another precision."""


class NotVerifiedError(NasHydraError):
    """What a model's folder says does not hold, or cannot be shown."""


@dataclass(frozen=True)
class Measured:
    """What ``metrics.json`` says of the model's weights: accuracy and its interval."""

    test_acc: float
    test_acc_interval: tuple[float, float]


@dataclass(frozen=True)
class Metrics:
    """What is checked of ``metrics.json``, see ``nas_hydra.retrain.files.measured``."""

    trial: int
    images: Mapping[str, Any]
    networks: Sequence[Standing]
    model: Measured
    confusion: Sequence[Sequence[int]]
    test_images_seen: Mapping[str, Any]


def verify(artifact: Artifact) -> list[str]:
    """Check a model's folder against its own files and its data.

    The weights and the digests of the images are compared with their SHA-256; the images with
    their digests; the test images with those that the search and the training have seen; the
    figures of the model with what its weights give on the test images; those of all networks with
    the values that they are the mean of; the card with the figures.

    Returns:
        What was checked, in lines.

    Raises:
        ConfigError: if a file is missing or damaged, or the dataset is not there.
        NotVerifiedError: if something does not hold; says what.
    """
    images, metrics = noted_images(artifact), noted_metrics(artifact)
    found = Seen(images, metrics.test_images_seen.get("unknown") or "")
    dataset: ImageDataset = build(artifact.dataset, "dataset", ImageDataset)
    counts = measured(artifact, dataset)
    problems = [
        *_of_data(images, final_images(dataset)),
        *_of_test(found),
        *_of_figures(metrics, counts, count_parameters(artifact.model()), len(images[TRAINING])),
        *_of_card(artifact, metrics, found),
    ]
    if found.figures != metrics.test_images_seen:
        problems.append(f"{METRICS} counts other test images as seen than {EXAMPLES} has")
    if problems:
        raise NotVerifiedError(f"{artifact.folder}: {'; '.join(problems)}")
    right, total = hits(counts), len(images[TEST])
    return [
        f"the weights are those of {DESCRIPTION}, and the {len(images[TRAINING]):,} training and"
        f" {total:,} test images those of {EXAMPLES}",
        found.sentences,
        f"measured anew, the model is right on {right:,} of {total:,} test images"
        f" ({right / total:.2%}); {METRICS} and {CARD} say so. Figures of other seeds and networks"
        " cannot be measured anew, since their weights are not kept",
    ]


def noted_images(artifact: Artifact) -> dict[str, Examples]:
    """The images that a model's folder notes.

    Raises:
        ConfigError: if there are none.
    """
    file = artifact.examples
    known = {} if file is None else read(file)
    if not {TRAINING, TEST} <= known.keys():
        raise ConfigError(
            "verify",
            f"{artifact.folder} has no {EXAMPLES} that tells its images, as folders of earlier"
            f" versions; {REMEDY}",
        )
    return known


def noted_metrics(artifact: Artifact) -> Metrics:
    """What ``metrics.json`` says.

    Raises:
        ConfigError: if it cannot be read.
    """
    known = read_json(artifact.folder / METRICS, Metrics)
    if known is None:
        raise ConfigError("verify", f"{artifact.folder / METRICS} is missing or damaged. {REMEDY}")
    return known


def measured(artifact: Artifact, dataset: ImageDataset) -> list[list[int]]:
    """What the model takes for what, see ``confusion``.

    Raises:
        ConfigError: if the images are others than it takes, or of more classes.
    """
    source = dataset.opened("test")
    labels = target_of(source)
    shape = tuple(source[torch.tensor([0])].shape[1:])
    if shape != artifact.image.shape or int(labels.max()) >= len(artifact.classes):
        raise ConfigError("dataset", "is not the one that the model was trained on")
    mean, std = (
        torch.tensor(part).view(-1, 1, 1)
        for part in (artifact.normalize.mean, artifact.normalize.std)
    )
    read = partial(decoded, shape=artifact.image.shape)
    test = Stream(source, torch.arange(len(labels)), read, Standardized(mean, std))
    return confusion(artifact, test)


def figures(known: Spread) -> list[float | None]:
    """What is computed from the values of several seeds."""
    return [known.mean, known.std, *(known.interval or (None, None))]


def same(told: Sequence[float | None], computed: Sequence[float | None]) -> bool:
    """Whether numbers are equal, but for the last bits, in which libraries may differ."""
    pairs = zip(told, computed, strict=True)
    return all(
        one is other
        if one is None or other is None
        else isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (isnan(one) and isnan(other))
        for one, other in pairs
    )


def hits(counts: Sequence[Sequence[int]]) -> int:
    """How many images a confusion matrix has on its diagonal."""
    return sum(row[place] for place, row in enumerate(counts))


def _of_data(noted: Mapping[str, Examples], now: Mapping[str, Examples]) -> Iterator[str]:
    for name, one in now.items():
        if other := difference(noted[name], one, name):
            yield f"the data is not that of the model: {other}"


def _of_test(found: Seen) -> Iterator[str]:
    if found.any or found.unknown or not {*SEARCHED} <= found.examples.keys():
        yield found.sentences.rstrip(".")


def _of_figures(
    metrics: Metrics, counts: Sequence[Sequence[int]], params: int, trained_on: int
) -> Iterator[str]:
    """Figures that are not those of the files.

    Args:
        metrics: what is said.
        counts: the confusion that was measured anew.
        params: of the network.
        trained_on: how many images.
    """
    right, total = hits(counts), sum(map(sum, counts))
    told, own = metrics.model, metrics.networks[0].metrics if metrics.networks else {}
    if [*map(list, metrics.confusion)] != [*map(list, counts)]:
        yield (
            f"the model is right on {right:,} of {total:,} test images, and by the confusion of"
            f" {METRICS} on {hits(metrics.confusion):,} of {sum(map(sum, metrics.confusion)):,}"
        )
    if not same([told.test_acc, *told.test_acc_interval], [right / total, *wilson(right, total)]):
        yield f"the model's accuracy is {right / total:.4f}, and by {METRICS} {told.test_acc:.4f}"
    trained = sum(int(metrics.images.get(name, 0)) for name in ("trained_on", "monitored_on"))
    if (trained, metrics.images.get("tested_on")) != (trained_on, total):
        yield f"{METRICS} tells other numbers of images than there are ({trained_on:,}, {total:,})"
    if "params" in own and own["params"].values[0] != params:
        yield f"the network has {params:,} parameters, and others by {METRICS}"
    if "test_acc" in own and abs(own["test_acc"].values[0] - right / total) > NEAR:
        first = own["test_acc"].values[0]
        yield f"the first seed's accuracy is {right / total:.4f}, and by {METRICS} {first:.4f}"
    for one in metrics.networks:
        for name, known in one.metrics.items():
            if not (known.values and same(figures(known), figures(spread(known.values)))):
                yield f"{name} of {one.name} is not the mean of its values in {METRICS}"


def _of_card(artifact: Artifact, metrics: Metrics, found: Seen) -> Iterator[str]:
    """What the card does not say, if it was written by this version."""
    file = artifact.folder / CARD
    if not file.is_file():
        yield f"{CARD} is missing"
    elif artifact.description.versions == dict(versions()):
        text = file.read_text(encoding="utf-8", errors="replace")
        wanted = (results(metrics.networks), found.sentences, f"{metrics.model.test_acc:.2%}")
        if not all(part in text for part in wanted):
            yield f"{CARD} says something else than {METRICS}"
