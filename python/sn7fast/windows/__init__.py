"""Areas larger than memory: bands of rows instead of the whole, and the same result.

::

    raster --polygonize_raster--> file of footprints
    cube --postprocess_large--> LargeStack --write_large--> file

A cube is given by what reads its rows: `FrameBands` of monthly rasters, `ZarrBands` and `NpzBands`
of cubes in one file, `ArrayBands` of arrays such as memory maps, or any other `CubeBands`.

Nothing is cut at the seams of the bands. A region is kept until its last row is known, and what
hangs together through time is followed at once; so the result is equal by construction, not up to
a halo of some width.
"""

from __future__ import annotations

from sn7fast.large import LargeStack
from sn7fast.windows.files import NpzBands, ZarrBands
from sn7fast.windows.postprocess import needed_mb, postprocess_large, why_in_one_piece
from sn7fast.windows.rasters import polygonize_raster
from sn7fast.windows.source import ArrayBands, CubeBands, FrameBands
from sn7fast.windows.tracking import track_bands
from sn7fast.windows.writing import write_large

__all__ = [
    "ArrayBands",
    "CubeBands",
    "FrameBands",
    "LargeStack",
    "NpzBands",
    "ZarrBands",
    "needed_mb",
    "polygonize_raster",
    "postprocess_large",
    "track_bands",
    "why_in_one_piece",
    "write_large",
]
