"""Images as a network wants them: chosen bands, scaled, and which of their pixels are valid."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from sn7fast._arguments import real_number, whole_number
from sn7fast.data.beside import valid_beside
from sn7fast.data.valid import valid_pixels
from sn7fast.errors import InputError, RasterError
from sn7fast.grid import Grid
from sn7fast.io.rasters import opened

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sn7fast.data.catalog import MonthFiles
    from sn7fast.io.rasters import Window

ReadImage: TypeAlias = "tuple[NDArray[Any], NDArray[np.bool_], Grid]"
"""What `read_image` gives."""

_MOST_BANDS = 65535
_RGB = (1, 2, 3)

# Types that are kept if there is nothing to scale; all others become float32.
_KEPT = ("uint8", "int8", "uint16", "int16", "float32")


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """How to read an image that is not of SpaceNet 7.

    Attributes:
        bands: Which, from 1, in the order wanted; None means all but the alpha band.
        scale: A value is ``stored * scale + offset``: one number, or one for each band.
        offset: As scale.
        nodata: A pixel that has this stored value in all chosen bands is not valid. ``"file"``
            means the value that the file names, if it does; None means there is none.
        alpha: Band whose zeros are not valid. ``"file"`` means the one that the file marks as
            alpha, if it does and that is none of the chosen bands (GDAL marks the fourth of four
            8-bit bands, infrared too); None means there is none.
        unusable: Values of the UDM raster that are not valid; None means all but 0.
        mask_band: Band of the UDM and valid rasters, from 1; None means they have one alone.

    Raises:
        InputError: A value is out of range; the message starts with its name.
    """

    bands: tuple[int, ...] | None = None
    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)
    nodata: float | Literal["file"] | None = "file"
    alpha: int | Literal["file"] | None = "file"
    unusable: tuple[int, ...] | None = None
    mask_band: int | None = None

    def __post_init__(self) -> None:
        if self.bands is not None:
            bands = tuple(whole_number("bands", band, 1, _MOST_BANDS) for band in self.bands)
            if not bands:
                raise InputError("bands: got none, wanted at least one")
            object.__setattr__(self, "bands", bands)
        for name in ("scale", "offset"):
            values = tuple(real_number(name, value) for value in getattr(self, name))
            if not values or not all(map(math.isfinite, values)):
                raise InputError(f"{name}: got {values or 'none'}, wanted finite numbers")
            object.__setattr__(self, name, values)
        if 0.0 in self.scale:
            raise InputError("scale: got 0, which leaves nothing of the image")
        if self.nodata is not None and self.nodata != "file":
            object.__setattr__(self, "nodata", real_number("nodata", self.nodata))
        if self.alpha is not None and self.alpha != "file":
            whole_number("alpha", self.alpha, 1, _MOST_BANDS)
            if self.bands is not None and self.alpha in self.bands:
                raise InputError(f"alpha: got {self.alpha}, which is one of the bands as well")
        if self.unusable is not None:
            low, high = -(2**31), 2**32
            unusable = tuple(whole_number("unusable", value, low, high) for value in self.unusable)
            object.__setattr__(self, "unusable", unusable)
        if self.mask_band is not None:
            whole_number("mask_band", self.mask_band, 1, _MOST_BANDS)

    def check_lengths(self, bands: int) -> None:
        """Scale and offset are one number, or one for each band.

        Raises:
            InputError: They are not.
        """
        for name in ("scale", "offset"):
            count = len(getattr(self, name))
            if count not in (1, bands):
                raise InputError(
                    f"{name}: got {count} numbers, wanted 1 or {bands}, one for each band"
                )


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """One image of an AOI, and how to read it.

    Attributes:
        path: The image.
        aoi: Name of the area.
        date: Of the image; the first of the month if only that is known.
        label: ``YYYY_MM`` or ``YYYY_MM_DD``, in time order as text.
        valid: Raster of the same pixels that is 0 where the image is not valid, or None.
        udm: Raster of the same pixels with values that are not valid, or None.
        settings: Of the image.
    """

    path: Path
    aoi: str
    date: datetime.date
    label: str
    valid: Path | None = None
    udm: Path | None = None
    settings: ImageSettings = ImageSettings()


def read_image(
    entry: ImageEntry, window: Window | None = None
) -> tuple[NDArray[Any], NDArray[np.bool_], Grid]:
    """Read an image.

    A pixel is valid if alpha, nodata, and the valid and UDM rasters all say so, and no band of it
    is NaN or infinite. Pixels that are not valid are 0 in all bands, as they are black in the
    masked images of SpaceNet 7.

    Args:
        entry: Of a manifest. Its image is a GeoTIFF or PNG, as are the other rasters; these may
            have a last row or column more than the image.
        window: Rows and columns to read, inside the image; None means all.

    Returns:
        The bands (bands, rows, columns): uint8, int8, uint16, int16 and float32 as stored if there
        is nothing to scale, else float32. bool (rows, columns), True where valid. The grid of the
        whole image.

    Raises:
        RasterError: A file cannot be read, has not the bands or the type, or does not fit the
            image; names the file.
        MissingDependencyError: rasterio is not installed.
    """
    with opened(entry.path) as dataset:
        stored = _stored(entry, dataset, window)
    return _read(entry, *stored, window)


@contextmanager
def image_reader(entry: ImageEntry) -> Iterator[Callable[[Window], ReadImage]]:
    """What reads windows of an image, which stays open as long as the block runs.

    Args:
        entry: As in `read_image`.

    Returns:
        A context whose target gives for a window what `read_image` gives.

    Raises:
        RasterError: As `read_image`; also where the target is called.
        MissingDependencyError: rasterio is not installed.
    """
    with opened(entry.path) as dataset:
        yield lambda window: _read(entry, *_stored(entry, dataset, window), window)


def _stored(
    entry: ImageEntry,
    dataset: Any,  # noqa: ANN401 - rasterio has no types
    window: Window | None,
) -> tuple[NDArray[Any], NDArray[np.bool_], float | None, Grid]:
    """The bands, what is not transparent, the number for no data, and the grid."""
    settings = entry.settings
    bands, alpha = _chosen(entry.path, settings, dataset)
    grid = Grid.from_rasterio(dataset)
    stored = dataset.read(list(bands), window=window)
    valid = np.ones(stored.shape[1:], bool)
    if alpha is not None:
        valid = dataset.read(alpha, window=window) != 0
    nodata = dataset.nodata if settings.nodata == "file" else settings.nodata
    return stored, valid, nodata, grid


def _read(
    entry: ImageEntry,
    stored: NDArray[Any],
    valid: NDArray[np.bool_],
    nodata: float | None,
    grid: Grid,
    window: Window | None,
) -> ReadImage:
    if stored.dtype.kind not in "uif":
        raise RasterError(f"{entry.path}: got pixels of type {stored.dtype}, wanted real numbers")
    if nodata is not None:
        empty = np.isnan(stored) if math.isnan(nodata) else stored == nodata
        valid &= ~empty.all(axis=0)
    beside = valid_beside(entry, grid, window)
    if beside is not None:
        valid &= beside
    image = _scaled(stored, entry.settings)
    if image.dtype.kind == "f":
        valid &= np.isfinite(image).all(axis=0)
    image[:, ~valid] = 0
    return image, valid, grid


def read_sn7_image(files: MonthFiles) -> tuple[NDArray[Any], NDArray[np.bool_], Grid]:
    """Read red, green and blue of one month of SpaceNet 7, from the masked image if there is one.

    Returns:
        As `read_image`: uint8 (3, rows, columns), 0 where not valid; bool (rows, columns), see
        `sn7fast.data.valid`; the grid.

    Raises:
        InputError: There is no image.
        RasterError: A file cannot be read, or is no 8-bit image of three bands or more.
        MissingDependencyError: rasterio is not installed.
    """
    path = files.best_image
    if path is None:
        raise InputError(f"{files.aoi}: month {files.month} has no image")
    with opened(path) as dataset:
        if dataset.count < len(_RGB) or dataset.dtypes[0] != "uint8":
            raise RasterError(
                f"{path}: got {dataset.count} bands of {dataset.dtypes[0]}, wanted uint8 red, "
                "green, blue (and alpha)"
            )
        grid = Grid.from_rasterio(dataset)
        image = dataset.read(list(_RGB))
    valid = valid_pixels(files)
    image[:, ~valid] = 0
    return image, valid, grid


def _chosen(path: Path, settings: ImageSettings, dataset: Any) -> tuple[Sequence[int], int | None]:  # noqa: ANN401 - rasterio has no types
    """The bands to read and the alpha band."""
    alpha: int | None = None
    if settings.alpha == "file":
        marked = [band for band, kind in enumerate(dataset.colorinterp, 1) if kind.name == "alpha"]
        alpha = next((band for band in marked if band not in (settings.bands or ())), None)
    elif settings.alpha is not None:
        alpha = settings.alpha
    bands = settings.bands or [band for band in range(1, dataset.count + 1) if band != alpha]
    for name, band in (*(("bands", band) for band in bands), ("alpha", alpha)):
        if band is not None and band > dataset.count:
            raise RasterError(f"{path}: {name}: got {band}, the file has {dataset.count}")
    if not bands:
        raise RasterError(f"{path}: has no band but alpha")
    try:
        settings.check_lengths(len(bands))
    except InputError as error:
        raise RasterError(f"{path}: {error}") from error
    return bands, alpha


def _scaled(stored: NDArray[Any], settings: ImageSettings) -> NDArray[Any]:
    if set(settings.scale) == {1.0} and set(settings.offset) == {0.0}:
        return stored if str(stored.dtype) in _KEPT else stored.astype(np.float32)
    image = stored.astype(np.float32)
    scale, offset = (
        np.array(values, np.float32)[:, None, None] for values in (settings.scale, settings.offset)
    )
    # What is beyond float32 becomes infinite, and is not valid then.
    with np.errstate(over="ignore", invalid="ignore"):
        image *= scale
        image += offset
    return image
