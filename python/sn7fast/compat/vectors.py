"""GeoDataFrames in and out: from files, and to and from footprints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import FormatError, GeometryError, InputError
from sn7fast.footprints import Footprints
from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray


def read_vector(path: str | os.PathLike[str]) -> Any:  # noqa: ANN401 - GeoDataFrame
    """GeoDataFrame of a GeoJSON file.

    GDAL is not asked, as it would follow a file that only claims to be GeoJSON. A null geometry
    becomes None. The CRS is that of the old ``crs`` member; a file without one gets none, though
    RFC 7946 would have it longitude and latitude, since SN7 keeps pixel coordinates in such files.
    A file of 0 bytes, as the original tracker writes for a month without buildings, is empty.

    Raises:
        FormatError: No JSON, no FeatureCollection, or a feature that is none.
        GeometryError: A geometry that cannot be built.
        InputError: The file cannot be opened.
    """
    geopandas = require("geopandas", extra="vector")
    shapely = require("shapely", extra="vector")
    path = Path(path)
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from error
    if not text.strip():
        return geopandas.GeoDataFrame(geometry=[])
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: is not JSON: {error}") from error
    kind = content.get("type") if isinstance(content, dict) else type(content).__name__
    if kind != "FeatureCollection" or not isinstance(content.get("features"), list):
        raise FormatError(f"{path}: got {kind}, wanted a FeatureCollection with features")
    geometries = np.empty(len(content["features"]), object)
    rows = []
    for index, feature in enumerate(content["features"]):
        properties = feature.get("properties") or {} if isinstance(feature, dict) else None
        if not isinstance(properties, dict) or feature.get("type") != "Feature":
            raise FormatError(f"{path}: feature {index}: got no Feature with properties")
        rows.append(properties)
        geometry = feature.get("geometry")
        if geometry is not None:
            try:
                geometries[index] = shapely.geometry.shape(geometry)
            except (
                shapely.errors.ShapelyError,
                ValueError,
                TypeError,
                KeyError,
                AttributeError,
            ) as e:
                raise GeometryError(f"{path}: feature {index}: no valid geometry: {e!r}") from e
    columns = list(dict.fromkeys(name for row in rows for name in row if name != "geometry"))
    table = {name: [row.get(name) for row in rows] for name in columns}
    return geopandas.GeoDataFrame(table, geometry=geometries, crs=_crs(path, content.get("crs")))


def _crs(path: Path, member: Any) -> Any:  # noqa: ANN401 - JSON in, pyproj.CRS out
    if member is None:
        return None
    pyproj = require("pyproj", extra="vector")
    try:
        return pyproj.CRS.from_user_input(member["properties"]["name"])
    except (TypeError, KeyError, pyproj.exceptions.CRSError) as error:
        raise FormatError(f"{path}: crs: got {str(member)[:80]}, which names no CRS") from error


def write_vector(path: str | os.PathLike[str], table: Any) -> None:  # noqa: ANN401
    """Write a GeoDataFrame as GeoJSON, whole or not at all; without rows, an empty collection."""
    shapely = require("shapely", extra="vector")
    properties = table.drop(columns=table.geometry.name)
    geometries = shapely.to_geojson(np.asarray(table.geometry, object))
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write('{\n"type": "FeatureCollection",\n')
        if table.crs is not None:
            name = f"urn:ogc:def:crs:{':'.join(table.crs.to_authority() or ())}"
            if name.endswith(":"):
                raise InputError(f"{path}: crs: got {table.crs}, wanted one that has a code")
            name = name.replace("EPSG:", "EPSG::")
            member = {"type": "name", "properties": {"name": name}}
            file.write(f'"crs": {json.dumps(member)},\n')
        file.write('"features": [')
        separator = "\n"
        columns = [_plain(properties[column]) for column in properties.columns]
        for index, geometry in enumerate(geometries):
            row = {name: values[index] for name, values in zip(properties, columns, strict=True)}
            file.write(
                f'{separator}{{"type": "Feature", "properties": {json.dumps(row)}, '
                f'"geometry": {geometry or "null"}}}'
            )
            separator = ",\n"
        file.write("\n]\n}\n")


def _plain(column: Any) -> list[Any]:  # noqa: ANN401 - Series
    """The values as JSON has them; a missing one is null."""
    missing = column.isna().tolist()
    values = column.tolist()
    return [
        None if gone else value if isinstance(value, (bool, int, float, str)) else str(value)
        for value, gone in zip(values, missing, strict=True)
    ]


def load_table(table: Any, geometry_column: str = "geometry") -> Any:  # noqa: ANN401
    """A DataFrame as given, or that of a .csv, .geojson or .json file."""
    if not isinstance(table, (str, Path)):
        return table
    if Path(table).suffix.lower() == ".csv":
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
    return read_vector(table)


def column_of(table: Any, column: str, name: str) -> Any:  # noqa: ANN401 - Series
    """A column, or an error that names the argument and what it has."""
    if column not in table:
        raise InputError(
            f"{name}: got columns {', '.join(map(str, table.columns)) or 'none'}, "
            f"wanted {column} among them"
        )
    return table[column]


def geometry_array(column: Any, name: str) -> NDArray[np.object_]:  # noqa: ANN401 - Series
    """Object array of shapely geometries from geometries or WKT; missing ones become empty."""
    shapely = require("shapely", extra="vector")
    values = np.empty(len(column), object)
    values[:] = list(column)
    for index, value in enumerate(values):
        if isinstance(value, str):
            try:
                values[index] = shapely.from_wkt(value)
            except shapely.errors.ShapelyError as error:
                raise GeometryError(f"{name}: row {index}: bad WKT {value[:60]!r}") from error
        elif value is None or value != value:
            values[index] = shapely.Polygon()
    return values


def footprints_of(column: Any, name: str) -> Footprints:  # noqa: ANN401 - Series
    """Footprints of a geometry column: shapely geometries or WKT; missing ones become empty."""
    try:
        return Footprints.from_shapely(geometry_array(column, name))
    except GeometryError as error:
        raise GeometryError(f"{name}: {error}") from error


def codes_of(values: ArrayLike) -> NDArray[np.int64]:
    """int64 numbers of identifiers of any one kind, in their sorted order."""
    _, codes = np.unique(np.asarray(values), return_inverse=True)
    return codes.astype(np.int64)
