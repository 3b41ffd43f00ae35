"""Images to probabilities: the months of an AOI that are not done yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sn7fast.data.discover import Frame
from sn7fast.errors import InputError
from sn7fast.nn.outputs import is_finished
from sn7fast.nn.predicting import Progress
from sn7fast.pipeline.frames import (
    answer_of,
    content_of,
    has_changed,
    images_of,
    month_of,
    path_of,
    usable,
)
from sn7fast.predict import predict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sn7fast.grid import Grid
    from sn7fast.nn.model import Model
    from sn7fast.pipeline.frames import ImageFrame
    from sn7fast.pipeline.steps import Steps

_STEP = "predict"


def predicted(steps: Steps, models: Sequence[Model] | None) -> list[Frame]:
    """The probabilities of each month whose image can be used, in time order.

    A month is predicted if its image, the way it is read, the networks or the settings are others
    than those its file was made with, or if the file is not what it was.

    Args:
        steps: Of the AOI.
        models: Networks that are loaded already; None loads those of the job when they are needed.

    Raises:
        InputError: No image can be used, or they do not lie on top of each other.
        OSError: A file cannot be written.
    """
    job, manifest = steps.job, steps.manifest
    todo: list[tuple[ImageFrame, dict[str, Any]]] = []
    kept: list[ImageFrame] = []
    for frame, grid in usable(job.aoi, job.frames, steps.leave_out):
        try:
            inputs = {"images": content_of(frame, steps.hashes), "made": job.settings.made}
        except OSError as error:
            steps.leave_out(path_of(frame), f"{error.filename}: {error.strerror}")
            continue
        name, output = _step(frame), _output(steps, frame)
        if job.settings.overwrite or not _is_there(steps, name, inputs, output, grid):
            todo.append((frame, inputs))
        else:
            kept.append(frame)
    steps.kept_images += [str(_output(steps, frame)) for frame in kept]
    steps.counts["images"] = 0
    if todo:
        for frame, inputs in todo:
            manifest.announce(_step(frame), inputs, _output(steps, frame))
        manifest.save()
        with steps.timed(_STEP):
            kept += _predict(steps, todo, models)
    else:
        steps.keep(_STEP)
    _drop_others(steps, kept)
    if not kept:
        reason = next(iter(steps.failed_images.values()))
        raise InputError(f"{job.aoi}: none of its {len(job.frames)} images could be used: {reason}")
    frames = [Frame(job.aoi, month_of(frame), _output(steps, frame)) for frame in kept]
    return sorted(frames)


def _is_there(
    steps: Steps, name: str, inputs: dict[str, Any], output: Path, grid: Grid
) -> bool:  # fmt: skip
    """Whether the probabilities of a month are done, by this run or by one that was killed."""
    manifest, made = steps.manifest, steps.job.settings.made
    if manifest.is_done(name, inputs):
        return True
    if not manifest.is_announced(name, inputs) or not manifest.is_newer(name, output):
        return False
    scale = int(json.loads(made)["spec"][0]["scale"])
    try:
        whole = is_finished(output, made, grid.enlarged(scale))
    except InputError:
        return False
    if whole:
        manifest.finish(name, inputs, [output])
    return whole


def _predict(
    steps: Steps,
    todo: Sequence[tuple[ImageFrame, dict[str, Any]]],
    models: Sequence[Model] | None,
) -> list[ImageFrame]:
    """Predict frames, and give those whose images could be used."""
    job = steps.job
    given = [one.load() for one in job.settings.networks] if models is None else list(models)
    progress = _Pixels(steps)
    found = predict(
        images_of(job.aoi, [frame for frame, _ in todo]),
        given,
        steps.layout.probabilities.parent,
        settings=job.settings.predict,
        overwrite=True,
        progress=progress,
    )
    good: list[ImageFrame] = []
    for frame, inputs in todo:
        path, output = path_of(frame), _output(steps, frame)
        if path in found.failed:
            continue
        if has_changed(frame, steps.hashes):
            steps.leave_out(path, f"{path}: changed while it was read; run again")
            continue
        steps.manifest.finish(_step(frame), inputs, [output])
        steps.written.append(str(output))
        good.append(frame)
    steps.manifest.save()
    steps.counts["images"] = len(good)
    return good


def _drop_others(steps: Steps, kept: Sequence[ImageFrame]) -> None:
    """Remove the probabilities of months that are no longer in the source or cannot be used."""
    names = {_step(frame) for frame in kept}
    outputs = {_output(steps, frame) for frame in kept}
    for name in steps.manifest.steps:
        if name.startswith(f"{_STEP} ") and name not in names:
            steps.manifest.forget(name, keep=outputs)
    for frame in steps.job.frames:
        if _output(steps, frame) not in outputs:
            _output(steps, frame).unlink(missing_ok=True)
    steps.manifest.save()


def _step(frame: ImageFrame) -> str:
    return f"{_STEP} {month_of(frame)}"


def _output(steps: Steps, frame: ImageFrame) -> Path:
    return steps.layout.probabilities / answer_of(frame)


class _Pixels(Progress):
    """Tells of the prediction."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def start(self, pixels: int) -> None:
        self._steps.tell(_STEP, "total", pixels=pixels)

    def advance(self, pixels: int) -> None:
        self._steps.tell(_STEP, "pixels", pixels=pixels)

    def failed(self, path: Path, error: InputError) -> None:
        self._steps.leave_out(path, str(error))
