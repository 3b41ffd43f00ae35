"""The report of an AOI: its page to look at, from what the steps before left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sn7fast.data.catalog import AoiFiles, MonthFiles
from sn7fast.data.images import ImageEntry
from sn7fast.pipeline.cubes import shown_cube, source_inputs
from sn7fast.pipeline.frames import content_of, month_of
from sn7fast.pipeline.stacks import read_stack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sn7fast.data.discover import Frame
    from sn7fast.pipeline.frames import ImageFrame
    from sn7fast.pipeline.products import Tracks
    from sn7fast.pipeline.steps import Steps


def write_page(steps: Steps, tracks: Tracks, probabilities: Sequence[Frame]) -> None:
    """Write the report, with the images behind the footprints, or the probabilities without them.

    Args:
        steps: Of the AOI.
        tracks: Of the AOI.
        probabilities: That were predicted from its images, if it has images; their months are those
            whose images could be used.

    Raises:
        InputError: An image cannot be read.
        OSError: The file cannot be written.
    """
    job, layout = steps.job, steps.layout
    if not job.settings.report and "report" not in steps.manifest.steps:
        return
    has_truth = bool(steps.manifest.outputs("truth"))
    months = {frame.month for frame in probabilities}
    used = [frame for frame in job.frames if month_of(frame) in months]
    inputs: dict[str, Any] = {"tracks": tracks.sha256}
    inputs["truth"] = steps.hashes.of(layout.truth) if has_truth else None
    if job.kind == "images":
        inputs["images"] = {
            month_of(one): {**content_of(one, steps.hashes), **_delivered(steps, one)}
            for one in used
        }
    else:
        inputs["source"] = source_inputs(steps, probabilities)
    if not job.settings.report:
        steps.drop_outdated("report", inputs)
        return

    def write(path: Path) -> None:
        from sn7fast.report import write_report

        truth = read_stack(layout.truth) if has_truth else None
        if job.kind == "images":
            images, valid = _images(job.aoi, used, tracks.stack.months)
        else:
            images, valid = shown_cube(steps, probabilities), None
        write_report(path, tracks.stack, truth=truth, images=images, valid=valid)

    steps.make("report", inputs, layout.report, write)


def _delivered(steps: Steps, frame: ImageFrame) -> dict[str, str]:
    """The image of SpaceNet 7 with its clouds: a page shows it, a network does not see it."""
    if not isinstance(frame, MonthFiles) or frame.image is None:
        return {}
    return {"delivered": steps.hashes.of(frame.image)}


def _images(aoi: str, frames: Sequence[Any], months: Sequence[str]) -> tuple[Any, Any]:
    """Images of each month, read when they are asked for, and what is valid in them."""
    from sn7fast.report.sources import CatalogImages, ManifestImages

    sn7 = tuple(frame for frame in frames if isinstance(frame, MonthFiles))
    if sn7:
        of_sn7 = CatalogImages(AoiFiles(aoi, sn7))
        return of_sn7, of_sn7.valid(months)
    own = [frame for frame in frames if isinstance(frame, ImageEntry)]
    found = ManifestImages([replace(frame, label=month_of(frame)) for frame in own])
    return found, found.valid()
