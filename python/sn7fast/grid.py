"""Grid: where the pixels of a raster lie on the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from sn7fast._arguments import whole_number
from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# The WGS84 ellipsoid: its semi-major axis in metres and its eccentricity.
_AXIS_M = 6378137.0
_ECCENTRICITY = math.sqrt((2 - 1 / 298.257223563) / 298.257223563)

_WEB_MERCATOR = "EPSG:3857"
_LON_LAT = ("EPSG:4326", "OGC:CRS84")

# That PROJ transforms.
_POINTS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Grid:
    """Shape, georeference and CRS of a raster: the one converter of pixels, CRS and ground.

    In pixel units x points right, y down, and the pixel (row r, column c) covers
    [c, c+1] x [r, r+1]; a CRS position is always (x, y), so (longitude, latitude) in EPSG:4326.

    Attributes:
        shape_yx: Rows and columns.
        transform: a, b, c, d, e, f of x = a*column + b*row + c and y = d*column + e*row + f,
            in the order of ``affine.Affine``.
        crs: Coordinate reference system as text that PROJ understands, such as ``EPSG:3857``,
            or None if it is not known.

    Raises:
        InputError: A value has the wrong form, or the transform cannot be inverted.
    """

    shape_yx: tuple[int, int]
    transform: tuple[float, float, float, float, float, float] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    crs: str | None = None

    def __post_init__(self) -> None:
        shape = tuple(self.shape_yx)
        if len(shape) != 2 or any(n != int(n) or n < 1 for n in shape):
            raise InputError(f"shape_yx: got {self.shape_yx}, wanted (rows, columns) from 1")
        object.__setattr__(self, "shape_yx", (int(shape[0]), int(shape[1])))
        # An Affine has nine numbers, of which the last three are always 0, 0, 1.
        numbers = tuple(float(number) for number in self.transform)
        if len(numbers) == 9:
            numbers = numbers[:6]
        if len(numbers) != 6 or not all(map(math.isfinite, numbers)):
            raise InputError(f"transform: got {self.transform}, wanted six finite numbers")
        if numbers[0] * numbers[4] == numbers[1] * numbers[3]:
            raise InputError(f"transform: got {numbers}, which maps all pixels onto one line")
        object.__setattr__(self, "transform", numbers)
        if self.crs is not None and (not isinstance(self.crs, str) or not self.crs.strip()):
            raise InputError(f"crs: got {self.crs!r}, wanted text such as 'EPSG:3857', or None")

    @classmethod
    def from_rasterio(cls, dataset: Any) -> Grid:  # noqa: ANN401 - rasterio has no types
        """The grid of an open rasterio dataset; ``crs`` is None if the file has none."""
        crs = dataset.crs.to_string() if dataset.crs else None
        return cls(dataset.shape, tuple(dataset.transform)[:6], crs or None)

    @property
    def pixel_size(self) -> float:
        """Side of a pixel in units of the CRS (of Web Mercator: metres on the map).

        Raises:
            InputError: The pixels are not square (by more than 1 %).
        """
        a, b, _, d, e, _ = self.transform
        sides = math.hypot(a, d), math.hypot(b, e)
        if not math.isclose(*sides, rel_tol=0.01):
            raise InputError(f"grid: got pixels of {sides[0]} x {sides[1]}, wanted square ones")
        return math.sqrt(sides[0] * sides[1])

    def enlarged(self, scale: int) -> Grid:
        """The same ground with each pixel cut into ``scale`` x ``scale``.

        Raises:
            InputError: ``scale`` is no whole number from 1.
        """
        scale = whole_number("scale", scale, 1, 2**31 - 1)
        a, b, c, d, e, f = self.transform
        shape = self.shape_yx[0] * scale, self.shape_yx[1] * scale
        return Grid(shape, (a / scale, b / scale, c, d / scale, e / scale, f), self.crs)

    @overload
    def px_to_crs(self, positions: Footprints) -> Footprints: ...
    @overload
    def px_to_crs(self, positions: ArrayLike) -> NDArray[np.float64]: ...

    def px_to_crs(self, positions: Footprints | ArrayLike) -> Footprints | NDArray[np.float64]:
        """Pixel positions to CRS positions.

        Args:
            positions: Footprints, or a float array (n, 2) of x and y.

        Returns:
            The same kind, in units of the CRS.

        Raises:
            InputError: The array is not (n, 2).
        """
        return _moved(positions, self.transform)

    @overload
    def crs_to_px(self, positions: Footprints) -> Footprints: ...
    @overload
    def crs_to_px(self, positions: ArrayLike) -> NDArray[np.float64]: ...

    def crs_to_px(self, positions: Footprints | ArrayLike) -> Footprints | NDArray[np.float64]:
        """CRS positions to pixel positions; see `px_to_crs`."""
        a, b, c, d, e, f = self.transform
        if b == 0 == d:
            # Subtracting the origin first keeps the digits that a matrix inverse would lose.
            return _moved(positions, (1 / a, 0, 0, 0, 1 / e, 0), origin=(c, f))
        det = a * e - b * d
        return _moved(positions, (e / det, -b / det, 0, -d / det, a / det, 0), origin=(c, f))

    @overload
    def px_to_lon_lat(self, positions: Footprints) -> Footprints: ...
    @overload
    def px_to_lon_lat(self, positions: ArrayLike) -> NDArray[np.float64]: ...

    def px_to_lon_lat(self, positions: Footprints | ArrayLike) -> Footprints | NDArray[np.float64]:
        """Pixel positions to longitude and latitude in degrees on WGS84; see `px_to_crs`.

        Raises:
            InputError: The array is not (n, 2), the grid has no CRS, or the CRS has no place on
                the Earth.
            MissingDependencyError: As `ground_area_m2`.
        """
        if isinstance(positions, Footprints):
            return Footprints(self.px_to_lon_lat(positions.coords), *positions.arrays[1:])
        x, y = self.px_to_crs(positions).T
        crs = self._known_crs()
        name = crs.upper()
        if name == _WEB_MERCATOR:
            x, y = np.degrees(x / _AXIS_M), np.degrees(np.arctan(np.sinh(y / _AXIS_M)))
        elif name not in _LON_LAT and len(x):
            x, y = _to_lon_lat(x, y, crs)
        return np.stack([x, y], axis=1)

    def ground_area_m2(self, footprints: Footprints) -> NDArray[np.float64]:
        """True areas on the ground: those of the WGS84 ellipsoid, not of the map.

        Each point is moved to a cylindrical equal-area map, where the area of the polygon is taken.
        Edges along parallels and meridians stay straight on the way, so that outlines of pixels in
        EPSG:3857 and EPSG:4326 are exact up to rounding (about 1e-6 m2); for other edges, of
        length s, the relative error is of the order s / 6378 km. On Web Mercator this is the map
        area times cos^2(latitude), the rule for a sphere, and a factor between 0.9933 (equator)
        and 1.0067 (poles) for the flattening.

        Args:
            footprints: n footprints in pixel units of this grid.

        Returns:
            float64 (n,), in square metres.

        Raises:
            InputError: The grid has no CRS, or the CRS has no place on the Earth.
            MissingDependencyError: The CRS is not EPSG:3857, EPSG:4326 or OGC:CRS84, and rasterio,
                which then transforms the coordinates, is not installed.
        """
        if not len(footprints.coords):
            return np.zeros(len(footprints))
        equal_area = self._equal_area_m(footprints.coords)
        # Rings across the 180th meridian come from PROJ in two halves, a turn apart.
        first = np.repeat(footprints.ring_offsets[:-1], np.diff(footprints.ring_offsets))
        turn = 2 * math.pi * _AXIS_M
        equal_area[:, 0] -= turn * np.round((equal_area[:, 0] - equal_area[first, 0]) / turn)
        return Footprints._trusted((equal_area, *footprints.arrays[1:])).areas

    @property
    def pixel_area_m2(self) -> NDArray[np.float64]:
        """float64 (rows,): true area on the ground of the pixel in the middle of each row.

        In EPSG:3857 and EPSG:4326 with rows along parallels all pixels of a row have this area; in
        other systems those at the ends of a row differ by less than 0.1 % within 50 km, as a rule.

        Raises:
            InputError, MissingDependencyError: As `ground_area_m2`.
        """
        rows, columns = self.shape_yx
        left, top = np.full(rows, columns // 2, float), np.arange(rows, dtype=float)
        ring_x = np.stack([left, left + 1, left + 1, left, left], axis=1)
        ring_y = np.stack([top, top, top + 1, top + 1, top], axis=1)
        pixels = Footprints(
            np.stack([ring_x, ring_y], axis=2).reshape(-1, 2),
            np.arange(0, 5 * rows + 1, 5, dtype=np.int32),
            np.arange(rows + 1, dtype=np.int32),
        )
        return self.ground_area_m2(pixels)

    def _known_crs(self) -> str:
        if self.crs is None:
            raise InputError(
                "crs: got None, wanted a coordinate reference system: without one the "
                "place and size of a pixel on the ground are not known"
            )
        return self.crs

    def _equal_area_m(self, coords_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixel positions on a map in metres whose areas are those on the ground."""
        crs = self._known_crs()
        x, y = self.px_to_crs(coords_px).T
        name = crs.upper()
        if name == _WEB_MERCATOR:
            longitude, sin_latitude = x / _AXIS_M, np.tanh(y / _AXIS_M)
        else:
            if name not in _LON_LAT:
                x, y = _to_lon_lat(x, y, crs)
            longitude, sin_latitude = np.radians(x), np.sin(np.radians(y))
        # Half of the authalic q of Snyder, Map Projections: A Working Manual (1987), eq. 3-12:
        # the area between the equator and the latitude, by radian of longitude and squared axis.
        e_sin = _ECCENTRICITY * sin_latitude
        half_q = (1 - _ECCENTRICITY**2) / 2 * (
            sin_latitude / (1 - e_sin**2) + np.arctanh(e_sin) / _ECCENTRICITY
        )  # fmt: skip
        return np.ascontiguousarray(np.stack([longitude, half_q], axis=1) * _AXIS_M)


def _moved(
    positions: Footprints | ArrayLike,
    transform: tuple[float, ...],
    origin: tuple[float, float] = (0.0, 0.0),
) -> Footprints | NDArray[np.float64]:
    """The positions less the origin, transformed."""
    if isinstance(positions, Footprints):
        coords = _moved(positions.coords, transform, origin)
        # Checked: a large transform can bring coordinates beyond what a footprint may have.
        return Footprints(coords, *positions.arrays[1:])  # type: ignore[arg-type]
    points = np.asarray(positions, np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError(f"positions: got shape {points.shape}, wanted (n, 2)")
    a, b, c, d, e, f = transform
    x, y = (points - origin).T
    # Term by term, for the same bits on every machine.
    return np.stack([a * x + b * y + c, d * x + e * y + f], axis=1)


def _to_lon_lat(
    x: NDArray[np.float64], y: NDArray[np.float64], crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude in degrees on WGS84, by PROJ."""
    warp = require("rasterio.warp")
    positions = np.empty((2, len(x)))
    try:
        # rasterio answers with lists, which take many times the memory of an array.
        for start in range(0, len(x), _POINTS_AT_ONCE):
            part = slice(start, start + _POINTS_AT_ONCE)
            positions[:, part] = warp.transform(crs, "EPSG:4326", x[part], y[part])
    except Exception as error:  # rasterio lets GDAL's own classes, which are private, through
        raise InputError(f"crs: got {crs!r}, which has no way to the ground: {error}") from error
    if not np.isfinite(positions).all():
        raise InputError(f"crs: got {crs!r}, in which some positions lie nowhere on the Earth")
    return positions[0], positions[1]
