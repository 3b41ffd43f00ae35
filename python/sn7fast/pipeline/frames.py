"""The frames of a job: their months, files and grids, and whether they make a stack."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sn7fast.data.alike import check_same_ground
from sn7fast.data.catalog import AoiFiles, Catalog, MonthFiles
from sn7fast.data.images import ImageEntry, ImageSettings
from sn7fast.data.manifest import Manifest
from sn7fast.errors import InputError, StackError
from sn7fast.io.rasters import read_grid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sn7fast.grid import Grid
    from sn7fast.pipeline.hashes import Hashes

ImageFrame: TypeAlias = MonthFiles | ImageEntry
"""Files of one month: those of SpaceNet 7, or of one's own imagery."""


def month_of(frame: ImageFrame) -> str:
    """``YYYY_MM``; a manifest may say a day, too."""
    return frame.month if isinstance(frame, MonthFiles) else frame.label[: len("YYYY_MM")]


def path_of(frame: ImageFrame) -> Path:
    """The raster of a frame.

    Raises:
        InputError: A month of SpaceNet 7 without an image.
    """
    path = frame.best_image if isinstance(frame, MonthFiles) else frame.path
    if path is None:
        raise InputError(f"{frame.aoi}: month {month_of(frame)} has no image")
    return path


def answer_of(frame: ImageFrame) -> str:
    """Name of the file into which `sn7fast.predict` writes the probabilities of a frame."""
    if isinstance(frame, MonthFiles):
        return f"{path_of(frame).stem}.tif"
    return f"{frame.aoi}_{frame.label}.tif"


def images_of(aoi: str, frames: Sequence[ImageFrame]) -> Catalog | Manifest:
    """Frames as `sn7fast.predict` takes them."""
    sn7 = tuple(frame for frame in frames if isinstance(frame, MonthFiles))
    if sn7:
        return Catalog(Path(), (AoiFiles(aoi, sn7),))
    return Manifest(Path(), tuple(frame for frame in frames if isinstance(frame, ImageEntry)))


def content_of(frame: ImageFrame, hashes: Hashes) -> dict[str, Any]:
    """What the pixels of a frame depend on: hashes of its files, and how they are read.

    Raises:
        OSError: A file cannot be read.
    """
    found: dict[str, Any] = {name: hashes.of(path) for name, path in _files(frame).items()}
    if isinstance(frame, ImageEntry) and frame.settings != ImageSettings():
        found["settings"] = asdict(frame.settings)
    return found


def has_changed(frame: ImageFrame, hashes: Hashes) -> bool:
    """True if a file of a frame is not what it was when this run hashed it."""
    return any(hashes.has_changed(path) for path in _files(frame).values())


def usable(
    aoi: str,
    frames: Sequence[ImageFrame],
    leave_out: Callable[[Path, str], None],
    what: str = "images",
) -> list[tuple[ImageFrame, Grid]]:
    """The frames whose rasters can be opened, which lie on top of each other.

    Args:
        aoi: Name of the area.
        frames: In time order.
        leave_out: Called with a raster that cannot be opened, and why.
        what: What they are, for messages.

    Returns:
        At least one, with their grids.

    Raises:
        StackError: Two rasters are of one month, or they differ in shape, CRS or place; names two.
        InputError: None can be opened.
    """
    months: dict[str, Path] = {}
    for frame in frames:
        path = path_of(frame)
        other = months.setdefault(month_of(frame), path)
        if other is not path:
            raise StackError(f"{aoi}: two files for month {month_of(frame)}: {other} and {path}")
    found: list[tuple[ImageFrame, Grid]] = []
    reason = ""
    for frame in frames:
        try:
            found.append((frame, read_grid(path_of(frame))))
        except InputError as error:
            reason = reason or str(error)
            leave_out(path_of(frame), str(error))
    if not found:
        raise InputError(f"{aoi}: none of its {len(frames)} {what} could be used: {reason}")
    reference = next((index for index, (_, grid) in enumerate(found) if grid.crs is not None), 0)
    one = path_of(found[reference][0]), found[reference][1]
    for frame, grid in found:
        check_same_ground(aoi, what, one, (path_of(frame), grid))
    return found


def _files(frame: ImageFrame) -> dict[str, Path]:
    """The files that decide on the pixels of a frame, by what they are."""
    if isinstance(frame, ImageEntry):
        named = {"image": frame.path, "valid": frame.valid, "udm": frame.udm}
    elif frame.image_masked is not None:
        named = {"image": frame.image_masked}
    else:
        named = {"image": frame.image, "udm": frame.udm_mask}
    return {name: path for name, path in named.items() if path is not None}
