"""From an ordinary candidate to the winner, one decision at a time, predicted or trained."""

import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from nas_hydra.app.assemble import dry_pass
from nas_hydra.app.finished import ExplainedSearch
from nas_hydra.config.component import build
from nas_hydra.engine.restoring import restored
from nas_hydra.engine.runtime import pinned
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator import Evaluator
from nas_hydra.explain.metamodel import Knowledge, Trains, difference
from nas_hydra.explain.result import Ablation, AblationStep, Estimate
from nas_hydra.record.reading import files_told, told
from nas_hydra.search_space import Decision, Gene, Genotype, SearchSpace
from nas_hydra.search_space.scale import default

log = logging.getLogger(__name__)

Start = int | str
"""``median``, ``default``, or the number of a trial."""
RANDOM = "random"
"""Origin of a candidate that nothing was known for."""
ENOUGH = 10
"""Random candidates that have a median worth the name."""


def ablation(
    searched: ExplainedSearch, knowledge: Knowledge, start: Start, train: Trains | None
) -> Ablation:
    """The way from a start to the winner, in the order in which decisions are expected to help.

    An ablation between two configurations (Fawcett and Hoos 2016), its order by a surrogate
    (Biedenkapp et al. 2017). Each step makes one decision as the winner did; genes that this
    brings into play are decided as the winner's at once.

    Args:
        searched: the search.
        knowledge: of its candidates.
        start: where the way begins.
        train: measures candidates on the way that the record lacks; None predicts them.

    Raises:
        ConfigError: if the trial to start from is not there.
    """
    first, origin = _starting_point(searched, start)
    path = list(way(searched.space, first, searched.winner.proposal.genotype, knowledge))
    candidates = [candidate for _, candidate in path]
    known = knowledge.trained(candidates, train) if train else knowledge.estimates(candidates)
    steps = [
        _step(gene, before, after)
        for (gene, _), (before, after) in zip(path[1:], pairwise(known), strict=True)
    ]
    return Ablation(known[0], origin, steps)


def _starting_point(searched: ExplainedSearch, start: Start) -> tuple[Genotype, str]:
    """The first candidate, and which one that is in words."""
    if start == "default":
        return searched.space.walk(default), "the first option or the middle of each decision"
    if start == "median":
        return _median(searched)
    return searched.genotype(int(start)), f"trial {start}"


def _median(searched: ExplainedSearch) -> tuple[Genotype, str]:
    """The median of the search's random candidates, or of all if there are few of them.

    Those that a strategy made of others are much like the winner, and say little about the space.
    """
    random = [one for one in searched.ranked if one.proposal.origin == RANDOM]
    known, words = (
        (random, "random candidates") if len(random) >= ENOUGH else (searched.ranked, "candidates")
    )
    middle = known[len(known) // 2]
    origin = f"trial {middle.number}, the median of {len(known)} {words}"
    return middle.proposal.genotype, origin


def way(
    space: SearchSpace, start: Genotype, goal: Genotype, knowledge: Knowledge
) -> Iterator[tuple[str, Genotype]]:
    """Each decision that is made as in the goal, and the candidate then; first the start itself.

    Candidates that the constraints refuse are stepped on only where there is no other way.
    """
    taken: set[str] = set()
    current = start
    yield "", start
    while dict(current) != dict(goal):
        open_genes = [name for name in current if name in goal and current[name] != goal[name]]
        options = [_mixed(space, start, goal, taken | {name}) for name in open_genes]
        allowed = [space.feasible(option) for option in options]
        scores = knowledge.scores(options)
        best = max(range(len(options)), key=lambda place: (allowed[place], scores[place]))
        taken.add(open_genes[best])
        current = options[best]
        yield open_genes[best], current


def _mixed(space: SearchSpace, start: Genotype, goal: Genotype, taken: set[str]) -> Genotype:
    """The start with some decisions of the goal, and the goal's where the start has none."""

    def decide(gene: Gene) -> Decision:
        name = gene.name
        if name in goal and (name in taken or name not in start):
            return goal[name]
        return start[name] if name in start else default(gene)

    return space.walk(decide)


def _step(gene: str, before: Estimate, after: Estimate) -> AblationStep:
    gained, source = difference(before, after)
    also = sorted({*before.genotype} ^ {*after.genotype})
    return AblationStep(
        gene, before.genotype[gene], after.genotype[gene], also, after, gained, source
    )


class SearchTrainer:
    """The search's own evaluator: its recipe, its epochs, its seed, and the validation split.

    Args:
        searched: whose evaluator it is.

    Raises:
        ConfigError: if it cannot be built, or its data are others by now, or not there any more.
    """

    def __init__(self, searched: ExplainedSearch) -> None:
        self._searched = searched
        identity = searched.past.identity
        self._evaluator: Evaluator = build(identity["evaluator"], "evaluator")
        from nas_hydra.dataset.cache import doubt_datasets  # torch, which a table does without

        doubt_datasets()  # this process may have loaded images that have changed since
        self._evaluator.prepare(searched.space)
        self._threads = identity["engine"].get("threads") or 1
        _check_data(searched, self._evaluator)

    def __call__(self, genotype: Genotype) -> float:
        """The objective's value.

        Raises:
            CandidateError: if the candidate cannot be trained.
        """
        searched = self._searched
        closes = self._evaluator.closes
        candidate = searched.space.close(genotype) if closes else genotype
        log.info("training %s", genotype.summary)
        with TemporaryDirectory() as folder, restored(), pinned(self._threads):
            found = self._evaluator.evaluate(candidate, 0, Path(folder) / "weights.ckpt")
        return found.metrics[searched.objective.name]


def _check_data(searched: ExplainedSearch, evaluator: Evaluator) -> None:
    """Make sure that what is measured now can be compared with what the search has measured.

    Raises:
        ConfigError: if the data has changed since.
    """
    identity = searched.past.identity
    dry_pass(searched.space, evaluator, identity["seed"])  # as the search did, which notes the data
    now = {"data": evaluator.data, "files": evaluator.files}
    how = [*filter(None, [told(identity, now)]), *files_told(identity)]
    if how:
        exactly = evaluator.changed(searched.past.folder) or "; ".join(how)
        raise ConfigError(
            "train",
            f"cannot be done as the search did, since its data has changed: {exactly}. Give the"
            " data of the search, or leave train=true out",
        )
