"""Rasters of the originals: several bands in one array, masks beside a reference image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.io.outputs import whole_file
from sn7fast.io.rasters import count_bands, read_mask

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from sn7fast.grid import Grid


def read_grid(path: str | os.PathLike[str]) -> Grid:
    """Grid of a reference image of any number of bands."""
    return read_mask(path, band=1)[1]


def read_image(path: str | os.PathLike[str]) -> NDArray[Any]:
    """(rows, columns), or (rows, columns, bands) if there are several."""
    bands = [read_mask(path, band=band)[0] for band in range(1, count_bands(path) + 1)]
    return bands[0] if len(bands) == 1 else np.stack(bands, axis=-1)


def write_image(path: str | os.PathLike[str], image: NDArray[Any], grid: Grid) -> None:
    """Write (rows, columns) or (rows, columns, bands) as a GeoTIFF, whole or not at all."""
    if image.shape[:2] != grid.shape_yx:
        raise InputError(f"{path}: got a mask of shape {image.shape[:2]}, wanted {grid.shape_yx}")
    rasterio = require("rasterio")
    bands = image[None] if image.ndim == 2 else np.moveaxis(image, -1, 0)
    count, height, width = bands.shape
    with (
        whole_file(path) as temporary,
        rasterio.open(
            temporary,
            "w",
            driver="GTiff",
            count=count,
            height=height,
            width=width,
            dtype=image.dtype,
            crs=grid.crs,
            transform=rasterio.Affine(*grid.transform),
            compress="deflate",
        ) as dataset,
    ):
        dataset.write(bands)
