"""Small evaluators, in a module that workers can import."""

import faulthandler
import logging
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from nas_hydra.engine import Job
from nas_hydra.engine.processes import ProcessEngine
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator import Evaluator
from nas_hydra.objective import Objective
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Evaluation, Proposal, Trial


class Acting(Evaluator):
    """Does what the candidate's ``act`` says; measures the process that it is in."""

    metrics = ("acc", "pid", "adopted")

    def __init__(self, shared: Any = None) -> None:
        self._shared = shared
        self._adopted: list[Any] = []
        self.kept: list[bytearray] = []

    def check(self, candidate: Mapping[str, Any]) -> None:
        """Every candidate can act."""

    def share(self) -> Any:
        return self._shared

    def adopt(self, shared: Any) -> None:
        if shared == "refuse":
            raise ConfigError("dataset.root", "is empty")
        if shared == "die":
            print("cannot live", flush=True)
            os._exit(7)
        self._adopted.append(shared)

    def evaluate(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        more = ACTS[candidate["act"]](self, candidate) or {}
        metrics = {"acc": 0.5, "pid": os.getpid(), "adopted": len(self._adopted), **more}
        return Evaluation(metrics, 1)


Act = Callable[[Acting, Mapping[str, Any]], Mapping[str, float] | None]
ACTS: dict[str, Act] = {}


def act(function: Act) -> Act:
    ACTS[function.__name__] = function
    return function


@act
def nothing(evaluator, candidate):
    pass


@act
def fail(evaluator, candidate):
    raise CandidateError("two\nlines")


@act
def raise_value_error(evaluator, candidate):
    raise ValueError("bad shape")


@act
def leave(evaluator, candidate):
    sys.exit(3)


@act
def measure_nan(evaluator, candidate):
    return {"acc": float("nan")}


@act
def leave_at_once(evaluator, candidate):
    os._exit(3)


@act
def mistake(evaluator, candidate):
    raise ConfigError("optimizer.lr", "is too high")


@act
def crash(evaluator, candidate):
    faulthandler._sigsegv()


@act
def die_once(evaluator, candidate):
    try:
        Path("died").touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


@act
def never_end(evaluator, candidate):
    Path("begun").touch()
    threading.Event().wait()


@act
def never_end_in_a_child(evaluator, candidate):
    child = multiprocessing.get_context("fork").Process(target=threading.Event().wait)
    child.start()
    Path("child").write_text(str(child.pid))
    child.join()


@act
def leave_children_and_die(evaluator, candidate):
    leave_children()
    os._exit(3)


def leave_children(methods=("fork", "spawn")):
    """Processes of every kind, and their numbers in a file."""
    children = [
        multiprocessing.get_context(method).Process(target=time.sleep, args=(1000,))
        for method in methods
    ]
    for child in children:
        child.start()
    programs = [subprocess.Popen(["sleep", "1000"], start_new_session=new) for new in (True, False)]
    pids = [child.pid for child in (*children, *programs)]
    with Path("children").open("a") as file:
        file.writelines(f"{pid}\n" for pid in pids)


@act
def devour(evaluator, candidate):
    while True:
        evaluator.kept.append(bytearray(os.urandom(1)) * 10_000_000)


@act
def grow(evaluator, candidate):
    evaluator.kept.append(bytearray(os.urandom(1)) * 60_000_000)


@act
def step(evaluator, candidate):
    """Write to memory as a step of training does: many blocks of MBs, freed at its end."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [bytearray(b"1") * size for size in (50_000_000, 12_500_000, 40_000_000) * 2]
    del blocks
    return {"faults": resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before}


@act
def fill(evaluator, candidate):
    """Need more than is kept, in blocks with something that stays behind each of them."""
    write(evaluator, 40)


@act
def fill_a_little(evaluator, candidate):
    """Need less than that."""
    write(evaluator, 11)


def write(evaluator, blocks):
    freed = []
    for _ in range(blocks):
        freed.append(bytearray(b"1") * 40_000_000)
        evaluator.kept.append(bytearray(1000))


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


KNOTS: list[weakref.ref[Knot]] = []


@act
def tie(evaluator, candidate):
    KNOTS.append(weakref.ref(Knot()))


@act
def count(evaluator, candidate):
    return {"left": sum(knot() is not None for knot in KNOTS)}


@act
def speak(evaluator, candidate):
    print("printed")
    print("complained", file=sys.stderr)
    os.system("echo from below")
    logging.getLogger("nas_hydra.test").warning("logged %d", 5)
    logging.getLogger("other").warning("kept %s", lambda: 0)


@act
def speak_without_end(evaluator, candidate):
    for _ in range(200):
        print("\x1b[31m" + "x" * 100_000)
        logging.getLogger("other").warning("y" * 100_000)
    print("the end")


@act
def raise_long(evaluator, candidate):
    raise ValueError("z" * 10_000_000)


@act
def report_threads(evaluator, candidate):
    import torch

    tiny = torch.tensor([1e-38]) * 0.01
    return {
        "threads": torch.get_num_threads(),
        "omp": float(os.environ["OMP_NUM_THREADS"]),
        "denormal": float(tiny.item() != 0),
    }


@act
def meddle(evaluator, candidate):
    os.environ["OMP_NUM_THREADS"] = "7"
    os.chdir("/")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    warnings.simplefilter("error")


@act
def look(evaluator, candidate):
    return {
        "threads": float(os.environ["OMP_NUM_THREADS"]),
        "folder": float(os.getcwd() == "/"),
        "ignored": float(signal.getsignal(signal.SIGTERM) == signal.SIG_IGN),
        "errors": float(warnings.filters[0][0] == "error"),
        "torch": float("torch" in sys.modules),
    }


@act
def lose_the_folder(evaluator, candidate):
    os.rmdir(os.getcwd())
    os.chdir("/")


class Training(Acting):
    """Imports torch, as evaluators that train do."""

    def __init__(self) -> None:
        import torch

        super().__init__(torch.arange(10.0).share_memory_())

    def adopt(self, shared: Any) -> None:
        super().adopt(shared)
        shared[0] += 1  # seen by everybody who shares it

    @property
    def first(self) -> float:
        return float(self._shared[0])


class Waiting(Evaluator):
    """Measures at once, but for the first candidate: that waits until five others are done."""

    metrics = ("val_acc",)

    def __init__(self, **settings: Any) -> None:
        """Whatever the evaluator that is replaced was given."""

    def check(self, candidate: Mapping[str, Any]) -> None:
        """Every candidate will do."""

    def share(self) -> None:
        Path("done").mkdir(exist_ok=True)

    def adopt(self, shared: Any) -> None:
        """There is nothing to take."""

    def evaluate(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        if weights.stem == "0":
            while len(list(Path("done").iterdir())) < 5:
                threading.Event().wait(0.01)
        Path("done", weights.stem).touch()
        return Evaluation({"val_acc": int(weights.stem) / 100}, 1)


class Even(Waiting):
    """Measures every candidate at once."""

    def evaluate(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        return Evaluation({"val_acc": int(weights.stem) / 100}, 1)


class Mistaken(Waiting):
    """Finds the config wrong, but not before it is in a worker."""

    def evaluate(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        raise ConfigError("optimizer.lr", "is too high")


class Endless(Waiting):
    """The first three candidates are measured at once, the others never."""

    def evaluate(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        if int(weights.stem) > 2:
            leave_children(methods=())
            Path(f"{weights.stem}.begun").touch()
            threading.Event().wait()
        return Evaluation({"val_acc": 0.5}, 1)


def job(act: str, number: int = 0) -> Job:
    """A job that acts."""
    proposal = Proposal(number, Genotype({"act": act}, f"{act}{number}"), "random")
    return Job([Objective("acc", "maximize")], proposal, {"act": act}, 0, Path("w.ckpt"))


def ended(pid: int, within: float = 30) -> bool:
    """Whether a process is gone, or dead and only not buried, within so many seconds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
    return False


def evaluated_by_a_worker(act: str) -> Trial:
    """The trial of a job that a worker of this process does."""
    engine = ProcessEngine(1, 1, None, None, None, None, "asked")
    engine.start(Acting())
    try:
        return engine.submit(job(act)).result()
    finally:
        engine.shutdown()
