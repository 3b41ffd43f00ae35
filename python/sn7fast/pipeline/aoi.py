"""All the steps of one AOI, in their order, under its lock.

========================  ========================================================================
predict                   images to ``probabilities/<AOI>``, month by month; not for a source of
                          masks or probabilities
postprocess               to tracked buildings with identifiers that stay: ``state/<AOI>``
footprints.<format>       ``buildings/<AOI>.<format>``
table                     ``buildings/<AOI>.csv``, one row a building
change                    ``change/<AOI>.tif``, if asked for
truth, scores             labels, and the scores against them: ``state/<AOI>``
item                      ``items/<AOI>.json``, the STAC item
report                    ``reports/<AOI>.html``
========================  ========================================================================

A step that was done with the same inputs, and whose outputs nobody touched, is not done again
(`sn7fast.pipeline.manifest`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn7fast.errors import InputError, Sn7FastError
from sn7fast.io.lock import HeldError, locked
from sn7fast.pipeline.outcome import AoiOutcome, Told
from sn7fast.pipeline.page import write_page
from sn7fast.pipeline.predicting import predicted
from sn7fast.pipeline.products import Tracks, write_item, write_products, write_scores
from sn7fast.pipeline.room import may_predict, predicted_mb, read_ahead
from sn7fast.pipeline.stacks import read_about
from sn7fast.pipeline.steps import Steps
from sn7fast.pipeline.tracking import track_aoi

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from sn7fast.nn.model import Model
    from sn7fast.pipeline.overlap import Beside
    from sn7fast.pipeline.plan import AoiJob


def run_aoi(
    job: AoiJob,
    tell: Callable[[Told], None] | None = None,
    *,
    models: Sequence[Model] | None = None,
) -> AoiOutcome:
    """Do all the steps of an AOI; see the top of this module.

    Args:
        job: Of `sn7fast.pipeline.plan`.
        tell: Called with each step as it starts and ends.
        models: Networks that are loaded already; None loads those of the job when they are needed,
            once in a process.

    Returns:
        What became of it; also of an AOI that cannot be used or whose files cannot be written,
        whose message it holds.

    Raises:
        MissingDependencyError: A package that a step needs is not installed.
        MemoryError: There is too little.
    """
    work = stages(job, tell or _ignore, models=models)
    while True:
        try:
            next(work)
        except StopIteration as over:
            outcome: AoiOutcome = over.value
            return outcome


def stages(
    job: AoiJob,
    tell: Callable[[Told], None],
    beside: Beside | None = None,
    *,
    models: Sequence[Model] | None = None,
) -> Generator[float, None, AoiOutcome]:
    """The steps of an AOI in two stages, for `sn7fast.pipeline.overlap.run_overlapped`.

    The first one predicts, or looks at the source and reads it, as far as memory allows that beside
    the AOI before; the second one does all else. The AOI is locked from the start of the first to
    the end of the second. Otherwise as `run_aoi`.

    Args:
        job: As in `run_aoi`.
        tell: As in `run_aoi`; called by whichever thread does the stage.
        beside: What goes on meanwhile; None if nothing does, and then nothing is read ahead.
        models: As in `run_aoi`.

    Yields:
        Once, unless the AOI fails before: megabytes that the second stage needs.
    """
    steps: Steps | None = None
    try:
        layout = job.layout
        layout.state.mkdir(parents=True, exist_ok=True)
        waiting = _Waiting(job.aoi, tell)
        look = None if beside is None else beside.look
        name = f"{job.out}: AOI {job.aoi}"
        with locked(layout.lock, name, wait_s=job.settings.wait_s, tell=waiting, look=look):
            steps = Steps(job, tell, look)
            try:
                yield from _all(steps, models, beside)
            finally:
                steps.close()
    except (InputError, OSError) as error:
        message = _message(error)
        tell(Told(job.aoi, "aoi", "failed", message))
        if steps is None:
            return AoiOutcome(job.aoi, failed=message, is_held=isinstance(error, HeldError))
        return steps.outcome(message)
    return steps.outcome()


def _all(
    steps: Steps, models: Sequence[Model] | None, beside: Beside | None
) -> Generator[float, None, None]:
    is_images = steps.job.kind == "images"
    if is_images and beside is not None and not may_predict(steps.job, beside.needed_mb):
        beside.wait()
    frames = predicted(steps, models) if is_images else []
    if beside is not None:
        yield predicted_mb(steps.job) if is_images else read_ahead(steps, beside.needed_mb)
    track_aoi(steps, frames)
    tracks = Tracks(steps)
    about = read_about(tracks.path)
    steps.counts |= about["counts"]
    if not about["is_placed"]:
        steps.tell("postprocess", "note", "no georeference: footprints are in pixels")
    write_products(steps, tracks)
    write_scores(steps, tracks)
    write_item(steps, tracks, frames)
    write_page(steps, tracks, frames)


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, Sn7FastError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    return " ".join(str(error).split())


class _Waiting:
    """Tells that another process is waited for."""

    def __init__(self, aoi: str, tell: Callable[[Told], None]) -> None:
        self._aoi, self._tell = aoi, tell

    def __call__(self, text: str) -> None:
        self._tell(Told(self._aoi, "aoi", "note", text))


def _ignore(_: Told) -> None:
    pass
