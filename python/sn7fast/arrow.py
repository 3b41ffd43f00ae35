"""Footprints as Arrow arrays (GeoArrow), out and in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import GeometryError, InputError
from sn7fast.footprints import Footprints

if TYPE_CHECKING:
    from numpy.typing import NDArray


def storage_array(footprints: Footprints, *, interleaved: bool) -> Any:  # noqa: ANN401 - pyarrow
    """A ``pyarrow.ListArray`` of footprints, without the name of a GeoArrow type.

    Args:
        footprints: n footprints.
        interleaved: Points as fixed-size lists [x, y], which copies nothing; otherwise as structs
            of x and y, the form of GeoParquet.

    Returns:
        Lists of rings of points; of polygons of rings of points if a footprint is a multipolygon.
        In those an empty footprint has no polygons: shapely 2.2 crashes on polygons without rings.
    """
    pa = require("pyarrow", extra="vector")
    if interleaved:
        field = pa.field("xy", pa.float64(), nullable=False)
        flat = pa.array(footprints.coords.reshape(-1))
        points = pa.FixedSizeListArray.from_arrays(flat, type=pa.list_(field, 2))
    else:
        x, y = (pa.array(np.ascontiguousarray(axis)) for axis in footprints.coords.T)
        fields = [pa.field(name, pa.float64(), nullable=False) for name in "xy"]
        points = pa.StructArray.from_arrays([x, y], fields=fields)
    nested = points
    names = ("vertices", "rings", "polygons")
    for name, offsets in zip(names, _offsets(footprints), strict=False):
        kind = pa.list_(pa.field(name, nested.type, nullable=False))
        nested = pa.ListArray.from_arrays(pa.array(offsets), nested, type=kind)
    return nested


def as_multipolygons(footprints: Footprints) -> Footprints:
    """The same, with the level of offsets that multipolygons have."""
    if footprints.footprint_offsets is not None:
        return footprints
    several = np.arange(len(footprints) + 1, dtype=np.int32)
    return Footprints._trusted((*footprints.arrays[:3], several))


def _offsets(footprints: Footprints) -> list[NDArray[np.int32]]:
    """The levels of offsets; multipolygons without their empty polygons."""
    _, rings, polygons, several = footprints.arrays
    if several is None:
        return [rings, polygons]
    full = np.diff(polygons) > 0
    if full.all():
        return [rings, polygons, several]
    before = np.concatenate([[0], np.cumsum(full)]).astype(np.int32)
    return [rings, np.append(polygons[:-1][full], polygons[-1]), before[several]]


def to_arrow(footprints: Footprints) -> Any:  # noqa: ANN401 - pyarrow has no types
    """A ``pyarrow.ExtensionArray`` of type ``geoarrow.polygon`` or ``geoarrow.multipolygon``.

    Coordinates are interleaved and, like the offsets, not copied. The type names no CRS.

    Raises:
        MissingDependencyError: pyarrow is not installed.
    """
    pa = require("pyarrow", extra="vector")
    kind = "polygon" if footprints.footprint_offsets is None else "multipolygon"

    # Not registered: other packages register types of these names, and there can be but one.
    class GeoArrowType(pa.ExtensionType):  # type: ignore[misc,name-defined]
        def __arrow_ext_serialize__(self) -> bytes:
            return b"{}"

    storage = storage_array(footprints, interleaved=True)
    return pa.ExtensionArray.from_storage(GeoArrowType(storage.type, f"geoarrow.{kind}"), storage)


def from_arrow(source: Any) -> Footprints:  # noqa: ANN401 - anything that speaks Arrow
    """Footprints from an Arrow array of polygons or multipolygons.

    Args:
        source: Anything with ``__arrow_c_array__`` or ``__arrow_c_stream__`` (of one column):
            arrays of pyarrow, nanoarrow, geoarrow, geopandas. Points are interleaved or separated,
            Z is dropped; well-known binary is taken too.

    Returns:
        Footprints, in the units of the source.

    Raises:
        GeometryError: A null, an unclosed ring, or a coordinate that is no number.
        InputError: No Arrow array, or one of another form.
        MissingDependencyError: pyarrow, or for well-known binary shapely, is not installed.
    """
    pa = require("pyarrow", extra="vector")
    try:
        if hasattr(source, "__arrow_c_array__"):
            array = pa.array(source)
        else:
            array = pa.chunked_array(source).combine_chunks()
    except (TypeError, ValueError, pa.ArrowException) as error:
        raise InputError(f"source: got {type(source).__name__}, wanted Arrow: {error}") from error
    if isinstance(array, pa.ChunkedArray):  # of no chunks, before pyarrow 19
        array = pa.concat_arrays(array.chunks) if array.chunks else pa.array([], array.type)
    name = getattr(array.type, "extension_name", "")
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if name not in ("", "geoarrow.polygon", "geoarrow.multipolygon", "geoarrow.wkb"):
        raise InputError(f"source: got {name}, wanted geoarrow.polygon, .multipolygon or .wkb")
    if array.null_count:
        row = next(row for row, valid in enumerate(array.is_valid().to_pylist()) if not valid)
        raise GeometryError(f"geometry {row}: got null, wanted a Polygon or MultiPolygon")
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        return _from_wkb(array)
    levels: list[NDArray[np.int32]] = []
    kind = array.type
    while pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        if array.null_count:
            raise GeometryError("source: got a null among rings or polygons, wanted none")
        offsets = array.offsets.to_numpy()
        # A slice starts anywhere in its values.
        array = array.values.slice(offsets[0], offsets[-1] - offsets[0])
        levels.append(offsets - offsets[0])
    if len(levels) not in (2, 3):
        raise InputError(f"source: got {kind}, wanted lists of rings of points, or of such lists")
    return Footprints(_coords(array, kind), *reversed(levels))


def _coords(points: Any, kind: Any) -> NDArray[np.float64]:  # noqa: ANN401 - pyarrow
    """float64 (v, 2) of interleaved or separated points."""
    pa = require("pyarrow", extra="vector")
    if pa.types.is_fixed_size_list(points.type) and pa.types.is_float64(points.type.value_type):
        flat: NDArray[np.float64] = points.flatten().to_numpy()
        return flat.reshape(-1, points.type.list_size)[:, :2]
    if pa.types.is_struct(points.type) and {"x", "y"} <= {field.name for field in points.type}:
        # flatten() heeds the offset of a slice, field() does not.
        columns = dict(zip((f.name for f in points.type), points.flatten(), strict=True))
        xy = [columns[axis].to_numpy(zero_copy_only=False) for axis in "xy"]
        return np.stack(xy, axis=1)
    raise InputError(
        f"source: got {kind}, wanted points as [x, y] of float64 or structs of x and y"
    )


def _from_wkb(array: Any) -> Footprints:  # noqa: ANN401 - pyarrow
    shapely = require("shapely", extra="vector")
    try:
        geometries = shapely.from_wkb(np.array(array.to_pylist(), object))
    except shapely.errors.GEOSException as error:
        raise GeometryError(f"source: no well-known binary: {error}") from error
    return Footprints.from_shapely(geometries)
