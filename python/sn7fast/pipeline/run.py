"""The whole way for all AOIs of a source: here, in processes, on an executor or a cluster."""

from __future__ import annotations

from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sn7fast._arguments import whole_number
from sn7fast.data.discover import Source
from sn7fast.data.load import stack_loaders
from sn7fast.errors import InputError, WorkersError
from sn7fast.io.lock import HeldError, locked
from sn7fast.io.outputs import write_json
from sn7fast.nn.model import Model
from sn7fast.nn.predicting import Predicted
from sn7fast.pipeline.absolute import with_absolute_paths
from sn7fast.pipeline.aoi import run_aoi, stages
from sn7fast.pipeline.executors import Failure, run_here, run_on
from sn7fast.pipeline.gather import Gathered, StoredStacks, gather, read_scores
from sn7fast.pipeline.layout import RUN, STATE, Layout
from sn7fast.pipeline.outcome import AoiOutcome, Told
from sn7fast.pipeline.overlap import run_overlapped
from sn7fast.pipeline.plan import labels_of, plan
from sn7fast.pipeline.results import described, failed, finished, settings_key, write_result
from sn7fast.pipeline.shards import Shard
from sn7fast.pipeline.workers import MOST_WORKERS, run_in_processes

if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from sn7fast.data.catalog import Catalog
    from sn7fast.data.images import ImageSettings
    from sn7fast.data.manifest import Manifest
    from sn7fast.nn.settings import PredictSettings
    from sn7fast.pipeline.executors import Done, Tell
    from sn7fast.pipeline.plan import AoiJob
    from sn7fast.postprocess import PostProcessing
    from sn7fast.scores import F1Score, ScotScore
    from sn7fast.stack import Stack

WAIT_S = 60.0
"""How long an AOI waits for another process: what a run that was killed has left needs seconds."""

# How long a run waits for others that gather.
_GATHER_S = 3600.0
_INTERRUPTED = "interrupted; what was finished is kept: run again to go on from there"


@dataclass(frozen=True, slots=True, eq=False)
class PipelineResult:
    """What became of a source.

    Attributes:
        out: Folder of the run.
        outcomes: Of the AOIs of this run, by their names.
        gathered: What all AOIs come to that are finished: those of this run, and of earlier runs
            and other shards with the same settings.
    """

    out: Path
    outcomes: tuple[AoiOutcome, ...]
    gathered: Gathered

    @property
    def tracks(self) -> Mapping[str, Stack]:
        """Tracked footprints by AOI, of all that are finished; read when asked for."""
        return StoredStacks({aoi: Layout(self.out, aoi).tracks for aoi in self.gathered.counts})

    @property
    def truth(self) -> Mapping[str, Stack]:
        """Labels with ids by AOI, of those whose source has them; read when asked for."""
        scored = () if self.gathered.scot is None else self.gathered.scot.aois
        return StoredStacks({aoi: Layout(self.out, aoi).truth for aoi in scored})

    @property
    def scot(self) -> ScotScore | None:
        """Score of the AOIs with labels, with every pair, or None; read when asked for."""
        return None if self.gathered.scot is None else read_scores(self.out)[0]

    @property
    def f1(self) -> F1Score | None:
        """As scot."""
        return None if self.gathered.f1 is None else read_scores(self.out)[1]

    @property
    def predicted(self) -> Predicted:
        """Files of probabilities of this run, and the images that could not be used."""
        return Predicted(
            tuple(Path(path) for one in self.outcomes for path in one.written),
            tuple(Path(path) for one in self.outcomes for path in one.kept_images),
            {Path(path): text for one in self.outcomes for path, text in one.failed_images.items()},
        )

    @property
    def failed(self) -> dict[str, str]:
        """Message by AOI, of those of this run that could not be used."""
        return {one.aoi: one.failed for one in self.outcomes if one.failed is not None}


def run_pipeline(
    source: str | os.PathLike[str] | Catalog | Manifest,
    out: str | os.PathLike[str],
    *,
    weights: Any = "default",  # noqa: ANN401 - see `plan`
    settings: PredictSettings | None = None,
    post: PostProcessing | None = None,
    image_settings: ImageSettings | None = None,
    formats: Sequence[str] = (".geojson",),
    overwrite: bool = False,
    workers: int = 1,
    executor: Executor | None = None,
    dask: str | None = None,
    shard: Shard | str | None = None,
    retry_failed: bool = False,
    tell: Tell | None = None,
    **more: Any,  # noqa: ANN401 - settings
) -> PipelineResult:
    """Find the buildings of every AOI of a source and follow them through time.

    ``out`` gets::

        probabilities/<AOI>/   uint8 GeoTIFF a month, as `sn7fast.predict` writes them
        buildings/<AOI>        all footprints with id and month, in the format of each suffix
        buildings/<AOI>.csv    one row a building, with the dates of its construction by a collapse
        change/<AOI>.tif       when each pixel was built up, if asked for
        items/<AOI>.json       STAC item
        reports/<AOI>.html     page to look at
        tracks.csv             SN7 CSV of all AOIs, in pixels
        truth.csv              the same of the labels, if the source has labels with ids
        scores.json            every count of SCOT and F1 against them
        run.json               settings, networks and versions
        state/                 what a later run goes on from

    Each of these files appears whole or not at all, and the same input gives the same bytes however
    the AOIs are shared out. A run that was stopped goes on where it was.

    Args:
        source: As in `sn7fast.predict`, but for single rasters and arrays.
        out: Folder.
        weights: As in `sn7fast.predict`.
        settings: How to predict; kind and type are always probabilities in uint8.
        post: How probabilities become tracked buildings; None means the defaults.
        image_settings: As in `sn7fast.predict`.
        formats: Suffixes of the footprints; see `sn7fast.write_vector`.
        overwrite: Predict again what is there.
        workers: Processes of our own that do the AOIs; 1 means this process.
        executor: Of `concurrent.futures`, which does them instead; it is left open.
        dask: A Dask cluster that does them instead: ``tcp://host:port`` or ``local:N``.
        shard: Part of the AOIs, such as ``"2/3"``; see `sn7fast.pipeline.shards`.
        retry_failed: Only those AOIs that failed when they were last tried.
        tell: Called with what happens, one thing at a time, though not always in the thread of the
            caller: in this process an AOI is begun while the one before it is at work.
        more: Further attributes of `sn7fast.pipeline.PipelineSettings`, such as ``change=True``.

    Raises:
        InputError: The source, the weights or a setting cannot be used, or no AOI can.
        MissingDependencyError: A package that a step needs is not installed.
        WorkersError: The workers cannot start or are gone; what was finished is kept.
    """
    jobs = plan(
        source,
        out,
        weights=weights,
        settings=settings,
        post=post,
        image_settings=image_settings,
        formats=formats,
        overwrite=overwrite,
        **{"wait_s": WAIT_S} | more,
    )
    given: Sequence[Any] = weights if isinstance(weights, list | tuple) else [weights]
    return run_jobs(
        jobs,
        models=[one for one in given if isinstance(one, Model)],
        workers=workers,
        executor=executor,
        dask=dask,
        shard=shard,
        retry_failed=retry_failed,
        tell=tell,
    )


def run_jobs(
    jobs: Sequence[AoiJob],
    *,
    models: Sequence[Model] = (),
    workers: int = 1,
    executor: Executor | None = None,
    dask: str | None = None,
    shard: Shard | str | None = None,
    retry_failed: bool = False,
    tell: Tell | None = None,
) -> PipelineResult:
    """Do jobs and gather what they come to; see `run_pipeline`.

    Args:
        jobs: All those of a source, also where a shard or some that failed are to be done.
        models: Networks of the jobs that are only in memory, in their order.
        workers: As in `run_pipeline`, and so are the others.
        executor: See there.
        dask: See there.
        shard: See there.
        retry_failed: See there.
        tell: See there.
    """
    workers = whole_number("workers", workers, 1, MOST_WORKERS)
    several = [
        name
        for name, is_given in (
            ("workers", workers > 1), ("executor", executor is not None), ("dask", dask is not None)
        )
        if is_given
    ]  # fmt: skip
    if len(several) > 1:
        raise InputError(f"{several[1]}: got it beside {several[0]}, wanted one of them")
    if models and several:
        raise InputError(
            f"{several[0]}: got a network that is only in memory, which other processes cannot "
            "use; wanted its file"
        )
    tell = tell or _ignore
    mine = chosen(jobs, shard=shard, retry_failed=retry_failed)
    if executor is not None or dask is not None:
        mine = list(map(with_absolute_paths, mine))
    run = _Run(jobs, tell)
    done: Generator[Done[AoiJob, AoiOutcome]]
    with ExitStack() as stack:
        if executor is not None:
            done = run_on(executor, mine, run_aoi, tell)
        elif dask is not None:
            from sn7fast.pipeline.cluster import dask_cluster

            cluster = stack.enter_context(dask_cluster(dask))
            done = run_on(
                cluster.executor, mine, run_aoi, tell,
                in_flight=2 * cluster.threads, look=cluster.look,
            )  # fmt: skip
        elif workers > 1:
            done = run_in_processes(mine, run_aoi, tell, workers=workers, name=_name)
        elif len(mine) > 1:
            done = run_overlapped(mine, partial(stages, models=_loaded(jobs, models)), tell)
        else:
            done = run_here(mine, partial(run_aoi, models=_loaded(jobs, models)), tell)
        try:
            with closing(done):
                run.take(done)
            return run.result()
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt(_INTERRUPTED) from error
        except WorkersError as error:
            raise WorkersError(f"{error}; {run.count} of {len(mine)} AOIs were done") from error


def chosen(
    jobs: Sequence[AoiJob], *, shard: Shard | str | None = None, retry_failed: bool = False
) -> list[AoiJob]:
    """Those jobs that `run_jobs` does; arguments as there."""
    part = shard if isinstance(shard, Shard) else Shard.parse(shard) if shard else Shard()
    mine = list(part.pick(jobs))
    if not retry_failed:
        return mine
    again = failed(jobs[0].out, (job.aoi for job in mine))
    return [job for job in mine if job.aoi in again]


def truth_of(source: str | os.PathLike[str] | Catalog | Manifest) -> dict[str, Stack]:
    """The labels with identifiers that a source has, by AOI: ``labels_match_pix`` of SpaceNet 7.

    Raises:
        InputError: Labels are there and cannot be read.
    """
    frames = tuple(frame for of_aoi in labels_of(source).values() for frame in of_aoi)
    loaders = stack_loaders(Source(Path(), "geojson", frames))
    stacks = {aoi: load() for aoi, load in loaders.items()}
    return {aoi: stack for aoi, stack in stacks.items() if stack.ids is not None}


def _loaded(jobs: Sequence[AoiJob], models: Sequence[Model]) -> list[Model] | None:
    """The networks of all jobs, if some are only in memory."""
    if not models:
        return None
    given = iter(models)
    return [
        next(given) if network.weights is None else network.load()
        for network in jobs[0].settings.networks
    ]


def _name(job: AoiJob) -> str:
    return job.aoi


def _ignore(_: Told) -> None:
    pass


class _Run:
    """The AOIs of one run as they are over."""

    def __init__(self, jobs: Sequence[AoiJob], tell: Tell) -> None:
        self._jobs, self._tell = jobs, tell
        self._out, self._settings = jobs[0].out, jobs[0].settings
        self._key = settings_key(self._settings)
        self._outcomes: dict[str, AoiOutcome] = {}

    @property
    def count(self) -> int:
        """AOIs that are over."""
        return len(self._outcomes)

    def take(self, done: Iterable[Done[AoiJob, AoiOutcome]]) -> None:
        """Note each AOI that is over, and tell of it."""
        for one in done:
            aoi, outcome = one.job.aoi, one.result
            if isinstance(outcome, Failure):
                self._tell(Told(aoi, "aoi", "failed", outcome.text))
                if outcome.trace:
                    # Whoever reports the bug needs it.
                    self._tell(Told(aoi, "aoi", "note", outcome.trace))
                outcome = AoiOutcome(aoi, failed=outcome.text)
            self._write_result(one.job, outcome)
            if outcome.failed is None:
                seconds = sum(outcome.seconds.values())
                self._tell(Told(aoi, "aoi", "done", seconds=seconds, counts=outcome.counts))
            self._outcomes[aoi] = outcome

    def _write_result(self, job: AoiJob, outcome: AoiOutcome) -> None:
        """Unless another run is or was at this AOI, which then has the last word."""
        if outcome.is_held:
            return
        job.layout.state.mkdir(parents=True, exist_ok=True)
        with suppress(HeldError), locked(job.layout.lock, f"{self._out}: AOI {job.aoi}"):
            write_result(self._out, job.aoi, self._key, outcome.failed)

    def result(self) -> PipelineResult:
        """Gather, and say what became of it all.

        Raises:
            InputError: No AOI is finished.
        """
        outcomes = tuple(self._outcomes[aoi] for aoi in sorted(self._outcomes))
        failures = [one.failed for one in outcomes if one.failed is not None]
        good = finished(self._out, (job.aoi for job in self._jobs), self._key)
        if failures and not good:
            raise InputError(
                f"{self._out}: none of {len(failures)} AOIs could be used: {failures[0]}"
            )
        if not good:
            return PipelineResult(self._out, outcomes, Gathered({}))
        start = perf_counter()
        self._tell(Told("", "gather", "started"))
        state = self._out / STATE
        state.mkdir(parents=True, exist_ok=True)
        with locked(state / ".gather", f"{self._out}: gathering", wait_s=_GATHER_S):
            # Others may have finished something meanwhile.
            good = finished(self._out, (job.aoi for job in self._jobs), self._key)
            write_json(self._out / RUN, described(self._settings))
            gathered = gather(self._out, good)
        counts = {"aois": len(good)}
        self._tell(Told("", "gather", "done", seconds=perf_counter() - start, counts=counts))
        return PipelineResult(self._out, outcomes, gathered)
