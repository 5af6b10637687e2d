"""What a search begins with: ``strategy.initial``."""

import csv
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.files.csv_cell import UNREADABLE, open_csv, unmarked, unreadable
from nas_hydra.objective import Objectives
from nas_hydra.record import reading as data
from nas_hydra.record.past import read_run
from nas_hydra.record.storage import sqlite_file
from nas_hydra.record.study import differing
from nas_hydra.report.trained import whole_epochs
from nas_hydra.search_space import Categorical, Decision, Gene, Genotype, SearchSpace
from nas_hydra.strategy.base import InitialCandidate
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)

KEY = "strategy.initial"
FORMS = "a list of {gene: decision}, the folder of a run, or a csv with a column for each gene"
FIDELITY = "fidelity"
"""A column of ``trials.csv`` where candidates were trained for different epochs."""
MEASURING = ("evaluator", "engine.threads", "machine")
"""The parts of a run's identity that decide, beside a candidate's own config, what is measured."""


def initial_candidates(
    given: Any,
    space: SearchSpace,
    objectives: Objectives,
    identity: Mapping[str, Any],
    url: str | None = None,
    told: Callable[[Path], str] | None = None,
) -> list[InitialCandidate]:
    """The candidates of ``strategy.initial``, each once, in its order.

    Those of a run's folder come with what was measured there, if the candidate's whole config, the
    evaluator and the data are the same, every objective was measured, and it was trained in full
    and from scratch; of a candidate that was trained several times, where it was trained farthest.
    The others are to be evaluated, but for those that the constraints of this space refuse.

    Args:
        given: a list of mappings from gene to decision, a path, or None for none.
        space: of the candidates.
        objectives: of the search.
        identity: of this run.
        url: of this run's storage, if it is on a server; another run's record is only looked for
            there, or in files.
        told: how the data differs from that of a run in a folder, as ``Evaluator.changed``.

    Raises:
        ConfigError: if it is none of these, empty, or has a candidate twice, outside the space
            or against its constraints; names the entry, the gene and the value.
    """
    if given is None:
        return []
    if isinstance(given, list):
        return [InitialCandidate(one) for one in entries(given, space, _listed, "entry")]
    if not isinstance(given, str):
        raise ConfigError(KEY, f"is {given!r}; allowed: {FORMS}")
    path = Path(given).expanduser().absolute()
    if path.is_dir():
        return _from_run(path, space, objectives, identity, url, told)
    if not path.is_file():
        raise ConfigError(KEY, f"there is no file or folder {path}; allowed: {FORMS}")
    rows = _each_once(_read_rows(path, space), space)
    return [InitialCandidate(one) for one in entries(rows, space, _celled, "row")]


def _from_run(
    folder: Path,
    space: SearchSpace,
    objectives: Objectives,
    identity: Mapping[str, Any],
    url: str | None,
    told: Callable[[Path], str] | None,
) -> list[InitialCandidate]:
    """The complete trials of another run."""
    on_server = url is not None and sqlite_file(url) is None
    past = read_run(folder, KEY, url if on_server else None)
    changed = [
        f"{key} was {there!r} there and is {here!r} here"
        for key, there, here in differing(_measuring(past.identity), _measuring(identity))
    ]
    if other := data.told(past.identity, identity):
        exactly = told(folder) if told else ""
        changed.append(f"its data is not that of this run: {exactly or other}")

    def known(genotype: Genotype, trial: Trial) -> bool:
        measured = all(name in trial.metrics for name in objectives.names)
        alike = not changed and genotype.key == trial.key
        return alike and measured and _in_full(trial, whole_epochs(past.identity))

    farthest = past.farthest
    trials = [trial for trial in farthest if _permitted(space, trial)]
    if left := len(farthest) - len(trials):
        log.info("%s: %d trials of %s do not meet the constraints here", KEY, left, folder)
    genotypes = entries([trial.proposal.genotype for trial in trials], space, _listed, "trial")
    candidates = [
        InitialCandidate(genotype, past.evaluation(trial) if known(genotype, trial) else None)
        for genotype, trial in zip(genotypes, trials, strict=True)
    ]
    anew = sum(candidate.known is None for candidate in candidates)
    less = sum(not _in_full(trial, whole_epochs(past.identity)) for trial in trials)
    partly = f" ({less} were not trained in full and from scratch)" if less else ""
    reason = f" ({changed[0]})" if changed else partly or _untold(past.identity, identity)
    log.info(
        "%s: %d trials of %s as they are, %d to be evaluated anew%s",
        *(KEY, len(candidates) - anew, folder, anew, reason),
    )
    return candidates


def _in_full(trial: Trial, epochs: int | None) -> bool:
    """Whether a trial is a whole training from scratch, of so many epochs."""
    fidelity = trial.proposal.fidelity
    planned = fidelity.epochs in (None, epochs) and fidelity.of in (None, epochs)
    return planned and fidelity.inherits is None


def _permitted(space: SearchSpace, trial: Trial) -> bool:
    """Whether a trial's candidate meets the constraints; one of another space is told later."""
    try:
        return space.feasible(trial.proposal.genotype)
    except ConfigError:
        return True


def _untold(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """That an older run's record does not tell on which images its values were measured."""
    missing = set(now.get("data") or {}) - set(then.get("data") or {})
    return " (its record is older, and does not tell its images from others)" if missing else ""


def _measuring(identity: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a run's identity that decides what is measured of a candidate."""
    return {
        "evaluator": identity["evaluator"],
        "engine.threads": identity["engine"].get("threads"),
        "machine": identity.get("machine"),
    }


Read = Callable[[SearchSpace, Any], Genotype]


def entries(given: Sequence[Any], space: SearchSpace, read: Read, word: str) -> list[Genotype]:
    """The genotypes of several entries, checked.

    Args:
        given: the entries.
        space: of the candidates.
        read: makes an entry's genotype.
        word: what an entry is called, for messages; they count from 1.
    """
    if not given:
        raise ConfigError(KEY, f"has no {word}; leave it out, or give {FORMS}")
    found: dict[str, int] = {}
    genotypes: list[Genotype] = []
    for number, entry in enumerate(given, start=1):
        try:
            genotype = read(space, entry)
        except ConfigError as error:
            raise ConfigError(KEY, f"{word} {number} is outside the space: {error}") from error
        if not space.feasible(genotype):
            raise ConfigError(KEY, f"{word} {number} breaks the constraints: {genotype.summary}")
        first = found.setdefault(genotype.key, number)
        if first != number:
            raise ConfigError(
                KEY, f"{word} {number} is the same candidate as {first}: {genotype.summary}"
            )
        genotypes.append(genotype)
    return genotypes


def _listed(space: SearchSpace, entry: Any) -> Genotype:
    """The genotype of a mapping from gene to decision."""
    if not isinstance(entry, Mapping):
        raise ConfigError("", f"it is {entry!r}, and not {{gene: decision}}")
    for name in entry:
        if name not in space.places:
            hint = nearest(name, space.places)
            raise ConfigError(str(name), f"is no gene; allowed: {listing(space.places)}{hint}")
    return space.genotype(entry)


def _celled(space: SearchSpace, row: Mapping[str, str]) -> Genotype:
    """The genotype of a row of cells; a gene that is not active has an empty one."""
    from nas_hydra.evaluator.table import decision_of  # which needs pandas: few searches need it

    def decide(gene: Gene) -> Decision:
        cell = row[gene.name]
        if cell == "" and isinstance(gene, Categorical) and None in gene.labels:
            return None
        decision = decision_of(gene, cell)
        if decision is None:
            raise ConfigError(gene.name, f"is {cell!r}; it must be {gene.allowed}")
        return decision

    genotype = space.walk(decide)
    for name in space.places:
        if name not in genotype and row[name] != "":
            raise ConfigError(name, f"is {row[name]!r}, but not active; leave the cell empty")
    return genotype


def _read_rows(file: Path, space: SearchSpace) -> list[dict[str, str]]:
    """The rows of a csv, plain or compressed; it has a column for each gene, and may have others.

    Raises:
        ConfigError: if it cannot be read, or lacks a column.
    """
    try:
        with open_csv(file) as stream:
            names = [unmarked(name) for name in next(csv.reader(stream), [])]
            rows = list(csv.DictReader(stream, names, restval=""))
    except UNREADABLE as error:
        raise ConfigError(KEY, f"{file} cannot be read as a csv: {unreadable(error)}") from error
    missing = [name for name in space.places if name not in names]
    if missing:
        raise ConfigError(
            KEY, f"{file} lacks columns of genes: {listing(missing)}; it has {listing(names)}"
        )
    return rows


def _each_once(rows: list[dict[str, str]], space: SearchSpace) -> list[dict[str, str]]:
    """The rows of a ``trials.csv`` in which a candidate that was trained on has several, each once.

    All are evaluated anew, so it does not matter which of them is taken.
    """
    if not rows or FIDELITY not in rows[0]:
        return rows
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in space.places), row)
    if left := len(rows) - len(found):
        log.info(
            "%s: %d rows are further trainings of candidates above, each taken once", KEY, left
        )
    return list(found.values())
