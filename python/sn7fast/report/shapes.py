"""Outlines as bytes: each shape once, its points as steps from one to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sn7fast.report.packing import folded, varints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sn7fast.footprints import Footprints

# A pixel is cut into so many parts along a side; the last one is for outlines that fit none, which
# are rounded to it (a quarter of a metre for SpaceNet 7).
_PARTS = (1, 2, 3, 4, 8, 16)

# Points and footprints that are looked at together.
_BLOCK, _ROWS = 1 << 20, 1 << 16

_GENERAL, _ACROSS_FIRST, _DOWN_FIRST = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Different shapes among footprints.

    Attributes:
        parts: Coordinates are multiples of 1 / parts of a pixel.
        is_rounded: True if they were not and had to be rounded.
        count: Number of different shapes.
        of_row: int64 (rows,), number of each footprint's shape; numbers come up in order.
        columns: Bytes by name: ``rings`` (rings of each shape), ``heads`` (of each ring: points
            * 8, 4 if it starts a polygon, the mode), ``starts`` (first point of each ring, from
            that of the ring before) and ``steps`` (between points; of a ring whose steps go across
            and down in turn only the one that is not 0).
    """

    parts: int
    is_rounded: bool
    count: int
    of_row: NDArray[np.int64]
    columns: dict[str, bytes]


def shapes_of(
    sides: Sequence[Footprints], orders: Sequence[NDArray[np.int64]] | None = None
) -> Shapes:
    """The shapes of all footprints, those of the first side first.

    Args:
        sides: Footprints of tracks, or of tracks and truth.
        orders: In which order the rows of each side are gone through; None leaves them as they are.
    """
    parts, is_rounded = _fitting([side.coords for side in sides])
    columns: dict[str, list[bytes]] = {name: [] for name in ("rings", "heads", "starts", "steps")}
    of_row = [np.empty(0, np.int64)]
    known: dict[bytes, int] = {}
    last = np.zeros((1, 2), np.int64)
    for side, order in zip(sides, orders or [np.arange(len(side)) for side in sides], strict=True):
        for first in range(0, len(order), _ROWS):
            some = side[order[first : first + _ROWS]]
            points = np.round(some.coords * parts).astype(np.int32)
            rows, kept = _numbered(some, points, known)
            of_row.append(rows)
            ring_count, is_first, kept_rings = _rings_of(some, kept)
            head, start, step = _steps(some, points, kept_rings, is_first)
            columns["rings"].append(varints(ring_count))
            columns["heads"].append(varints(head))
            columns["starts"].append(varints(folded(np.diff(start, axis=0, prepend=last)).ravel()))
            columns["steps"].append(varints(folded(step)))
            last = start[-1:] if len(start) else last
    return Shapes(
        parts,
        is_rounded,
        len(known),
        np.concatenate(of_row),
        {name: b"".join(pieces) for name, pieces in columns.items()},
    )


def _fitting(sides: Sequence[NDArray[np.float64]]) -> tuple[int, bool]:
    """Parts of a pixel, and whether coordinates must be rounded to them."""
    for parts in _PARTS:
        if all(
            np.array_equal(np.round(coords * parts) / parts, coords)
            for side in sides
            for coords in np.split(side, range(_BLOCK, len(side), _BLOCK))
        ):
            return parts, False
    return _PARTS[-1], True


def _numbered(
    side: Footprints, points: NDArray[np.int32], known: dict[bytes, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The number of each footprint's shape, and the footprints that bring a new one."""
    ring_of = side.polygon_offsets
    if side.footprint_offsets is not None:
        ring_of = ring_of[side.footprint_offsets]
    point_of = side.ring_offsets[ring_of]
    is_single = np.diff(ring_of) == 1
    rows, is_new = np.empty(len(side), np.int64), np.zeros(len(side), bool)
    data = points.tobytes()
    ends = (point_of * points.strides[0]).tolist()
    for row, (start, stop, single) in enumerate(
        zip(ends[:-1], ends[1:], is_single.tolist(), strict=True)
    ):
        before = len(known)
        # Points alone do not say where a ring ends; a footprint with several is its own shape.
        key = data[start:stop] if single or start == stop else b"rings %d" % before
        rows[row] = known.setdefault(key, before)
        is_new[row] = len(known) > before
    return rows, np.flatnonzero(is_new)


def _rings_of(
    side: Footprints, kept: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Rings a shape; for each of these rings whether it starts a polygon, and its position."""
    is_first = np.zeros(len(side.ring_offsets) - 1, bool)
    offsets = side.polygon_offsets
    is_first[offsets[:-1][np.diff(offsets) > 0]] = True
    ring_of = offsets if side.footprint_offsets is None else offsets[side.footprint_offsets]
    counts = (ring_of[1:] - ring_of[:-1])[kept].astype(np.int64)
    rings = ranges(ring_of[:-1][kept], counts)
    return counts, is_first[rings], rings


def _steps(
    side: Footprints,
    points: NDArray[np.int32],
    rings: NDArray[np.int64],
    is_first: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Head and first point of each ring, and the steps of all."""
    # The last point of a ring is its first one.
    counts = np.maximum(np.diff(side.ring_offsets)[rings].astype(np.int64) - 1, 0)
    flat = points[ranges(side.ring_offsets[:-1][rings], counts)].astype(np.int64)
    firsts = np.cumsum(counts) - counts
    step = np.diff(flat, axis=0, prepend=flat[:1])
    ring = np.repeat(np.arange(len(rings)), counts)
    place = np.arange(len(flat)) - firsts[ring]
    is_odd = place % 2 == 1
    inner = place > 0
    across, down = step[:, 1] == 0, step[:, 0] == 0

    def throughout(fits: NDArray[np.bool_]) -> NDArray[np.bool_]:
        broken: NDArray[np.bool_] = np.bincount(ring[inner & ~fits], minlength=len(rings)) > 0
        return ~broken

    mode = np.full(len(rings), _GENERAL)
    mode[throughout(np.where(is_odd, down, across))] = _DOWN_FIRST
    mode[throughout(np.where(is_odd, across, down))] = _ACROSS_FIRST
    of_point = mode[ring]
    keep = np.empty((len(flat), 2), bool)
    keep[:, 0] = inner & ((of_point == _GENERAL) | (is_odd == (of_point == _ACROSS_FIRST)))
    keep[:, 1] = inner & ((of_point == _GENERAL) | (is_odd == (of_point == _DOWN_FIRST)))
    start = np.zeros((len(rings), 2), np.int64)
    start[counts > 0] = flat[firsts[counts > 0]]
    return counts * 8 + np.where(is_first, 4, 0) + mode, start, step[keep]


def ranges(starts: NDArray[np.integer], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """start, start + 1, ... of each start, ``counts`` of them."""
    ends = np.cumsum(counts)
    places = np.arange(int(ends[-1]) if len(ends) else 0)
    out: NDArray[np.int64] = places + np.repeat(starts - (ends - counts), counts)
    return out
