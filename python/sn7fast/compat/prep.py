"""Training masks of the baseline, as its ``make_geojsons_and_masks``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sn7fast.data.labels import read_labels
from sn7fast.data.prep import CHANNELS, burn_labels
from sn7fast.errors import InputError
from sn7fast.io.rasters import read_grid, write_bands

if TYPE_CHECKING:
    import os


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
        RasterError: The image cannot be read.
        FormatError, GeometryError, InputError: The labels cannot be; nothing is written then.
    """
    grid = read_grid(image_path)
    try:
        labels = read_labels(Path(json_path), grid)
    except InputError as error:
        raise type(error)(f"{name_root}: {error}") from error
    wanted: list[tuple[str | os.PathLike[str], tuple[str, ...]]] = [
        (output_path_mask, ("footprint",))
    ]
    if output_path_mask_fbc is not None:
        wanted.append((output_path_mask_fbc, CHANNELS))
    # Both before the first is written, so that an error leaves neither.
    masks = [(path, burn_labels(labels, grid, channels)[0]) for path, channels in wanted]
    for path, mask in masks:
        write_bands(path, mask, grid)
