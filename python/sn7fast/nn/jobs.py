"""Jobs: the images of a catalog, a manifest, a folder or a file, and where their answers go."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn7fast.data.catalog import Catalog
from sn7fast.data.images import ImageEntry, ImageSettings, read_image, read_sn7_image
from sn7fast.data.manifest import Manifest, read_manifest
from sn7fast.errors import InputError, StackError
from sn7fast.io.rasters import read_grid

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from sn7fast.data.catalog import MonthFiles
    from sn7fast.grid import Grid
    from sn7fast.io.rasters import Window

_SUFFIXES = (".tif", ".tiff", ".png")
_UNKNOWN = datetime.date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Job:
    """One image.

    Attributes:
        name: Of the answer, below the folder of all answers, without suffix: ``<AOI>/<stem>``.
        path: The image.
        read: Gives (bands, rows, columns) and the valid pixels (rows, columns) of a window.
    """

    name: str
    path: Path
    read: Callable[[Window], tuple[NDArray[Any], NDArray[np.bool_]]]

    def grid(self) -> Grid:
        """Where its pixels lie.

        Raises:
            RasterError: The image cannot be opened.
        """
        return read_grid(self.path)


def find_jobs(
    source: str | os.PathLike[str] | Catalog | Manifest, settings: ImageSettings | None = None
) -> list[Job]:
    """The images of a source.

    Args:
        source: A catalog, a manifest, or a path: a folder in the layout of SpaceNet 7, any other
            folder (all rasters in it and below are taken, but for those named ``_UDM``), one
            raster, or the CSV of a manifest.
        settings: How to read images that are not of SpaceNet 7, where a manifest says nothing.

    Returns:
        At least one, in order. The answer for an image of an AOI is ``<AOI>/<stem>``, that for one
        of a manifest ``<aoi>/<aoi>_<date>``, and for other rasters their path below the folder.

    Raises:
        InputError: There is nothing at the path, or no image.
        StackError: Two images have one name.
    """
    settings = settings or ImageSettings()
    if isinstance(source, Catalog):
        jobs = list(_of_catalog(source))
    elif isinstance(source, Manifest):
        jobs = list(_of_manifest(source))
    else:
        path = Path(source)
        if not path.exists():
            raise InputError(f"{path}: does not exist, wanted a folder, a raster or a manifest")
        if path.is_dir():
            jobs = list(_of_folder(path, settings))
        elif path.suffix.lower() == ".csv":
            jobs = list(_of_manifest(read_manifest(path, settings)))
        elif path.suffix.lower() in _SUFFIXES:
            jobs = [_of_raster(path, path.stem, settings)]
        else:
            raise InputError(f"{path}: got a {path.suffix or 'nameless'} file, wanted a folder, a "
                             "raster (.tif, .tiff, .png) or a manifest (.csv)")  # fmt: skip
    if not jobs:
        raise InputError(f"{source}: has no images")
    names: dict[str, Job] = {}
    for job in jobs:
        other = names.setdefault(job.name.lower(), job)
        if other is not job:
            raise StackError(f"two images whose answers have one name: {other.path} and {job.path}")
    return jobs


def _of_catalog(catalog: Catalog) -> Iterator[Job]:
    for files in catalog.files():
        path = files.best_image
        if path is not None:
            yield Job(f"{files.aoi}/{path.stem}", path, partial(_read_sn7, files))


def _of_manifest(manifest: Manifest) -> Iterator[Job]:
    for entry in manifest.entries:
        name = f"{entry.aoi}/{entry.aoi}_{entry.label}"
        yield Job(name, entry.path, partial(_read_entry, entry))


def _of_folder(folder: Path, settings: ImageSettings) -> Iterator[Job]:
    try:
        catalog = Catalog.scan(folder)
    except StackError:
        raise
    except InputError:
        catalog = None
    if catalog is not None and any(files.best_image for files in catalog.files()):
        yield from _of_catalog(catalog)
        return
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        if (
            path.suffix.lower() in _SUFFIXES
            and not any(part.startswith(".") for part in below.parts)
            and not path.stem.lower().endswith("_udm")
            and path.is_file()
        ):
            yield _of_raster(path, below.with_suffix("").as_posix(), settings)


def _of_raster(path: Path, name: str, settings: ImageSettings) -> Job:
    entry = ImageEntry(path, "", _UNKNOWN, "", settings=settings)
    return Job(name, path, partial(_read_entry, entry))


def _read_entry(entry: ImageEntry, window: Window) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    image, valid, _ = read_image(entry, window)
    return image, valid


def _read_sn7(files: MonthFiles, window: Window) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    # Images of SpaceNet 7 are small: read whole, and cut.
    image, valid, _ = read_sn7_image(files)
    (top, bottom), (left, right) = window
    return image[:, top:bottom, left:right], valid[top:bottom, left:right]
