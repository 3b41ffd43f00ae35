"""The baseline tracker on a few boxes."""

import numpy as np
import pytest
import shapely

from scenes import stack
from sn7fast import InputError, track


def box(x, width=4, y=0):
    return shapely.box(x, y, x + width, y + 4)


def ids(months, **options):
    found = track(stack(months), **options)
    return [found.ids[found.rows(month)].tolist() for month in found.months]


def test_first_month_by_descending_area_ties_in_order():
    assert ids([[box(0), box(10, 6), box(20), box(30, 5)]]) == [[2, 0, 3, 1]]


def test_ids_stay_come_and_come_back():
    months = [[box(0)], [box(1), box(20)], [box(20)], [], [box(0), box(20)]]
    assert ids(months) == [[0], [0, 1], [1], [], [0, 1]]
    found = track(stack(months))
    assert found.iou.tolist() == [0, 0.6, 0, 1, 1, 1]


def test_a_building_that_drifts_is_compared_with_its_first_shape():
    months = [[box(x)] for x in range(5)]
    # Overlaps with the first: 3/5, 2/6, 1/7, 0.
    assert ids(months) == [[0], [0], [0], [1], [1]]
    assert ids(months, master="latest") == [[0]] * 5


def test_larger_ones_choose_first_and_there_is_no_second_choice():
    # The larger of the second month takes the building although the smaller fits it exactly.
    assert ids([[box(0)], [box(0), box(0, 5)]]) == [[0], [1, 0]]


def test_the_lowest_id_wins_a_tie():
    assert ids([[box(0), box(6)], [box(3)]], min_iou=0.1) == [[0, 1], [0]]


def test_min_iou_is_not_strict():
    assert ids([[box(0)], [box(1)]], min_iou=0.6) == [[0], [0]]
    assert ids([[box(0)], [box(1)]], min_iou=np.nextafter(0.6, 1)) == [[0], [1]]


def test_at_zero_touching_is_enough():
    assert ids([[box(0)], [box(4)]], min_iou=0) == [[0], [0]]
    assert ids([[box(0)], [box(4, y=4)]], min_iou=0) == [[0], [0]]
    assert ids([[box(0)], [box(4.0001)]], min_iou=0) == [[0], [1]]
    assert ids([[box(0)], [box(4)]], min_iou=1e-300) == [[0], [1]]
    ring = shapely.box(0, -4, 12, 8).difference(shapely.box(1, -3, 11, 7))
    assert ids([[ring], [box(5, 2)]], min_iou=0) == [[0], [1]], "in the hole without touching"


def test_a_self_crossing_master_matches_nothing():
    bow = shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    assert ids([[bow], [box(0)]]) == [[0], [1]]
    # A zero-width buffer leaves the other one a wing: 4 of 16.
    assert ids([[box(0)], [bow]]) == [[0], [0]]
    assert ids([[box(0)], [bow]], min_iou=0.26) == [[0], [1]]


def test_a_touching_chain_of_holes_makes_a_master_invalid():
    cut = shapely.Polygon(
        shapely.box(0, 0, 8, 4).exterior,
        [[(0, 2), (4, 1), (4, 3)], [(4, 1), (8, 2), (4, 1.5)]],
    )
    assert not cut.is_valid
    assert ids([[cut], [cut]]) == [[0], [1]]


def test_eight_connected_parts_are_one_building():
    """A pixel that touches the building around it with all its corners leaves it valid."""
    plus = shapely.Polygon(
        shapely.box(0, 0, 5, 5).exterior,
        [
            [
                (2, 1),
                (3, 1),
                (3, 2),
                (4, 2),
                (4, 3),
                (3, 3),
                (3, 4),
                (2, 4),
                (2, 3),
                (1, 3),
                (1, 2),
                (2, 2),
            ]
        ],
    )
    whole = shapely.MultiPolygon([plus, shapely.box(2, 2, 3, 3)])
    assert whole.is_valid
    assert ids([[whole], [whole]]) == [[0], [0]]


def test_backwards():
    months = [[box(0), box(10)], [box(0)], []]
    assert ids(months, reverse=True) == [[0, 1], [0], []]
    assert track(stack(months), reverse=True).iou.tolist() == [1, 0, 0]


def test_empty_months_and_stacks():
    assert ids([]) == []
    assert ids([[], []]) == [[], []]
    assert ids([[], [box(0)], [], [box(0)]]) == [[], [0], [], [0]]
    assert ids([[shapely.Polygon(), box(0)], [shapely.Polygon()]]) == [[1, 0], [2]]


def test_the_stack_itself_is_untouched():
    before = stack([[box(0)], [box(1)]], ids=[[7], [8]])
    after = track(before)
    assert before.ids.tolist() == [7, 8]
    assert after.footprints is before.footprints
    assert (after.months, after.aoi) == (before.months, before.aoi)
    assert after.ids.dtype == np.int64


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_iou": np.nan}, "min_iou: got NaN, wanted a number"),
        ({"min_iou": "x"}, "min_iou: got 'x', wanted a number"),
        ({"method": "best"}, "method: got 'best', wanted 'baseline' or 'filtered'"),
        ({"master": "last"}, "master: got 'last', wanted 'first' or 'latest'"),
        ({"master": None}, "master: got None, wanted 'first' or 'latest'"),
    ],
)
def test_refused(options, message):
    with pytest.raises(InputError, match=message):
        track(stack([[box(0)]]), **options)
