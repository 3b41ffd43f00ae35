"""Rasters as cloud-optimised GeoTIFF: probabilities of a cube, and anything else with bands."""

from __future__ import annotations

import errno
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.grid import Grid
from sn7fast.io.outputs import whole_file
from sn7fast.io.rasters import unreferenced_too

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sn7fast.cube import Cube

_TYPES = ("uint8", "uint16", "int16", "float32")

# Rows of tiles are written one after the other.
_TILE = 512

_GDAL_OPTIONS = {
    "GDAL_TIFF_INTERNAL_MASK": True,
    "GDAL_PAM_ENABLED": False,
    "GDAL_CACHEMAX": 128,  # megabytes
}


class Bands(Protocol):
    """An array (bands, rows, columns), or what is sliced like one and makes its rows when asked."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Bands, rows and columns."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""

    def __getitem__(self, key: tuple[slice, slice]) -> NDArray[Any]: ...


def write_cog(
    path: str | os.PathLike[str],
    bands: Bands,
    grid: Grid | None = None,
    *,
    names: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    valid: NDArray[np.bool_] | None = None,
    nodata: float | None = None,
    overviews: str = "nearest",
) -> None:
    """Write bands as a COG: tiles of 512, DEFLATE, overviews. Equal input gives equal bytes.

    They are taken 512 rows at a time, so that a memory map or `Bands` that make their rows when
    asked need little memory. A file without overviews is put beside the final one on the way.

    Args:
        path: File to write. It is replaced only once everything is written.
        bands: uint8, uint16, int16 or float32 (bands, rows, columns).
        grid: Where its pixels lie, or None.
        names: What each band holds, kept as its description; none, or one for each.
        tags: Texts that are kept in the file by name.
        valid: bool (rows, columns), kept as the file's mask, or None if all is valid.
        nodata: Number that stands for no data, or None.
        overviews: How pixels are put together: ``nearest`` or ``average``.

    Raises:
        InputError: The bands have another form or type, or not the shape of the grid or the mask.
        MissingDependencyError: rasterio is not installed.
        OSError: The file cannot be written.
    """
    shape = tuple(bands.shape)
    if len(shape) != 3 or not all(shape) or str(bands.dtype) not in _TYPES:
        raise InputError(
            f"{path}: bands: got {bands.dtype} of shape {shape}, "
            f"wanted (bands, rows, columns) of one of {', '.join(_TYPES)}"
        )
    count, rows, columns = shape
    if len(names) not in (0, count):
        raise InputError(f"{path}: names: got {len(names)}, wanted {count} or none")
    if grid is not None and grid.shape_yx != (rows, columns):
        raise InputError(f"{path}: bands: got {rows} x {columns}, the grid has {grid.shape_yx}")
    if valid is not None and (valid.shape != (rows, columns) or valid.dtype != bool):
        raise InputError(
            f"{path}: valid: got {valid.dtype} of shape {valid.shape}, wanted bool ({rows}, "
            f"{columns})"
        )
    with whole_file(path) as part, tempfile.TemporaryDirectory(
        prefix=".sn7fast-", dir=part.parent, ignore_cleanup_errors=True
    ) as folder:  # fmt: skip
        plain, done = Path(folder) / "plain.tif", Path(folder) / "cog.tif"
        with _gdal(path):
            _write_plain(plain, bands, grid, names, tags or {}, valid, nodata)
            # GDAL keeps files of its own beside the result, which go with the folder.
            copy_as_cog(plain, done, overviews=overviews)
        done.replace(part)


def copy_as_cog(source: Path, target: Path, *, overviews: str) -> None:
    """Copy a GeoTIFF, tile by tile, into a COG; errors are those of rasterio.

    Args:
        source: The GeoTIFF.
        target: File to write.
        overviews: How pixels are put together: ``nearest`` or ``average``.
    """
    require("rasterio.shutil").copy(
        source,
        target,
        driver="COG",
        compress="deflate",
        predictor="yes",
        blocksize=_TILE,
        resampling=overviews,
        bigtiff="if_safer",
    )


def _write_plain(
    path: Path,
    bands: Bands,
    grid: Grid | None,
    names: Sequence[str],
    tags: Mapping[str, str],
    valid: NDArray[np.bool_] | None,
    nodata: float | None,
) -> None:
    """A GeoTIFF without overviews, row of tiles by row of tiles."""
    rasterio = require("rasterio")
    window = require("rasterio.windows").Window
    colors = rasterio.enums.ColorInterp
    count, rows, columns = bands.shape
    georeference = {}
    if grid is not None and (grid.crs is not None or grid != Grid(grid.shape_yx)):
        georeference = {"crs": grid.crs, "transform": rasterio.Affine(*grid.transform)}
    profile = {
        "driver": "GTiff",
        "dtype": bands.dtype,
        "nodata": nodata,
        "tiled": True,
        "blockxsize": _TILE,
        "blockysize": _TILE,
        "interleave": "pixel",
        "compress": "deflate",
        "zlevel": 1,
        "bigtiff": "if_safer",
    }
    with unreferenced_too():
        opened = rasterio.open(
            path, "w", count=count, height=rows, width=columns, **profile, **georeference
        )
    with opened as dataset:
        # Three bands of bytes would be taken for a picture.
        dataset.colorinterp = [colors.gray] + [colors.undefined] * (count - 1)
        for index, name in enumerate(names, 1):
            dataset.set_band_description(index, name)
        dataset.update_tags(**tags)
        for top in range(0, rows, _TILE):
            bottom = min(top + _TILE, rows)
            place = window(0, top, columns, bottom - top)
            dataset.write(np.asarray(bands[:, top:bottom]), window=place)
            if valid is not None:
                dataset.write_mask(np.asarray(valid[top:bottom]), window=place)


@contextmanager
def _gdal(path: str | os.PathLike[str]) -> Iterator[None]:
    """GDAL's settings, and its errors as OSError."""
    rasterio = require("rasterio")
    try:
        with rasterio.Env(**_GDAL_OPTIONS):
            yield
    except Exception as error:
        # rasterio's own classes, GDAL's private ones that it lets through, a bare SystemError.
        if not (type(error).__module__.startswith("rasterio") or isinstance(error, SystemError)):
            raise
        reason = f"cannot be written, the disk may be full: {error.__cause__ or error}"
        raise OSError(errno.EIO, reason, str(path)) from error


def write_cube(
    folder: str | os.PathLike[str], cube: Cube, *, stem: str = "probability"
) -> dict[str, Path]:
    """Write a cube as one COG for each month, pixels that are not valid masked.

    Args:
        folder: Where; it is there.
        cube: uint8 or float32 probabilities.
        stem: Start of the file names; they go on with ``_<month>.tif``.

    Returns:
        File by month. Each appears whole or not at all.

    Raises:
        MissingDependencyError: rasterio is not installed.
        OSError: A file cannot be written.
    """
    grid = None if cube.grid is None else cube.grid.enlarged(cube.scale)
    paths: dict[str, Path] = {}
    for index, month in enumerate(cube.months):
        paths[month] = Path(folder) / f"{stem}_{month}.tif"
        write_cog(
            paths[month],
            cube.prob[index : index + 1],
            grid,
            names=("probability",),
            tags={"month": month},
            valid=None if cube.valid is None else cube.valid[index],
            overviews="average",
        )
    return paths
