"""Footprints and stacks as containers: against numpy indexing and shapely's own arrays."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from scenes import array_of, arrays_equal, footprints, holed, seeds, settlements, stars
from sn7fast import Footprints


@st.composite
def geometries(draw):
    """Polygons, some with holes, some of several parts or none."""
    random = draw(seeds())
    out = []
    for kind in draw(st.lists(st.sampled_from("phmep"), max_size=8)):
        one, other = stars(random, 2, field=20.0)
        out.append(
            {
                "p": one,
                "h": holed(random, one),
                "m": shapely.MultiPolygon([one, holed(random, other)]),
                "e": shapely.Polygon(),
            }[kind]
        )
    return array_of(out)


def same_shapes(one, other):
    return [shape.wkb for shape in one] == [shape.wkb for shape in other]


@st.composite
def indexed(draw):
    shapes = draw(geometries())
    n = len(shapes)
    index = draw(
        st.one_of(
            st.slices(n),
            st.lists(st.integers(-n, max(n - 1, -n)), max_size=9 if n else 0).map(
                lambda k: np.array(k, np.int64)
            ),
            st.lists(st.booleans(), min_size=n, max_size=n).map(lambda k: np.array(k, bool)),
        )
    )
    return shapes, index


@given(geometries())
def test_shapely_and_back(shapes):
    made = footprints(shapes)
    assert len(made) == len(shapes)
    assert same_shapes(made.to_shapely(), shapes)
    assert arrays_equal(footprints(made.to_shapely()), made)
    assert made.to_wkb() == [shape.wkb for shape in shapes]


@given(geometries())
def test_areas_and_bounds_have_the_bits_of_shapely(shapes):
    made = footprints(shapes)
    assert made.areas.tobytes() == shapely.area(shapes).tobytes()
    assert np.array_equal(made.bounds, shapely.bounds(shapes), equal_nan=True)


@given(indexed())
def test_indexing_is_that_of_numpy(made):
    shapes, index = made
    taken = footprints(shapes)[index]
    assert same_shapes(taken.to_shapely(), shapes[index])
    # What was taken obeys the rules of the arrays.
    Footprints(*taken.arrays)


@given(st.lists(geometries(), max_size=4))
def test_concatenating(parts):
    made = [footprints(part) for part in parts]
    together = Footprints.concatenate(made)
    assert same_shapes(together.to_shapely(), [shape for part in parts for shape in part])
    Footprints(*together.arrays)
    ends = np.cumsum([0, *map(len, made)])
    for part, start, end in zip(made, ends[:-1], ends[1:], strict=True):
        assert same_shapes(together[start:end].to_shapely(), part.to_shapely())


@given(geometries())
def test_iterating_gives_single_ones(shapes):
    single = list(footprints(shapes))
    assert [len(one) for one in single] == [1] * len(shapes)
    assert same_shapes([one.to_shapely()[0] for one in single], shapes)


@given(settlements(), seeds(), st.booleans())
def test_taking_rows_of_a_stack(made, random, by_index):
    whole, _ = made
    keep = random.random(len(whole)) < 0.6
    taken = whole.take(np.flatnonzero(keep) if by_index else keep)
    assert taken.months == whole.months
    assert (taken.ids == whole.ids[keep]).all()
    assert (taken.month_index == whole.month_index[keep]).all()
    assert same_shapes(taken.footprints.to_shapely(), whole.footprints.to_shapely()[keep])
    for month in whole.months:
        rows = whole.rows(month)
        wanted = whole.footprints.to_shapely()[rows][keep[rows]]
        assert same_shapes(taken.frame(month).to_shapely(), wanted)
