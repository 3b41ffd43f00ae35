"""A small AOI of which everything that a report shows is known."""

import numpy as np

from sn7fast import Footprints, Stack
from sn7fast.buildings import Buildings
from sn7fast.data.sn7 import sn7_grid
from sn7fast.report import write_report

AOI = "L15-0331E-1257N_1327_3160_13"
MONTHS = tuple(f"2020_{month:02}" for month in range(1, 7))
SHAPE = (80, 128)

# id: (months, left, top, right, bottom)
TRACKS = {
    7: (range(6), 10, 10, 20, 18),  # found in all months
    8: (range(2, 6), 30, 10, 36, 16),  # new in the third, found
    9: (range(3, 6), 50, 10, 56, 16),  # in no truth
    6: (range(3), 10, 40, 20, 50),  # the next one before its identifier changes
    5: (range(3, 6), 10, 40, 20, 50),
    11: (range(6), 90, 40, 110, 60),  # a ring with a hole in the middle
}
TRUTH = {
    70: (range(6), 10, 10, 20, 18),
    80: (range(2, 6), 30, 10, 36, 16),
    60: (range(6), 10, 40, 20, 50),
    90: (range(6), 70, 10, 78, 18),  # never found
    95: (range(1, 6), 70, 30, 78, 38),  # new in the second, never found
    110: (range(6), 90, 40, 110, 60),
}
HOLE = (96, 46, 104, 54)


def box(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]


def footprints(shapes):
    """Footprints of (id, box); the ring is the one with a hole."""
    coords, rings, polygons = [], [0], [0]
    for name, corners in shapes:
        holes = [box(*HOLE)[::-1]] if name in (11, 110) else []
        for ring in [box(*corners), *holes]:
            coords += ring
            rings.append(len(coords))
        polygons.append(len(rings) - 1)
    return Footprints(np.array(coords, float).reshape(-1, 2), np.array(rings), np.array(polygons))


def stack(buildings, *, aoi=AOI, grid=True):
    frames, ids = [], []
    for month in range(len(MONTHS)):
        here = [
            (name, corners) for name, (months, *corners) in buildings.items() if month in months
        ]
        frames.append(footprints(here))
        ids.append([name for name, _ in here])
    place = sn7_grid(AOI, SHAPE) if grid else None
    return Stack.from_frames(frames, months=MONTHS, aoi=aoi, ids=ids, grid=place)


def dates():
    """Of all but the ring."""
    ids = np.array([5, 6, 7, 8, 9])
    first = np.array([3, 0, 0, 2, 3])
    return Buildings(
        ids, first, np.array([2, 0, 0, 1, 3]), np.array([4, 0, 0, 4, 3]),
        np.array([5, 2, 5, 5, 5]), np.array([0.6, 0.99, 0.97, 0.72, 0.8]), np.full(5, 6),
    )  # fmt: skip


def images():
    """A gradient, brighter from month to month."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    base = np.stack([x, y, x + y], axis=2)
    return {month: (base * 0.3 + 30 * k).astype(np.uint8) for k, month in enumerate(MONTHS)}


def valid():
    """In the fifth month the lower left is hidden."""
    masks = np.ones((len(MONTHS), *SHAPE), bool)
    masks[4, 35:60, :30] = False
    return masks


def write(path, *, truth=True, **changes):
    """The report of the scene."""
    given = {
        "truth": stack(TRUTH) if truth else None,
        "images": images(),
        "valid": valid(),
        "buildings": dates(),
    }
    tracks = changes.pop("tracks", None)
    return write_report(path, stack(TRACKS) if tracks is None else tracks, **(given | changes))
