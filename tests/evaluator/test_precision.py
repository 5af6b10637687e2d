"""A precision that a machine computes by detours is said before training."""

import pytest
import torch

from nas_hydra.evaluator.precision import detour

CPU = torch.device("cpu")
AVX2 = {"avx2": True, "avx512_bf16": False, "amx_bf16": False, "avx512_fp16": False}


def processor(monkeypatch, capabilities):
    """What torch says of a processor that this machine need not have."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)


@pytest.mark.parametrize("precision", ["bf16-mixed", "bf16-true", "16-true"])
def test_what_the_processor_lacks_is_named_with_what_to_take(monkeypatch, precision):
    processor(monkeypatch, AVX2)
    told = detour(precision, CPU)
    assert told.startswith(f"trainer.precision is {precision}, for which the processor has no")
    assert told.endswith("take trainer.precision=32-true")


@pytest.mark.parametrize("precision", ["32-true", "64-true", "transformer-engine"])
def test_others_are_never_told(monkeypatch, precision):
    processor(monkeypatch, AVX2)
    assert detour(precision, CPU) is None


@pytest.mark.parametrize(
    "capabilities", [{**AVX2, "amx_bf16": True}, {**AVX2, "avx512_bf16": True}, {"sve": True}, {}]
)
def test_what_it_has_or_does_not_say_is_not_told(monkeypatch, capabilities):
    processor(monkeypatch, capabilities)
    assert detour("bf16-mixed", CPU) is None


def test_a_search_says_it_once(monkeypatch, tmp_path, caplog):
    import nas_hydra

    processor(monkeypatch, AVX2)
    nas_hydra.search(
        [
            *("trainer.max_epochs=1", "dataset.limit=60", "budget.trials=1", "search_space=mlp"),
            *("+trainer.precision=bf16-mixed", "engine=serial", "tracker=none", "report=false"),
            f"hydra.run.dir={tmp_path}",
        ],
        quiet=True,
    )
    told = [line for line in caplog.messages if "has no instructions" in line]
    assert len(told) == 1
