"""What a study holds, as far as it still is what was written; the rest is named.

What it notes of the data is compared with the data of today.
"""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.distributions import distribution_to_json
from optuna.trial import FrozenTrial, TrialState
from pydantic import BaseModel, NonNegativeFloat, NonNegativeInt

from nas_hydra.errors import ConfigError, listing
from nas_hydra.files.digest import DIGEST, anything, digest_of, digests, intact, unsealed
from nas_hydra.record.storage import DAMAGED
from nas_hydra.search_space import Genotype
from nas_hydra.trial import ELAPSED, Cost, Fidelity, Proposal, State, Trial

log = logging.getLogger(__name__)

STATES: Mapping[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
PLACE = "place"
"""The attribute of a trial that says how many were added before it; version 0.1 has none."""
COUNTED = "recorded"
"""What is noted beside a spent budget: how many trials there are."""
FINISHED = "finished"
FIDELITY = ("epochs", "of", "continues", "inherits")
"""What is kept of a trial's fidelity; where it might have ended is not asked for later."""


class TrialFacts(BaseModel):
    """The attributes of a trial; version 0.1 has not written all of them."""

    number: NonNegativeInt
    key: str
    origin: str
    parents: tuple[int, ...]
    epochs: NonNegativeInt
    seconds: NonNegativeFloat
    error: str | None
    duplicate_of: int | None
    metrics: dict[str, float]
    source: str | None = None
    weights: str | None = None
    curves: dict[str, tuple[float, ...]] = {}
    fidelity: dict[str, int] = {}
    inherited: float | None = None
    elapsed: float | None = None
    cost: tuple[NonNegativeFloat, NonNegativeInt] | None = None


@contextmanager
def legible(key: str, where: str) -> Iterator[None]:
    """What a record raises that holds what we have not written, as one message.

    Args:
        key: the config key that names the record.
        where: the record, in words.
    """
    try:
        yield
    except DAMAGED as error:
        problem = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ConfigError(key, f"{where} is damaged, or none of ours ({problem})") from error


def trials_of(study: optuna.Study, names: Sequence[str], key: str, where: str) -> list[Trial]:
    """The trials that are as they were written, each number once, in the order of adding.

    Those that are not, and those that have gone, are named in a warning, unless they were
    evaluated again since.

    Args:
        study: that holds them.
        names: of its values.
        key: as of ``legible``.
        where: likewise.

    Raises:
        ConfigError: if two different trials have one number.
    """
    kept = study.get_trials(deepcopy=False)
    read = [(one, _trial_of(one, names)) for one in sorted(kept, key=place)]
    found: dict[int, Trial] = {}
    for trial in (trial for _, trial in read if trial is not None):
        if found.setdefault(trial.number, trial).key != trial.key:
            problem = f"has two different trials {trial.number}; one of them is another's"
            raise ConfigError(key, f"{where} {problem}, so start in a new folder")
    damaged = [one for one, trial in read if trial is None]
    lost = sorted({*map(_claimed, damaged), *_gone(study, read, found)} - found.keys())
    if lost:
        log.warning(
            "%s lacks trials that are damaged or lost: %s; the search's own command evaluates them"
            " again",
            *(where, listing(lost, 10)),
        )
    return list(found.values())


def _gone(
    study: optuna.Study, read: Sequence[tuple[FrozenTrial, Trial | None]], found: Iterable[int]
) -> Iterator[int]:
    """Numbers of trials that have been there: those below the highest, if any has gone."""
    if len(read) < next_place(one for one, _ in read):
        yield from range(max(found, default=0))
    yield from range((noted_ending(study) or {}).get(COUNTED, 0))


def place(frozen: FrozenTrial) -> int:
    """How many trials were added before one."""
    known = frozen.user_attrs.get(PLACE)
    return known if isinstance(known, int) else frozen.number


def next_place(kept: Iterable[FrozenTrial]) -> int:
    """The place of the trial that is added next."""
    return max(map(place, kept), default=-1) + 1


def _claimed(frozen: FrozenTrial) -> int:
    """The number that a damaged trial gives itself."""
    known = frozen.user_attrs.get("number")
    return known if isinstance(known, int) else frozen.number


def sealed_content(frozen: FrozenTrial) -> dict[str, Any]:
    """All of a trial but its times, JSON-like and the same in every storage."""
    return {
        "state": frozen.state.name,
        "values": frozen.values and [*map(float, frozen.values)],
        "params": frozen.params,
        "genes": {name: distribution_to_json(one) for name, one in frozen.distributions.items()},
        "facts": unsealed(frozen.user_attrs),
    }


def _trial_of(frozen: FrozenTrial, names: Sequence[str]) -> Trial | None:
    """What a study holds of a trial; None if it is not what was written, or none of ours.

    Args:
        frozen: as the study holds it.
        names: of the study's values.
    """
    known = frozen.user_attrs
    try:
        if DIGEST in known and known[DIGEST] != digest_of(sealed_content(frozen)):
            return None
        facts = TrialFacts.model_validate(known)
        complete = frozen.state == TrialState.COMPLETE
        genotype = Genotype(frozen.params, facts.key)
        return Trial(
            Proposal(
                facts.number,
                genotype,
                facts.origin,
                facts.parents,
                fidelity=_fidelity_of(facts.fidelity),
                cost=None if facts.cost is None else Cost(*facts.cost),
                facts={} if facts.elapsed is None else {ELAPSED: facts.elapsed},
            ),
            next(name for name, state in STATES.items() if state == frozen.state),
            dict(zip(names, frozen.values, strict=True)) if complete else {},
            facts.metrics,
            facts.epochs,
            facts.seconds,
            facts.error,
            facts.duplicate_of,
            facts.source,
            facts.curves,
            facts.weights,
            facts.inherited,
        )
    except (*DAMAGED, StopIteration):
        return None


def _fidelity_of(facts: Mapping[str, int]) -> Fidelity:
    epochs, of, continues, inherits = (facts.get(name) for name in FIDELITY)
    return Fidelity(epochs, of, continues, inherits)


def fidelity_facts(trial: Trial) -> dict[str, Any]:
    """What is kept of how a trial was trained; nothing of a whole training from scratch."""
    known = {name: getattr(trial.proposal.fidelity, name) for name in FIDELITY}
    found = {name: value for name, value in known.items() if value is not None}
    facts: dict[str, Any] = {"fidelity": found} if found else {}
    if (cost := trial.proposal.cost) is not None:
        facts["cost"] = [cost.planned, cost.epochs]
    return facts if trial.inherited is None else {**facts, "inherited": trial.inherited}


def written(metric: float) -> float | str:
    """A metric as JSON can hold it: what is not finite as a text that ``float`` reads."""
    number = float(metric)
    return number if math.isfinite(number) else str(number)


def claim_of(study: optuna.Study, identity: Mapping[str, Any] | None) -> str:
    """The digest of what a study says of itself, if this is its identity."""
    directions = [direction.name for direction in study.directions]
    return digest_of([identity, study.metric_names, directions])


def check_study(study: optuna.Study, key: str, where: str) -> None:
    """Make sure that what a study says of itself is what was written, see ``legible``.

    Raises:
        ConfigError: if it is not; records of version 0.1 cannot tell.
    """
    known, identity = (study.user_attrs.get(name) for name in (DIGEST, "identity"))
    if known is not None and identity is not None and known != claim_of(study, identity):
        raise ConfigError(
            key,
            f"{where} is damaged: the settings, metrics or directions that it names are not those"
            " that were written. Put a copy of it back, or start in a new folder",
        )


def noted_ending(study: optuna.Study) -> Mapping[str, Any] | None:
    """The budget that a run has noted as spent, with how many trials it had; None if it has not."""
    known = study.user_attrs.get(FINISHED)
    if known is None:
        return None
    if isinstance(known, Mapping) and intact(known):
        return unsealed(known)
    log.warning("that the search was finished is damaged in its record, so it counts as unfinished")
    return None


LATER = ("data", "files")
"""Parts of an identity that older records lack, or have less of."""


def told(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How the data of one run differs from that of another, in words, as far as both note it.

    Args:
        then: the identity of a run that was recorded.
        now: that of another.
    """
    data, files = (_both(then.get(name), now.get(name)) for name in LATER)
    return "; ".join([*counts_told(*data), *_splits_told(*data), *_files_told(*files)])


def files_told(identity: Mapping[str, Any]) -> Iterator[str]:
    """Which files that a run's config names hold something else by now, if they are there."""
    noted = identity.get("files") or {}
    yield from _files_told(*_both(noted, digests(list(noted), anything)))


def _both(then: Any, now: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What both of two parts of an identity tell."""
    one, other = then or {}, now or {}
    common = [key for key in one if key in other]
    return {key: one[key] for key in common}, {key: other[key] for key in common}


def counts_told(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """How the numbers of images per class differ, if both are noted."""
    before, after = then.get("counts"), now.get("counts")
    if before is None or after is None:
        return
    if len(before) != len(after):
        yield f"it had {len(before)} classes, and has {len(after)}"
    elif sum(before) != sum(after):
        yield f"it had {sum(before):,} images for training and validation, and has {sum(after):,}"
    elif before != after:
        yield f"its classes had {before} images, and have {after}"


def _splits_told(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    changed = [name for name in then if name != "counts" and then[name] != now[name]]
    if changed:
        yield f"other {' and '.join(changed)} images"


def _files_told(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    changed = [name for name in then if then[name] != now[name]]
    if changed:
        yield f"{listing(changed, 3)} {'have' if len(changed) > 1 else 'has'} other content"
