"""Search for post-processing parameters on AOIs with truth, cross-validated by AOI.

Needs the extra ``search`` (optuna).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from sn7fast._arguments import whole_number
from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.postprocess import PostProcessing
from sn7fast.search.intervals import Interval, bootstrap, folds_of
from sn7fast.search.objective import TERMS, Objective, Sample
from sn7fast.search.result import Fold, SearchResult
from sn7fast.search.space import space_of, space_to_dict
from sn7fast.search.storage import digests, opened_storage
from sn7fast.search.study import Best, Trials, run_study

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sn7fast.postprocess.ranges import Range

# With fewer values the bootstrap's intervals are far too narrow.
_FEW = 6

__all__ = [
    "TERMS",
    "Fold",
    "Interval",
    "Objective",
    "Sample",
    "SearchResult",
    "search",
    "space_of",
    "space_to_dict",
]


def search(
    samples: Sequence[Sample],
    *,
    start: PostProcessing | None = None,
    space: Mapping[str, Range] | None = None,
    objective: Objective | None = None,
    trials: int = 60,
    folds: int = 5,
    seed: int = 0,
    storage: str | os.PathLike[str] | None = None,
    tell: Callable[[str, int, float], None] | None = None,
) -> SearchResult:
    """Find post-processing settings that score best on AOIs whose truth is known.

    For each fold a search of its own sees the other AOIs only, and what it finds is scored on the
    fold: what these held-out AOIs get is what new ones can expect. A last search on all AOIs gives
    the settings to use. Searches are by optuna's TPE sampler; the same arguments give the same
    result, interrupted or not.

    Args:
        samples: AOIs with probabilities and truth, each name once.
        start: Settings to start from; its method is the one that is searched, and what ``space``
            does not vary stays. None means the defaults of the baseline.
        space: Range of each parameter to vary, by place; None means those of the method.
        objective: What to make large; None means SCOT.
        trials: How many settings each search tries, those in the storage counted.
        folds: How many parts the AOIs are dealt to; at most one for each AOI.
        seed: Of sampler, folds and bootstrap.
        storage: SQLite file that keeps the trials, so that an interrupted search can go on.
        tell: Called after each trial with the name of the search, how many trials are done, and
            the best value so far.

    Returns:
        The settings found, what they are worth, and warnings.

    Raises:
        InputError: No AOI, a repeated name, ``start`` cannot be used on an AOI, an argument out of
            range, or the storage is of another search.
        MissingDependencyError: optuna is not installed.
    """
    start, objective = start or PostProcessing(), objective or Objective()
    space = dict(start.space() if space is None else space)
    count = whole_number("trials", trials, 1, 10**6)
    folds, seed = whole_number("folds", folds, 2, 10**6), whole_number("seed", seed, 0, 2**31 - 1)
    samples = sorted(samples, key=lambda sample: sample.aoi)
    aois = [sample.aoi for sample in samples]
    if not aois or len(set(aois)) < len(aois):
        raise InputError(f"samples: got {aois}, wanted one or more AOIs, each once")
    if not space:
        raise InputError(f"space: got none, and the method {start.method} has no ranges")
    for place in space:
        start.value(place)
    known = Trials(samples, objective)
    settings = {
        "start": start.to_dict(),
        "space": space_to_dict(space),
        "objective": asdict(objective),
        "folds": folds,
        "seed": seed,
        "AOIs": digests(samples),
    }
    done: list[Fold] = []
    with _quiet_optuna(), opened_storage(storage, settings) as kept:

        def find(name: str, on: Sequence[str]) -> Best:
            return run_study(
                name, kept, space, start, on, known, count=count, seed=seed, tell=tell or _quiet
            )

        for held in folds_of(aois, folds, seed) if len(aois) > 1 else []:
            found = find(f"fold {len(done) + 1}", [aoi for aoi in aois if aoi not in held])
            done.append(_fold(held, found, start, known, seed))
        best = find("all", aois)
        undone = {place: _undone(place, best, start, aois, known) for place in space}
    value, value_start, gain = _spans(
        [(aoi, fold.settings) for fold in done for aoi in fold.aois], start, known, seed
    )
    return SearchResult(
        best=best.settings,
        start=start,
        objective=str(objective),
        trained=best.value,
        trained_start=best.start,
        folds=tuple(done),
        value=value,
        value_start=value_start,
        gain=gain,
        undone=undone,
        importance=best.importance,
        trials=(best.trials, best.failed),
        warnings=tuple(_warnings(len(aois), best, start, gain)),
    )


def _undone(
    place: str, best: Best, start: PostProcessing, aois: Sequence[str], known: Trials
) -> float | None:
    """What is lost if one parameter goes back to where it started."""
    try:
        return best.value - known.mean(aois, best.settings.with_values({place: start.value(place)}))
    except InputError:
        return None


def _fold(held: list[str], found: Best, start: PostProcessing, known: Trials, seed: int) -> Fold:
    spans = _spans([(aoi, found.settings) for aoi in held], start, known, seed)
    scores = {aoi: known.scores(aoi, found.settings) for aoi in held}
    return Fold(tuple(held), found.settings, found.value, scores, *spans)


def _spans(
    held: Sequence[tuple[str, PostProcessing]], start: PostProcessing, known: Trials, seed: int
) -> tuple[Interval, Interval, Interval] | tuple[None, None, None]:
    """Objective on AOIs under settings, under the first settings, and the difference."""
    if not held:
        return None, None, None
    values = np.array([known.value(aoi, settings) for aoi, settings in held])
    starts = np.array([known.value(aoi, start) for aoi, _ in held])
    one, other, gain = (bootstrap(c.tolist(), seed) for c in (values, starts, values - starts))
    return one, other, gain


def _warnings(
    count: int, best: Best, start: PostProcessing, gain: Interval | None
) -> Iterator[str]:
    if gain is None:
        yield (
            "a single AOI cannot be cross-validated: how good the settings are on others is not "
            "known"
        )
    elif best.settings == start:
        yield "nothing better than the settings it started from was found"
    elif gain.low is None or gain.low <= 0:
        yield (
            f"the gain on held-out AOIs, {gain}, does not exceed its interval: it may be chance, "
            "and the settings it started from are as good a choice"
        )
    if gain is not None and count < _FEW:
        yield f"only {count} AOIs: the intervals are rough"
    if best.failed:
        yield f"{best.failed} trials could not be used, as their parameters do not go together"


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """No line for each trial."""
    logging = require("optuna.logging", extra="search")
    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _quiet(name: str, done: int, best: float) -> None:
    """Tells nobody."""
