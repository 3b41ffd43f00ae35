"""SCOT and F1 on the worked example of the metric and its fixtures, and every refusal."""

import json

import numpy as np
import pytest
import shapely

from scenes import stack
from sn7fast import InputError, polygonize_frames, score_f1, score_scot

A, B, C, D = 0, 10, 20, 30


def at(*places):
    return [shapely.box(x, 0, x + 4, 4) for x in places]


@pytest.fixture
def truth():
    return stack([at(A), at(A, B), at(A, B, C)], [[1], [1, 2], [1, 2, 3]])


@pytest.fixture
def proposal():
    """B a pixel off and under two ids, C two pixels off, D invented for a month."""
    return stack([at(A), at(A, B + 1, D), at(A, B + 1, C + 2)], [[10], [10, 20, 40], [10, 21, 30]])


class TestWorkedExample:
    def test_all_numbers(self, truth, proposal):
        score = score_scot(truth, proposal)
        aoi = score.aois["area"]
        assert aoi.mismatches == 1
        assert (aoi.track_tp, aoi.track_fp, aoi.track_fn) == (5, 2, 1)
        assert aoi.track == 5 / 6.5
        assert (aoi.change_tp, aoi.change_fp, aoi.change_fn) == (2, 2, 0)
        assert aoi.change == pytest.approx(2 / 3)
        assert aoi.score == pytest.approx(5 * aoi.track * aoi.change / (4 * aoi.change + aoi.track))
        assert score.score == pytest.approx(0.7463, abs=5e-5)
        assert aoi.has_change

    def test_months(self, truth, proposal):
        months = score_scot(truth, proposal).aois["area"].months
        assert list(months) == ["2018_01", "2018_02", "2018_03"]
        last = months["2018_03"]
        assert last.truth_ids.tolist() == [1, 2, 3]
        assert last.proposal_ids.tolist() == [10, 21, 30]
        assert last.iou.tolist() == [1, 0.6, 8 / 24]
        assert [(m.tp, m.fp, m.fn, m.mismatches) for m in months.values()] == [
            (1, 0, 0, 0),
            (2, 1, 0, 0),
            (3, 0, 0, 1),
        ]
        assert [(m.change_tp, m.change_fp, m.change_fn) for m in months.values()] == [
            (0, 0, 0),
            (1, 1, 0),
            (1, 1, 0),
        ]

    def test_f1(self, truth, proposal):
        score = score_f1(truth, proposal)
        total = score.aois["area"].total
        assert (total.true_positives, total.false_positives, total.false_negatives) == (6, 1, 0)
        assert (total.precision, total.recall, total.f1) == (6 / 7, 1, 12 / 13)
        assert score.pooled == total
        assert score.mean == total.f1

    def test_everything_is_ready_for_json(self, truth, proposal):
        scot = json.loads(json.dumps(score_scot(truth, proposal).to_dict()))
        assert scot["score"] == pytest.approx(0.7463, abs=5e-5)
        assert scot["aois"]["area"]["months"]["2018_03"]["iou"] == [1, 0.6, 8 / 24]
        f1 = json.loads(json.dumps(score_f1(truth, proposal).to_dict()))
        assert f1["aois"]["area"]["months"]["2018_02"]["false_positives"] == 1

    def test_other_weights(self, truth, proposal):
        for beta in (0, 0.5, 1, 2, 100):
            aoi = score_scot(truth, proposal, beta=beta).aois["area"]
            wanted = (1 + beta**2) / (beta**2 / aoi.track + 1 / aoi.change)
            assert aoi.score == pytest.approx(wanted)


class TestFlicker:
    """Two standing buildings, of which B is under a cloud in month 2."""

    @pytest.fixture
    def clouded(self):
        return stack([at(A, B), at(A), at(A, B)], [[1, 2], [1], [1, 2]])

    def test_identical(self, clouded):
        aoi = score_scot(clouded, clouded).aois["area"]
        assert (aoi.track, aoi.change_fp, aoi.change, aoi.score) == (1, 0, 0, 0)
        assert not aoi.has_change

    def test_b_returns_under_a_new_id(self, clouded):
        other = clouded.with_ids([1, 2, 1, 1, 3])
        aoi = score_scot(clouded, other).aois["area"]
        assert (aoi.mismatches, aoi.track, aoi.change_fp) == (1, 0.8, 1)

    def test_b_is_predicted_under_the_cloud(self, clouded):
        other = stack([at(A, B)] * 3, [[1, 2]] * 3)
        aoi = score_scot(clouded, other).aois["area"]
        assert (aoi.track_tp, aoi.track_fp) == (5, 1)
        assert aoi.track == pytest.approx(0.909, abs=5e-4)
        assert aoi.change_fp == 0


class TestCounting:
    def test_a_mismatch_counts_once_and_looks_back_over_gaps(self):
        truth = stack([at(A, B), at(A), at(A, B)], [[1, 2], [1], [1, 2]])
        # In the last month the two ids are exchanged: one mismatch for each pair.
        proposal = stack([at(A, B), [], at(A, B)], [[10, 20], [], [20, 10]])
        assert score_scot(truth, proposal).aois["area"].mismatches == 2

    def test_a_pair_at_the_threshold_is_none(self):
        truth = stack([at(A)], [[1]])
        # 5/15 shifted by 2.
        proposal = stack([at(A + 2)], [[1]])
        assert score_scot(truth, proposal, iou_threshold=8 / 24).aois["area"].track_tp == 0
        assert score_scot(truth, proposal, iou_threshold=0.33).aois["area"].track_tp == 1

    def test_empty_geometries_count_as_rows(self):
        truth = stack([[*at(A), shapely.Polygon()]], [[1, 2]])
        proposal = stack([[shapely.Polygon(), *at(A)]], [[1, 2]])
        aoi = score_scot(truth, proposal).aois["area"]
        assert (aoi.track_tp, aoi.track_fp, aoi.track_fn) == (1, 1, 1)

    def test_months_without_truth(self, truth):
        proposal = stack([at(A)] * 4, [[1]] * 4)
        ignored = score_scot(truth, proposal).aois["area"]
        counted = score_scot(truth, proposal, unmatched_months="count").aois["area"]
        assert "2018_04" not in ignored.months
        assert (ignored.track_fp, counted.track_fp) == (0, 1)
        assert counted.months["2018_04"].fp == 1

    def test_truth_below_the_least_area(self, truth, proposal):
        assert score_scot(truth, proposal, truth_min_area_px=16).aois["area"].track_tp == 5
        none = score_scot(truth, proposal, truth_min_area_px=16.5).aois["area"]
        assert (none.months, none.score, none.track_fn) == ({}, 0, 0)

    def test_duplicate_ids(self):
        truth = stack([at(A, B)], [[1, 1]])
        proposal = stack([at(A, B)], [[5, 5]])
        with pytest.raises(InputError, match="AOI area: truth: got id 1 twice in a month"):
            score_scot(truth, proposal)
        with pytest.raises(InputError, match="AOI area: proposal: got id 5 twice in a month"):
            score_scot(truth.with_ids([1, 2]), proposal)
        aoi = score_scot(truth, proposal, duplicate_ids="sum").aois["area"]
        # One pair, whose IoUs add up; each row counts.
        assert (aoi.track_tp, aoi.track_fp, aoi.track_fn) == (1, 1, 1)
        assert aoi.months["2018_01"].iou.tolist() == [2]

    def test_extreme_ids(self, truth, proposal):
        low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
        names = np.array([low, low + 1, high])
        other = truth.with_ids(names[truth.ids - 1])
        assert score_scot(other, proposal).score == score_scot(truth, proposal).score


class TestAreas:
    def test_the_mean_and_the_pool(self, truth, proposal):
        truths = {"a": truth, "b": truth, "c": truth}
        proposals = {"a": truth, "b": proposal, "z": truth}
        scot = score_scot(truths, proposals)
        assert list(scot.aois) == ["a", "b", "c"]
        assert scot.score == pytest.approx((1 + 0.7463 + 0) / 3, abs=5e-5)
        assert scot.aois["c"].track_fn == 6
        f1 = score_f1(truths, proposals)
        assert list(f1.aois) == ["a", "b", "c", "z"]
        assert f1.aois["z"].total.false_positives == 6
        assert f1.pooled.true_positives == 12
        assert f1.mean == pytest.approx((1 + 12 / 13 + 0 + 0) / 4)

    def test_two_single_stacks_are_compared_whatever_their_names(self, truth):
        other = stack([at(A)], [[1]], aoi="elsewhere")
        assert score_scot(truth, other).aois["area"].track_tp == 1

    def test_nothing_at_all(self):
        none = stack([])
        empty = none.with_ids(np.empty(0, np.int64))
        assert score_scot(empty, empty).score == 0
        assert score_f1(none, none).pooled.f1 == 0
        assert score_scot({}, {}).score == 0

    def test_no_common_area(self, truth):
        with pytest.raises(InputError, match="no common AOI: truth has a, proposal has b"):
            score_scot({"a": truth}, {"b": truth})
        with pytest.raises(InputError, match="no common AOI"):
            score_f1({"a": truth}, {"b": truth})


class TestRefused:
    def test_no_ids(self, truth):
        bare = polygonize_frames([np.eye(3, dtype=bool)], months=["2018_01"], aoi="area")
        with pytest.raises(InputError, match="truth: AOI area has no ids; track it first"):
            score_scot(bare, truth)
        with pytest.raises(InputError, match="proposal: AOI area has no ids"):
            score_scot(truth, bare)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"iou_threshold": np.nan}, "iou_threshold: got NaN, wanted a number"),
            ({"iou_threshold": None}, "iou_threshold: got None, wanted a number"),
            ({"beta": -1}, "beta: got -1, wanted a number from 0"),
            ({"beta": np.nan}, "beta: got nan, wanted a number from 0"),
            ({"beta": np.inf}, "beta: got inf, wanted a number from 0"),
            ({"base_reward": -0.1}, "base_reward: got -0.1, wanted a number from 0"),
            ({"base_reward": np.inf}, "base_reward: got inf, wanted a number from 0"),
            ({"truth_min_area_px": np.nan}, "truth_min_area_px: got nan, wanted a number from 0"),
            ({"truth_min_area_px": "x"}, "truth_min_area_px: got 'x', wanted a number"),
            ({"unmatched_months": "x"}, "unmatched_months: got 'x', wanted one of ignore, count"),
            ({"duplicate_ids": "x"}, "duplicate_ids: got 'x', wanted one of error, sum"),
        ],
    )
    def test_options(self, truth, options, message):
        with pytest.raises(InputError, match=message):
            score_scot(truth, truth, **options)

    def test_f1_threshold(self, truth):
        for value, got in ((np.nan, "NaN"), ("x", "'x'")):
            with pytest.raises(InputError, match=f"iou_threshold: got {got}, wanted a number"):
                score_f1(truth, truth, iou_threshold=value)
