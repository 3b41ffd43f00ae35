"""A STAC item for the outputs of one AOI."""

from __future__ import annotations

import calendar
import datetime
import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.io.geoparquet import projjson
from sn7fast.io.outputs import whole_file
from sn7fast.rings import rewound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pystac

    from sn7fast.grid import Grid

_PROJECTION = "https://stac-extensions.github.io/projection/v2.0.0/schema.json"
_FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json"

_MEDIA_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".geoparquet": "application/vnd.apache.parquet",
    ".gpkg": "application/geopackage+sqlite3",
    ".fgb": "application/vnd.flatgeobuf",
    ".geojson": "application/geo+json",
    ".json": "application/json",
    ".csv": "text/csv",
    ".tif": "image/tiff; application=geotiff; profile=cloud-optimized",
    ".html": "text/html",
}

# With a day where an area has several images a month.
_MONTH = re.compile(r"(\d{4})_(\d{2})(?:_(\d{2}))?", re.ASCII)

# The start of a SHA-256 as a multihash: its code, and its length of 32 bytes.
_SHA256 = "1220"


def stac_item(
    aoi: str,
    months: Sequence[str],
    assets: Mapping[str, str | os.PathLike[str]],
    *,
    grid: Grid | None = None,
    properties: Mapping[str, Any] | None = None,
) -> pystac.Item:
    """The STAC item of an AOI, with its files as assets.

    It has no date of making: the same files give the same item. Assets carry size and SHA-256 (the
    file extension), the item the CRS, shape and transform of the grid (the projection extension)
    and the months as ``sn7fast:months``.

    Args:
        aoi: Name of the area, the id of the item.
        months: Labels such as ``2018_01``, in order; the item spans the first to the end of the
            last one.
        assets: File by name. The files are there.
        grid: Where the pixels lie; without a CRS the item has no geometry.
        properties: Further properties.

    Returns:
        The item, its assets under absolute paths.

    Raises:
        InputError: No months, or a label of another form; the CRS has no place on the Earth.
        MissingDependencyError: pystac is not installed.
        OSError: A file cannot be read.
    """
    stac = require("pystac", extra="vector")
    if not months:
        raise InputError(f"{aoi}: months: got none, wanted at least one")
    start, end = _span(months[0])[0], _span(months[-1])[1]
    known = {"sn7fast:months": list(months), **(properties or {})}
    extensions = [_FILE]
    geometry = bbox = None
    if grid is not None and grid.crs is not None:
        geometry, bbox = _outline(grid)
        extensions.append(_PROJECTION)
        known |= {"proj:shape": list(grid.shape_yx), "proj:transform": list(grid.transform)}
        if re.fullmatch(r"EPSG:\d+", grid.crs):
            known["proj:code"] = grid.crs
        else:
            known |= {"proj:code": None, "proj:projjson": projjson(grid.crs)}
    item: pystac.Item = stac.Item(
        id=aoi,
        geometry=geometry,
        bbox=bbox,
        datetime=None,
        properties=known,
        start_datetime=start,
        end_datetime=end,
        stac_extensions=extensions,
    )
    for name, path in assets.items():
        place = Path(path)
        fields = {"file:size": place.stat().st_size, "file:checksum": _multihash(place)}
        kind = _MEDIA_TYPES.get(place.suffix.lower())
        asset = stac.Asset(
            str(place.resolve()), media_type=kind, roles=["data"], extra_fields=fields
        )
        item.add_asset(name, asset)
    return item


def write_stac_item(
    path: str | os.PathLike[str],
    item: pystac.Item,
    *,
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Write an item as JSON, its assets' paths relative to the folder of the file.

    Args:
        path: File to write.
        item: Of `stac_item`.
        folder: That in which the file will lie; None means the one it is written to.

    Raises:
        OSError: The file cannot be written.
    """
    content = item.to_dict(include_self_link=False, transform_hrefs=False)
    home = Path(path).parent.resolve() if folder is None else Path(folder).resolve()
    for asset in content["assets"].values():
        if os.path.isabs(asset["href"]):  # noqa: PTH117 - a text that may be an address
            asset["href"] = Path(os.path.relpath(asset["href"], home)).as_posix()
    with whole_file(path) as part:
        part.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _span(month: str) -> tuple[datetime.datetime, datetime.datetime]:
    """First and last second of a month, or of a day."""
    found = _MONTH.fullmatch(month)
    try:
        if found is None:
            raise ValueError
        year, number = int(found[1]), int(found[2])
        first = datetime.datetime(year, number, int(found[3] or 1), tzinfo=datetime.UTC)
        days = 1 if found[3] else calendar.monthrange(year, number)[1]
    except ValueError:
        raise InputError(f"months: got {month!r}, wanted labels such as 2018_01") from None
    return first, first + datetime.timedelta(days=days, seconds=-1)


def _outline(grid: Grid) -> tuple[dict[str, Any], list[float]]:
    """The corners of a grid as a GeoJSON polygon, and their bounds.

    Of a grid across the 180th meridian there are two boxes, and the bounds go from west to east.
    """
    rows, columns = grid.shape_yx
    corners = np.array([[0, 0], [0, rows], [columns, rows], [columns, 0], [0, 0]], float)
    one = Footprints(corners, np.array([0, 5], np.int32), np.array([0, 1], np.int32))
    outline = rewound(grid.px_to_lon_lat(one))
    points = outline.coords.round(8)
    (west, south), (east, north) = points.min(0).tolist(), points.max(0).tolist()
    if east - west < 180:
        return {"type": "Polygon", "coordinates": [points.tolist()]}, [west, south, east, north]
    longitudes = points[:, 0]
    west, east = longitudes[longitudes > 0].min().item(), longitudes[longitudes < 0].max().item()
    boxes = [
        [[[x0, south], [x1, south], [x1, north], [x0, north], [x0, south]]]
        for x0, x1 in ((west, 180.0), (-180.0, east))
    ]
    return {"type": "MultiPolygon", "coordinates": boxes}, [west, south, east, north]


def _multihash(path: Path) -> str:
    with path.open("rb") as file:
        return _SHA256 + hashlib.file_digest(file, "sha256").hexdigest()
