"""The model card: what a model is, what it was trained and tested on, and how to load it.

After Mitchell et al. (2019), "Model Cards for Model Reporting", as far as a program can know.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nas_hydra.artifact import CONFIG, WEIGHTS
from nas_hydra.config.foreign import PACKAGES
from nas_hydra.description import Description, is_kind
from nas_hydra.document.content import (
    Code,
    Document,
    Element,
    Mono,
    Note,
    Paragraph,
    Picture,
    Section,
    Table,
)
from nas_hydra.document.text import duration, number
from nas_hydra.objective import Objective
from nas_hydra.retrain.reference import ABOUT
from nas_hydra.retrain.seen import Seen
from nas_hydra.retrain.verdict import FEWEST, NetworkResult, compared, verdict
from nas_hydra.search_space import Decision
from nas_hydra.search_space.gene import shown
from nas_hydra.task import Task
from nas_hydra.task.report import Report
from nas_hydra.trial import Trial

LIMITED = "as its config or this command's limits them"


class Drawn(NamedTuple):
    """A picture of what was measured.

    Args:
        svg: itself.
        words: what it shows.
        file: its name in the model's folder.
    """

    svg: str
    words: str
    file: str


@dataclass(frozen=True)
class CardFacts:
    """What a card tells.

    Args:
        candidate: the model's closed config.
        trial: that it is.
        results: its own, then those of the baselines.
        objective: by which they are compared.
        description: what ``model.json`` holds.
        metrics: what ``metrics.json`` holds.
        seen: what was seen of the test rows.
        drawn: the picture of what was measured; None if there is none.
        random: decisions of the random candidate; empty if there is none.
    """

    candidate: Mapping[str, Any]
    trial: Trial
    results: Sequence[NetworkResult]
    objective: Objective
    description: Description
    metrics: Mapping[str, Any]
    seen: Seen
    drawn: Drawn | None = None
    random: Mapping[str, Decision] = field(default_factory=dict)


def card(facts: CardFacts, task: Task, report: Report, command: str) -> Document:
    """The card.

    Args:
        facts: what it tells.
        task: that the model was trained for.
        report: what its weights give on the test rows.
        command: that made the model; left out if empty.
    """
    versions = Table(("package", "version"), list(facts.description.versions.items()))
    made = [Paragraph(("Made by ", Mono(command), "."))] if command else []
    return Document(
        f"Trial {facts.trial.number} of {facts.description.source.run}",
        verdict(facts.results, facts.objective, task.percent),
        [
            Section("What it is", [_about(facts, task)]),
            Section("Results", list(_results(facts, task, report))),
            Section("How to load it", list(_loading(facts))),
            Section("Data", list(_data(facts))),
            Section("Choices", [_choices(facts)]),
            Section("Cost", [_cost(facts)]),
            Section("Versions", [versions, *made]),
        ],
    )


def _about(facts: CardFacts, task: Task) -> Paragraph:
    params = number(facts.results[0].metrics["params"].mean)
    return Paragraph(
        (
            f"{task.title(params)}. Its network is the best that a search found, or the trial that"
            " was asked for (key ",
            Mono(facts.trial.key),
            "); its weights were trained from scratch, and are those of the first of"
            f" {facts.metrics['seeds']} seeds, not of the best.",
        )
    )


def _results(facts: CardFacts, task: Task, report: Report) -> Iterator[Element]:
    unit = facts.seen.unit
    use = (
        "this is the first use of the test split"
        if facts.metrics["first_use_of_test_split"]
        else "models of this search were tested before, so choosing among them by these figures"
        " flatters them"
    )
    yield compared(facts.results, task.percent)
    few = facts.metrics["seeds"] < FEWEST
    ends = (
        f"; an interval of the mean takes {FEWEST} seeds"
        if few
        else "; in brackets the 95 % interval of the mean (Student's t), which knows only the"
        " chance in training"
    )
    yield Note(f"Mean ± standard deviation over the seeds{ends}.")
    yield Paragraph(
        f"Measured on {report.total:,} test {unit}: {use}. {facts.seen.sentences} Every"
        f" network was trained in the same way, on the same {unit}, with the same seeds."
    )
    yield Paragraph(report.sentence(unit))
    yield from _simpler(facts)
    for one in facts.results:
        if one.role != "reference" and _guesses(one, facts.description):
            yield Note(
                f"{one.name} is hardly better than guessing: this recipe does not train it, so"
                " that beating it says little."
            )
        if one.errors:
            yield Paragraph(f"{len(one.errors)} trainings of {one.name} failed: {one.errors[0]}")
    if facts.drawn is not None:
        yield Picture(*facts.drawn)


def _simpler(facts: CardFacts) -> Iterator[Element]:
    """What the methods are that are no networks."""
    known = [one for one in facts.results if one.role == "reference"]
    if known:
        each = "; ".join(
            f"{one.name} ({ABOUT[one.name]}, {duration(one.seconds)})" for one in known
        )
        yield Note(f"No networks, fitted to the rows that these are trained on: {each}.")


def _guesses(one: NetworkResult, description: Description) -> bool:
    """Whether a network takes classes for each other as chance would."""
    accuracy, classes = one.metrics.get("test_acc"), description.classes
    return bool(accuracy and classes and accuracy.mean <= 1.2 / len(classes))


def _loading(facts: CardFacts) -> Iterator[Element]:
    description = facts.description
    if description.image is None or description.normalize is None:
        yield from _loading_any(facts)
        return
    image, normalize = description.image, description.normalize
    shape = ", ".join(map(str, image.shape))
    yield Code(
        "import torch\nfrom hydra.utils import instantiate\nfrom omegaconf import OmegaConf\n\n"
        f'model = instantiate(OmegaConf.load("{CONFIG}").model)\n'
        f'model.load_state_dict(torch.load("{WEIGHTS}", weights_only=True))\n'
        f"logits = model.eval()(images)  # (N, {shape}), normalised",
        "python",
    )
    mean, std = ([float(f"{one:.4g}") for one in part] for part in (normalize.mean, normalize.std))
    yield Paragraph(
        (
            f"Images are {image.height} x {image.width} pixels with {image.channels} channel(s), in"
            f" [0, 1], less the mean {mean} and divided by {std} per channel. ",
            Mono("model.json"),
            f" has the exact numbers{_classes(description)}.",
        )
    )


def _loading_any(facts: CardFacts) -> Iterator[Element]:
    """How to load what takes no images, or images that are prepared in another way."""
    trust = ", ".join(map(repr, _strangers(facts.candidate)))
    yield Code(
        "from pathlib import Path\n\nfrom nas_hydra.artifact import read_artifact\n"
        "from nas_hydra.network import network_of\n\n"
        f'network = network_of(read_artifact(Path("."), trust=[{trust}]))\n'
        "output = network(inputs)",
        "python",
    )
    description = facts.description
    image = description.image
    kinds = {"dtype": "float32", "shape": image.shape} if image else description.inputs
    yield Paragraph(
        (
            "Inputs are ",
            Mono(_kinds(kinds)),
            ", as they are in the data: what the networks were given is made of them within. ",
            Mono("model.json"),
            f" has the same{_classes(description)}.",
        )
    )
    if description.data is not None:
        yield Code("nas-hydra-predict model=. FILE", "bash")
        yield Paragraph(f"A file has rows as the training's had{_named(description)}.")


def _named(description: Description) -> str:
    """The columns that a table must have, and what its numbers are called, if anything is."""
    data = description.data if isinstance(description.data, Mapping) else {}
    task = description.task if isinstance(description.task, Mapping) else {}
    columns: Any = data.get("columns") or ()
    names = [one["name"] for one in columns if isinstance(one, Mapping) and "name" in one]
    outputs = task.get("outputs")
    told = f"; told is {', '.join(map(str, outputs))}" if isinstance(outputs, list) else ""
    return (f", in columns of these names: {', '.join(map(str, names))}" if names else "") + told


def _classes(description: Description) -> str:
    if description.classes is None:
        return ""
    return f" and the names of the classes: {', '.join(description.classes)}"


def _kinds(kinds: Any) -> str:
    """``{ids: int64 (N, 12), age: float32 (N)}``."""
    if is_kind(kinds):
        return f"{kinds['dtype']} ({', '.join(['N', *map(str, kinds['shape'])])})"
    if isinstance(kinds, Mapping):
        return f"{{{', '.join(f'{name}: {_kinds(part)}' for name, part in kinds.items())}}}"
    return f"({', '.join(map(_kinds, kinds))})"


def _strangers(config: Any) -> list[str]:
    """The packages that a config names, and that are not known to make or train networks."""
    if isinstance(config, str) or not isinstance(config, Mapping | Sequence):
        return []
    parts = config.values() if isinstance(config, Mapping) else config
    found = [name for part in parts for name in _strangers(part)]
    if isinstance(config, Mapping) and isinstance(config.get("_target_"), str):
        found.append(config["_target_"].partition(".")[0])
    return sorted({*found} - {*PACKAGES})


def _data(facts: CardFacts) -> Iterator[Element]:
    numbers, dataset = facts.metrics[facts.seen.key], facts.candidate["dataset"]
    trained = numbers["trained_on"]
    many = f"{trained:,} {facts.seen.unit}" if trained is not None else facts.seen.unit
    yield Paragraph(
        (
            Mono(dataset["_target_"]),
            " (",
            Mono(f"dataset={facts.metrics['search']['dataset']}"),
            f"), trained on {many}: {_of_which(numbers)}",
        )
    )
    transforms = dataset.get("augment", {}).get("transforms", [])
    named = ", ".join(one["_target_"].rpartition(".")[2] for one in transforms)
    yield Paragraph(f"Augmentation: {named or 'none'}.")


def _of_which(numbers: Mapping[str, Any]) -> str:
    """Which rows were trained on."""
    if "monitored_on" not in numbers:
        return f"those of the search's training and validation splits together, {LIMITED}."
    return (
        f"those of the search's training split, {LIMITED}. The {numbers['monitored_on']:,} of its"
        " validation split were left for what watches a training"
        f" ({', '.join(numbers['monitored_by'])})."
    )


def _choices(facts: CardFacts) -> Table:
    """What was decided, and how the random candidate differs."""
    own = facts.trial.proposal.genotype
    if not facts.random:
        return Table(
            ("decision", "this model"), [(name, shown(made)) for name, made in own.items()]
        )
    rows = []
    for name in dict.fromkeys([*own, *facts.random]):
        mine, its = own.get(name), facts.random.get(name)
        rows.append((name, *("" if one is None else shown(one) for one in (mine, its))))
    return Table(("decision", "this model", "the random candidate"), rows)


def _cost(facts: CardFacts) -> Paragraph:
    search, own = facts.metrics["search"], facts.results[0]
    others = sum(one.seconds for one in facts.results[1:])
    epochs = facts.candidate["trainer"].get("max_epochs")
    beside = f", those of the baselines {duration(others)}" if others else ""
    return Paragraph(
        f"The search evaluated {search['trials']} candidates in {duration(search['seconds'])} of"
        f" training. {facts.metrics['seeds']} trainings of this network of {epochs} epochs took"
        f" {duration(own.seconds)}{beside}."
    )
