"""Strategies for masks, polygons and stacks that several property tests draw from."""

import numpy as np
import shapely
from hypothesis import strategies as st

from sn7fast import Footprints, Stack, track


@st.composite
def bit_masks(draw, max_rows=24, max_columns=150):
    """bool (rows, columns); rows of more than 64 and 128 pixels are packed in several words."""
    rows = draw(st.integers(1, max_rows))
    columns = draw(st.one_of(st.integers(1, 24), st.integers(1, max_columns)))
    size = rows * columns

    def bits():
        count = -(-size // 8)
        packed = draw(st.binary(min_size=count, max_size=count))
        return np.unpackbits(np.frombuffer(packed, np.uint8))[:size].reshape(rows, columns) > 0

    density = draw(st.sampled_from(["half", "sparse", "dense", "all", "none"]))
    if density in ("all", "none"):
        return np.full((rows, columns), density == "all")
    mask = bits()
    if density == "sparse":
        mask &= bits()
    elif density == "dense":
        mask |= bits()
    return mask


def seeds():
    """For shapes too many to draw one number after the other."""
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def star(random, center, radius, corners):
    """A simple polygon around a center that sees all of it."""
    # Corners less than half a turn apart keep the center inside.
    angles = (np.arange(corners) + random.uniform(-0.3, 0.3, corners)) * 2 * np.pi / corners
    reach = radius * random.uniform(0.3, 1.0, corners)
    around = np.stack([np.cos(angles), np.sin(angles)], 1) * reach[:, None]
    return shapely.Polygon(np.asarray(center) + around)


def stars(random, count, field=40.0, radius=(1.0, 8.0), corners=(3, 14)):
    """Simple polygons anywhere in a square field."""
    return [
        star(
            random,
            random.uniform(0, field, 2),
            random.uniform(*radius),
            int(random.integers(*corners)),
        )
        for _ in range(count)
    ]


def holed(random, polygon):
    """The polygon with a smaller copy of itself, and perhaps a second one, cut out."""
    center = np.array(polygon.centroid.coords[0])
    hole = shapely.transform(polygon, lambda points: center + (points - center) * 0.4)
    cut = polygon.difference(hole)
    if random.random() < 0.5:
        cut = cut.difference(shapely.Point(polygon.representative_point()).buffer(0.05, 3))
    return cut if cut.geom_type == "Polygon" and not cut.is_empty else polygon


def boxes(random, count, field=12, size=4):
    """Boxes with whole corners, so that areas, overlaps and IoUs tie often."""
    corner = random.integers(0, field, (count, 2))
    side = random.integers(1, size + 1, (count, 2))
    return list(shapely.box(*corner.T, *(corner + side).T))


def array_of(geometries):
    """Object array (numpy would take a multipolygon apart)."""
    array = np.empty(len(geometries), object)
    array[:] = geometries
    return array


def shifted(geometries, dx, dy):
    moved = shapely.transform(array_of(geometries), lambda points: np.add(points, (dx, dy)))
    return list(moved)


def footprints(geometries):
    return Footprints.from_shapely(array_of(geometries))


def stack(months, ids=None, names=None, aoi="area"):
    """A stack from one list of geometries a month."""
    names = names or [f"2018_{k + 1:02d}" for k in range(len(months))]
    return Stack.from_frames([footprints(m) for m in months], months=names, aoi=aoi, ids=ids)


@st.composite
def settlements(draw, max_months=5, max_buildings=9):
    """Buildings that stay, come up, vanish and are seen shakily: (stack, geometries by month).

    No two areas or overlaps are equal, so nothing hangs on the order of ties.
    """
    random = draw(seeds())
    months = draw(st.integers(1, max_months))
    buildings = stars(random, draw(st.integers(0, max_buildings)), field=20.0)
    frames, ids = [], []
    for month in range(months):
        seen = [k for k in range(len(buildings)) if k % months <= month and random.random() < 0.75]
        random.shuffle(seen)
        frames.append(
            [
                shapely.transform(buildings[k], lambda points: points + random.normal(0, 0.4, 2))
                for k in seen
            ]
        )
        ids.append(np.array(seen, np.int64))
    return stack(frames, ids), frames


def arrays_equal(one, other):
    """True if two sets of footprints have the same bytes."""
    return all(
        (a is None and b is None)
        or (a is not None and b is not None and a.dtype == b.dtype and a.tobytes() == b.tobytes())
        for a, b in zip(one.arrays, other.arrays, strict=True)
    )


@st.composite
def scored(draw):
    """A truth with ids and a proposal that finds most of it and something else."""
    truth, frames = draw(settlements())
    random = draw(seeds())
    proposal = []
    for frame in frames:
        seen = [shape for shape in frame if random.random() < 0.8]
        proposal.append(seen + stars(random, int(random.integers(0, 3)), field=20.0))
    jittered = [
        [shapely.transform(s, lambda p: p + random.normal(0, 0.5, 2)) for s in month]
        for month in proposal
    ]
    return truth, track(stack(jittered), min_iou=0.2)


def permuted(one, random):
    """The same stack with the rows of each month in another order."""
    parts = [one.rows(m).start + random.permutation(len(one.frame(m))) for m in one.months]
    rows = np.concatenate([np.empty(0, np.int64), *parts])
    return Stack(one.aoi, one.months, one.footprints[rows], one.frame_offsets, one.ids[rows])
