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


def shapes_of(sides: Sequence[Footprints]) -> Shapes:
    """The shapes of all footprints, those of the first side first."""
    parts, is_rounded = _fitting([side.coords for side in sides])
    of_row, rings, heads, starts, steps = [], [], [], [], []
    known: dict[bytes, int] = {}
    last = np.zeros((1, 2), np.int64)
    for side in sides:
        points = np.round(side.coords * parts).astype(np.int32)
        rows, kept = _numbered(side, points, known)
        of_row.append(rows)
        ring_count, is_first, kept_rings = _rings_of(side, kept)
        head, start, step = _steps(side, points, kept_rings, is_first)
        rings.append(ring_count)
        heads.append(head)
        steps.append(step)
        starts.append(np.diff(start, axis=0, prepend=last))
        last = start[-1:] if len(start) else last
    return Shapes(
        parts,
        is_rounded,
        len(known),
        np.concatenate(of_row),
        {
            "rings": varints(np.concatenate(rings)),
            "heads": varints(np.concatenate(heads)),
            "starts": varints(folded(np.concatenate(starts)).ravel()),
            "steps": varints(folded(np.concatenate(steps))),
        },
    )


def _fitting(sides: Sequence[NDArray[np.float64]]) -> tuple[int, bool]:
    """Parts of a pixel, and whether coordinates must be rounded to them."""
    for parts in _PARTS:
        if all(np.array_equal(np.round(coords * parts) / parts, coords) for coords in sides):
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
    data, ring_data = points.tobytes(), side.ring_offsets.tobytes()
    rows = np.empty(len(side), np.int64)
    kept: list[int] = []
    bounds = zip(
        (point_of[:-1] * 8).tolist(), (point_of[1:] * 8).tolist(),
        ring_of[:-1].tolist(), ring_of[1:].tolist(), strict=True,
    )  # fmt: skip
    for row, (start, stop, ring, ring_stop) in enumerate(bounds):
        key = data[start:stop]
        if ring_stop - ring != 1:
            # Points alone do not say where a ring ends; a footprint with several is its own shape.
            key += ring_data[ring * 4 : ring_stop * 4] + b"rings"
        before = len(known)
        rows[row] = known.setdefault(key, before)
        if len(known) > before:
            kept.append(row)
    return rows, np.array(kept, np.int64)


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
