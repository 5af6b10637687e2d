"""nas-hydra: a search is a config with choices left open; a winner has every choice made.

Importing the package imports nothing else, so that a winner's ``best.yaml`` can be built in
anybody's code without the search. The Python API is imported when it is first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nas_hydra.api import Result, Study, search

__all__ = ["Result", "Study", "search"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'nas_hydra' has no attribute '{name}'")
    import random

    from nas_hydra.process.warned import unsaid

    state = random.getstate()
    with unsaid("IProgress not found"):  # tqdm, which optuna imports, would like ipywidgets
        from nas_hydra import api  # rich draws from the global generator when it is imported

    random.setstate(state)
    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
