"""What SpaceNet 7 names mean: file stems, and where an AOI lies on the ground."""

from __future__ import annotations

import re

from sn7fast.errors import InputError
from sn7fast.grid import Grid

_AOI = re.compile(r"L15-\d{4}E-\d{4}N_(\d+)_(\d+)_13")

# Web Mercator is a square of this side, of which an AOI is one of 2^13 x 2^13 tiles. Its images
# have the pixels of zoom 15 with tiles of 256.
_WORLD_M = 2 * 20037508.342789244
_TILE_M = _WORLD_M / 2**13
_PIXEL_M = _WORLD_M / 2**15 / 256


def sn7_grid(aoi: str, shape_yx: tuple[int, int] = (1024, 1024)) -> Grid:
    """The grid of an AOI from its name: the last three numbers are an XYZ web map tile.

    Agrees within 2 mm with the georeference of the images. Images of 1023 rows or columns lack
    the last ones, so that the origin is the same.

    Args:
        aoi: Such as ``L15-0368E-1245N_1474_3210_13``.
        shape_yx: Rows and columns of its images.

    Raises:
        InputError: The name is not of this form.
    """
    found = _AOI.fullmatch(aoi)
    if found is None:
        raise InputError(f"aoi: got {aoi!r}, wanted a name such as L15-0368E-1245N_1474_3210_13")
    x, y = int(found[1]), int(found[2])
    left, top = x * _TILE_M - _WORLD_M / 2, _WORLD_M / 2 - y * _TILE_M
    return Grid(shape_yx, (_PIXEL_M, 0.0, left, 0.0, -_PIXEL_M, top), "EPSG:3857")


def sn7_aoi(x: int, y: int) -> str:
    """Name of the AOI that is the web map tile (x, y) of zoom 13, y counted from the north."""
    return f"L15-{x >> 2:04}E-{2047 - (y >> 2):04}N_{x}_{y}_13"


def sn7_stem(aoi: str, month: str) -> str:
    """Name of the image of a month, without its suffix."""
    return f"global_monthly_{month}_mosaic_{aoi}"
