"""Rasters as cloud-optimised GeoTIFF: probabilities of a cube, and anything else with bands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.grid import Grid
from sn7fast.io.outputs import whole_file
from sn7fast.io.rasters import unreferenced_too

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sn7fast.cube import Cube

_TYPES = ("uint8", "uint16", "int16", "float32")


def write_cog(
    path: str | os.PathLike[str],
    bands: NDArray[Any],
    grid: Grid | None = None,
    *,
    names: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    valid: NDArray[np.bool_] | None = None,
    nodata: float | None = None,
    overviews: str = "nearest",
) -> None:
    """Write bands as a COG: tiles of 512, DEFLATE, overviews. Equal input gives equal bytes.

    It is put together in memory, by GDAL.

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
    if bands.ndim != 3 or not bands.size or str(bands.dtype) not in _TYPES:
        raise InputError(
            f"{path}: bands: got {bands.dtype} of shape {bands.shape}, "
            f"wanted (bands, rows, columns) of one of {', '.join(_TYPES)}"
        )
    count, rows, columns = bands.shape
    if len(names) not in (0, count):
        raise InputError(f"{path}: names: got {len(names)}, wanted {count} or none")
    if grid is not None and grid.shape_yx != (rows, columns):
        raise InputError(f"{path}: bands: got {rows} x {columns}, the grid has {grid.shape_yx}")
    if valid is not None and (valid.shape != (rows, columns) or valid.dtype != bool):
        raise InputError(
            f"{path}: valid: got {valid.dtype} of shape {valid.shape}, wanted bool ({rows}, "
            f"{columns})"
        )
    rasterio = require("rasterio")
    gray = rasterio.enums.ColorInterp.gray
    georeference = {}
    if grid is not None and (grid.crs is not None or grid != Grid(grid.shape_yx)):
        georeference = {"crs": grid.crs, "transform": rasterio.Affine(*grid.transform)}
    profile = {
        "driver": "COG",
        "dtype": bands.dtype,
        "nodata": nodata,
        "compress": "deflate",
        "predictor": "yes",
        "blocksize": 512,
        "resampling": overviews,
        "bigtiff": "if_safer",
    }
    environment = rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, GDAL_PAM_ENABLED=False)
    with environment, rasterio.MemoryFile(ext=".tif") as memory:
        with unreferenced_too():
            opened = memory.open(count=count, height=rows, width=columns, **profile, **georeference)
        with opened as dataset:
            dataset.write(bands)
            # Three bands of bytes would be taken for a picture.
            dataset.colorinterp = [gray] + [rasterio.enums.ColorInterp.undefined] * (count - 1)
            for index, name in enumerate(names, 1):
                dataset.set_band_description(index, name)
            dataset.update_tags(**(tags or {}))
            if valid is not None:
                dataset.write_mask(valid)
        content = memory.getbuffer()
        with whole_file(path) as part:
            part.write_bytes(content)


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
            np.asarray(cube.prob[index : index + 1]),
            grid,
            names=("probability",),
            tags={"month": month},
            valid=None if cube.valid is None else np.asarray(cube.valid[index]),
            overviews="average",
        )
    return paths
