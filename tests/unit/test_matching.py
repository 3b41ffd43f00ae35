"""Pairs and matches of a few boxes."""

import numpy as np
import pytest
import shapely

from scenes import footprints
from sn7fast import Footprints, InputError, iou_pairs, match_footprints


def row(*starts, width=4):
    """Boxes of height 4 in a row."""
    return footprints([shapely.box(x, 0, x + width, 4) for x in starts])


class TestPairs:
    def test_known_overlaps(self):
        i, j, iou = iou_pairs(row(0, 10, 20), row(0, 11, 22, 30))
        assert i.tolist() == [0, 1, 2]
        assert j.tolist() == [0, 1, 2]
        assert iou.tolist() == [1, 12 / 20, 8 / 24]

    def test_sorted_by_both_sides(self):
        i, j, _ = iou_pairs(row(2, 0), row(3, 1, 2))
        assert list(zip(i, j, strict=True)) == [(a, b) for a in range(2) for b in range(3)]

    @pytest.mark.parametrize("x", [4, -4, 4.000001, 100])
    def test_touching_and_apart(self, x):
        assert len(iou_pairs(row(0), row(x))[0]) == 0

    def test_nested_and_through_a_hole(self):
        frame = shapely.box(0, 0, 10, 10).difference(shapely.box(2, 2, 8, 8))
        inside, bar = shapely.box(3, 3, 7, 7), shapely.box(-5, 4, 15, 6)
        i, j, iou = iou_pairs(footprints([frame]), footprints([inside, bar]))
        assert (i.tolist(), j.tolist()) == ([0], [1])
        assert iou[0] == pytest.approx(8 / (64 + 40 - 8))

    def test_nothing_on_a_side(self):
        none = Footprints.empty()
        hollow = footprints([shapely.Polygon(), shapely.MultiPolygon()])
        for a, b in (
            (none, none),
            (none, row(0)),
            (row(0), none),
            (hollow, row(0)),
            (row(0), hollow),
        ):
            assert [column.tolist() for column in iou_pairs(a, b)] == [[], [], []]

    def test_flat_shapes_have_no_iou(self):
        line = Footprints([[0, 0], [4, 0], [2, 0], [0, 0]], [0, 4], [0, 1])
        point = Footprints([[1, 1]] * 4, [0, 4], [0, 1])
        for flat in (line, point):
            assert len(iou_pairs(flat, row(0))[0]) == len(iou_pairs(flat, flat)[0]) == 0

    def test_bowtie_has_both_wings(self):
        bow = footprints([shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])])
        assert iou_pairs(bow, row(0))[2].tolist() == [0.5]


class TestMatches:
    def test_optimal_prefers_many_pairs_and_greedy_the_best_one(self):
        a, b = row(0, 3), row(2, 5)
        # 0-0: 2/6, 1-0: 3/5, 1-1: 2/6.
        greedy = match_footprints(a, b, rule="greedy")
        assert (greedy.index_a.tolist(), greedy.index_b.tolist()) == ([1], [0])
        assert greedy.unmatched_a.tolist() == [0]
        assert greedy.unmatched_b.tolist() == [1]
        best = match_footprints(a, b)
        assert (best.index_a.tolist(), best.index_b.tolist()) == ([0, 1], [0, 1])
        assert len(best) == 2

    @pytest.mark.parametrize("rule", ["optimal", "greedy"])
    def test_threshold_is_strict(self, rule):
        a, b = row(0), row(1)
        assert len(match_footprints(a, b, iou_threshold=0.6, rule=rule)) == 0
        assert len(match_footprints(a, b, iou_threshold=np.nextafter(0.6, 0), rule=rule)) == 1
        assert len(match_footprints(a, a, iou_threshold=1, rule=rule)) == 0

    def test_ties_by_position(self):
        same = row(0, 0, 0)
        found = match_footprints(same, row(0, 0), rule="greedy")
        assert (found.index_a.tolist(), found.index_b.tolist()) == ([0, 1], [0, 1])

    def test_nothing(self):
        found = match_footprints(Footprints.empty(), row(0, 9))
        assert len(found) == 0
        assert found.unmatched_a.tolist() == []
        assert found.unmatched_b.tolist() == [0, 1]

    def test_refused(self):
        with pytest.raises(InputError, match="iou_threshold: got NaN, wanted a number"):
            match_footprints(row(0), row(0), iou_threshold=np.nan)
        with pytest.raises(InputError, match="iou_threshold: got 'x', wanted a number"):
            match_footprints(row(0), row(0), iou_threshold="x")
        for rule in ("best", None, ""):
            with pytest.raises(
                InputError, match=f"rule: got {rule!r}, wanted 'optimal' or 'greedy'"
            ):
                match_footprints(row(0), row(0), rule=rule)
