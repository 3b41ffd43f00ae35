"""The cube of a job: of probabilities that were just predicted, or of a source that has them."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sn7fast.data.beside import without_hidden
from sn7fast.data.cubes import load_cube
from sn7fast.data.discover import Frame
from sn7fast.data.images import ImageEntry, ImageSettings
from sn7fast.errors import InputError
from sn7fast.io.rasters import opened, pixel_size
from sn7fast.large import WholeStack
from sn7fast.nn.cubes import load_cube as load_predictions
from sn7fast.nn.outputs import TAG
from sn7fast.pipeline.frames import content_of, month_of, path_of, usable
from sn7fast.pipeline.memory import allowed_mb
from sn7fast.postprocess import postprocess
from sn7fast.postprocess.cubes import cube_head, cube_loaders
from sn7fast.windows import (
    FrameBands,
    NpzBands,
    ZarrBands,
    needed_mb,
    postprocess_large,
    why_in_one_piece,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sn7fast.cube import Cube
    from sn7fast.large import LargeStack
    from sn7fast.pipeline.frames import ImageFrame
    from sn7fast.pipeline.steps import Steps


def source_inputs(steps: Steps, frames: Sequence[Frame]) -> dict[str, Any]:
    """What the cube of a job depends on, as a manifest keeps it; looked at once.

    Args:
        steps: Of the AOI.
        frames: Probabilities that were predicted from its images, if it has images.

    Raises:
        InputError: The frames do not make a stack.
        OSError: A file cannot be read.
    """
    if steps.source is None:
        steps.source = _source_inputs(steps, frames)
    return steps.source


def _source_inputs(steps: Steps, frames: Sequence[Frame]) -> dict[str, Any]:
    job = steps.job
    if job.cube is not None:
        files = sorted(path for path in job.cube.rglob("*") if path.is_file()) or [job.cube]
        return {
            "cube": {
                path.relative_to(job.cube.parent).as_posix(): steps.hashes.of(path)
                for path in files
            }
        }
    if job.kind == "images":
        return {
            "probabilities": {frame.month: steps.hashes.of(frame.path) for frame in frames},
            "output": job.settings.predict.outputs[0],
        }
    content = {month_of(frame): content_of(frame, steps.hashes) for frame in _usable(steps)}
    return {"probabilities": content, "scale": job.settings.scale}


def load_cube_of(steps: Steps, frames: Sequence[Frame]) -> Cube:
    """The cube of a job, which may have been read ahead; arguments as `source_inputs`.

    Raises:
        InputError: A file cannot be used.
        MissingDependencyError: zarr is needed and not installed.
    """
    job = steps.job
    if steps.cube is not None:
        cube, steps.cube = steps.cube, None
        return cube
    if job.cube is not None:
        return next(iter(cube_loaders(job.cube).values()))()
    found, output, own = _rasters(steps, frames)
    if output is not None:
        cube = load_predictions(found, output=output, dtype="uint8")
    else:
        cube = load_cube(found, scale=job.settings.scale)
    return without_hidden(cube, own)


def shown_cube(steps: Steps, frames: Sequence[Frame]) -> Cube:
    """The cube of a job for those who look at one month at a time; as `load_cube_of` otherwise.

    That of an AOI that does not fit into the memory of the settings is read when it is asked for.
    """
    bands = _bands(steps, frames)
    return load_cube_of(steps, frames) if bands is None else bands.lazy_cube()


@contextmanager
def tracked(steps: Steps, frames: Sequence[Frame]) -> Iterator[tuple[Cube, LargeStack]]:
    """The cube of a job and its buildings, as long as the block runs; arguments as `source_inputs`.

    An AOI that does not fit into the memory of the settings is worked through in bands; then the
    cube is one whose rows are read when they are asked for, and the footprints are on disk.

    Raises:
        InputError: A file cannot be used; or the AOI is too large for its method.
        MissingDependencyError: zarr is needed and not installed.
    """
    job = steps.job
    bands = _bands(steps, frames)
    if bands is None:
        cube = load_cube_of(steps, frames)
        yield cube, WholeStack(postprocess(cube, job.settings.post, aoi=job.aoi))
        return
    memory_mb = allowed_mb(job.settings.memory_mb)
    with (
        steps.scratch() as folder,
        postprocess_large(
            bands, job.settings.post, aoi=job.aoi, memory_mb=memory_mb, folder=folder
        ) as large,
    ):
        yield bands.lazy_cube(), large


def cube_mb(steps: Steps, frames: Sequence[Frame]) -> tuple[float, float]:
    """Megabytes that the cube of a job takes while it is read, and with what is made of it.

    For one that is read in bands these are infinite and all that the settings allow. Arguments as
    `source_inputs`.

    Raises:
        InputError: A file cannot be used.
        MissingDependencyError: zarr is needed and not installed.
    """
    read_mb, needed = _extent_mb(steps, frames)
    if _is_in_bands(steps, needed):
        return math.inf, allowed_mb(steps.job.settings.memory_mb)
    return read_mb, needed


def _bands(steps: Steps, frames: Sequence[Frame]) -> FrameBands | ZarrBands | NpzBands | None:
    """The bands of a job that is too large to be in one piece; None if it is not."""
    job = steps.job
    if not _is_in_bands(steps, _extent_mb(steps, frames)[1]):
        return None
    if job.cube is not None:
        is_zarr = job.cube.suffix == ".zarr"
        return ZarrBands(job.cube) if is_zarr else NpzBands(job.cube, steps.layout.state)
    found, output, own = _rasters(steps, frames)
    return FrameBands(found, output or "footprint", job.settings.scale, own)


def _is_in_bands(steps: Steps, needed: float) -> bool:
    given, post = steps.job.settings.memory_mb, steps.job.settings.post
    if given is None and why_in_one_piece(post) is not None:
        return False
    return needed > allowed_mb(given)


def _extent_mb(steps: Steps, frames: Sequence[Frame]) -> tuple[float, float]:
    """Megabytes of the cube in one piece, while it is read and with what is made of it."""
    job = steps.job
    if job.cube is not None:
        head = cube_head(job.cube)
        months, size = len(head), head.prob.dtype.itemsize
        rows, columns = head.prob.shape[1:]
    else:
        found, _, _ = _rasters(steps, frames)
        rows, columns, size = pixel_size(found[0].path)
        months = len(found)
    # The probabilities and what is valid, both once more while they are put together.
    read = 2 * months * rows * columns * (size + 1)
    needed = needed_mb((rows, columns), months, job.settings.post, is_uint8=size == 1)
    return read / 1e6, needed


def _rasters(
    steps: Steps, frames: Sequence[Frame]
) -> tuple[Sequence[Frame], str | None, list[ImageEntry]]:
    """The rasters of a job, the output of a network that they hold, if any, and its own frames."""
    job = steps.job
    if job.kind == "images":
        return frames, job.settings.predict.outputs[0], []
    own = [frame for frame in _usable(steps) if isinstance(frame, ImageEntry)]
    found = [Frame(job.aoi, month_of(frame), frame.path) for frame in own]
    with opened(found[0].path) as dataset:
        outputs = dataset.descriptions if TAG in dataset.tags() else None
    if outputs is None:
        return found, None, own
    return found, "footprint" if "footprint" in outputs else outputs[0], own


def _usable(steps: Steps) -> list[ImageFrame]:
    """The frames of masks or probabilities that can be opened."""
    if steps.usable is not None:
        return steps.usable
    job, default = steps.job, ImageSettings()
    frames = [frame for frame, _ in usable(job.aoi, job.frames, steps.leave_out, "masks")]
    for frame in frames:
        if not isinstance(frame, ImageEntry):
            continue
        for name in ("bands", "scale", "offset", "nodata", "alpha"):
            if getattr(frame.settings, name) != getattr(default, name):
                raise InputError(
                    f"{path_of(frame)}: {name}: got it for a mask or probabilities, which are "
                    "taken as they are; wanted it for images alone"
                )
    steps.usable = frames
    return frames
