"""Learning rates: what each step of a training takes is what the scheduler's own words promise."""

import math
from pathlib import Path

import pytest
from pytorch_lightning import Callback
from torch.optim.lr_scheduler import LinearLR, LRScheduler

from evaluator.candidates import candidate
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.train import TrainEvaluator

TORCH = "torch.optim.lr_scheduler"
TOTAL = "trainer.total_steps"
BATCHES = 8
"""Of 16 images, of the 128 that the candidates are trained on."""

RATES: list[tuple[int, float]] = []


class Spy(Callback):
    """Notes the rate of each batch, by its epoch."""

    def on_train_batch_start(self, trainer, module, batch, index) -> None:
        RATES.append((trainer.current_epoch, trainer.optimizers[0].param_groups[0]["lr"]))


class Own(LRScheduler):
    """Has arguments by names of Lightning's, which stay its own."""

    def __init__(self, optimizer, interval: int, name: str = "") -> None:
        self._interval = interval
        super().__init__(optimizer)

    def get_lr(self):
        return [rate / self._interval**self.last_epoch for rate in self.base_lrs]


def halved(number: int) -> float:
    return 0.5**number


def made(optimizer, num_training_steps: int):
    """As functions of other packages: it does not say what it gives."""
    return LinearLR(optimizer, 1.0, 0.5, num_training_steps)


def scheduler(target: str, **arguments) -> dict:
    return {"_target_": target, "_partial_": True, **arguments}


def one_cycle(**arguments) -> dict:
    return scheduler(f"{TORCH}.OneCycleLR", max_lr=0.1, **{"total_steps": TOTAL, **arguments})


def scheduled(given: dict, **trainer) -> dict:
    spy = {"_target_": f"{__name__}.Spy"}
    plain = candidate()
    return candidate(
        scheduler=given,
        trainer={**plain["trainer"], "callbacks": [spy], **trainer},
        dataset={**plain["dataset"], "limit": 160},
    )


def rates(given: dict, **trainer) -> list[float]:
    """The rates of the steps of a training that was checked before."""
    RATES.clear()
    one, evaluator = scheduled(given, **trainer), TrainEvaluator(seed=0)
    evaluator.check(one)
    assert not RATES
    assert evaluator.evaluate(one, 0, Path("weights")).error is None
    return [rate for _, rate in RATES][:: trainer.get("accumulate_grad_batches", 1)]


@pytest.mark.parametrize(
    ("trainer", "steps"),
    [
        ({"max_epochs": 3}, 3 * BATCHES),
        ({"max_epochs": 2, "limit_train_batches": 5}, 10),
        ({"max_epochs": 2, "limit_train_batches": 0.5}, BATCHES),
        ({"max_epochs": 2, "accumulate_grad_batches": 2}, BATCHES),
        ({"max_epochs": -1, "max_steps": 12}, 12),
        ({"max_epochs": None, "max_steps": 12}, 12),
        ({"max_epochs": 9, "max_steps": 12}, 12),
        ({"max_epochs": 2, "max_steps": 99}, 2 * BATCHES),
    ],
    ids=str,
)
def test_total_steps_are_those_of_the_training(trainer, steps):
    found = rates(one_cycle(pct_start=0.25, anneal_strategy="linear"), **trainer)
    assert len(found) == steps
    top = found.index(max(found))
    assert top == pytest.approx(0.25 * steps - 1, abs=1)
    assert found == sorted(found[: top + 1]) + sorted(found[top + 1 :], reverse=True)
    assert found[-1] < 1e-3 < found[0]


def test_an_incomplete_group_of_batches_is_a_step():
    rates(one_cycle(), max_epochs=2, accumulate_grad_batches=3)
    taken = [rate for _, rate in RATES]
    assert len(dict.fromkeys(taken)) == 2 * math.ceil(BATCHES / 3)


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        (scheduler(f"{TORCH}.LinearLR", start_factor=0.5, total_iters=f"0.5 * {TOTAL}"), BATCHES),
        (scheduler(f"{TORCH}.LinearLR", start_factor=0.5, total_iters=f"({TOTAL} - 3) // 2"), 6),
        (scheduler(f"{TORCH}.LinearLR", start_factor=0.5, total_iters=f"{TOTAL} * 0.28"), 4),
        (scheduler(f"{TORCH}.LinearLR", start_factor=0.5, total_iters=5, interval="step"), 5),
    ],
    ids=str,
)
def test_a_length_may_be_computed(given, whole):
    found = rates(given, max_epochs=2)
    assert found.index(found[-1]) == whole
    assert found[-1] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("trainer", "epochs"),
    [
        ({"max_epochs": 4}, 4),
        ({"max_epochs": -1, "max_steps": 20}, 3),
        ({"max_epochs": None, "max_steps": 20}, 3),
        ({"max_epochs": 5, "max_steps": 20}, 3),
        ({"max_epochs": -1, "max_steps": 20, "accumulate_grad_batches": 2}, 5),
    ],
    ids=str,
)
def test_a_cosine_over_the_training_lasts_as_long_as_that(trainer, epochs):
    rates(scheduler(f"{TORCH}.CosineAnnealingLR", T_max=trainer["max_epochs"]), **trainer)
    wanted = [0.05 * (1 + math.cos(math.pi * epoch / epochs)) for epoch in range(epochs)]
    assert list(dict(RATES).values()) == pytest.approx(wanted)


def test_a_cosine_by_steps_lasts_as_long_as_the_training():
    given = scheduler(f"{TORCH}.CosineAnnealingLR", T_max=2, interval="step")
    found = rates(given, max_epochs=2)
    assert found == sorted(found, reverse=True)
    assert 0 < found[-1] < 0.01


def test_schedulers_that_count_steps_are_stepped_by_steps():
    cyclic = scheduler(f"{TORCH}.CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=4)
    assert rates(cyclic, max_epochs=2)[:9] == pytest.approx(
        [0.01, 0.0325, 0.055, 0.0775, 0.1, 0.0775, 0.055, 0.0325, 0.01]
    )
    assert len(set(rates(scheduler(f"{__name__}.made", num_training_steps=16), max_epochs=2))) == 16
    restarts = scheduler(f"{TORCH}.CosineAnnealingWarmRestarts", T_0=4)
    assert rates(restarts, max_epochs=2)[::BATCHES] == pytest.approx([0.1, 0.0853553], rel=1e-4)
    by_step = rates({**restarts, "interval": "step"}, max_epochs=2)
    assert by_step[0] == by_step[4] == by_step[12] == 0.1


def test_schedulers_inside_one_another_share_the_optimizer():
    parts = [
        scheduler(f"{TORCH}.LinearLR", start_factor=0.1, total_iters=f"0.25 * {TOTAL}"),
        scheduler(f"{TORCH}.CosineAnnealingLR", T_max=f"0.75 * {TOTAL}"),
    ]
    sequence = scheduler(f"{TORCH}.SequentialLR", schedulers=parts, milestones=[f"0.25 * {TOTAL}"])
    found = rates(sequence, max_epochs=2)
    assert found[:5] == pytest.approx([0.01, 0.0325, 0.055, 0.0775, 0.1])
    assert found[4:] == sorted(found[4:], reverse=True)
    chain = scheduler(f"{TORCH}.ChainedScheduler", schedulers=parts[:1])
    assert rates(chain, max_epochs=2)[:5] == pytest.approx([0.01, 0.0325, 0.055, 0.0775, 0.1])


def test_a_function_of_ones_own_is_no_scheduler():
    given = scheduler(f"{TORCH}.LambdaLR", lr_lambda=scheduler(f"{__name__}.halved"))
    assert rates(given, max_epochs=3)[::BATCHES] == pytest.approx([0.1, 0.05, 0.025])


def test_arguments_by_names_of_lightnings_stay_the_schedulers():
    given = scheduler(f"{__name__}.Own", interval=2, name="mine")
    assert rates(given, max_epochs=3)[::BATCHES] == pytest.approx([0.1, 0.05, 0.025])


@pytest.mark.parametrize("accumulated", [1, 2, 3])
def test_frequency_counts_steps_of_the_optimizer(accumulated):
    given = scheduler(f"{TORCH}.ExponentialLR", gamma=0.5, interval="step", frequency=3)
    rates(given, max_epochs=3, accumulate_grad_batches=accumulated)
    per_epoch = math.ceil(BATCHES / accumulated)
    wanted = [
        0.1 * 0.5 ** ((epoch * per_epoch + batch // accumulated) // 3)
        for epoch in range(3)
        for batch in range(BATCHES)
    ]
    assert [rate for _, rate in RATES] == pytest.approx(wanted)


def test_frequency_counts_epochs():
    given = scheduler(f"{TORCH}.ExponentialLR", gamma=0.5, frequency=2)
    assert rates(given, max_epochs=4)[::BATCHES] == pytest.approx([0.1, 0.1, 0.05, 0.05])


@pytest.mark.parametrize(
    "given",
    [
        {"monitor": "train_loss"},
        {"monitor": "val_loss"},
        {"monitor": "val_acc", "mode": "max"},
        {"monitor": "val_loss", "strict": True, "name": "rate", "interval": "epoch"},
    ],
    ids=str,
)
def test_a_plateau_is_told_its_metric(given):
    never = {"threshold": 1e9, "threshold_mode": "abs", "patience": 0, "factor": 0.5}
    plateau = scheduler(f"{TORCH}.ReduceLROnPlateau", **never, **given)
    assert rates(plateau, max_epochs=4)[::BATCHES] == pytest.approx([0.1, 0.1, 0.05, 0.025])


def test_a_plateau_is_told_its_metric_as_often_as_that_is_measured():
    never = {"threshold": 1e9, "threshold_mode": "abs", "patience": 0, "factor": 0.5}
    plateau = scheduler(f"{TORCH}.ReduceLROnPlateau", monitor="val_loss", **never)
    found = rates(plateau, max_epochs=6, check_val_every_n_epoch=2)[::BATCHES]
    assert found == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.05, 0.05])


EXPONENTIAL = scheduler(f"{TORCH}.ExponentialLR", gamma=0.5)
COSINE = f"{TORCH}.CosineAnnealingLR"
ACCUMULATION = "pytorch_lightning.callbacks.GradientAccumulationScheduler"
PLATEAU = f"{TORCH}.ReduceLROnPlateau"


@pytest.mark.parametrize(
    ("given", "trainer", "words"),
    [
        (one_cycle(total_steps=7), {}, ["scheduler: lasts 7 steps, and training takes 8", TOTAL]),
        (one_cycle(interval="epoch"), {}, ["scheduler.interval: is 'epoch'", "say step"]),
        (one_cycle(total_steps=f"{TOTAL} *"), {}, ["scheduler.total_steps: is", "+ - * /"]),
        (one_cycle(total_steps=f"{TOTAL} / 0"), {}, ["scheduler.total_steps: is", "computed"]),
        (one_cycle(total_steps=f"9**9**{TOTAL}"), {}, ["scheduler.total_steps: is", "computed"]),
        (one_cycle(total_steps=f"print({TOTAL})"), {}, ["scheduler.total_steps: is", "computed"]),
        (
            one_cycle(),
            {"max_epochs": -1, "max_time": "00:00:00:05"},
            ["trainer.max_epochs: is -1", "how long the scheduler is to last", "+trainer.max_step"],
        ),
        (
            scheduler(COSINE, T_max=-1),
            {"max_epochs": -1, "max_time": "00:00:00:05"},
            ["trainer.max_epochs: is -1", "how long the scheduler is to last"],
        ),
        (
            one_cycle(),
            {"callbacks": [{"_target_": ACCUMULATION, "scheduling": {0: 2, 4: 4}}]},
            ["trainer.callbacks: hold a GradientAccumulationScheduler", "accumulate_grad_batches"],
        ),
        (scheduler(COSINE, T_max=-1), {}, ["scheduler.T_max: is -1; at least 1"]),
        (scheduler(COSINE, T_max=0), {}, ["scheduler.T_max: is 0; at least 1"]),
        (scheduler(f"{TORCH}.StepLR", step_size=0), {}, ["scheduler.step_size: is 0; at least 1"]),
        (
            scheduler(f"{TORCH}.ExponentialLR", gamma=-1.0),
            {"max_epochs": 2},
            ["scheduler: gives a learning rate of -0.1 after 1 steps"],
        ),
        ({**EXPONENTIAL, "frequency": 0}, {}, ["scheduler.frequency: is 0; allowed: 1 and more"]),
        ({**EXPONENTIAL, "frequency": 1.5}, {}, ["scheduler.frequency: is 1.5; allowed: 1"]),
        ({**EXPONENTIAL, "frequency": True}, {}, ["scheduler.frequency: is True; allowed: 1"]),
        ({**EXPONENTIAL, "frequency": 2}, {}, ["frequency: is 2, but training has only 1 epochs"]),
        (
            {**EXPONENTIAL, "frequency": 9, "interval": "step"},
            {},
            ["scheduler.frequency: is 9, but training has only 8 steps"],
        ),
        (
            {**EXPONENTIAL, "interval": "steps"},
            {},
            ["scheduler.interval: is 'steps'; allowed: step, epoch; did you mean 'step'?"],
        ),
        ({**EXPONENTIAL, "intervall": "step"}, {}, ["scheduler.intervall: is no argument"]),
        ({**EXPONENTIAL, "monitor": "val_loss"}, {}, ["scheduler.monitor: is read by nobody"]),
        ({**EXPONENTIAL, "strict": False}, {}, ["scheduler.strict: is read by nobody"]),
        (scheduler(PLATEAU), {}, ["scheduler.monitor: is missing", "say +scheduler.monitor="]),
        (
            scheduler(PLATEAU, monitor="val_los"),
            {"callbacks": None},
            ["scheduler.monitor: is 'val_los', which is not measured", "did you mean 'val_loss'?"],
        ),
        (scheduler(PLATEAU, monitor="val_acc"), {}, ["scheduler.mode: is 'min'", "say max"]),
        (
            scheduler(PLATEAU, monitor="val_loss", mode="max"),
            {},
            ["scheduler.mode: is 'max', but val_loss is better the lower it is; say min"],
        ),
        (
            scheduler(PLATEAU, monitor="val_loss", interval="step"),
            {},
            ["scheduler.interval: is 'step', but val_loss is measured once per epoch"],
        ),
        (
            scheduler(PLATEAU, monitor="val_loss", frequency=1),
            {"max_epochs": 2, "check_val_every_n_epoch": 2},
            ["scheduler.frequency: is 1, but val_loss is measured every 2 epochs"],
        ),
        (
            scheduler(PLATEAU, monitor="val_loss"),
            {"check_val_every_n_epoch": None, "val_check_interval": 3},
            ["scheduler.monitor: is 'val_loss', which is not measured at the end of epochs"],
        ),
        (
            scheduler(f"{TORCH}.SequentialLR", schedulers=[{**EXPONENTIAL, "interval": "step"}]),
            {},
            ["scheduler.schedulers.0.interval: says nothing", "say scheduler.interval"],
        ),
        (
            scheduler(f"{TORCH}.LambdaLR", lr_lambda=scheduler("math.sqrt")),
            {"max_epochs": 9},
            [],
        ),
        (
            scheduler(f"{TORCH}.LambdaLR", lr_lambda=scheduler("math.log")),
            {"max_epochs": 9},
            ["scheduler: fails on the optimizer"],
        ),
    ],
    ids=str,
)
def test_what_would_give_wrong_rates_is_refused_before_training(given, trainer, words):
    if not words:
        TrainEvaluator(seed=0).check(scheduled(given, **trainer))
        return
    with pytest.raises(ConfigError) as caught:
        TrainEvaluator(seed=0).check(scheduled(given, **trainer))
    for word in words:
        assert word in str(caught.value)


def test_a_scheduler_that_is_wrong_for_some_candidates_costs_these_alone():
    wrong = scheduled(one_cycle(pct_start=2.0))
    with pytest.raises(CandidateError, match=r"scheduler: fails on the optimizer: ValueError"):
        TrainEvaluator(seed=0).evaluate(wrong, 0, Path("weights"))


def test_images_that_are_streamed_have_the_same_steps():
    """Counting them makes a loader's processes begin; the order of the images stays as it was."""
    found = []
    for places in ({"memory_limit": None}, {"memory_limit": 1, "workers": 2}):
        for given in ({}, scheduler(f"{__name__}.made", num_training_steps=TOTAL)):
            one = scheduled(given, max_epochs=2, accumulate_grad_batches=3, limit_train_batches=7)
            one["dataset"] |= places
            found.append(TrainEvaluator(seed=0).evaluate(one, 0, Path("weights")))
    constant, lowered, *streamed = [evaluation.curves["val_loss"] for evaluation in found]
    assert constant != lowered
    assert streamed == [pytest.approx(constant), pytest.approx(lowered)]


def test_a_metric_of_a_callback_of_ones_own_may_be_monitored():
    own = {"_target_": "evaluator.test_rehearsal.Own"}
    given = scheduler(PLATEAU, monitor="own")
    TrainEvaluator(seed=0).check(scheduled(given, callbacks=[own]))
    one = scheduled(given, callbacks=[own])
    assert TrainEvaluator(0).evaluate(one, 0, Path("weights")).error is None


@pytest.mark.parametrize(
    ("given", "trainer", "words"),
    [
        (one_cycle(total_steps=99), {}, "it lasts 99 steps, and training ends after 8"),
        (
            scheduler(f"{TORCH}.PolynomialLR", total_iters=2),
            {"max_epochs": 5},
            "the learning rate is 0 in 3 of 5 epochs, which learn nothing",
        ),
    ],
    ids=str,
)
def test_what_may_be_meant_is_said(given, trainer, words, caplog):
    TrainEvaluator(seed=0).check(scheduled(given, **trainer))
    assert words in caplog.text
