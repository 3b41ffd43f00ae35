"""What of an AOI may be done while the one before it is still at work: as much as fits beside it.

Two AOIs are under way at a time. What the second stage of one needs, and what the first stage of
the next one reads or predicts, must fit together into the memory of the settings; else that waits
until the one before is over. What comes out is the same.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from sn7fast.errors import InputError
from sn7fast.io.rasters import pixel_size
from sn7fast.nn.flow import pixels_mb
from sn7fast.pipeline.cubes import cube_mb, load_cube_of
from sn7fast.pipeline.frames import path_of
from sn7fast.pipeline.memory import allowed_mb
from sn7fast.pipeline.tracking import track_inputs
from sn7fast.windows import needed_mb

if TYPE_CHECKING:
    from sn7fast.pipeline.plan import AoiJob
    from sn7fast.pipeline.steps import Steps


def may_predict(job: AoiJob, beside_mb: float) -> bool:
    """Whether the images of a job can be predicted beside something that needs so much."""
    return beside_mb + _predict_mb(job) <= allowed_mb(job.settings.memory_mb)


def predicted_mb(job: AoiJob) -> float:
    """Megabytes that are needed from the probabilities of a job's images on."""
    rows, columns = _shape_yx(job)
    scale = int(_spec(job)["scale"])
    needed = needed_mb((rows * scale, columns * scale), len(job.frames), job.settings.post)
    # What is larger is done in bands, of which it takes as many as fit; or it fails.
    return min(needed, allowed_mb(job.settings.memory_mb))


def read_ahead(steps: Steps, beside_mb: float) -> float:
    """Look at the cube of an AOI without images, and read it if it is needed and there is room.

    Args:
        steps: Of the AOI.
        beside_mb: What the AOI before needs meanwhile.

    Returns:
        Megabytes that its post-processing needs.

    Raises:
        InputError: A file cannot be used.
        MissingDependencyError: A package that reads it is not installed.
        OSError: A file cannot be read.
    """
    read_mb, needed = cube_mb(steps, [])
    has_room = beside_mb + read_mb <= allowed_mb(steps.job.settings.memory_mb)
    # The files are hashed before they are read: if they change after that, a later run sees it.
    is_done = steps.is_done("postprocess", track_inputs(steps, []))
    if has_room and not is_done:
        start = time.perf_counter()
        steps.cube = load_cube_of(steps, [])
        steps.spent("read", time.perf_counter() - start)
    return needed


def _predict_mb(job: AoiJob) -> float:
    spec, settings = _spec(job), job.settings.predict
    return pixels_mb(
        _shape_yx(job),
        bands=len(spec["bands"]),
        outputs=len(settings.outputs),
        scale=int(spec["scale"]),
        memory_mb=settings.memory_mb,
    )


def _spec(job: AoiJob) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(job.settings.made)["spec"][0]
    return spec


def _shape_yx(job: AoiJob) -> tuple[int, int]:
    """That of the images, of which the first that can be opened tells."""
    for frame in job.frames:
        try:
            return pixel_size(path_of(frame))[:2]
        except InputError:
            continue
    return 0, 0
