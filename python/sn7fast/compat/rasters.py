"""Rasters of the originals: several bands in one array, masks beside a reference image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.io.rasters import count_bands, read_mask, write_bands

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from sn7fast.grid import Grid


def read_image(path: str | os.PathLike[str]) -> NDArray[Any]:
    """(rows, columns), or (rows, columns, bands) if there are several."""
    bands = [read_mask(path, band=band)[0] for band in range(1, count_bands(path) + 1)]
    return bands[0] if len(bands) == 1 else np.stack(bands, axis=-1)


def write_image(path: str | os.PathLike[str], image: NDArray[Any], grid: Grid) -> None:
    """Write (rows, columns) or (rows, columns, bands) as a GeoTIFF, whole or not at all."""
    write_bands(path, image[None] if image.ndim == 2 else np.moveaxis(image, -1, 0), grid)
