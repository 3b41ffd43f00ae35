"""Find every building in a monthly satellite stack and follow it through time."""

from __future__ import annotations

from sn7fast._core import __version__, get_num_threads, set_num_threads
from sn7fast.buildings import Buildings
from sn7fast.collapse import CollapseParams, collapse
from sn7fast.cube import Cube
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
from sn7fast.grid import Grid
from sn7fast.io import read_csv, read_geojson, write_csv, write_geojson
from sn7fast.matching import Matches, iou_pairs, match_footprints
from sn7fast.polygonize import polygonize, polygonize_frames
from sn7fast.rasterize import rasterize, training_mask
from sn7fast.refinement import refine
from sn7fast.scores import F1Aoi, F1Counts, F1Score, ScotAoi, ScotMonth, ScotScore
from sn7fast.scoring import score_f1, score_scot
from sn7fast.separate import SeparateParams, separate
from sn7fast.simplify import simplify
from sn7fast.stack import Stack
from sn7fast.stc import StcParams, collapse_stc
from sn7fast.tracking import track

__all__ = [
    "Buildings",
    "CollapseParams",
    "Cube",
    "F1Aoi",
    "F1Counts",
    "F1Score",
    "Footprints",
    "FormatError",
    "GeometryError",
    "Grid",
    "InputError",
    "InternalError",
    "Matches",
    "MissingDependencyError",
    "RasterError",
    "ScotAoi",
    "ScotMonth",
    "ScotScore",
    "SeparateParams",
    "Sn7FastError",
    "Stack",
    "StackError",
    "StcParams",
    "__version__",
    "collapse",
    "collapse_stc",
    "get_num_threads",
    "iou_pairs",
    "match_footprints",
    "polygonize",
    "polygonize_frames",
    "rasterize",
    "read_csv",
    "read_geojson",
    "refine",
    "score_f1",
    "score_scot",
    "separate",
    "set_num_threads",
    "simplify",
    "track",
    "training_mask",
    "write_csv",
    "write_geojson",
]
