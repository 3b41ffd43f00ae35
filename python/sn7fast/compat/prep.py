"""Training masks of the baseline, as its ``make_geojsons_and_masks``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.compat.masks import df_to_px_mask
from sn7fast.compat.vectors import read_vector
from sn7fast.errors import InputError
from sn7fast.io.rasters import read_grid

if TYPE_CHECKING:
    import os

# In pixels and in units of the CRS, which the SN7 images have in (Web Mercator) metres.
_BOUNDARY_WIDTH_PX = 5
_CONTACT_SPACING_M = 10


def make_geojsons_and_masks(
    name_root: str,
    image_path: str | os.PathLike[str],
    json_path: str | os.PathLike[str],
    output_path_mask: str | os.PathLike[str],
    output_path_mask_fbc: str | os.PathLike[str] | None = None,
) -> None:
    """Burn one month's labels into masks of the image's shape and georeference.

    The footprint mask is 255 where a pixel's centre is inside a building, else 0; unlabelled months
    give zeros. Features without geometry are left out. Labels in another CRS than the image's are
    brought into it; a file that names no CRS is taken to be in that of the image, as labels of the
    baseline are.

    Args:
        name_root: Stem of the image's name, for messages.
        image_path: GeoTIFF of the month.
        json_path: GeoJSON of its buildings, such as ``labels_match/*_Buildings.geojson``.
        output_path_mask: GeoTIFF to write, one band.
        output_path_mask_fbc: GeoTIFF to write with three bands: footprint, boundary (inner, 5 x 5
            pixels) and contact (spacing 10 m). Quirks 4 and 5 as in `df_to_px_mask`.

    Raises:
        RasterError, FormatError, GeometryError, InputError: As `df_to_px_mask`; nothing is written.
    """
    grid = read_grid(image_path)
    table = _labels(name_root, Path(json_path), grid.crs)
    wanted: list[tuple[Any, list[str]]] = [(output_path_mask, ["footprint"])]
    if output_path_mask_fbc is not None:
        wanted.append((output_path_mask_fbc, ["footprint", "boundary", "contact"]))
    for path, channels in wanted:
        df_to_px_mask(
            table,
            channels,
            out_file=path,
            reference_im=image_path,
            do_transform=True,
            boundary_width=_BOUNDARY_WIDTH_PX,
            contact_spacing=_CONTACT_SPACING_M,
            meters=True,
        )


def _labels(name_root: str, path: Path, crs: str | None) -> Any:  # noqa: ANN401 - GeoDataFrame
    table = read_vector(path)
    if table.crs is not None and table.crs != crs:
        if crs is None:
            raise InputError(f"{name_root}: {path} is in {table.crs.name}, the image has no CRS")
        table = table.to_crs(crs)
        if not np.isfinite(table.total_bounds).all() and len(table):
            raise InputError(f"{name_root}: {path} has points that {crs} cannot show")
    return table
