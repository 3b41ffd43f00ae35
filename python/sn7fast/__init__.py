"""Find every building in a monthly satellite stack and follow it through time."""

from __future__ import annotations

from sn7fast._core import __version__, get_num_threads, set_num_threads
from sn7fast.attribution import AoiAttribution, ScotAttribution, attribute_scot
from sn7fast.buildings import Buildings
from sn7fast.collapse import CollapseParams, collapse
from sn7fast.cube import Cube
from sn7fast.errors import (
    ArchiveError,
    DownloadError,
    FormatError,
    GeometryError,
    InputError,
    InternalError,
    MissingDependencyError,
    RasterError,
    Sn7FastError,
    StackError,
    WorkersError,
)
from sn7fast.filters import FilterParams
from sn7fast.footprints import Footprints
from sn7fast.grid import Grid
from sn7fast.io import (
    read_csv,
    read_geojson,
    read_parquet,
    write_csv,
    write_geojson,
    write_parquet,
    write_vector,
)
from sn7fast.matching import Matches, iou_pairs, match_footprints
from sn7fast.polygonize import polygonize, polygonize_bands, polygonize_frames
from sn7fast.predict import load_model, predict
from sn7fast.rasterize import rasterize, training_mask
from sn7fast.refinement import refine
from sn7fast.scores import F1Aoi, F1Counts, F1Score, ScotAoi, ScotMonth, ScotScore
from sn7fast.scoring import score_f1, score_scot
from sn7fast.separate import SeparateParams, separate
from sn7fast.simplify import simplify
from sn7fast.stack import Stack
from sn7fast.stc import StcParams, collapse_stc
from sn7fast.tracking import track
from sn7fast.train import train

__all__ = [
    "AoiAttribution",
    "ArchiveError",
    "Buildings",
    "CollapseParams",
    "Cube",
    "DownloadError",
    "F1Aoi",
    "F1Counts",
    "F1Score",
    "FilterParams",
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
    "ScotAttribution",
    "ScotMonth",
    "ScotScore",
    "SeparateParams",
    "Sn7FastError",
    "Stack",
    "StackError",
    "StcParams",
    "WorkersError",
    "__version__",
    "attribute_scot",
    "collapse",
    "collapse_stc",
    "get_num_threads",
    "iou_pairs",
    "load_model",
    "match_footprints",
    "polygonize",
    "polygonize_bands",
    "polygonize_frames",
    "predict",
    "rasterize",
    "read_csv",
    "read_geojson",
    "read_parquet",
    "refine",
    "score_f1",
    "score_scot",
    "separate",
    "set_num_threads",
    "simplify",
    "track",
    "train",
    "training_mask",
    "write_csv",
    "write_geojson",
    "write_parquet",
    "write_vector",
]
