"""Rasters on disk: bands of a GeoTIFF or PNG, with their grid."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sn7fast._optional import require
from sn7fast._quiet import without_warning
from sn7fast.errors import InputError, RasterError
from sn7fast.grid import Grid
from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

# GDAL guesses a format from the content, and one of its formats, VRT, is a text that names other
# files and addresses to read. We look at the first bytes ourselves and allow one driver.
_DRIVERS = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0+": "GTiff",
    b"\x89PNG": "PNG",
}

# Of a raster we believe the file itself: no .aux.xml, world file, .ovr or .msk beside it.
GDAL_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "GDAL_PAM_ENABLED": False,
}

Window: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""(first row, row after the last), (first column, column after the last)."""

# Types that the core takes as they are; other integers are widened to the float that holds them.
_KEPT = ("bool", "uint8", "uint16", "float32", "float64")
_WIDENED = {"int8": "float32", "int16": "float32", "uint32": "float64", "int32": "float64"}


def read_mask(
    path: str | os.PathLike[str], *, band: int | None = None, window: Window | None = None
) -> tuple[NDArray[Any], Grid]:
    """Read a mask or a probability raster.

    The format is told by the first bytes, not by the name. Files beside the raster (world files,
    ``.aux.xml``) are ignored, and so are nodata values, mask bands and colour tables: the numbers
    come as stored.

    Args:
        path: A GeoTIFF (BigTIFF too) or PNG file.
        band: Which band, from 1; None means the only one.
        window: Rows and columns to read; None means all.

    Returns:
        The band, (rows, columns), C-contiguous: bool, uint8, uint16, float32 and float64 as stored,
        int8 and int16 as float32, int32 and uint32 as float64. And the grid of the whole raster,
        whose ``crs`` is None if the file has none.

    Raises:
        RasterError: The file is missing, empty, truncated or of another format (VRT among them), or
            has several bands although none is named, or has no such band, or an unknown type.
        MissingDependencyError: rasterio is not installed.
    """
    with opened(path) as dataset:
        grid = Grid.from_rasterio(dataset)
        mask = dataset.read(chosen_band(Path(path), dataset.count, band), window=window)
    return native_pixels(path, mask), grid


def native_pixels(path: str | os.PathLike[str], mask: NDArray[Any]) -> NDArray[Any]:
    """Pixels of a file in a type that the core takes; see `read_mask`.

    Raises:
        RasterError: The type is none of those.
    """
    kind = str(mask.dtype)
    if kind not in _KEPT and kind not in _WIDENED:
        raise RasterError(
            f"{path}: got pixels of type {kind}, wanted one of {', '.join((*_KEPT, *_WIDENED))}"
        )
    return np.ascontiguousarray(mask, _WIDENED.get(kind))


def count_bands(path: str | os.PathLike[str]) -> int:
    """Number of bands of a GeoTIFF or PNG file.

    Raises:
        RasterError: The file cannot be opened, as for `read_mask`.
        MissingDependencyError: rasterio is not installed.
    """
    with opened(path) as dataset:
        return int(dataset.count)


def pixel_size(path: str | os.PathLike[str]) -> tuple[int, int, int]:
    """Rows, columns and bytes of a pixel of one band of a GeoTIFF or PNG file.

    Raises:
        RasterError: The file cannot be opened, as for `read_mask`.
        MissingDependencyError: rasterio is not installed.
    """
    with opened(path) as dataset:
        rows, columns = dataset.shape
        return int(rows), int(columns), int(np.dtype(dataset.dtypes[0]).itemsize)


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[Any]:
    """The rasterio dataset of a GeoTIFF or PNG file, and no other kind; see `read_mask`.

    Raises:
        RasterError: The file cannot be opened, or reading it in the block fails; names the file.
        MissingDependencyError: rasterio is not installed.
    """
    path = Path(path)
    driver = _driver(path)
    rasterio = require("rasterio")
    try:
        with rasterio.Env(**GDAL_OPTIONS):
            with unreferenced_too():
                dataset = rasterio.open(path.resolve(), driver=driver)
            with dataset:
                yield dataset
    except RasterError:
        raise
    except MemoryError as error:
        raise RasterError(f"{path}: not enough memory for its pixels") from error
    except Exception as error:
        # rasterio's own classes, GDAL's private ones that it lets through, and those of Grid.
        reason = error.__cause__ or error
        raise RasterError(
            f"{path}: cannot be read, it may be truncated or damaged: {reason}"
        ) from error


def read_through(path: str | os.PathLike[str]) -> None:
    """Decode a raster to its end, and keep nothing.

    Raises:
        RasterError: The file cannot be opened, as for `read_mask`, or some block of it is damaged.
        MissingDependencyError: rasterio is not installed.
    """
    with opened(path) as dataset:
        for _, window in dataset.block_windows(1):
            dataset.read(window=window)


def read_grid(path: str | os.PathLike[str]) -> Grid:
    """The grid of a raster of any number of bands; ``crs`` is None if the file has none.

    Raises:
        RasterError: The file cannot be opened, as for `read_mask`.
        MissingDependencyError: rasterio is not installed.
    """
    with opened(path) as dataset:
        return Grid.from_rasterio(dataset)


def write_mask(path: str | os.PathLike[str], mask: NDArray[Any], grid: Grid | None = None) -> None:
    """Write one band as a DEFLATE-compressed GeoTIFF, whole or not at all.

    Args:
        path: File to write; one that is there is replaced.
        mask: (rows, columns), bool, uint8, uint16, float32 or float64; bool becomes uint8 0 and 1.
        grid: Where its pixels lie, or None.

    Raises:
        InputError: The mask has another form or type, or not the shape of the grid.
        MissingDependencyError: rasterio is not installed.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or not mask.size or str(mask.dtype) not in _KEPT:
        raise InputError(
            f"{path}: mask: got {mask.dtype} of shape {mask.shape}, "
            f"wanted (rows, columns) of one of {', '.join(_KEPT)}"
        )
    write_bands(path, mask[None], grid)


def write_bands(
    path: str | os.PathLike[str],
    bands: NDArray[Any],
    grid: Grid | None = None,
    *,
    names: Sequence[str] = (),
) -> None:
    """Write several bands as a DEFLATE-compressed GeoTIFF, whole or not at all.

    Args:
        path: File to write; one that is there is replaced.
        bands: (bands, rows, columns), of the types of `write_mask`.
        grid: Where its pixels lie, or None.
        names: What each band holds, kept as its description; none, or one for each.

    Raises:
        InputError: The bands have another form or type, or not the shape of the grid.
        RasterError: The file cannot be written to its end; names it.
        MissingDependencyError: rasterio is not installed.
    """
    if bands.ndim != 3 or not bands.size or str(bands.dtype) not in _KEPT:
        raise InputError(
            f"{path}: bands: got {bands.dtype} of shape {bands.shape}, "
            f"wanted (bands, rows, columns) of one of {', '.join(_KEPT)}"
        )
    if len(names) not in (0, len(bands)):
        raise InputError(f"{path}: names: got {len(names)}, wanted {len(bands)} or none")
    if grid is not None and grid.shape_yx != bands.shape[1:]:
        raise InputError(f"{path}: mask: got shape {bands.shape[1:]}, its grid has {grid.shape_yx}")
    rasterio = require("rasterio")
    if bands.dtype == bool:
        bands = bands.astype(np.uint8)
    georeference = {}
    if grid is not None and (grid.crs is not None or grid != Grid(grid.shape_yx)):
        georeference = {"crs": grid.crs, "transform": rasterio.Affine(*grid.transform)}
    with whole_file(path) as part:
        with rasterio.Env(**GDAL_OPTIONS), unreferenced_too():
            profile = {"driver": "GTiff", "dtype": bands.dtype, "compress": "deflate"}
            count, rows, columns = bands.shape
            with rasterio.open(
                part, "w", count=count, height=rows, width=columns, **profile, **georeference
            ) as dataset:
                dataset.write(bands)
                for index, name in enumerate(names, 1):
                    dataset.set_band_description(index, name)
        # GDAL keeps blocks back until the file is closed, and does not tell if that fails.
        try:
            read_through(part)
        except RasterError as error:
            raise RasterError(
                f"{path}: cannot be written, the disk may be full: {error.__cause__ or error}"
            ) from error


def _driver(path: Path) -> str:
    """GDAL's name for the format of the file, by its first bytes."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
            driver = _DRIVERS.get(start[:4])
            if driver == "PNG":
                file.seek(0)
                _check_png(path, file)
    except OSError as error:
        raise RasterError(f"{path}: cannot be opened: {error.strerror or error}") from error
    if not start:
        raise RasterError(f"{path}: the file is empty, wanted a GeoTIFF or PNG")
    if driver is None:
        virtual = " (a virtual raster, which names other files)" if b"<VRT" in start else ""
        raise RasterError(f"{path}: starts with {start[:12]!r}{virtual}, wanted a GeoTIFF or PNG")
    return driver


def _check_png(path: Path, file: Any) -> None:  # noqa: ANN401 - a binary file
    """Walk the chunks of a PNG, as GDAL fills the missing part of a truncated one with rubbish."""
    file.seek(8)
    while True:
        head = file.read(8)
        length = int.from_bytes(head[:4], "big")
        # The standard allows 2^31 - 1 bytes; a longer chunk would only be read to be refused.
        body = file.read(length + 4) if len(head) == 8 and length < 2**31 else b""
        if len(body) != length + 4:
            raise RasterError(f"{path}: the PNG is truncated")
        if zlib.crc32(body[:-4], zlib.crc32(head[4:])) != int.from_bytes(body[-4:], "big"):
            raise RasterError(f"{path}: the PNG is damaged: wrong checksum of {head[4:]!r}")
        if head[4:] == b"IEND":
            return


def chosen_band(path: Path, count: int, band: int | None) -> int:
    """The band that is meant, from 1; None means the only one.

    Raises:
        RasterError: There is no such band, or several.
    """
    if band is None and count != 1:
        hint = "an image, it seems: " if count in (3, 4) else ""
        raise RasterError(f"{path}: got {count} bands ({hint}a mask has 1), wanted 1")
    if band is not None and not 1 <= band <= count:
        raise RasterError(f"{path}: band: got {band}, wanted 1 to {count}")
    return band or 1


@contextmanager
def unreferenced_too() -> Iterator[None]:
    """No warning about a raster without a georeference: that is a fact, which the grid tells."""
    with without_warning(require("rasterio.errors").NotGeoreferencedWarning):
        yield
