"""The model card: what a model is, what it was trained and tested on, and how to load it.

After Mitchell et al. (2019), "Model Cards for Model Reporting", as far as a program can know.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas_hydra.artifact import CONFIG, CONFUSION, WEIGHTS
from nas_hydra.description import Description, is_kind
from nas_hydra.foreign import PACKAGES
from nas_hydra.page.markdown import code, escaped, table
from nas_hydra.retrain.result import NetworkResult, Spread
from nas_hydra.retrain.seen import Seen
from nas_hydra.search_space.gene import shown
from nas_hydra.task import Task
from nas_hydra.task.report import Report
from nas_hydra.trial import Trial

LIMITED = "as its config or this command's limits them"


@dataclass(frozen=True)
class CardFacts:
    """What a card tells.

    Args:
        candidate: the model's closed config.
        trial: that it is.
        results: its own, then those of the baselines.
        description: what ``model.json`` holds.
        metrics: what ``metrics.json`` holds.
        seen: what was seen of the test rows.
    """

    candidate: Mapping[str, Any]
    trial: Trial
    results: Sequence[NetworkResult]
    description: Description
    metrics: Mapping[str, Any]
    seen: Seen


def card(facts: CardFacts, task: Task, report: Report, command: str) -> str:
    """The card as Markdown.

    Args:
        facts: what it tells.
        task: that the model was trained for.
        report: what its weights give on the test rows.
        command: that made the model; left out if empty.
    """
    decisions = {name: shown(made) for name, made in facts.trial.proposal.genotype.items()}
    parts = [
        f"# Trial {facts.trial.number} of {escaped(facts.description.source.run)}",
        *_about(facts, task),
        "## Results",
        *_results(facts, task, report),
        "## How to load it",
        *_loading(facts),
        "## Data",
        *_data(facts),
        "## Choices",
        table(("decision", "made"), decisions.items()),
        "## Cost",
        *_cost(facts),
        "## Versions",
        table(("package", "version"), facts.description.versions.items()),
        *((f"Made by {code(command)}.",) if command else ()),
    ]
    return "\n\n".join(parts) + "\n"


def _about(facts: CardFacts, task: Task) -> Iterator[str]:
    params = number(facts.results[0].metrics["params"].mean)
    yield (
        f"{task.title(params)}. Its network is the best that a search found, or the trial that was"
        f" asked for (key {code(facts.trial.key)}); its weights were trained from scratch, and are"
        f" those of the first of {facts.metrics['seeds']} seeds, not of the best."
    )


def _results(facts: CardFacts, task: Task, report: Report) -> Iterator[str]:
    unit = facts.seen.unit
    use = (
        "this is the first use of the test split"
        if facts.metrics["first_use_of_test_split"]
        else "but models of this search were tested before, so choosing among them by these figures"
        " flatters them"
    )
    yield (
        f"Measured on {report.total:,} test {unit}: {use}. {facts.seen.sentences} Every"
        f" network was trained in the same way, on the same {unit}, with the same seeds."
    )
    yield compared(facts.results, task.percent)
    yield (
        "Mean ± standard deviation over the seeds; in brackets the 95 % interval of the mean"
        " (Student's t), which knows only the chance in training."
        f" {escaped(report.sentence(unit))}"
    )
    for one in facts.results:
        if one.errors:
            yield escaped(f"{len(one.errors)} trainings of {one.name} failed: {one.errors[0]}")
    if "confusion" in facts.metrics:
        yield f"![What it takes for what]({CONFUSION})"


def compared(results: Sequence[NetworkResult], percent: Sequence[str]) -> str:
    """What was measured of the networks, as a table.

    Args:
        results: of each.
        percent: the scores that are shown in per cent, see ``Task``.
    """
    names = [name for name in results[0].metrics if name != "train_loss"]
    shares = [f"test_{name}" for name in percent]
    cells = ((one.name, *_cells(one, names, shares)) for one in results)
    return table(("network", *names), cells)


def _cells(one: NetworkResult, names: Sequence[str], shares: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield cell(one.metrics[name], name in shares) if name in one.metrics else "failed"


def cell(value: Spread, share: bool) -> str:
    """``92.31 ± 0.12 % (92.0 to 92.6)``, or without the per cent."""
    factor, unit = (100.0, " %") if share else (1.0, "")
    mean = f"{factor * value.mean:.2f}" if unit else number(value.mean)
    if value.std is None or value.interval is None or value.std == 0:
        return mean + unit
    low, high = (factor * (min(max(end, 0), 1) if unit else end) for end in value.interval)
    return f"{mean} ± {factor * value.std:.2g}{unit} ({low:.4g} to {high:.4g})"


def number(value: float) -> str:
    """``38,314``, ``0.2312``."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _loading(facts: CardFacts) -> Iterator[str]:
    description = facts.description
    if description.image is None or description.normalize is None:
        yield from _loading_any(facts)
        return
    image, normalize = description.image, description.normalize
    shape = ", ".join(map(str, image.shape))
    yield (
        "```python\nimport torch\nfrom hydra.utils import instantiate\nfrom omegaconf import"
        f' OmegaConf\n\nmodel = instantiate(OmegaConf.load("{CONFIG}").model)\n'
        f'model.load_state_dict(torch.load("{WEIGHTS}", weights_only=True))\n'
        f"logits = model.eval()(images)  # (N, {shape}), normalised\n```"
    )
    mean, std = ([float(f"{one:.4g}") for one in part] for part in (normalize.mean, normalize.std))
    yield (
        f"Images are {image.height} x {image.width} pixels with {image.channels} channel(s), in"
        f" [0, 1], less the mean {mean} and divided by {std} per channel. `model.json` has the"
        f" exact numbers{_classes(description)}."
    )


def _loading_any(facts: CardFacts) -> Iterator[str]:
    """How to load what takes no images, or images that are prepared in another way."""
    trust = "".join(f", {name!r}" for name in _strangers(facts.candidate)).removeprefix(", ")
    yield (
        "```python\nfrom pathlib import Path\n\nfrom nas_hydra.artifact import read_artifact\n"
        "from nas_hydra.network import network_of\n\n"
        f'network = network_of(read_artifact(Path("."), trust=[{trust}]))\n'
        "output = network(inputs)\n```"
    )
    description = facts.description
    image = description.image
    kinds = {"dtype": "float32", "shape": image.shape} if image else description.inputs
    yield (
        f"Inputs are {code(_kinds(kinds))}, as they are in the data: what the networks were given"
        f" is made of them within. `model.json` has the same{_classes(description)}."
    )


def _classes(description: Description) -> str:
    if description.classes is None:
        return ""
    return f" and the names of the classes: {escaped(', '.join(description.classes))}"


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


def _data(facts: CardFacts) -> Iterator[str]:
    numbers, dataset = facts.metrics[facts.seen.key], facts.candidate["dataset"]
    chosen = f"dataset={facts.metrics['search']['dataset']}"
    trained = numbers["trained_on"]
    many = f"{trained:,} {facts.seen.unit}" if trained is not None else facts.seen.unit
    yield (f"{code(dataset['_target_'])} ({code(chosen)}), trained on {many}: {_of_which(numbers)}")
    transforms = dataset.get("augment", {}).get("transforms", [])
    named = ", ".join(one["_target_"].rpartition(".")[2] for one in transforms)
    yield f"Augmentation: {escaped(named) or 'none'}."


def _of_which(numbers: Mapping[str, Any]) -> str:
    """Which rows were trained on."""
    if "monitored_on" not in numbers:
        return f"those of the search's training and validation splits together, {LIMITED}."
    return (
        f"those of the search's training split, {LIMITED}. The {numbers['monitored_on']:,} of its"
        " validation split were left for what watches a training"
        f" ({escaped(', '.join(numbers['monitored_by']))})."
    )


def _cost(facts: CardFacts) -> Iterator[str]:
    search, own = facts.metrics["search"], facts.results[0]
    total = sum(one.seconds for one in facts.results)
    epochs = facts.candidate["trainer"].get("max_epochs")
    yield (
        f"The search evaluated {search['trials']} candidates in {duration(search['seconds'])} of"
        f" training. {facts.metrics['seeds']} trainings of this network of {epochs} epochs took"
        f" {duration(own.seconds)}, those of the yardsticks {duration(total - own.seconds)}."
    )


def duration(seconds: float) -> str:
    """``1.5 h``, ``12 min``, ``34 s``."""
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
