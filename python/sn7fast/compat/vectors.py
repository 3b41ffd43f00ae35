"""GeoDataFrames in and out: from files, and to and from footprints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import FormatError, GeometryError, InputError
from sn7fast.footprints import Footprints
from sn7fast.io.geojson import read_geojson, write_geojson
from sn7fast.io.wkt import from_wkt

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray


def read_vector(path: str | os.PathLike[str]) -> Any:  # noqa: ANN401 - GeoDataFrame
    """GeoDataFrame of a GeoJSON file of polygons; features without geometry are left out.

    GDAL is not asked, as it would follow a file that only claims to be GeoJSON. The CRS is that of
    the old ``crs`` member; a file without one gets none, though RFC 7946 would have it longitude
    and latitude, since SN7 keeps pixel coordinates in such files.

    Raises:
        FormatError, GeometryError: As `sn7fast.read_geojson`.
        InputError: The file cannot be opened.
    """
    geopandas = require("geopandas", extra="vector")
    try:
        features = read_geojson(path, null_geometry="skip")
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from error
    columns = {name: values for name, values in features.columns.items() if name != "geometry"}
    geometry = features.footprints.to_shapely()
    return geopandas.GeoDataFrame(columns, geometry=geometry, crs=_crs(path, features.crs))


def _crs(path: str | os.PathLike[str], name: str | None) -> Any:  # noqa: ANN401 - pyproj.CRS
    if name is None:
        return None
    pyproj = require("pyproj", extra="vector")
    try:
        return pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError as error:
        raise FormatError(f"{path}: crs: got {name[:80]!r}, which names no CRS") from error


def write_vector(path: str | os.PathLike[str], table: Any) -> None:  # noqa: ANN401
    """Write a GeoDataFrame as GeoJSON, whole or not at all; without rows, an empty collection.

    Raises:
        InputError: The CRS has no code, or a column holds what GeoJSON cannot.
    """
    crs = None
    if table.crs is not None:
        authority = table.crs.to_authority()
        if authority is None:
            raise InputError(f"{path}: crs: got {table.crs.name}, wanted one that has a code")
        crs = ":".join(authority)
    columns = table.drop(columns=table.geometry.name)
    write_geojson(
        path,
        footprints_of(table.geometry, str(path)),
        columns={str(name): columns[name].to_numpy() for name in columns},
        crs=crs,
    )


def load_table(table: Any, geometry_column: str = "geometry") -> Any:  # noqa: ANN401
    """A DataFrame as given, or that of a .csv, .geojson or .json file.

    Raises:
        FormatError: No CSV, or it has no such column; else as `read_vector`.
    """
    if not isinstance(table, (str, Path)):
        return table
    if Path(table).suffix.lower() != ".csv":
        return read_vector(table)
    pandas = require("pandas", extra="vector")
    try:
        frame = pandas.read_csv(table)
    except (OSError, ValueError) as error:
        raise FormatError(f"{table}: cannot be read as CSV: {error}") from error
    if geometry_column not in frame:
        raise FormatError(
            f"{table}: got columns {', '.join(map(str, frame.columns))}, "
            f"wanted {geometry_column} among them"
        )
    return frame


def column_of(table: Any, column: str, name: str) -> Any:  # noqa: ANN401 - Series
    """A column, or an error that names the argument and what it has."""
    if column not in table:
        raise InputError(
            f"{name}: got columns {', '.join(map(str, table.columns)) or 'none'}, "
            f"wanted {column} among them"
        )
    return table[column]


def geometry_array(column: Any, name: str) -> NDArray[np.object_]:  # noqa: ANN401 - Series
    """Object array of shapely geometries from geometries or WKT; missing ones become empty.

    Raises:
        GeometryError: A row holds something else; the message names it.
    """
    shapely = require("shapely", extra="vector")
    values = np.empty(len(column), object)
    values[:] = list(column)
    for index, value in enumerate(values):
        if isinstance(value, str):
            try:
                values[index] = shapely.from_wkt(value)
            except shapely.errors.ShapelyError as error:
                raise GeometryError(f"{name}: row {index}: bad WKT {value[:60]!r}") from error
        elif value is None or (isinstance(value, float) and np.isnan(value)):
            values[index] = shapely.Polygon()
        elif not isinstance(value, shapely.Geometry):
            raise GeometryError(f"{name}: row {index}: got {value!r:.60}, wanted a polygon or WKT")
    return values


def footprints_of(column: Any, name: str) -> Footprints:  # noqa: ANN401 - Series
    """Footprints of a geometry column: shapely geometries or WKT; missing ones become empty.

    Raises:
        FormatError, GeometryError: A row holds something else; the message names it.
    """
    values = list(column)
    if values and all(
        isinstance(value, str) or value is None or value != value for value in values
    ):
        texts = [value if isinstance(value, str) else "POLYGON EMPTY" for value in values]
        return _named(name, from_wkt, texts)
    return _named(name, Footprints.from_shapely, geometry_array(column, name))


def _named(name: str, make: Callable[[Any], Footprints], values: Any) -> Footprints:  # noqa: ANN401
    try:
        return make(values)
    except (FormatError, GeometryError) as error:
        raise type(error)(f"{name}: {error}") from error
