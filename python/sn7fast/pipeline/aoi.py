"""All the steps of one AOI."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from sn7fast.data.catalog import AoiFiles, Catalog, MonthFiles
from sn7fast.data.discover import Frame, Source
from sn7fast.data.load import stack_loaders
from sn7fast.data.manifest import Manifest
from sn7fast.errors import InputError
from sn7fast.io.buildings import building_table, write_buildings_csv
from sn7fast.io.outputs import write_json
from sn7fast.io.vector import write_vector
from sn7fast.nn.predicting import Progress
from sn7fast.pipeline.layout import Layout
from sn7fast.pipeline.outcome import AoiOutcome, Told
from sn7fast.pipeline.stacks import write_stack
from sn7fast.postprocess import postprocess
from sn7fast.predict import predict
from sn7fast.scoring import score_f1, score_scot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sn7fast.cube import Cube
    from sn7fast.data.images import ImageEntry
    from sn7fast.nn.model import Model
    from sn7fast.pipeline.plan import AoiJob
    from sn7fast.stack import Stack

# What the official scorer leaves out of the truth.
_TRUTH_MIN_AREA_PX = 4.0


def run_aoi(
    job: AoiJob,
    tell: Callable[[Told], None] | None = None,
    *,
    models: Sequence[Model] | None = None,
) -> AoiOutcome:
    """Do all the steps of an AOI: predict, post-process, write, score.

    Args:
        job: Of `sn7fast.pipeline.plan`.
        tell: Called with each step as it starts and ends.
        models: Networks that are loaded already; None loads those of the job, once in a process.

    Returns:
        What became of it; also of an AOI that cannot be used, whose message it holds.

    Raises:
        MissingDependencyError: A package that a step needs is not installed.
        OSError: An output cannot be written.
    """
    run = _Run(job, tell or _ignore)
    try:
        frames = _predicted(run, models) if job.kind == "images" else ()
        with run.step("postprocess"):
            stack = postprocess(_cube(job, frames), job.settings.post, aoi=job.aoi)
            run.layout.state.mkdir(parents=True, exist_ok=True)
            write_stack(run.layout.tracks, stack)
        run.counts |= {
            "months": len(stack.months),
            "buildings": stack.building_count,
            "footprints": len(stack),
        }
        run.layout.table.parent.mkdir(exist_ok=True)
        _write_footprints(run, stack)
        if job.labels:
            _write_truth(run, stack)
    except InputError as error:
        message = " ".join(str(error).split())
        run.tell("aoi", "failed", message)
        return run.outcome(message)
    return run.outcome()


class _Run:
    """What happens to one AOI in one run."""

    def __init__(self, job: AoiJob, tell: Callable[[Told], None]) -> None:
        self.job, self._tell = job, tell
        self.layout = Layout(job.out, job.aoi)
        self.done: list[str] = []
        self.kept: list[str] = []
        self.counts: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self.failed_images: dict[str, str] = {}
        self.written: tuple[str, ...] = ()
        self.kept_images: tuple[str, ...] = ()
        self.notes: list[str] = []

    def tell(self, step: str, state: Literal["failed", "note"], text: str) -> None:
        self._tell(Told(self.job.aoi, step, state, text))

    def pixels(self, state: Literal["total", "pixels"], count: int) -> None:
        self._tell(Told(self.job.aoi, "predict", state, pixels=count))

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        self._tell(Told(self.job.aoi, name, "started"))
        yield
        self.done.append(name)
        self.seconds[name] = time.perf_counter() - start
        self._tell(Told(self.job.aoi, name, "done", seconds=self.seconds[name]))

    def outcome(self, failed: str | None = None) -> AoiOutcome:
        return AoiOutcome(
            self.job.aoi, tuple(self.done), tuple(self.kept), self.counts, failed,
            self.failed_images, self.written, self.kept_images, tuple(self.notes), self.seconds,
        )  # fmt: skip


class _Pixels(Progress):
    """Tells of the prediction."""

    def __init__(self, run: _Run) -> None:
        self._run = run

    def start(self, pixels: int) -> None:
        self._run.pixels("total", pixels)

    def advance(self, pixels: int) -> None:
        self._run.pixels("pixels", pixels)

    def failed(self, path: Path, error: InputError) -> None:
        self._run.tell("predict", "failed", f"{path}: {' '.join(str(error).split())}")


def _predicted(run: _Run, models: Sequence[Model] | None) -> tuple[Frame, ...]:
    """The probabilities of each month whose image can be used."""
    job = run.job
    with run.step("predict"):
        given = [network.load() for network in job.settings.networks] if models is None else models
        predicted = predict(
            _source(job),
            list(given),
            run.layout.probabilities.parent,
            settings=job.settings.predict,
            overwrite=job.settings.overwrite,
            progress=_Pixels(run),
        )
    run.written = tuple(map(str, predicted.written))
    run.kept_images = tuple(map(str, predicted.kept))
    run.failed_images = {str(path): text for path, text in predicted.failed.items()}
    run.counts["images"] = len(predicted.written)
    there = {*predicted.written, *predicted.kept}
    frames = tuple(
        Frame(job.aoi, _month(frame), path)
        for frame in job.frames
        if (path := _answer(run.layout, frame)) in there
    )
    if not frames:
        first = next(iter(predicted.failed.values()), "")
        raise InputError(f"{job.aoi}: none of its {len(job.frames)} images could be used: {first}")
    return frames


def _source(job: AoiJob) -> Catalog | Manifest:
    """The frames of a job as `sn7fast.predict` takes them."""
    sn7 = tuple(frame for frame in job.frames if isinstance(frame, MonthFiles))
    if sn7:
        return Catalog(Path(), (AoiFiles(job.aoi, sn7),))
    return Manifest(Path(), tuple(f for f in job.frames if not isinstance(f, MonthFiles)))


def _month(frame: MonthFiles | ImageEntry) -> str:
    """``YYYY_MM``; a manifest may say a day, too."""
    return frame.month if isinstance(frame, MonthFiles) else frame.label[: len("YYYY_MM")]


def _answer(layout: Layout, frame: MonthFiles | ImageEntry) -> Path:
    """Where `sn7fast.predict` puts the probabilities of a frame."""
    if isinstance(frame, MonthFiles):
        image = frame.best_image
        stem = "" if image is None else image.stem
    else:
        stem = f"{frame.aoi}_{frame.label}"
    return layout.probabilities / f"{stem}.tif"


def _cube(job: AoiJob, predicted: Sequence[Frame]) -> Cube:
    from sn7fast.data.cubes import load_cube
    from sn7fast.nn.cubes import load_cube as load_predictions
    from sn7fast.postprocess.cubes import cube_loaders

    if job.cube is not None:
        return next(iter(cube_loaders(job.cube).values()))()
    if job.kind == "images":
        output = job.settings.predict.outputs[0]
        return load_predictions(predicted, output=output, dtype="uint8")
    frames = [Frame(job.aoi, _month(frame), frame.path) for frame in job.frames]  # type: ignore[union-attr]
    return load_cube(frames)


def _write_footprints(run: _Run, stack: Stack) -> None:
    is_placed = stack.grid is not None and stack.grid.crs is not None
    for suffix in run.job.settings.formats:
        with run.step(f"footprints{suffix}"):
            path = run.layout.footprints(suffix)
            write_vector(path, stack, place=None if is_placed else "pixel")
    with run.step("table"):
        dates = None
        if stack.buildings is not None:
            # Those that are hidden in all their months have dates and no footprints.
            shown = np.isin(stack.buildings.ids, np.asarray(stack.ids))
            dates = stack.buildings.take(shown).columns(stack.months)
        write_buildings_csv(run.layout.table, building_table(stack, columns=dates))


def _write_truth(run: _Run, stack: Stack) -> None:
    """The labels and the scores against them, if they have identifiers."""
    job = run.job
    with run.step("truth"):
        source = Source(Path(), "geojson", job.labels)
        truth = stack_loaders(source)[job.aoi]()
        if truth.ids is None:
            return
        write_stack(run.layout.truth, truth)
    with run.step("scores"):
        scot = score_scot(truth, stack, truth_min_area_px=_TRUTH_MIN_AREA_PX).aois[job.aoi]
        f1 = score_f1(truth, stack).aois[job.aoi]
        write_json(run.layout.scores, {"scot": scot.to_dict(), "f1": f1.to_dict()})


def _ignore(_: Told) -> None:
    pass
