"""The cube of a job: of probabilities that were just predicted, or of a source that has them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.data.cubes import load_cube
from sn7fast.data.discover import Frame
from sn7fast.data.images import ImageEntry, ImageSettings
from sn7fast.data.valid import fitted
from sn7fast.errors import InputError
from sn7fast.io.rasters import opened, read_mask
from sn7fast.nn.cubes import load_cube as load_predictions
from sn7fast.nn.outputs import TAG
from sn7fast.pipeline.frames import content_of, month_of, path_of, usable
from sn7fast.postprocess.cubes import cube_loaders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sn7fast.cube import Cube
    from sn7fast.pipeline.frames import ImageFrame
    from sn7fast.pipeline.steps import Steps

# Settings of images that a mask may have, too: those of the rasters beside it.
_OF_RASTERS_BESIDE = ("unusable", "mask_band")


def source_inputs(steps: Steps, frames: Sequence[Frame]) -> dict[str, Any]:
    """What the cube of a job depends on, as a manifest keeps it.

    Args:
        steps: Of the AOI.
        frames: Probabilities that were predicted from its images, if it has images.

    Raises:
        InputError: The frames do not make a stack.
        OSError: A file cannot be read.
    """
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
    """The cube of a job; arguments as `source_inputs`.

    Raises:
        InputError: A file cannot be used.
        MissingDependencyError: zarr is needed and not installed.
    """
    job = steps.job
    if job.cube is not None:
        return next(iter(cube_loaders(job.cube).values()))()
    if job.kind == "images":
        return load_predictions(frames, output=job.settings.predict.outputs[0], dtype="uint8")
    own = [frame for frame in _usable(steps) if isinstance(frame, ImageEntry)]
    found = [Frame(job.aoi, month_of(frame), frame.path) for frame in own]
    with opened(found[0].path) as dataset:
        outputs = dataset.descriptions if TAG in dataset.tags() else None
    if outputs is not None:
        output = "footprint" if "footprint" in outputs else outputs[0]
        cube = load_predictions(found, output=output, dtype="uint8")
    else:
        cube = load_cube(found, scale=job.settings.scale)
    return _hidden(cube, own)


def _usable(steps: Steps) -> list[ImageFrame]:
    """The frames of masks or probabilities that can be opened; others are told once."""
    job = steps.job

    def leave_out(path: Path, message: str) -> None:
        if str(path) not in steps.failed_images:
            steps.leave_out(path, message)

    frames = [frame for frame, _ in usable(job.aoi, job.frames, leave_out, "masks")]
    for frame in frames:
        default = ImageSettings()
        if isinstance(frame, ImageEntry):
            for name in ("bands", "scale", "offset", "nodata", "alpha"):
                if getattr(frame.settings, name) != getattr(default, name):
                    raise InputError(
                        f"{path_of(frame)}: {name}: got it for a mask or probabilities, which are "
                        "taken as they are; wanted it for images alone"
                    )
    return frames


def _hidden(cube: Cube, frames: Sequence[ImageEntry]) -> Cube:
    """The cube without what the rasters beside its frames say is not valid."""
    if all(frame.valid is None and frame.udm is None for frame in frames):
        return cube
    rows, columns = (side // cube.scale for side in cube.prob.shape[1:])
    valid: NDArray[np.bool_] = np.ones((len(frames), rows, columns), bool)
    for month, frame in zip(valid, frames, strict=True):
        if frame.valid is not None:
            mask, _ = read_mask(frame.valid, band=frame.settings.mask_band)
            month &= fitted(mask != 0, (rows, columns), frame.valid)
        if frame.udm is not None:
            udm, _ = read_mask(frame.udm, band=frame.settings.mask_band)
            unusable = frame.settings.unusable
            clear = udm == 0 if unusable is None else ~np.isin(udm, unusable)
            month &= fitted(clear, (rows, columns), frame.udm)
    if cube.valid is not None:
        own = cube.valid_pixels()
        valid = valid.repeat(cube.scale, axis=1).repeat(cube.scale, axis=2)
        valid &= True if own is None else own
    return replace(cube, valid=valid)
