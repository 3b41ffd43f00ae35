"""Native core of sn7fast. Private: the modules beside it check arguments and call it."""

from collections.abc import Sequence
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from sn7fast.filters import FilterParams

_F64: TypeAlias = NDArray[np.float64]
_I32: TypeAlias = NDArray[np.int32]
_I64: TypeAlias = NDArray[np.int64]
_U8: TypeAlias = NDArray[np.uint8]
# coords, ring_offsets, polygon_offsets, footprint_offsets: see Footprints.
_Arrays: TypeAlias = tuple[_F64, _I32, _I32, _I32 | None]

__version__: str
debug_build: bool

# Threads ------------------------------------------------------------------------------------------

def get_num_threads() -> int:
    """Number of threads the core uses."""

def set_num_threads(count: int) -> None:
    """Use this many threads from now on; results do not depend on it.

    Raises:
        InputError: count is not from 1 to 1024.
    """

# Footprint arrays ---------------------------------------------------------------------------------

def check_footprints(footprints: _Arrays) -> None:
    """Raise GeometryError or InputError if the arrays are no footprints."""

def select_footprints(footprints: _Arrays, positions: _I64) -> _Arrays:
    """Copy of the footprints at these positions, in this order."""

def areas(footprints: _Arrays) -> _F64:
    """float64 (n,): areas less holes; the same bits as shapely.area."""

def bounds(footprints: _Arrays) -> _F64:
    """float64 (n, 4): min x, min y, max x, max y; NaN for an empty footprint."""

def cluster_boxes(boxes: _F64, thing: NDArray[np.uint32], reach: float) -> NDArray[np.uint32]:
    """uint32 (n,): the first box of each one's cluster, of those at most ``reach`` apart.

    ``thing``: for each box the first box of the same thing.
    """

def boxes_within_steps(
    boxes: _F64,
    cluster: NDArray[np.uint32],
    set: NDArray[np.uint32],
    sets: int,
    reach: float,
    steps: int,
) -> list[NDArray[np.uint32]]:
    """For each set of clusters the boxes, ascending, of those at most so many steps from it.

    A step leads to a cluster at most ``reach`` away. ``cluster``: for each box the first one of its
    cluster; ``set``: in which set that is, ``sets`` or more for none.
    """

# Names and codecs ---------------------------------------------------------------------------------

def parse_name(name: str) -> tuple[str, str]:
    """Area and month (``YYYY_MM``) of a file name.

    ``global_monthly_YYYY_MM_mosaic_<AOI>``, or any name with one YYYY_MM or YYYY-MM: the rest is
    the AOI, which is empty if the name is a date alone. Folders, a known extension (.tif, .png,
    .geojson, ...), a final ``_Buildings`` and the day of an ISO date are left off.

    Raises:
        FormatError: No month in the name, or two different ones.
    """

# Masks to footprints ------------------------------------------------------------------------------

def polygonize(
    mask: NDArray[Any], threshold: float, min_area_px: float, connectivity: int
) -> _Arrays:
    """Footprints of a C-contiguous uint8, uint16, float32 or float64 mask (rows, columns)."""

def polygonize_frames(
    masks: Sequence[NDArray[Any]], threshold: float, min_area_px: float, connectivity: int
) -> list[_Arrays]:
    """The same for masks of one shape and dtype, in parallel."""

@final
class MaskBands:
    """A mask that comes in bands of rows, from top to bottom."""

    def __new__(
        cls, columns: int, threshold: float, min_area_px: float, connectivity: int
    ) -> MaskBands: ...
    def push(self, mask: NDArray[Any]) -> _Arrays:
        """Footprints that are ready after these rows; all bands together give those of the whole.

        ``mask`` is as for `polygonize`.
        """

    def end(self) -> _Arrays:
        """Footprints that are left after the last row."""

    def open_bounds(self) -> NDArray[np.uint32]:
        """uint32 (n, 4): boxes of strips of what is not ready: min x, min y, max x, max y."""

# Separating ---------------------------------------------------------------------------------------

def find_peaks(
    values: NDArray[Any], floor: float, distance: int, current_rules: bool, ceiling: float | None
) -> NDArray[np.bool_]:
    """Local maxima above the floor, bool (rows, columns); above the ceiling some are left out."""

def label_components(labels: NDArray[np.uint32], connectivity: int) -> NDArray[np.uint32]:
    """uint32 (rows, columns): components of equal labels, numbered from 1 in raster order."""

def watershed(
    values: NDArray[Any],
    seeds: NDArray[np.uint32],
    floor: float,
    lines: bool,
    current_rules: bool,
    raster_order: bool,
) -> NDArray[np.uint32]:
    """uint32 (rows, columns): labels of the seeds spread over the values above the floor.

    ``raster_order``: seeds of equal value in raster order, under the current rules.
    """

_Channel: TypeAlias = NDArray[Any]

def separate_check(params: object) -> None:
    """Raise InputError if the attributes of a SeparateParams do not fit."""

def separate(
    channels: tuple[_Channel, _Channel | None, _Channel | None], params: object
) -> _Arrays:
    """Footprints of body, boundary and contact, uint8 or float32; see sn7fast.separate."""

# Spatio-temporal collapse -------------------------------------------------------------------------

# Frames uint8 or float32 (rows, columns); masks of the same shape, or of a part of it.
_Frames: TypeAlias = Sequence[NDArray[Any]]
_Valid: TypeAlias = Sequence[NDArray[np.bool_]] | None

def stc_check(params: object) -> None:
    """Raise InputError if the attributes of a StcParams do not fit."""

def stc(frames: _Frames, valid: _Valid, scale: float, params: object) -> tuple[_Arrays, _I32, _I64]:
    """Footprints of all months, start of each month, ids; see sn7fast.collapse_stc."""

def stc_mean(frames: _Frames, valid: _Valid, threshold: float) -> _F64:
    """float64 (rows, columns): mean over the months in which a pixel is above the threshold."""

def stc_regions(mean: _F64, high: float, low: float, params: object) -> tuple[_Arrays, _Arrays]:
    """Simplified polygons of the candidates, and their contours."""

def stc_series(
    frames: _Frames, valid: _Valid, contours: _Arrays, params: object
) -> tuple[_I64, NDArray[np.float32]]:
    """Pixels of each contour, and float32 (n, T) scores: negative where it is hidden."""

def stc_months(
    scores: NDArray[np.float32], tracked: bool, params: object
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the building appears, bool (n,); months in which it is shown, bool (n, T)."""

def stc_kept(regions: _Arrays, changes: _Arrays, params: object) -> NDArray[np.bool_]:
    """Regions that overlap no building that appears, bool (n,)."""

def stc_outlines(contours: _Arrays, scale: float) -> _Arrays:
    """Contours in native pixels, simplified and rounded."""

# Temporal collapse --------------------------------------------------------------------------------

def collapse_check(params: object) -> None:
    """Raise InputError if the attributes of a CollapseParams do not fit."""

def collapse_sample(shape_yx: tuple[int, int], scale: int) -> list[list[int]]:
    """Rows from which months are registered: [first row, rows] of bands, in pixels of the image."""

def collapse_register(
    parts: Sequence[tuple[Sequence[NDArray[Any]], Sequence[NDArray[np.bool_]] | None]],
    scale: int,
    params: object,
    has_hidden: bool,
) -> _F64:
    """float64 (T, 2): offset y, x of each month in pixels of the cube; of the rows of a sample."""

def collapse_window(
    frames: Sequence[NDArray[Any]],
    valid: Sequence[NDArray[np.bool_]] | None,
    scale: int,
    params: object,
    offsets: _F64,
    has_hidden: bool,
    origin: tuple[int, int],
    core: tuple[int, int, int, int],
    is_cut: tuple[bool, bool, bool, bool],
) -> tuple[NDArray[np.uint32], _Arrays, NDArray[np.uint32], NDArray[np.uint32]] | None:
    """Keys, outlines, sizes and sums of the candidates of a window; None if it is too small.

    origin: row and column of the window in the area; core: rows and columns that are its own,
    counted in the window; is_cut: whether the area goes on above, below, left and right. Keys are
    uint32 (n, 3): 0 for what is new, row and column of the top; candidates of all windows sorted
    by them are those of the area in order. Sums are uint32 (T, n, 2): levels and seen pixels.
    """

def collapse_decide(
    sizes: NDArray[np.uint32], sums: NDArray[np.uint32], params: object, level: float
) -> tuple[NDArray[np.bool_], _I64, _F64, list[NDArray[np.uint32]]]:
    """Which candidates stay; months and confidence of those, as `collapse`; those of each month."""

def collapse(
    frames: _Frames, valid: _Valid, scale: int, params: object, level: float
) -> tuple[_Arrays, _I32, _I64, _I64, _F64, _F64]:
    """Buildings of a cube; see sn7fast.collapse.

    Footprints of all months, start of each month, ids; int64 (n, 5): first and last month, lowest
    and highest of the interval of first months, months observed; float64 (n,): confidence; float64
    (T, 2): y, x by which each month was found to lie off, in pixels of the image.
    """

# Burning and simplifying --------------------------------------------------------------------------

def rasterize(footprints: _Arrays, shape_yx: tuple[int, int], value: int) -> NDArray[np.uint8]:
    """uint8 (rows, cols): footprint mask; see sn7fast.rasterize."""

def training_mask(
    footprints: _Arrays,
    shape_yx: tuple[int, int],
    channels: list[str],
    boundary_width: int,
    boundary_type: str,
    contact_spacing_px: float,
    per_building_boundary: bool,
    value: int,
) -> NDArray[np.uint8]:
    """uint8 (rows, cols, channels): see sn7fast.training_mask."""

def simplify(footprints: _Arrays, tolerance: float) -> _Arrays:
    """The footprints with fewer vertices; see sn7fast.simplify."""

# aoi, months, frame_offsets, footprints, ids
_CsvRows: TypeAlias = tuple[str, list[str], _I32, _Arrays, _I64]
_Column: TypeAlias = _I64 | _F64 | NDArray[np.bool_] | list[Any]

def read_csv(
    source: str | bytes, keep_empty: bool, keep_duplicates: bool
) -> list[tuple[str, list[str], _I32, _Arrays, _I64, int]]:
    """Tables of an SN7 CSV, a path or its bytes.

    Each is (aoi, months, frame_offsets, footprints, ids, empty_rows).
    """

def write_csv(target: str | None, stacks: Sequence[_CsvRows], decimals: int | None) -> bytes | None:
    """Write an SN7 CSV to the path, or give its bytes."""

def read_geojson(
    source: str | bytes, columns: list[str] | None, skip_null_geometry: bool
) -> tuple[_Arrays, list[tuple[str, _Column]], str | None]:
    """Footprints, columns by name and crs of a feature collection, a path or its bytes."""

def write_geojson(
    target: str | None,
    footprints: _Arrays,
    columns: Sequence[tuple[str, _Column]],
    crs: str | None,
    decimals: int | None,
) -> bytes | None:
    """Write a feature collection to the path, or give its bytes."""

def read_wkt(texts: Sequence[str]) -> _Arrays:
    """Footprints from one well-known text each."""

def write_wkt(footprints: _Arrays, decimals: int | None) -> list[str]:
    """Well-known text of each footprint."""

# Matching -----------------------------------------------------------------------------------------

def iou_pairs(a: _Arrays, b: _Arrays) -> tuple[_I64, _I64, _F64]:
    """All pairs with an IoU above 0, sorted: positions in a, positions in b, IoU."""

def match_footprints(
    a: _Arrays, b: _Arrays, iou_threshold: float, rule: str
) -> tuple[_I64, _I64, _F64]:
    """Pairs above the threshold that exclude each other no more; rule optimal or greedy."""

# Tracking -----------------------------------------------------------------------------------------

def track(
    footprints: _Arrays, frame_offsets: _I32, min_iou: float, reverse: bool, master: str
) -> tuple[_I64, _F64]:
    """Identifiers and IoU, row by row; master first or latest."""

def track_filtered(
    footprints: _Arrays,
    frame_offsets: _I32,
    params: FilterParams,
    reverse: bool,
    valid: _U8 | tuple[list[tuple[int, _U8]], int, tuple[int, int]] | None,
    scores: _F64 | None,
) -> tuple[_I64, _I32, _I64, _F64, _Arrays]:
    """Source, frame_offsets, ids, iou, parts: the rows that are left and what fills gaps.

    Source counts through the footprints given and then through the parts, which are what is seen of
    footprints that are hidden otherwise. valid: uint8 (months, rows, columns), 0 where nothing is
    seen; or bits: bands of some rows of the image, top to bottom, each with its first row and uint8
    (months, rows, bytes) as numpy packs them; columns; first row and row after the last around all
    footprints. What is in no band is seen.
    """

# Scores -------------------------------------------------------------------------------------------

_Side: TypeAlias = tuple[_Arrays, _I64, _I32]
_Counts: TypeAlias = tuple[int, int, int]
_Month: TypeAlias = tuple[_Counts, int, _Counts, _I64, _I64, _F64]

def score_scot(
    truth: _Side,
    proposal: _Side,
    months: Sequence[tuple[int | None, int | None]],
    iou_threshold: float,
    base_reward: float,
    beta: float,
    sum_duplicates: bool,
) -> tuple[list[_Month], int, _Counts, float, _Counts, float, float]:
    """Months, mismatches, track counts and score, change counts and score, SCOT of one AOI."""

def count_f1(
    truth: _Arrays,
    proposal: _Arrays,
    frames: Sequence[tuple[tuple[int, int], tuple[int, int]]],
    iou_threshold: float,
) -> list[_Counts]:
    """tp, fp and fn of each frame, given as row ranges of truth and proposal."""

def evaluate_f1(
    truth: _Arrays, proposal: _Arrays, order: Sequence[int], min_iou: float
) -> tuple[_F64, _I64]:
    """Legacy evaluator: IoU and position of the truth taken (or -1) for each proposal."""
