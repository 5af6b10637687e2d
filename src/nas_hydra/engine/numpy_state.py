"""What numpy keeps for the whole process; to be called once it is imported."""

import sys
from typing import Any

from nas_hydra.engine.setting import Setting


def _random() -> Any:
    name, keys, *rest = sys.modules["numpy"].random.get_state()
    return name, keys.tobytes(), *rest


def _set_random(state: Any) -> None:
    numpy = sys.modules["numpy"]
    name, keys, *rest = state
    numpy.random.set_state((name, numpy.frombuffer(keys, dtype=numpy.uint32), *rest))


SETTINGS = (
    Setting("numpy's random state", _random, _set_random),
    Setting(
        "numpy's handling of errors",
        lambda: sys.modules["numpy"].geterr(),
        lambda state: sys.modules["numpy"].seterr(**state),
    ),
)
