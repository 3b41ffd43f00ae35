"""IoU without a topology against shapely's overlay."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from scenes import array_of, bit_masks, boxes, footprints, holed, seeds, shifted, star, stars
from sn7fast import _core, iou_pairs, polygonize

# Below it two shapes count as not overlapping, here or in GEOS: what rounding leaves.
DUST = 1e-14


def dense(a, b):
    """Matrix of IoUs from iou_pairs, whose promises it checks."""
    i, j, iou = iou_pairs(footprints(a), footprints(b))
    assert (i.dtype, j.dtype, iou.dtype) == (np.int64, np.int64, np.float64)
    assert (np.diff(i * max(len(b), 1) + j) > 0).all(), "sorted, no pair twice"
    assert (iou > 0).all()
    assert (iou <= 1).all()
    matrix = np.zeros((len(a), len(b)))
    matrix[i, j] = iou
    return matrix


def by_shapely(a, b, repair=shapely.make_valid):
    a, b = repair(array_of(a)), repair(array_of(b))
    shared = shapely.area(shapely.intersection(a[:, None], b[None]))
    union = shapely.area(a)[:, None] + shapely.area(b)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def assert_equal(ours, theirs, tolerance=1e-12):
    assert np.abs(ours - theirs).max(initial=0) <= tolerance
    assert ((ours > 0) == (theirs > 0))[np.maximum(ours, theirs) > DUST].all()


def self_crossing(random, count, whole):
    """Random rings, nearly all of which cross themselves."""
    rings = []
    for _ in range(count):
        corners = int(random.integers(4, 12))
        points = (
            random.integers(0, 9, (corners, 2)) if whole else random.uniform(0, 9, (corners, 2))
        )
        rings.append(shapely.Polygon(points))
    return rings


def multipolygons(random, count):
    """Two or three parts that lie apart."""
    parts = [stars(random, int(random.integers(2, 4)), field=30.0) for _ in range(count)]
    united = [shapely.union_all(group) for group in parts]
    return [u if u.geom_type == "MultiPolygon" else shapely.MultiPolygon([u]) for u in united]


def runs_along_itself(polygon):
    """True if a stretch of the outline is passed twice."""
    lines = shapely.get_parts(shapely.boundary(polygon))
    passed_once = shapely.length(shapely.union_all(lines))
    return abs(passed_once - shapely.length(lines).sum()) > 1e-9


KINDS = {
    "stars": lambda random: stars(random, 12, field=20.0),
    "holes": lambda random: [holed(random, s) for s in stars(random, 10, field=20.0)],
    "multipolygons": lambda random: multipolygons(random, 5),
    "boxes": lambda random: boxes(random, 12),
    "triangles": lambda random: [
        t for t in shapely.polygons(random.integers(0, 8, (12, 3, 2))) if t.is_valid
    ],
    "empty": lambda random: [shapely.Polygon(), *stars(random, 2), shapely.MultiPolygon()],
}
kinds = st.sampled_from(sorted(KINDS)).map(KINDS.get)


@given(seeds(), kinds, kinds)
def test_equal_to_shapely(random, kind, other_kind):
    a, b = kind(random), other_kind(random)
    assert_equal(dense(a, b), by_shapely(a, b))


@given(seeds(), kinds, kinds)
def test_symmetric(random, kind, other_kind):
    a, b = kind(random), other_kind(random)
    assert_equal(dense(a, b), dense(b, a).T, 1e-14)


@given(seeds(), kinds)
def test_one_for_equal_shapes_only(random, kind):
    shapes = kind(random)
    iou = dense(shapes, shapes)
    whole = shapely.area(array_of(shapes)) > 0
    assert np.abs(np.diag(iou)[whole] - 1).max(initial=0) <= 1e-13
    for i, j in np.argwhere(iou >= 1 - 1e-12):
        apart = shapes[i].symmetric_difference(shapes[j]).area
        assert apart <= 1e-9 * shapes[i].area


@given(bit_masks(20, 90), seeds(), st.sampled_from([4, 8]))
def test_exact_on_the_pixel_grid(mask, random, connectivity):
    other = mask ^ (random.random(mask.shape) < 0.2)
    a, b = (polygonize(m, connectivity=connectivity) for m in (mask, other))
    i, j, iou = iou_pairs(a, b)
    shared = shapely.area(shapely.intersection(a.to_shapely()[i], b.to_shapely()[j]))
    shared = np.rint(shared)
    assert (iou == shared / (a.areas[i] + b.areas[j] - shared)).all()
    # Each pixel set in both is in one pair.
    assert shared.sum() == (mask & other).sum()


@given(seeds(), st.booleans())
def test_self_crossing_rings_as_make_valid_repairs_them(random, whole):
    rings = self_crossing(random, 8, whole)
    # GEOS keeps some of what lies between stretches that are passed twice, see iou_pairs.
    rings = [ring for ring in rings if not runs_along_itself(ring)]
    assume(rings)
    others = [*stars(random, 4, field=8.0), shapely.box(0, 0, 9, 9)]
    assert_equal(dense(rings, others), by_shapely(rings, others))
    assert_equal(dense(rings, rings), by_shapely(rings, rings), 1e-11)


@given(seeds(), st.booleans())
def test_self_crossing_rings_as_a_zero_width_buffer_repairs_them(random, whole):
    """The rule of the baseline tracker and the legacy F1: the proposal is repaired."""
    rings = self_crossing(random, 8, whole)
    truth = [*stars(random, 1, field=8.0), shapely.box(0, 0, 9, 9)]
    for other in truth:
        iou, _ = _core.evaluate_f1(
            footprints([other]).arrays, footprints(rings).arrays, list(range(len(rings))), -1.0
        )
        wanted = by_shapely([other], rings, repair=lambda g: shapely.buffer(g, 0))[0]
        # The best one takes the truth; the others find nothing left.
        taken = np.flatnonzero(iou)
        assert len(taken) <= 1
        first = np.flatnonzero(wanted > DUST)[:1]
        assert (taken == first).all()
        assert_equal(iou[taken], wanted[taken])


@given(seeds(), st.booleans(), st.booleans())
def test_holes_and_parts_that_overlap(random, as_parts, whole):
    """Rings that are simple, but not a valid polygon together."""
    rings = boxes(random, 3) if whole else stars(random, 3, field=12.0)
    if as_parts:
        shape = shapely.MultiPolygon(rings)
    else:
        shape = shapely.Polygon(rings[0].exterior, [ring.exterior for ring in rings[1:]])
    assume(not runs_along_itself(shape))
    others = [*stars(random, 3, field=12.0), shapely.box(-5, -5, 25, 25)]
    assert_equal(dense([shape], others), by_shapely([shape], others), 1e-11)


@pytest.mark.parametrize("offset", [2.0**14, 13_545_864.0, -20_037_508.0, 9e8])
@given(random=seeds(), kind=kinds, other_kind=kinds)
def test_far_away(offset, random, kind, other_kind):
    """Metres of Web Mercator and beyond: the same IoU as at the origin, where shapely is exact."""
    step = 2.0**-18

    def snapped(shapes):
        near = shapely.transform(array_of(shapes), lambda p: np.rint(p / step) * step)
        return [shape for shape in near if shape.is_valid]

    a, b = snapped(kind(random)), snapped(other_kind(random))
    # Multiples of the step stay exact when the offset is added.
    far = [list(shapely.transform(array_of(s), lambda p: p + offset)) for s in (a, b)]
    assert_equal(dense(*far), by_shapely(a, b), 1e-12)


@given(seeds(), st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_shifting_boxes_by_whole_numbers_changes_no_bit(random, dx, dy):
    a, b = boxes(random, 12), boxes(random, 12)
    moved = [shifted(s, dx, dy) for s in (a, b)]
    assert (dense(a, b) == dense(*moved)).all()


@given(seeds())
def test_permuting_permutes(random):
    a, b = stars(random, 14, field=20.0), stars(random, 14, field=20.0)
    p, q = random.permutation(14), random.permutation(14)
    assert (dense(a, b)[p][:, q] == dense([a[k] for k in p], [b[k] for k in q])).all()


@given(seeds(), st.floats(1e-7, 1e-2))
def test_slivers(random, width):
    """Long thin shapes: the error is that of the long side squared, not of the area."""
    length = 100.0
    turn = random.uniform(0, np.pi)
    along = length * np.array([np.cos(turn), np.sin(turn)])
    across = width * np.array([-np.sin(turn), np.cos(turn)])

    def sliver(shift):
        corner = np.array([5.0, 5.0]) + shift * across
        return shapely.Polygon([corner, corner + along, corner + along + across, corner + across])

    area = length * width
    error = 1e-14 * length**2 / area + 1e-12
    iou = dense([sliver(0)], [sliver(0.5), sliver(0), sliver(2)])[0]
    # The corners themselves are rounded.
    rounding = 1e-14 / width
    assert iou[0] == pytest.approx(1 / 3, abs=error + rounding)
    assert iou[1] == pytest.approx(1, abs=error)
    assert iou[2] <= error


@given(seeds())
def test_touching_is_no_overlap(random):
    """The cells around points share walls and corners, and no area."""
    points = shapely.MultiPoint(random.uniform(0, 50, (40, 2)))
    cells = list(shapely.get_parts(shapely.voronoi_polygons(points)))
    i, j, iou = iou_pairs(footprints(cells), footprints(cells))
    apart = i != j
    assert iou[apart].max(initial=0) <= 1e-12
    assert np.abs(iou[~apart] - 1).max() <= 1e-12
    boxes_in_rows = [shapely.box(x, y, x + 1, y + 1) for x in range(6) for y in range(6)]
    i, j, _ = iou_pairs(footprints(boxes_in_rows), footprints(boxes_in_rows))
    assert (i == j).all()


@given(seeds(), st.floats(0.05, 0.95))
def test_nested(random, share):
    outer = star(random, (0.0, 0.0), 5.0, 9)
    inner = shapely.transform(outer, lambda points: points * share)
    ring = outer.difference(inner)
    iou = dense([inner, ring], [outer, inner])
    assert iou[0] == pytest.approx([share**2, 1], abs=1e-12)
    assert iou[1, 0] == pytest.approx(1 - share**2, abs=1e-12)
    assert iou[1, 1] <= 1e-12


@given(seeds(), st.integers(60, 400), st.integers(4, 400), st.booleans())
def test_outlines_of_many_corners(random, corners, other_corners, with_hole):
    """From 8,192 pairs of edges on the sum is made strip by strip."""
    big = star(random, (20.0, 20.0), 20.0, corners)
    if with_hole:
        big = holed(random, big)
    others = [star(random, random.uniform(0, 40, 2), 12.0, other_corners), *stars(random, 6)]
    others.append(shapely.box(-5, 7.25, 45, 7.5))
    assert_equal(dense([big], others), by_shapely([big], others))
    assert_equal(dense(others, [big]), by_shapely(others, [big]))


@given(seeds(), st.integers(40, 90), st.floats(0.45, 0.7))
def test_ragged_regions_of_many_holes(random, size, density):
    a, b = (polygonize(random.random((size, size)) < density) for _ in range(2))
    i, j, iou = iou_pairs(a, b)
    shared = shapely.area(shapely.intersection(a.to_shapely()[i], b.to_shapely()[j]))
    assert (iou == np.rint(shared) / (a.areas[i] + b.areas[j] - np.rint(shared))).all()
