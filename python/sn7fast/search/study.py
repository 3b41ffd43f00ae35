"""One search: trial after trial, the same ones whether it was interrupted or not.

The sampler is optuna's TPE after some random trials. Every other trial changes but a third of the
parameters of the best one (of the start, among the random trials): where there are many and the
start is good, changing all of them at once finds nothing. The sampler is made anew for each trial,
with a seed that depends on the seed of the search and on how many are done. So the next one
follows from those that are done, and these are all that the storage gets: a search that was killed
goes on as if it had not been. (Optuna itself would write a trial bit by bit, which takes longer
than most trials.) Several searches with one seed begin with the same random trials, whose scores
are found but once (`Trials`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.postprocess.ranges import Choice, Range, Real

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import optuna

    from sn7fast.postprocess import PostProcessing
    from sn7fast.search.objective import Objective, Sample

_LEAST_RANDOM = 10


class Trials:
    """Scores of settings on AOIs, each found but once.

    Args:
        samples: The AOIs.
        objective: What counts.
    """

    def __init__(self, samples: Sequence[Sample], objective: Objective) -> None:
        self._samples = {sample.aoi: sample for sample in samples}
        self._objective = objective
        self._known: dict[tuple[str, str], dict[str, float]] = {}

    def scores(self, aoi: str, settings: PostProcessing) -> dict[str, float]:
        """Every score that counts.

        Raises:
            InputError: The settings cannot be used.
        """
        key = aoi, settings.to_yaml()
        if key not in self._known:
            self._known[key] = self._objective.scores(self._samples[aoi], settings)
        return self._known[key]

    def value(self, aoi: str, settings: PostProcessing) -> float:
        """The objective on an AOI; errors as `scores`."""
        return self._objective.value(self.scores(aoi, settings))

    def mean(self, aois: Sequence[str], settings: PostProcessing) -> float:
        """Its mean over some AOIs; errors as `scores`."""
        return sum(self.value(aoi, settings) for aoi in aois) / len(aois)


@dataclass(frozen=True, slots=True)
class Best:
    """Where a search ended.

    Attributes:
        settings: The best that was found; those it started from if nothing is better.
        value: Mean objective over the AOIs of the search.
        start: That of the settings it started from.
        trials: How many there are.
        failed: How many of them could not be used.
        importance: Share of each parameter in how good a trial is; empty if it cannot be told.
    """

    settings: PostProcessing
    value: float
    start: float
    trials: int
    failed: int
    importance: dict[str, float]


def run_study(
    name: str,
    storage: Any,  # noqa: ANN401 - optuna's
    space: Mapping[str, Range],
    start: PostProcessing,
    aois: Sequence[str],
    trials: Trials,
    *,
    count: int,
    seed: int,
    tell: Callable[[str, int, float], None],
) -> Best:
    """Search until so many trials are done, counted with those in the storage.

    Args:
        name: Of the study in the storage.
        storage: Where trials are kept.
        space: What to vary.
        start: Where to start: the first trial.
        aois: What to search on.
        trials: Scores.
        count: How many trials.
        seed: Of the sampler.
        tell: Called after each trial with the name, how many are done, and the best value.
    """
    optuna = require("optuna", extra="search")
    kept = optuna.create_study(
        study_name=name, storage=storage, direction="maximize", load_if_exists=True
    )
    study = optuna.create_study(direction="maximize")
    study.add_trials(kept.get_trials())
    begun = trials.mean(aois, start)
    if not study.trials and all(start.value(place) in one for place, one in space.items()):
        kept.add_trial(_start(space, start, begun))
        study.add_trials(kept.get_trials())
    done = study.trials
    best = max([begun, *(trial.value for trial in done if trial.value is not None)])
    if done:
        tell(name, len(done), best)
    random = max(_LEAST_RANDOM, 2 * len(space))
    for index in range(len(done), count):
        trial = _propose(study, space, start, index, random, seed)
        try:
            settings = start.with_values(_outward(trial.params, space))
            found = trials.mean(aois, settings)
        except InputError as error:
            # To the sampler it is as bad as can be: a corner of the space that makes no sense.
            trial.set_user_attr("error", str(error))
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, found)
            best = max(best, found)
        kept.add_trial(study.trials[-1])
        tell(name, index + 1, best)
    return _best(study, space, start, begun)


def _best(
    study: optuna.Study, space: Mapping[str, Range], start: PostProcessing, begun: float
) -> Best:
    optuna = require("optuna", extra="search")
    done = study.trials
    complete = [trial for trial in done if trial.value is not None]
    settings, value = start, begun
    for trial in complete:
        # The first of equals, and the start before any.
        if trial.value is not None and trial.value > value:
            settings, value = start.with_values(_outward(trial.params, space)), trial.value
    importance: dict[str, float] = {}
    if len({trial.value for trial in complete}) > 1 and len(complete) >= 10:
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        importance = dict(optuna.importance.get_param_importances(study, evaluator=evaluator))
    shares = {place: float(share) for place, share in importance.items()}
    return Best(settings, value, begun, len(done), len(done) - len(complete), shares)


def _propose(
    study: optuna.Study,
    space: Mapping[str, Range],
    start: PostProcessing,
    index: int,
    random: int,
    seed: int,
) -> optuna.Trial:
    """The next trial."""
    samplers = require("optuna.samplers", extra="search")
    rng = np.random.default_rng([seed, index])
    number = int(rng.integers(2**32))
    if index < random:
        study.sampler = samplers.RandomSampler(seed=number)
    else:
        study.sampler = samplers.TPESampler(seed=number, n_startup_trials=random)
    if index % 2 == 0:
        near = {
            p: _inward(start.value(p), one) for p, one in space.items() if start.value(p) in one
        }
        complete = [trial for trial in study.trials if trial.value is not None]
        if index >= random and complete:
            near = max(complete, key=lambda trial: trial.value or 0.0).params
        varied = rng.permutation(list(space))[: 1 + len(space) // 3].tolist()
        study.enqueue_trial({place: near[place] for place in near if place not in varied})
    return study.ask({place: _distribution(one) for place, one in space.items()})


def _start(
    space: Mapping[str, Range], start: PostProcessing, value: float
) -> optuna.trial.FrozenTrial:
    """The start as a trial."""
    create = require("optuna.trial", extra="search").create_trial
    params = {place: _inward(start.value(place), one) for place, one in space.items()}
    distributions = {place: _distribution(one) for place, one in space.items()}
    trial: optuna.trial.FrozenTrial = create(
        params=params, distributions=distributions, value=value
    )
    return trial


def _distribution(one: Range) -> optuna.distributions.BaseDistribution:
    distributions = require("optuna.distributions", extra="search")
    if isinstance(one, Choice):
        # By number, as optuna takes plain values alone.
        made = distributions.CategoricalDistribution(range(len(one.values)))
    elif isinstance(one, Real):
        high = one.high
        if one.step is not None:
            high = one.low + one.step * math.floor((one.high - one.low) / one.step + 1e-9)
        made = distributions.FloatDistribution(one.low, high, log=one.log, step=one.step)
    else:
        step = one.step or 1
        high = one.low + step * ((one.high - one.low) // step)
        made = distributions.IntDistribution(one.low, high, log=one.log, step=step)
    return cast("optuna.distributions.BaseDistribution", made)


def _inward(value: Any, one: Range) -> Any:  # noqa: ANN401 - of any parameter
    """A value as optuna knows it."""
    return one.values.index(value) if isinstance(one, Choice) else value


def _outward(params: Mapping[str, Any], space: Mapping[str, Range]) -> dict[str, Any]:
    """Values by place of what optuna knows."""
    found = {}
    for place, value in params.items():
        one = space[place]
        found[place] = one.values[value] if isinstance(one, Choice) else value
    return found
