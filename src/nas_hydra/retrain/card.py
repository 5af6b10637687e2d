"""The model card: what a model is, what it was trained and tested on, and how to load it.

After Mitchell et al. (2019), "Model Cards for Model Reporting", as far as a program can know.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas_hydra.artifact import CONFIG, CONFUSION, WEIGHTS, Description
from nas_hydra.page.markdown import code, escaped, table
from nas_hydra.retrain.seen import Seen
from nas_hydra.retrain.standing import Spread, Standing
from nas_hydra.search_space.gene import shown
from nas_hydra.trial import Trial

LIMITED = "as its config or this command's limits them"

SHARES = ("test_acc", "test_f1")
"""Metrics that are shown in per cent."""


@dataclass(frozen=True)
class Facts:
    """What a card tells.

    Args:
        candidate: the model's closed config.
        trial: that it is.
        standings: its own, then those of the yardsticks.
        description: what ``model.json`` holds.
        metrics: what ``metrics.json`` holds.
        seen: what was seen of the test images.
    """

    candidate: Mapping[str, Any]
    trial: Trial
    standings: Sequence[Standing]
    description: Description
    metrics: Mapping[str, Any]
    seen: Seen


def card(facts: Facts, command: str) -> str:
    """The card as Markdown.

    Args:
        facts: what it tells.
        command: that made the model; left out if empty.
    """
    decisions = {name: shown(made) for name, made in facts.trial.proposal.genotype.items()}
    parts = [
        f"# Trial {facts.trial.number} of {escaped(facts.description.source.run)}",
        *_about(facts),
        "## Results",
        *_results(facts),
        "## How to load it",
        *_loading(facts.description),
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


def _about(facts: Facts) -> Iterator[str]:
    own = facts.standings[0]
    params = number(own.metrics["params"].mean)
    yield (
        f"An image classifier with {params} parameters and {len(facts.description.classes)}"
        f" classes. Its network is the best that a search found, or the trial that was asked for"
        f" (key {code(facts.trial.key)}); its weights were trained from scratch, and are those of"
        f" the first of {facts.metrics['seeds']} seeds, not of the best."
    )


def _results(facts: Facts) -> Iterator[str]:
    images, model = facts.metrics["images"], facts.metrics["model"]
    use = (
        "this is the first use of the test split"
        if facts.metrics["first_use_of_test_split"]
        else "but models of this search were tested before, so choosing among them by these figures"
        " flatters them"
    )
    yield (
        f"Measured on {images['tested_on']:,} test images: {use}. {facts.seen.sentences} Every"
        " network was trained in the same way, on the same images, with the same seeds."
    )
    yield results(facts.standings)
    low, high = model["test_acc_interval"]
    yield (
        "Mean ± standard deviation over the seeds; in brackets the 95 % interval of the mean"
        " (Student's t), which knows only the chance in training. The accuracy of the weights in"
        f" this folder is {model['test_acc']:.2%}; with other test images of the same kind it would"
        f" lie between {low:.2%} and {high:.2%} (95 %, Wilson)."
    )
    for one in facts.standings:
        if one.errors:
            yield escaped(f"{len(one.errors)} trainings of {one.name} failed: {one.errors[0]}")
    yield f"![What it takes for what]({CONFUSION})"


def results(standings: Sequence[Standing]) -> str:
    """How the networks stand, as a table."""
    names = [name for name in standings[0].metrics if name != "train_loss"]
    return table(("network", *names), ((one.name, *_cells(one, names)) for one in standings))


def _cells(one: Standing, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield cell(name, one.metrics[name]) if name in one.metrics else "failed"


def cell(name: str, value: Spread) -> str:
    """``92.31 ± 0.12 % (92.0 to 92.6)``."""
    factor, unit = (100.0, " %") if name in SHARES else (1.0, "")
    mean = f"{factor * value.mean:.2f}" if unit else number(value.mean)
    if value.std is None or value.interval is None or value.std == 0:
        return mean + unit
    low, high = (factor * (min(max(end, 0), 1) if unit else end) for end in value.interval)
    return f"{mean} ± {factor * value.std:.2g}{unit} ({low:.4g} to {high:.4g})"


def number(value: float) -> str:
    """``38,314``, ``0.2312``."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _loading(description: Description) -> Iterator[str]:
    shape = ", ".join(map(str, description.image.shape))
    yield (
        "```python\nimport torch\nfrom hydra.utils import instantiate\nfrom omegaconf import"
        f' OmegaConf\n\nmodel = instantiate(OmegaConf.load("{CONFIG}").model)\n'
        f'model.load_state_dict(torch.load("{WEIGHTS}", weights_only=True))\n'
        f"logits = model.eval()(images)  # (N, {shape}), normalised\n```"
    )
    mean, std = ([float(f"{one:.4g}") for one in part] for part in _normalize(description))
    yield (
        f"Images are {description.image.height} x {description.image.width} pixels with"
        f" {description.image.channels} channel(s), in [0, 1], less the mean {mean} and divided by"
        f" {std} per channel. `model.json` has the exact numbers and the names of the classes:"
        f" {escaped(', '.join(description.classes))}."
    )


def _normalize(description: Description) -> tuple[Sequence[float], Sequence[float]]:
    return description.normalize.mean, description.normalize.std


def _data(facts: Facts) -> Iterator[str]:
    images, dataset = facts.metrics["images"], facts.candidate["dataset"]
    chosen = f"dataset={facts.metrics['search']['dataset']}"
    yield (
        f"{code(dataset['_target_'])} ({code(chosen)}), trained on"
        f" {images['trained_on']:,} images: {_of_which(images)}"
    )
    transforms = dataset.get("augment", {}).get("transforms", [])
    named = ", ".join(one["_target_"].rpartition(".")[2] for one in transforms)
    yield f"Augmentation: {escaped(named) or 'none'}."


def _of_which(images: Mapping[str, Any]) -> str:
    """Which images were trained on."""
    if "monitored_on" not in images:
        return f"those of the search's training and validation splits together, {LIMITED}."
    return (
        f"those of the search's training split, {LIMITED}. The {images['monitored_on']:,} of its"
        " validation split were left for what watches a training"
        f" ({escaped(', '.join(images['monitored_by']))})."
    )


def _cost(facts: Facts) -> Iterator[str]:
    search, own = facts.metrics["search"], facts.standings[0]
    total = sum(one.seconds for one in facts.standings)
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
