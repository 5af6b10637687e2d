"""Evaluation by a program of the user's own, in whatever language."""

import json
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from numpy.random import default_rng
from omegaconf import OmegaConf

from nas_hydra.config.foreign import check_command
from nas_hydra.errors import CandidateError, ConfigError, in_one_line
from nas_hydra.evaluator.external import ExternalEvaluator, metrics_from
from nas_hydra.evaluator.program import (
    KEY,
    PRINTED,
    Template,
    dotted_values,
    last_lines,
    last_words,
    run_program,
)
from nas_hydra.evaluator.reporter import REPORTED, Reporter, reporting
from nas_hydra.files.digest import digest_of_path
from nas_hydra.files.small_file import make_folder, read_yaml, replace
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Course, Evaluation

STOP = "stop"
"""The file of a trial's folder that tells its program that it may end."""
SAMPLES = 50
"""Random candidates that tell which values there are at all."""


class CommandEvaluator(ExternalEvaluator):
    """Runs a program for each candidate, in a session of its own.

    Each trial has a folder, ``trials/NUMBER`` in that of the run, with ``config.yaml``, the closed
    config, and with what the program prints. In braces, the command has ``{overrides}`` (every
    value, as Hydra reads it), ``{config}`` (the path of that file), ``{folder}``, ``{weights}`` (a
    file that it may write), ``{seed}``, or a single value by its path.

    Args:
        command: as one would type it; it is split into words, and no shell sees it.
        seed: of the first evaluation of a candidate; the next one has the next.
        metrics: name of a file, JSON or YAML, that the program writes into the trial's folder;
            None: they are the last line of its standard output that is a JSON object.
        cwd: where it runs; None: where this process was started.
        timeout: seconds that it may take; None: as many as it likes.
        report: further metrics, which the search does not look at.
        measure: metrics that the objective names.
        epochs: of a whole training, for a program that reports each epoch; what it needs for that
            is in its environment, see ``_told_of_epochs``.

    Raises:
        ConfigError: if the command cannot be split into words, or a path is wrong.
    """

    def __init__(
        self,
        command: str,
        seed: int,
        metrics: str | None = None,
        cwd: str | None = None,
        timeout: float | None = None,
        report: Sequence[str] = (),
        measure: Sequence[str] = (),
        epochs: int | None = None,
    ) -> None:
        super().__init__(seed, report, measure, epochs)
        check_command(command, KEY)
        self._template, self._metrics, self._timeout = Template(command), metrics, timeout
        self._cwd = Path(cwd or ".").expanduser().absolute()
        self._run: Path | None = None
        if not self._cwd.is_dir():
            raise ConfigError("evaluator.cwd", f"there is no folder {self._cwd}")
        if metrics is not None and Path(metrics).is_absolute():
            problem = f"is '{metrics}'; give its name in {{folder}}, which each trial has"
            raise ConfigError("evaluator.metrics", problem)
        if metrics is not None and epochs is not None:
            problem = f"is '{metrics}', and with evaluator.epochs they are those of the last epoch"
            raise ConfigError("evaluator.metrics", f"{problem} in NAS_HYDRA_REPORT; leave it null")
        if timeout is not None and timeout <= 0:
            raise ConfigError("evaluator.timeout", f"is {timeout:g}; it must be above 0, or null")

    @property
    def files(self) -> Mapping[str, str]:
        """Those that the command names: digests."""
        found = {word: digest_of_path(str(self._cwd / word)) for word in self._template.words}
        return {word: known for word, known in found.items() if known is not None}

    def prepare(self, space: SearchSpace) -> None:
        """See whether the program is there, and what its command says in braces.

        Raises:
            ConfigError: if one of them is not known.
        """
        super().prepare(space)
        _check_program(self._template.words[0], self._cwd)
        rng = default_rng(0)
        values: dict[str, Any] = {}
        for _ in range(SAMPLES):
            config = space.close(space.walk(lambda gene: gene.sample(rng)))["model"]
            if not isinstance(config, Mapping):
                problem = f"is {config!r}; for a command it must be a mapping"
                raise ConfigError("search_space.model", f"{problem}: {{NAME: VALUE}}")
            values |= dotted_values(config)
        self._template.check(values)

    def remember(self, folder: Path) -> None:
        """Note the run's folder; each trial's is within it."""
        self._run = folder.absolute()

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """What the program gives for a candidate.

        Raises:
            CandidateError: if it fails, or does not give what is wanted.
        """
        folder = self._folder_of(weights, candidate["model"])
        own = {
            "config": str(folder / "config.yaml"),
            "folder": str(folder),
            "weights": str(weights.absolute()),
            "seed": str(self._seed + repeat),
        }
        environment = {
            "NAS_HYDRA_TRIAL": weights.stem,
            "NAS_HYDRA_WEIGHTS": own["weights"],
            "NAS_HYDRA_SEED": own["seed"],
        }
        try:
            words = self._template.filled(dict(dotted_values(candidate["model"])), own)
        except KeyError as error:
            problem = f"has no value {error}, which the command asks for; {{overrides}} and"
            raise CandidateError(f"{problem} {{config}} are what there is") from None
        if self._epochs is None:
            run_program(words, self._cwd, folder, environment, self._timeout)
            return Evaluation(metrics_from(self._given(folder), self.metrics), epochs=0)
        with reporting(course, self._epochs, self.metrics) as reporter:
            if not reporter.should_stop:
                stop = folder / STOP
                environment |= _told_of_epochs(reporter, stop)
                watch = partial(_watch, reporter, stop)
                run_program(words, self._cwd, folder, environment, self._timeout, watch)
                reporter.read()
            return reporter.evaluation()

    def _folder_of(self, weights: Path, config: Any) -> Path:
        """A trial's folder, with its config, and nothing of an earlier attempt that is read."""
        folder = (self._run or weights.absolute().parent) / "trials" / weights.stem
        for place in (folder.parent, folder):
            make_folder(place)
        for name in (STOP, *([] if self._metrics is None else [self._metrics])):
            (folder / name).unlink(missing_ok=True)
        replace(folder / "config.yaml", OmegaConf.to_yaml(OmegaConf.create(config)))
        return folder

    def _given(self, folder: Path) -> Any:
        """What the program has told."""
        if self._metrics is not None:
            return _read_metrics(folder / self._metrics)
        for line in reversed(last_lines(folder / PRINTED)):
            if (found := _json_object(line)) is not None:
                return found
        example = '{"loss": 0.5}'
        raise CandidateError(
            f"no line of its output is a JSON object such as {example}{last_words(folder)}"
        )

    def identity(self, candidate: Mapping[str, Any], repeat: int = 0) -> Mapping[str, Any]:
        """Everything that the program's outcome depends on, as far as its command tells."""
        known = super().identity(candidate, repeat)
        return {
            **known,
            "command": self._template.words,
            "seed": self._seed + repeat,
            "files": {**known["files"], **self.files},
        }


def _told_of_epochs(reporter: Reporter, stop: Path) -> dict[str, str]:
    """What a program that reports its epochs finds in its environment, see ``Reporter``.

    To the file ``REPORT`` it appends a line of JSON for each epoch; there is a file ``STOP`` once
    it may end before the last one.
    """
    return {
        "NAS_HYDRA_EPOCHS": str(reporter.epochs),
        "NAS_HYDRA_PLANNED": str(reporter.planned),
        "NAS_HYDRA_BEGIN": str(reporter.begin),
        "NAS_HYDRA_CHECKPOINTS": str(reporter.folder.absolute()),
        "NAS_HYDRA_REPORT": str(reporter.folder.absolute() / REPORTED),
        "NAS_HYDRA_STOP": str(stop),
    }


def _watch(reporter: Reporter, stop: Path) -> None:
    """Look at what a program has reported, and tell it if that is enough."""
    reporter.read()
    if reporter.stopped:
        stop.touch()


def _check_program(name: str, cwd: Path) -> None:
    """Make sure that a program can be started, by its name or its path."""
    place = str(cwd / name) if "/" in name else name
    if shutil.which(place) is None:
        known = Path(place).is_file()
        problem = "may not be executed (chmod +x)" if known else "is no program that is found"
        raise ConfigError(KEY, f"'{name}' {problem}; name one that is, as you would in a shell")


def _read_metrics(file: Path) -> Any:
    """What a file holds that a program has written: JSON, or else YAML."""
    name = Path(*file.parts[-3:])
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CandidateError(f"{name} cannot be read: {in_one_line(error)}") from error
    try:
        return json.loads(text)
    except ValueError:
        pass  # then it is YAML
    try:
        return read_yaml(file)
    except (ValueError, yaml.YAMLError) as error:
        problem = f"{name} is neither JSON nor YAML"
        raise CandidateError(f"{problem}: {in_one_line(error)}") from error


def _json_object(line: str) -> Any:
    """What a line says as a JSON object; None if it is none."""
    if not line.startswith("{"):
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
