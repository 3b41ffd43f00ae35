"""Predict the images of a source into a folder, or arrays in memory."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._core import get_num_threads
from sn7fast.errors import InputError
from sn7fast.nn.flow import run_images
from sn7fast.nn.jobs import find_jobs
from sn7fast.nn.outputs import PredictionFile, encoded, is_finished
from sn7fast.nn.writer import Image

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sn7fast.data.catalog import Catalog
    from sn7fast.data.images import ImageSettings
    from sn7fast.data.manifest import Manifest
    from sn7fast.grid import Grid
    from sn7fast.io.rasters import Window
    from sn7fast.nn.ensemble import Ensemble
    from sn7fast.nn.jobs import Job

# A file that a killed run left half-written; younger ones may be those of a run beside ours.
_LEFTOVERS = ".sn7fast-*.part.tif"
_LEFTOVER_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Predicted:
    """What became of the images of a source.

    Attributes:
        written: Files made by this run.
        kept: Files that were there already.
        failed: Message by image, of those that could not be used.
    """

    written: tuple[Path, ...]
    kept: tuple[Path, ...] = ()
    failed: dict[Path, str] = field(default_factory=dict)


class Progress:
    """Told how far a run is; this one keeps silent."""

    def start(self, pixels: int) -> None:
        """So many pixels are to be predicted."""

    def advance(self, pixels: int) -> None:
        """So many more are."""

    def failed(self, path: Path, error: InputError) -> None:
        """An image is left out."""


def predict_source(
    source: str | os.PathLike[str] | Catalog | Manifest,
    ensemble: Ensemble,
    out: str | os.PathLike[str],
    *,
    image_settings: ImageSettings | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Predicted:
    """Predict all images of a source; see `sn7fast.predict`."""
    progress = progress or Progress()
    jobs = find_jobs(source, image_settings)
    out = Path(out)
    if isinstance(source, str | Path) and out.resolve().is_relative_to(Path(source).resolve()):
        raise InputError(f"out: {out} lies in the source {source}, and would be part of it; "
                         "choose another folder")  # fmt: skip
    made = ensemble.made()
    failed: dict[Path, str] = {}
    kept: list[Path] = []
    todo: list[tuple[Job, Path, Grid]] = []

    def fail(path: Path, error: InputError) -> None:
        failed[path] = " ".join(str(error).split())
        progress.failed(path, error)

    look = partial(_look, out=out, made=made, scale=ensemble.spec.scale, overwrite=overwrite)
    with ThreadPoolExecutor(get_num_threads()) as pool:
        for job, (path, grid, found) in zip(jobs, pool.map(look, jobs), strict=True):
            if isinstance(found, InputError):
                fail(job.path, found)
            elif found:
                kept.append(path)
            elif grid is not None:
                todo.append((job, path, grid))
    _remove_leftovers({path.parent for _, path, _ in todo})
    images = [
        Image(
            str(job.path),
            grid.shape_yx,
            job.read,
            partial(_open_file, path, grid, ensemble, made),
        )
        for job, path, grid in todo
    ]
    progress.start(sum(rows * columns for rows, columns in (image.shape_yx for image in images)))
    by_image = {id(image): job for image, (job, _, _) in zip(images, todo, strict=True)}
    run_images(
        images,
        ensemble,
        advance=progress.advance,
        failed=lambda image, error: fail(by_image[id(image)].path, error),
    )
    written = [path for job, path, _ in todo if job.path not in failed]
    return Predicted(tuple(written), tuple(kept), failed)


def predict_array(
    images: NDArray[Any], ensemble: Ensemble, valid: NDArray[np.bool_] | None = None
) -> NDArray[Any]:
    """Predict images in memory.

    Args:
        images: (bands, rows, columns), or (N, bands, rows, columns).
        ensemble: With what, and how.
        valid: bool (rows, columns) or (N, rows, columns); None means all are.

    Returns:
        (outputs, rows * scale, columns * scale), or N of them, as the settings' kind and dtype.

    Raises:
        InputError: The arrays have another form, or are not what the network was trained with.
    """
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise InputError(
            f"images: got shape {images.shape}, wanted (bands, rows, columns) or "
            "(N, bands, rows, columns)"
        )
    batch = images if images.ndim == 4 else images[None]
    masks = np.ones((len(batch), *batch.shape[2:]), bool) if valid is None else valid
    if masks.ndim == 2:
        masks = masks[None]
    if masks.dtype != bool or masks.shape != (len(batch), *batch.shape[2:]):
        raise InputError(
            f"valid: got {masks.dtype} of shape {masks.shape}, wanted bool of "
            f"{(len(batch), *batch.shape[2:])}"
        )
    scale = ensemble.spec.scale
    shape = len(ensemble.outputs), batch.shape[2] * scale, batch.shape[3] * scale
    result = np.empty((len(batch), *shape), ensemble.settings.dtype)

    def fail(_: Image, error: InputError) -> None:
        raise error

    sources = [
        Image(
            "images",
            batch.shape[2:],
            partial(_cut, image, mask),
            partial(_ArrayTarget, target, ensemble),
        )
        for image, mask, target in zip(batch, masks, result, strict=True)
    ]
    run_images(sources, ensemble, advance=_ignore, failed=fail)
    return result if images.ndim == 4 else result[0]


class _ArrayTarget:
    """Takes an answer into an array."""

    def __init__(self, target: NDArray[Any], ensemble: Ensemble) -> None:
        self._target, self._settings = target, ensemble.settings
        self._scale = ensemble.spec.scale

    def write(
        self, row: int, column: int, values: NDArray[np.float32], valid: NDArray[np.bool_]
    ) -> None:
        part = self._target[:, row : row + values.shape[1], column : column + values.shape[2]]
        part[:] = encoded(values, valid, self._settings, self._scale)

    def finish(self) -> None:
        pass

    def abandon(self) -> None:
        pass


def _cut(
    image: NDArray[Any], valid: NDArray[np.bool_], window: Window
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    (top, bottom), (left, right) = window
    return image[:, top:bottom, left:right], valid[top:bottom, left:right]


def _ignore(_: int) -> None:
    pass


def _look(
    job: Job, *, out: Path, made: str, scale: int, overwrite: bool
) -> tuple[Path, Grid | None, bool | InputError]:
    """Where the answer goes, the grid of the image, and whether the answer is there, or why not."""
    path = out / f"{job.name}.tif"
    try:
        grid = job.grid()
    except InputError as error:
        return path, None, error
    # That a file is of something else concerns the whole run: not caught.
    return path, grid, not overwrite and is_finished(path, made, grid.enlarged(scale))


def _open_file(path: Path, grid: Grid, ensemble: Ensemble, made: str) -> PredictionFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    scale = ensemble.spec.scale
    return PredictionFile(
        path, grid.enlarged(scale), ensemble.outputs, ensemble.settings, made, scale
    )


def _remove_leftovers(folders: Iterable[Path]) -> None:
    for folder in folders:
        for path in folder.glob(_LEFTOVERS):
            try:
                if time.time() - path.stat().st_mtime > _LEFTOVER_S:
                    path.unlink()
            except FileNotFoundError:
                continue
