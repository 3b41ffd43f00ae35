"""GeoJSON feature collections of footprints (RFC 7946, and the older crs member)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from sn7fast import _core
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.io.outputs import whole_file
from sn7fast.io.tables import check_decimals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

NullGeometry: TypeAlias = Literal["error", "skip"]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The features of a collection.

    Attributes:
        footprints: One for each feature.
        columns: For each property an array (n,): int64 if every feature has an integer, bool if
            every feature has a truth value, float64 with NaN for null or absent if there are only
            numbers, otherwise objects (str, float, int, bool, None; arrays and objects as JSON).
        crs: Name in the ``crs`` member (``urn:ogc:def:crs:EPSG::3857``), or None.
    """

    footprints: Footprints
    columns: dict[str, NDArray[Any]]
    crs: str | None

    def __len__(self) -> int:
        return len(self.footprints)


def read_geojson(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    null_geometry: NullGeometry = "error",
) -> Features:
    """Read a feature collection of polygons and multipolygons.

    Z is dropped, ``"coordinates": []`` is an empty footprint, and a file of 0 bytes (which the SN7
    baseline writes for a month without buildings) holds no features.

    Args:
        path: The GeoJSON file.
        columns: Properties to read; None reads all of them, in the order in which they first come.
            A column that is asked for is always there: a property that no feature has is NaN (and
            int64 of length 0 if there are no features).
        null_geometry: ``"error"``, or ``"skip"`` features without a geometry, properties and all.

    Raises:
        FormatError: No feature collection, or broken JSON; the message names the file and the
            number of the feature (from 0) or the line.
        GeometryError: A null geometry, a point or a line, an unclosed ring, NaN, infinity,
            coordinates beyond 1e9; the message names the file and the feature.
        InputError: ``null_geometry`` is neither of the two, or ``columns`` is one text.
        OSError: The file cannot be read.
    """
    return _read(os.fspath(path), columns, null_geometry)


def loads_geojson(
    data: bytes,
    *,
    columns: Sequence[str] | None = None,
    null_geometry: NullGeometry = "error",
) -> Features:
    """As `read_geojson`, from the content of a file."""
    return _read(bytes(data), columns, null_geometry)


def _read(
    source: str | bytes, columns: Sequence[str] | None, null_geometry: NullGeometry
) -> Features:
    if null_geometry not in ("error", "skip"):
        raise InputError(f"null_geometry: got {null_geometry!r}, wanted 'error' or 'skip'")
    if isinstance(columns, str):
        raise InputError(f"columns: got the text {columns!r}, wanted a list of names")
    # A name that is asked for twice is one column.
    names = None if columns is None else list(dict.fromkeys(columns))
    arrays, found, crs = _core.read_geojson(source, names, null_geometry == "skip")
    return Features(
        Footprints._trusted(arrays), {name: _as_array(values) for name, values in found}, crs
    )


def _as_array(values: NDArray[Any] | list[Any]) -> NDArray[Any]:
    if isinstance(values, np.ndarray):
        return values
    array = np.empty(len(values), object)
    array[:] = values
    return array


def write_geojson(
    path: str | os.PathLike[str],
    footprints: Footprints,
    *,
    columns: Mapping[str, ArrayLike] | None = None,
    crs: str | None = None,
    decimals: int | None = None,
) -> None:
    """Write footprints as a feature collection, one feature a line.

    Args:
        path: The file to write. It is replaced only once everything is written.
        footprints: n footprints.
        columns: Properties by name, each of shape (n,): integers, floats (NaN becomes null), truth
            values, texts, or objects of these kinds and None.
        crs: ``EPSG:<code>``, ``OGC:CRS84`` or a ``urn:ogc:def:crs:...``, for the ``crs`` member
            that GDAL and others read. As they do, EPSG:4326 is written as CRS84: longitude first.
        decimals: Decimals of coordinates; None writes the shortest text that reads back to the same
            bits. Zeros at the end are left out.

    Raises:
        InputError: A column has another length, another type or an infinite number; ``crs`` is
            none of the above; ``decimals`` is not from 0 to 20.
        OSError: The file cannot be written.
    """
    arguments = _arguments(footprints, columns, crs, decimals)
    with whole_file(path) as part:
        _core.write_geojson(str(part), *arguments)


def dumps_geojson(
    footprints: Footprints,
    *,
    columns: Mapping[str, ArrayLike] | None = None,
    crs: str | None = None,
    decimals: int | None = None,
) -> bytes:
    """As `write_geojson`, but return the content of the file."""
    return _core.write_geojson(None, *_arguments(footprints, columns, crs, decimals)) or b""


def write_geojson_parts(
    path: str | os.PathLike[str],
    parts: Iterable[tuple[Footprints, Mapping[str, ArrayLike]]],
    *,
    crs: str | None = None,
    decimals: int | None = None,
) -> int:
    """Write footprints that are larger than memory, as `write_geojson` writes them.

    Args:
        path: As in `write_geojson`.
        parts: Footprints and their columns; the same columns in all parts.
        crs: As in `write_geojson`.
        decimals: As in `write_geojson`.

    Returns:
        Number of footprints.

    Raises:
        InputError: As in `write_geojson`.
        OSError: The file cannot be written.
    """
    # What stands around the features is the same in every collection.
    head, _, tail = dumps_geojson(Footprints.empty(), crs=crs).rpartition(b"]")
    tail = b"]" + tail
    count = 0
    with whole_file(path) as part, part.open("wb") as file:
        file.write(head)
        for footprints, columns in parts:
            if not len(footprints):
                continue
            text = dumps_geojson(footprints, columns=columns, crs=crs, decimals=decimals)
            file.write(b",\n" if count else b"")
            # There is a line end before what stands behind the features.
            file.write(memoryview(text)[len(head) : -len(tail) - 1])
            count += len(footprints)
        file.write(b"\n" + tail if count else tail)
    return count


def _arguments(
    footprints: Footprints,
    columns: Mapping[str, ArrayLike] | None,
    crs: str | None,
    decimals: int | None,
) -> tuple[_core._Arrays, list[tuple[str, NDArray[Any] | list[Any]]], str | None, int | None]:
    check_decimals(decimals)
    named = [(name, _as_column(name, values)) for name, values in (columns or {}).items()]
    return footprints.arrays, named, None if crs is None else _crs_urn(crs), decimals


def _as_column(name: str, values: ArrayLike) -> NDArray[Any] | list[Any]:
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"columns: {name}: got shape {array.shape}, wanted (n,)")
    kind = array.dtype.kind
    if kind in "iu":
        if array.size and array.max() > np.iinfo(np.int64).max:
            raise InputError(f"columns: {name}: got {array.max()}, wanted integers of 64 bits")
        return np.ascontiguousarray(array, np.int64)
    if kind == "f":
        return np.ascontiguousarray(array, np.float64)
    if kind == "b":
        return np.ascontiguousarray(array)
    items = array.tolist()
    wanted = (str, int, float, bool, np.bool_, np.integer, np.floating, type(None))
    odd = next((item for item in items if not isinstance(item, wanted)), None)
    if kind not in "OU" or odd is not None:
        raise InputError(
            f"columns: {name}: got {array.dtype if odd is None else type(odd).__name__}, "
            "wanted numbers, truth values or texts"
        )
    return [item.item() if isinstance(item, np.generic) else item for item in items]


def _crs_urn(crs: str) -> str:
    if crs.startswith("urn:ogc:def:crs:"):
        return crs
    if crs.upper() in ("EPSG:4326", "OGC:CRS84"):
        return "urn:ogc:def:crs:OGC:1.3:CRS84"
    code = re.fullmatch(r"EPSG:(\d+)", crs, re.IGNORECASE)
    if code is None:
        raise InputError(
            f"crs: got {crs!r}, wanted EPSG:<code>, OGC:CRS84 or urn:ogc:def:crs:<...>"
        )
    return f"urn:ogc:def:crs:EPSG::{code[1]}"
