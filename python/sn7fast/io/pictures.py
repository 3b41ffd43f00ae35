"""Pictures for people, as PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.io.outputs import whole_file
from sn7fast.io.rasters import GDAL_OPTIONS, unreferenced_too

if TYPE_CHECKING:
    import os

    import numpy as np
    from numpy.typing import NDArray


def write_png(path: str | os.PathLike[str], picture: NDArray[np.uint8]) -> None:
    """Write a picture, whole or not at all.

    Args:
        path: File to write; one that is there is replaced.
        picture: uint8 (rows, columns, 3), red, green and blue.

    Raises:
        InputError: The picture has another form or type.
        MissingDependencyError: rasterio is not installed.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != "uint8" or not picture.size:
        raise InputError(
            f"{path}: picture: got {picture.dtype} of shape {picture.shape}, wanted uint8 of "
            "(rows, columns, 3)"
        )
    rasterio = require("rasterio")
    rows, columns = picture.shape[:2]
    form = {"driver": "PNG", "dtype": "uint8", "count": 3, "height": rows, "width": columns}
    with (
        whole_file(path) as part,
        rasterio.Env(**GDAL_OPTIONS),
        unreferenced_too(),
        rasterio.open(part, "w", **form) as dataset,
    ):
        dataset.write(picture.transpose(2, 0, 1))
