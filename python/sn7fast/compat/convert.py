"""Tracked GeoJSON to the CSV of SN7, as the baseline's ``sn7_convert_geojsons_to_csv``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn7fast._optional import require
from sn7fast.compat.vectors import column_of, read_vector
from sn7fast.errors import InputError
from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable


def sn7_convert_geojsons_to_csv(
    json_dirs: Iterable[str | os.PathLike[str]],
    output_csv_path: str | os.PathLike[str],
    population: str = "proposal",
    *,
    empty_rows: bool = False,
) -> Any:  # noqa: ANN401 - DataFrame
    """Join folders of tracked GeoJSON files into one table: filename, id, geometry (WKT).

    Folders in the order given, files in the text order of their names (quirk 8 of DESIGN.md), rows
    in file order. Files without features, of 0 bytes too, add nothing (quirk 7; the original fails
    on the latter).

    Args:
        json_dirs: Folders with ``*.geojson`` files whose features have an ``Id``.
        output_csv_path: File to write, whole or not at all.
        population: ``proposal``, where ``filename`` is the stem of the file, or ``ground``, where
            it is the property ``image_fname`` less its suffix.
        empty_rows: Give a proposal file without features one row with id 0 and POLYGON EMPTY, as
            the rules of the challenge wanted. The original does not, and the metric counts such a
            row as a false positive (quirk 13).

    Returns:
        DataFrame of what was written, with shapely geometries.

    Raises:
        InputError: A folder has no GeoJSON, or features lack ``Id`` or ``image_fname``.
        FormatError, GeometryError: A file cannot be read; the message names it.
    """
    pandas = require("pandas", extra="vector")
    shapely = require("shapely", extra="vector")
    if population not in ("proposal", "ground"):
        raise InputError(f"population: got {population!r}, wanted 'proposal' or 'ground'")
    tables = []
    for folder in map(Path, json_dirs):
        paths = sorted(folder.glob("*.geojson"), key=lambda path: path.name)
        if not paths:
            raise InputError(f"json_dirs: got {folder}, which has no *.geojson")
        for path in paths:
            table = read_vector(path)
            if len(table):
                tables.append(_rows(table, path, population))
            elif empty_rows and population == "proposal":
                row = {"filename": [path.stem], "id": [0], "geometry": [shapely.Polygon()]}
                tables.append(pandas.DataFrame(row))
    columns = ["filename", "id", "geometry"]
    result = (
        pandas.concat(tables, ignore_index=True) if tables else pandas.DataFrame(columns=columns)
    )
    with whole_file(output_csv_path) as temporary:
        text = result.assign(geometry=shapely.to_wkt(result["geometry"], rounding_precision=-1))
        text.to_csv(temporary, index=False)
    return result


def _rows(table: Any, path: Path, population: str) -> Any:  # noqa: ANN401 - DataFrame
    pandas = require("pandas", extra="vector")
    identifier = pandas.to_numeric(column_of(table, "Id", str(path)), errors="coerce")
    if identifier.isna().any() or (identifier != identifier.round()).any():
        raise InputError(f"{path}: Id: got a value that is no whole number")
    if population == "ground":
        filename = column_of(table, "image_fname", str(path)).map(lambda name: Path(name).stem)
    else:
        filename = path.stem
    return pandas.DataFrame(
        {
            "filename": filename,
            "id": identifier.astype("int64"),
            "geometry": list(table.geometry),
        }
    )
