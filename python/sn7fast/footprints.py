"""Footprints: polygons as ragged arrays, the one form in which geometry moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sn7fast import _core
from sn7fast._arguments import index_array
from sn7fast._optional import require
from sn7fast.errors import GeometryError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import geopandas
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

Arrays: TypeAlias = (
    "tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32] | None]"
)


@dataclass(frozen=True, slots=True, eq=False)
class Footprints:
    """n building footprints.

    Three levels of offsets, as in GeoArrow and ``shapely.from_ragged_array``; each starts at 0 and
    ends at the length of the level below. The first ring of a polygon is its outer one, the others
    are holes; rings are closed. A polygon without rings is empty. In pixel units x points right,
    y down, and the pixel (row r, column c) covers [c, c+1] x [r, r+1].

    Attributes:
        coords: float64 (v, 2), x and y.
        ring_offsets: int32 (r + 1,), into ``coords``.
        polygon_offsets: int32 (p + 1,), into the rings.
        footprint_offsets: int32 (n + 1,), into the polygons, where some footprint has several
            (a multipolygon) or none; None if each footprint is one polygon, which is the rule.

    Raises:
        GeometryError: A coordinate is NaN, infinite or beyond 1e9, or a ring is not closed.
        InputError: The arrays do not fit together.
    """

    coords: NDArray[np.float64]
    ring_offsets: NDArray[np.int32]
    polygon_offsets: NDArray[np.int32]
    footprint_offsets: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        def offsets(name: str) -> NDArray[np.int32]:
            values = np.asarray(getattr(self, name))
            if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
                raise InputError(
                    f"{name}: got {values.dtype} of shape {values.shape}, wanted int32 (n,)"
                )
            for extreme in (values.min(), values.max()) if values.size else ():
                if not 0 <= extreme <= np.iinfo(np.int32).max:
                    raise InputError(f"{name}: got {extreme}, wanted offsets from 0 to {2**31 - 1}")
            return np.require(values, np.int32, ["C_CONTIGUOUS", "ALIGNED"])

        try:
            coords = np.require(self.coords, np.float64, ["C_CONTIGUOUS", "ALIGNED"])
        except (TypeError, ValueError) as error:
            raise InputError(f"coords: {error}, wanted float64 (v, 2)") from None
        if coords.ndim != 2 or coords.shape[1] != 2:
            raise InputError(f"coords: got shape {coords.shape}, wanted (v, 2)")
        object.__setattr__(self, "coords", coords)
        for name in ("ring_offsets", "polygon_offsets"):
            object.__setattr__(self, name, offsets(name))
        if self.footprint_offsets is not None:
            object.__setattr__(self, "footprint_offsets", offsets("footprint_offsets"))
        _core.check_footprints(self.arrays)

    @classmethod
    def _trusted(cls, arrays: Arrays) -> Footprints:
        """From arrays that the core made: nothing to check, nothing to copy."""
        self = object.__new__(cls)
        for name, array in zip(cls.__slots__, arrays, strict=True):
            object.__setattr__(self, name, array)
        return self

    @classmethod
    def empty(cls) -> Footprints:
        """No footprints."""
        zero = np.zeros(1, np.int32)
        return cls._trusted((np.empty((0, 2)), zero, zero.copy(), None))

    @property
    def arrays(self) -> Arrays:
        """The four arrays, in the order of the attributes."""
        return self.coords, self.ring_offsets, self.polygon_offsets, self.footprint_offsets

    def __len__(self) -> int:
        offsets = self.polygon_offsets if self.footprint_offsets is None else self.footprint_offsets
        return len(offsets) - 1

    def __repr__(self) -> str:
        return f"Footprints({len(self)} footprints, {len(self.coords)} points)"

    def __getitem__(self, index: slice | ArrayLike) -> Footprints:
        """The footprints at these positions: a slice, an index array or a boolean mask.

        Raises:
            IndexError: A position is out of range, or the mask has another length.
        """
        selected = index if isinstance(index, slice) else index_array(index)
        positions = np.atleast_1d(np.arange(len(self))[selected])
        if positions.ndim != 1:
            raise IndexError(f"got an index of shape {positions.shape}, wanted (m,)")
        return Footprints._trusted(_core.select_footprints(self.arrays, positions.astype(np.int64)))

    @property
    def areas(self) -> NDArray[np.float64]:
        """float64 (n,): areas in squared coordinate units, holes taken off."""
        return _core.areas(self.arrays)

    @property
    def bounds(self) -> NDArray[np.float64]:
        """float64 (n, 4): min x, min y, max x, max y; NaN for an empty footprint."""
        return _core.bounds(self.arrays)

    @classmethod
    def concatenate(cls, parts: Iterable[Footprints]) -> Footprints:
        """All footprints of the parts, one after the other."""
        parts = list(parts)
        multi = any(part.footprint_offsets is not None for part in parts)

        def joined(columns: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
            ends = np.cumsum([0] + [int(column[-1]) for column in columns])
            if ends[-1] > np.iinfo(np.int32).max:
                raise InputError(f"parts: got {ends[-1]} points, wanted at most {2**31 - 1}")
            shifted = [column[1:] + end for column, end in zip(columns, ends, strict=False)]
            return np.concatenate([np.zeros(1, np.int32), *shifted]).astype(np.int32)

        def per_footprint(part: Footprints) -> NDArray[np.int32]:
            if part.footprint_offsets is not None:
                return part.footprint_offsets
            return np.arange(len(part) + 1, dtype=np.int32)

        return cls._trusted(
            (
                np.concatenate([np.empty((0, 2)), *(part.coords for part in parts)]),
                joined([part.ring_offsets for part in parts]),
                joined([part.polygon_offsets for part in parts]),
                joined([per_footprint(part) for part in parts]) if multi else None,
            )
        )

    def to_shapely(self) -> NDArray[np.object_]:
        """Object array (n,) of shapely Polygons, or MultiPolygons where a footprint is one.

        Raises:
            MissingDependencyError: shapely is not installed.
        """
        shapely = require("shapely", extra="vector")
        offsets = (self.ring_offsets, self.polygon_offsets)
        polygons: NDArray[np.object_] = shapely.from_ragged_array(
            shapely.GeometryType.POLYGON, self.coords, offsets
        )
        if self.footprint_offsets is None:
            return polygons
        starts = self.footprint_offsets
        single = np.diff(starts) == 1
        out = np.empty(len(self), object)
        out[single] = polygons[starts[:-1][single]]
        for index in np.flatnonzero(~single):
            out[index] = shapely.MultiPolygon(list(polygons[starts[index] : starts[index + 1]]))
        return out

    @classmethod
    def from_shapely(cls, geometries: ArrayLike) -> Footprints:
        """From a sequence of shapely Polygons and MultiPolygons; Z is dropped.

        Empty geometries of any kind become empty footprints.

        Raises:
            GeometryError: A geometry is None or of another kind; the message gives its position.
            MissingDependencyError: shapely is not installed.
        """
        shapely = require("shapely", extra="vector")
        values = np.array(geometries, object)
        for index in np.flatnonzero(~(shapely.is_geometry(values) | shapely.is_missing(values))):
            raise GeometryError(
                f"geometry {index}: got {values[index]!r:.60}, wanted a Polygon or MultiPolygon"
            )
        kinds = shapely.get_type_id(values)
        empty = shapely.is_empty(values) & (kinds >= 0)
        for index in np.flatnonzero(~np.isin(kinds, (3, 6)) & ~empty):
            got = "None" if kinds[index] < 0 else values[index].geom_type
            raise GeometryError(f"geometry {index}: got {got}, wanted a Polygon or MultiPolygon")
        values[empty] = shapely.Polygon()
        # The added one makes shapely use the multipolygon form in every case.
        values = np.append(values, shapely.MultiPolygon())
        _, coords, offsets = shapely.to_ragged_array(values, include_z=False)
        rings, polygons, footprints = (np.asarray(array, np.int32) for array in offsets)
        footprints = footprints[:-1]
        if np.array_equal(footprints, np.arange(len(polygons))):
            return cls(coords, rings, polygons)
        return cls(coords, rings, polygons, footprints)

    def to_wkb(self) -> list[bytes]:
        """Well-known binary of each footprint (needs shapely)."""
        shapely = require("shapely", extra="vector")
        return list(shapely.to_wkb(self.to_shapely()))

    def to_geopandas(self, crs: str | None = None, **columns: ArrayLike) -> geopandas.GeoDataFrame:
        """GeoDataFrame with one row a footprint and the given columns (needs geopandas)."""
        frame = require("geopandas", extra="vector").GeoDataFrame
        return frame(columns, geometry=self.to_shapely(), crs=crs)

    @classmethod
    def from_geopandas(cls, frame: geopandas.GeoDataFrame | geopandas.GeoSeries) -> Footprints:
        """The geometries of a GeoDataFrame or GeoSeries, in its units; see `from_shapely`."""
        return cls.from_shapely(np.asarray(frame.geometry.array, object))

    def plot(
        self,
        *,
        ax: Axes | None = None,
        image: ArrayLike | None = None,
        y_down: bool = True,
        **style: Any,  # noqa: ANN401 - of a PathCollection
    ) -> Axes:
        """Draw the footprints with matplotlib, holes left open.

        Args:
            ax: Where to draw; None makes a figure.
            image: What lies below, (rows, columns) or (rows, columns, 3 or 4), in pixels.
            y_down: Whether y points down, as in pixels; False for units of a CRS.
            **style: Properties of a ``matplotlib.collections.PathCollection``, such as ``alpha``,
                and ``color``: one, or one for each footprint.

        Returns:
            The Axes; the footprints are its last collection, one path each.

        Raises:
            InputError: ``image`` has another shape, or ``y_down`` is False with one.
            MissingDependencyError: matplotlib is not installed.
        """
        from sn7fast.plotting.footprints import plot_footprints

        return plot_footprints(self, ax=ax, image=image, y_down=y_down, **style)

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """The Arrow capsule interface: a geoarrow.polygon or .multipolygon array, without a copy.

        Raises:
            MissingDependencyError: pyarrow is not installed.
        """
        from sn7fast.arrow import to_arrow

        capsules: tuple[object, object] = to_arrow(self).__arrow_c_array__(requested_schema)
        return capsules

    @classmethod
    def from_arrow(cls, source: object) -> Footprints:
        """From an Arrow array of polygons, multipolygons or WKB; see `sn7fast.arrow.from_arrow`."""
        from sn7fast.arrow import from_arrow

        return from_arrow(source)

    def __iter__(self) -> Iterator[Footprints]:
        return (self[index : index + 1] for index in range(len(self)))
