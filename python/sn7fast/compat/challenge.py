"""Scores of whole submissions, as ``solaris.eval.challenges``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sn7fast._optional import require
from sn7fast.compat.scot import scot_multi_aoi
from sn7fast.compat.vectors import column_of, geometry_array, load_table
from sn7fast.errors import InputError

if TYPE_CHECKING:
    import os

# Where AOI and month stand in ``global_monthly_YYYY_MM_mosaic_<AOI>``.
_MONTH = slice(15, 22)
_AOI = slice(30, 58)


def multi_temporal_buildings(
    prop_csv: str | os.PathLike[str],
    grnd_csv: str | os.PathLike[str],
    miniou: float = 0.25,
    min_area: float | None = 4.0,
    beta: float = 2.0,
    stats: bool = False,
    verbose: bool = False,
) -> Any:  # noqa: ANN401 - as the original: one thing or two
    """SCOT of an SN7 submission in CSV.

    Quirk 16 of DESIGN.md: the original reads identifiers as text. Here they are whole numbers, so
    that 9 comes before 10; only assignments that tie can differ.

    Args:
        prop_csv: The submission: columns filename, id, geometry (WKT).
        grnd_csv: The ground truth, in the same form.
        miniou: IoU that a pair must exceed.
        min_area: Ground truth of less area is dropped, in squared pixels; None keeps all. The
            proposal is not filtered.
        beta: Weight of the tracking score in the harmonic mean.
        stats: Whether to return the numbers too.
        verbose: Say them.

    Returns:
        As `scot_multi_aoi`.

    Raises:
        FormatError, InputError, GeometryError: A file does not hold what it should; the message
            names it.
    """
    truth, proposal = _rows(grnd_csv), _rows(prop_csv)
    if min_area is not None:
        truth = truth[truth.geometry.area >= min_area]
    return scot_multi_aoi(truth, proposal, miniou, beta=beta, stats=stats, verbose=verbose)


def _rows(path: str | os.PathLike[str]) -> Any:  # noqa: ANN401 - GeoDataFrame
    geopandas = require("geopandas", extra="vector")
    table = load_table(str(path))
    identifiers = column_of(table, "id", str(path))
    if len(table) and identifiers.dtype.kind not in "iu":
        raise InputError(f"{path}: id: got {identifiers.dtype}, wanted whole numbers")
    names = column_of(table, "filename", str(path)).astype(str)
    return geopandas.GeoDataFrame(
        {"aoi": names.str[_AOI], "timestep": names.str[_MONTH], "id": identifiers},
        geometry=geometry_array(table["geometry"], str(path)),
    )
