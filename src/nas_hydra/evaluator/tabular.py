"""Evaluation by looking up: benchmarks whose candidates somebody else has trained, all of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy
from numpy.typing import NDArray

from nas_hydra.errors import CandidateError, ConfigError, listing
from nas_hydra.evaluator.base import Evaluator
from nas_hydra.evaluator.table import KEY, TableFile, TableRows
from nas_hydra.objective import Direction, Objective, Objectives, unmeasured
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.trial import Course, Evaluation

FIDELITIES = "evaluator.fidelities"

MOST_REFUSED = 1000
"""So many candidates in a row that break the space's constraints, and the optimum is unknown."""


class TabularEvaluator(Evaluator):
    """Looks candidates up in a table: one row per candidate, one column per gene, under its name.

    Where a gene is not active, its cell is empty, as it is where the decision is null. Networks
    that compute the same function are looked up each in a row of its own, since each was trained.

    The protocol of NATS-Bench (Dong et al. 2021) is to search the validation accuracy of a short
    training, ``value``, and to report the test accuracy of a long one, ``report``.

    Args:
        table: file of the table, see ``TableFile``.
        value: column, or columns, to optimise.
        report: further columns to report of each trial.
        missing: what a candidate without a row does: ``error`` ends the search, with ``fail`` its
            trial is a failed one.
        measure: columns that the objective names; any may be optimised or limited.
        fidelities: epochs -> column of ``value`` after so many, of a table that has several. Then
            ``value`` is one name, which need not be a column's, and the epochs are counted.

    Raises:
        ConfigError: if no column is to be optimised, or fidelities are no such thing.
    """

    builds = False
    closes = False
    levelled_by = f"{FIDELITIES}={{12: val_12, 200: val_200}}, the columns after so many epochs"

    def __init__(
        self,
        table: str,
        value: str | Sequence[str],
        report: str | Sequence[str],
        missing: Literal["error", "fail"],
        measure: Sequence[str] = (),
        fidelities: Mapping[int, str] | None = None,
    ) -> None:
        self._file, self._missing, self._measure = table, missing, measure
        self._values, self._report = _listed(value), _listed(report)
        if not self._values:
            raise ConfigError("evaluator.value", "names no column; say which to optimise")
        _check_fidelities(fidelities or {}, self._values)
        self._fidelities = dict(sorted((fidelities or {}).items()))

    @property
    def levels(self) -> Sequence[int]:
        """The fidelities' epochs; empty where there are none."""
        return list(self._fidelities)

    @property
    def metrics(self) -> Sequence[str]:
        """The values, then the other columns to report or to optimise."""
        return list(dict.fromkeys([*self._values, *self._report, *self._measure]))

    @property
    def costs(self) -> Sequence[str]:
        """Every column of numbers that is no gene's; known once the space is."""
        return self._countable

    @property
    def objectives(self) -> Mapping[str, Direction]:
        """Every value, to be maximised."""
        return dict.fromkeys(self._values, "maximize")

    def prepare(self, space: SearchSpace) -> None:
        """Read the table, and find the rows that are candidates of the space.

        Raises:
            ConfigError: if the file cannot be read or lacks a column, or a value is no number; if
                a column is a gene's and a result too; if two rows are the same candidate, or none
                is one.
        """
        table = TableFile(self._file)
        genes = {gene.name for gene in space.genes}
        self._columns: dict[str, NDArray[numpy.float64]] = {}
        self._counted: dict[str, NDArray[numpy.float64]] = {}
        self._after: dict[int, NDArray[numpy.float64]] = {}
        for epochs, name in self._fidelities.items():
            self._after[epochs] = _result(table, name, f"{FIDELITIES}.{epochs}", genes)
            self._columns[self._values[0]] = self._after[epochs]  # of the most, in the end
        for name in self.metrics:
            if name in self._columns:
                continue
            key = self._key(name)
            if key.startswith("objective.") and name not in table.names:
                allowed = [column for column in table.names if column not in genes]
                raise ConfigError(key, unmeasured(name, allowed))
            self._columns[name] = _result(table, name, key, genes)
        self._table, self._countable = table, [n for n in table.numeric if n not in genes]
        self._rows = TableRows(table, space.genes)
        if self._missing == "error":
            self._rows.check_covers()

    def _key(self, name: str) -> str:
        """Where a column is asked for."""
        if name in self._values:
            return "evaluator.value"
        return "evaluator.report" if name in self._report else f"objective.{name}"

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """The numbers in the candidate's row.

        Args:
            candidate: its decisions.
            repeat: changes nothing.
            weights: there are none.
            course: of the fidelities the one to look up; None is the last.

        Raises:
            CandidateError: if the table lacks it, and that counts as a failure.
            ConfigError: if it is an error, or there is no such fidelity.
        """
        row = self._rows.find(candidate)
        if row is not None:
            return self._trained(row, course)
        named = Genotype(candidate, "").summary or "the space's only candidate, without any gene"
        problem = f"the table has no row for {named}"
        if self._missing == "fail":
            raise CandidateError(problem)
        raise ConfigError(
            KEY,
            f"{problem}; complete it, keep to choices that it covers, or say"
            " evaluator.missing=fail to count such candidates as failed",
        )

    def cost(self, candidate: Mapping[str, Any], name: str) -> float:
        """The number in a column of the candidate's row.

        Raises:
            CandidateError: if the table lacks the candidate.
        """
        if name not in self._counted:
            self._counted[name] = self._table.numbers(name, "strategy.cost")
        row = self._rows.find(candidate)
        if row is None:
            raise CandidateError("the table has no row for it")
        return float(self._counted[name][row])

    def optimum(self, space: SearchSpace, objectives: Objectives) -> dict[str, float]:
        """The best value of each objective among the rows that a trial could have.

        Those are rows of candidates which meet the space's constraints, with a finite number for
        every objective, within the objectives' limits. An objective is left out if there is no
        such row, or the best ``MOST_REFUSED`` candidates are all refused by the constraints.
        """
        best = {one.name: self._best(space, objectives, one) for one in objectives}
        return {name: value for name, value in best.items() if value is not None}

    def _best(
        self, space: SearchSpace, objectives: Objectives, objective: Objective
    ) -> float | None:
        refused = 0
        for row in self._ranked(objectives, objective):
            genotype = self._rows.genotype(row, space)
            if genotype is None or objectives.violation(self._measured(row)):
                continue
            if space.feasible(genotype):
                return float(self._columns[objective.name][row])
            refused += 1
            if refused == MOST_REFUSED:
                break
        return None

    def _ranked(self, objectives: Objectives, objective: Objective) -> Iterator[int]:
        """The space's rows that have all values, the best first."""
        values = [self._columns[one.name][self._rows.inside] for one in objectives]
        rows = self._rows.inside[numpy.isfinite(values).all(0)]
        fitness = objective.signed(1.0) * self._columns[objective.name][rows]
        yield from rows[numpy.argsort(-fitness, kind="stable")].tolist()

    def _trained(self, row: int, course: Course | None) -> Evaluation:
        """A row at a fidelity; its epochs are those beyond the trial that it goes on from."""
        if not self._fidelities:
            return Evaluation(self._measured(row), epochs=0)
        last = self.levels[-1]
        epochs = course.fidelity.epochs or last if course else last
        before = (course.before.epochs or last) if course and course.before else 0
        if epochs not in self._after:
            problem = (
                f"has no column for {epochs} epochs; allowed: {', '.join(map(str, self.levels))}"
            )
            raise ConfigError(FIDELITIES, problem)
        value = float(self._after[epochs][row])
        return Evaluation({**self._measured(row), self._values[0]: value}, epochs - before)

    def _measured(self, row: int) -> dict[str, float]:
        return {name: float(column[row]) for name, column in self._columns.items()}


def _check_fidelities(fidelities: Mapping[int, str], values: Sequence[str]) -> None:
    """Refuse what are no epochs, and several values, of which the columns cannot be told."""
    for epochs in fidelities:
        if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
            problem = f"has {epochs!r} for epochs; it must be a whole number of at least 1"
            raise ConfigError(FIDELITIES, f"{problem}: {{12: val_12, 200: test_200}}")
    if fidelities and len(values) > 1:
        problem = f"names {listing(values)}; with {FIDELITIES} it is one name, such as accuracy"
        raise ConfigError("evaluator.value", problem)


def _result(
    table: TableFile, name: str, key: str, genes: Collection[str]
) -> NDArray[numpy.float64]:
    """A column of results.

    Raises:
        ConfigError: if it is a gene's; and as ``TableFile.numbers``.
    """
    if name in genes:
        raise ConfigError(key, f"column '{name}' is a gene's; it cannot be a result too")
    return table.numbers(name, key)


def _listed(names: str | Sequence[str]) -> list[str]:
    """One name, or several, as a list without repetitions."""
    return list(dict.fromkeys([names] if isinstance(names, str) else names))
