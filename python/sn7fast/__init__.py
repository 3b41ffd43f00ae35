"""Find every building in a monthly satellite stack and follow it through time."""

from __future__ import annotations

from sn7fast._core import __version__, get_num_threads, set_num_threads
from sn7fast.errors import (
    FormatError,
    GeometryError,
    InputError,
    InternalError,
    MissingDependencyError,
    RasterError,
    Sn7FastError,
    StackError,
)
from sn7fast.footprints import Footprints
from sn7fast.io import read_csv, read_geojson, write_csv, write_geojson
from sn7fast.polygonize import polygonize, polygonize_frames
from sn7fast.rasterize import rasterize, training_mask
from sn7fast.simplify import simplify
from sn7fast.stack import Stack

__all__ = [
    "Footprints",
    "FormatError",
    "GeometryError",
    "InputError",
    "InternalError",
    "MissingDependencyError",
    "RasterError",
    "Sn7FastError",
    "Stack",
    "StackError",
    "__version__",
    "get_num_threads",
    "polygonize",
    "polygonize_frames",
    "rasterize",
    "read_csv",
    "read_geojson",
    "set_num_threads",
    "simplify",
    "training_mask",
    "write_csv",
    "write_geojson",
]
