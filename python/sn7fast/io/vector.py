"""One door to all vector formats: GeoParquet, GeoPackage, FlatGeobuf, GeoJSON, SN7 CSV."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast._quiet import without_warning
from sn7fast.errors import InputError
from sn7fast.io.geojson import write_geojson
from sn7fast.io.outputs import whole_file
from sn7fast.io.parquet import write_parquet
from sn7fast.io.placement import Place, by_aoi, chosen_place
from sn7fast.io.rows import Rows, rows_of
from sn7fast.io.tables import write_csv
from sn7fast.rings import rewound

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from numpy.typing import ArrayLike

    from sn7fast.footprints import Footprints
    from sn7fast.stack import Stack

FORMATS = {
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".gpkg": "GPKG",
    ".fgb": "FlatGeobuf",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".csv": "SN7 CSV",
}
"""Format by suffix."""

# RFC 7946 holds degrees: 1e-8 of one is about a millimetre.
DECIMALS_OF_DEGREES = 8

# One degree of longitude less than half a turn: no building is so wide.
_WIDEST = 179.0

_LAYER = "footprints"
_GDAL_CONFIG = threading.Lock()


def format_of(path: str | os.PathLike[str], format: str | None = None) -> str:
    """The format to write, one of the values of `FORMATS`: the one named, or that of the suffix.

    Raises:
        InputError: There is no such format or suffix.
    """
    if format is None:
        suffix = Path(path).suffix
        if suffix.lower() not in FORMATS:
            raise InputError(f"{path}: got suffix {suffix!r}, wanted one of {', '.join(FORMATS)}")
        return FORMATS[suffix.lower()]
    found = {name.lower(): name for name in FORMATS.values()}.get(str(format).lower())
    if found is None:
        raise InputError(
            f"format: got {format!r}, wanted one of {', '.join(dict.fromkeys(FORMATS.values()))}"
        )
    return found


def write_vector(
    path: str | os.PathLike[str],
    stacks: Stack | Mapping[str, Stack],
    *,
    format: str | None = None,
    columns: Mapping[str, ArrayLike] | None = None,
    place: Place | None = None,
) -> None:
    """Write stacks in the format that the suffix of the path names.

    ============  ==============================================================================
    GeoParquet    `write_parquet`
    GeoPackage    one layer, ``footprints``, with a spatial index
    FlatGeobuf    the same, rows in the order of the index; none if a footprint is empty
    GeoJSON       RFC 7946: longitude and latitude to 8 decimals, outer rings counter-clockwise;
                  with the place ``pixel`` the pixels to the bit, which is not RFC 7946
    SN7 CSV       `write_csv`: pixels, month and id alone
    ============  ==============================================================================

    All but the CSV have the columns of `write_parquet`; in GeoJSON ``id`` is ``Id``. GeoPackage
    and FlatGeobuf are put together in memory, by GDAL. Equal input gives equal bytes.

    Args:
        path: File to write. It is replaced only once everything is written.
        stacks: A Stack, or a Stack for each AOI name.
        format: One of the values of `FORMATS` in any case, or None to go by the suffix: .parquet,
            .geoparquet, .gpkg, .fgb, .geojson, .json, .csv.
        columns: As `write_parquet`; the CSV has no place for them.
        place: As `write_parquet`; for GeoJSON None means ``wgs84``, and it cannot be ``grid``. The
            CSV is always in pixels.

    Raises:
        InputError: An unknown format, or stacks, columns and a place that do not fit it.
        MissingDependencyError: A package of ``sn7fast[vector]`` is not installed.
        OSError: The file cannot be written.
    """
    chosen = format_of(path, format)
    if chosen == "GeoParquet":
        write_parquet(path, stacks, columns=columns, place=place)
    elif chosen == "GeoJSON":
        _write_rfc7946(path, stacks, columns, place)
    elif chosen == "SN7 CSV":
        if columns or place not in (None, "pixel"):
            raise InputError(f"{path}: got columns or a place, for which an SN7 CSV has no room")
        write_csv(path, stacks)
    else:
        _write_by_gdal(path, chosen, rows_of(stacks, columns=columns, place=place))


def _write_rfc7946(
    path: str | os.PathLike[str],
    stacks: Stack | Mapping[str, Stack],
    columns: Mapping[str, ArrayLike] | None,
    place: Place | None,
) -> None:
    footprints, properties, decimals = rfc7946(path, stacks, columns, place)
    write_geojson(path, footprints, columns=properties, decimals=decimals)


def rfc7946(
    path: str | os.PathLike[str],
    stacks: Stack | Mapping[str, Stack],
    columns: Mapping[str, ArrayLike] | None,
    place: Place | None,
) -> tuple[Footprints, dict[str, Any], int | None]:
    """Footprints, properties and decimals of the GeoJSON that `write_vector` makes of stacks.

    Raises:
        InputError: As `write_vector`; names the path.
    """
    if place == "grid":
        raise InputError(
            f"{path}: place: got 'grid', wanted 'wgs84' or 'pixel': GeoJSON has no other CRS than "
            "longitude and latitude"
        )
    where, _ = chosen_place(by_aoi(stacks), place or "wgs84")
    rows = rows_of(stacks, columns=columns, place=where)
    # As in the labels of SpaceNet 7. A property "id" GDAL would take for the number of the feature.
    properties = {"Id" if name == "id" else name: v for name, v in rows.columns.items()}
    if where == "pixel":
        return rows.footprints, properties, None
    bounds = rows.footprints.bounds
    wide = np.flatnonzero(bounds[:, 2] - bounds[:, 0] > _WIDEST)
    if len(wide):
        raise InputError(
            f"{path}: got footprint {wide[0]} across the 180th meridian, where RFC 7946 wants it "
            "cut; write it as GeoParquet or GeoPackage in the CRS of its grid"
        )
    return rewound(rows.footprints), properties, DECIMALS_OF_DEGREES


def _write_by_gdal(path: str | os.PathLike[str], driver: str, rows: Rows) -> None:
    pyogrio = require("pyogrio", extra="vector")
    several = rows.footprints.footprint_offsets is not None
    fields = {name: _field(values) for name, values in rows.columns.items()}
    has_empty = bool(np.isnan(rows.footprints.bounds).any())
    content = io.BytesIO()
    # In memory, since GDAL leaves files of its own beside an output that fails.
    # The lack of a CRS is on purpose.
    quiet = nullcontext() if rows.crs else without_warning(UserWarning, "'crs' was not provided")
    with _dated(pyogrio), quiet:
        try:
            pyogrio.raw.write(
                content,
                geometry=np.array(rows.footprints.to_wkb(), object),
                field_data=[values for values, _ in fields.values()],
                field_mask=[mask for _, mask in fields.values()],
                fields=np.array(list(fields), object),
                geometry_type="MultiPolygon" if several else "Polygon",
                promote_to_multi=several,
                crs=rows.crs,
                driver=driver,
                layer=_LAYER,
                # A FlatGeobuf with an index cannot hold an empty geometry.
                SPATIAL_INDEX="NO" if driver == "FlatGeobuf" and has_empty else "YES",
            )
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            raise InputError(f"{path}: GDAL cannot write it as {driver}: {error}") from error
    with whole_file(path) as part:
        part.write_bytes(content.getbuffer())


def _field(values: Any) -> tuple[Any, Any]:  # noqa: ANN401 - arrays of all types
    """The values of a column as GDAL takes them, and where they are null."""
    if values.dtype.kind == "f":
        return values.astype(np.float64), np.isnan(values)
    if values.dtype.kind == "O":
        return values, np.array([value is None for value in values], bool)
    if values.dtype.kind == "u" or values.dtype == np.int8:
        if values.size and values.max() > np.iinfo(np.int64).max:
            raise InputError(f"columns: got {values.max()}, wanted integers of 64 bits")
        return values.astype(np.int64), None
    return values, None


@contextmanager
def _dated(pyogrio: Any) -> Iterator[None]:  # noqa: ANN401 - a module
    """A fixed date in GeoPackages, which otherwise hold that of their making.

    GDAL's configuration is one for all threads, hence the lock.
    """
    option = "OGR_CURRENT_DATE"
    with _GDAL_CONFIG:
        before = pyogrio.get_gdal_config_option(option)
        pyogrio.set_gdal_config_options({option: "2000-01-01T00:00:00.000Z"})
        try:
            yield
        finally:
            pyogrio.set_gdal_config_options({option: before})
