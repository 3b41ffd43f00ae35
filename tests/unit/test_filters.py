"""The filtered tracker: each rule alone on a few boxes."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from scenes import stack
from sn7fast import FilterParams, InputError, rasterize, track
from sn7fast.data.sn7 import sn7_grid


def box(x, width=4, y=0, height=4):
    return shapely.box(x, y, x + width, y + height)


def filtered(months, *, valid=None, scores=None, reverse=False, **rules):
    return track(
        stack(months),
        method="filtered",
        params=FilterParams(**rules),
        valid=valid,
        scores=scores,
        reverse=reverse,
    )


def ids(months, **rules):
    found = filtered(months, **rules)
    return [found.ids[found.rows(month)].tolist() for month in found.months]


def corners(found, month):
    """Left edges of the footprints of a month, counted from 0."""
    return found.frame(found.months[month]).bounds[:, 0].tolist()


# Everything off -----------------------------------------------------------------------------------


def test_by_default_it_is_the_baseline():
    months = [[box(0), box(10, 6)], [box(1), box(20)], [], [box(20), box(2)]]
    found, wanted = filtered(months), track(stack(months))
    assert found.ids.tolist() == wanted.ids.tolist()
    assert found.iou.tolist() == wanted.iou.tolist()
    assert found.frame_offsets.tolist() == wanted.frame_offsets.tolist()
    assert (found.footprints.coords == wanted.footprints.coords).all()


# Following ----------------------------------------------------------------------------------------


def test_latest_and_median_area():
    drift = [[box(x)] for x in range(5)]
    assert ids(drift) == [[0], [0], [0], [1], [1]]
    assert ids(drift, shape_update_method="latest") == [[0]] * 5
    # Areas are all the same: the first shape stays nearest to the median.
    assert ids(drift, shape_update_method="median_area") == [[0], [0], [0], [1], [1]]
    # 16, then 28 thrice: at the second the median lies between, at the third the larger takes over.
    growth = [[box(0, 4)], [box(0, 7)], [box(0, 7)], [box(3, 4)]]
    assert ids(growth, min_iou=0.3) == [[0], [0], [0], [1]]
    assert ids(growth, min_iou=0.3, shape_update_method="median_area") == [[0]] * 4
    assert ids(growth[:2] + growth[3:], min_iou=0.3, shape_update_method="median_area") == [
        [0],
        [0],
        [1],
    ]


def test_nearest_compares_with_the_first_shapes():
    drift = [[box(x)] for x in range(5)]
    near = {"matching": "nearest", "min_iou": 0.5}
    # 3/5 with the one before.
    assert ids(drift, **near) == [[0]] * 5
    assert ids(drift, nearest_shapes=1, **near) == [[0], [0], [1], [1], [2]]
    assert ids(drift, nearest_shapes=2, **near) == [[0], [0], [0], [1], [1]]


def test_nearest_knows_few_identifiers():
    # A long building is matched by its end; the middles of four small ones are nearer.
    months = [[box(0, 40), *(box(x, 1, 5, 1) for x in range(36, 40))], [box(20, 20)]]
    near = {"matching": "nearest", "min_iou": 0.4}
    assert ids(months, nearest_tracks=5, **near)[1] == [0]
    # The first centroid lies at 20, the new one at 30, the small ones at 36.5 to 39.5.
    assert ids(months, nearest_tracks=3, **near)[1] == [5]


def test_nearest_drops_what_comes_second():
    months = [[box(0, 8)], [box(0, 5), box(5, 3)], [box(0, 8)]]
    assert ids(months, matching="nearest", min_iou=0.3) == [[0], [0], [0]]
    assert ids(months, min_iou=0.3) == [[0], [0, 1], [0]]


# Founding -----------------------------------------------------------------------------------------


def test_look_ahead():
    stays, flickers = box(0), box(10)
    months = [[stays, flickers], [stays], [stays], [stays, flickers], [stays]]
    assert ids(months, num_ahead_frames=2) == [[0], [0], [0], [0], [0]]
    assert ids(months, num_ahead_frames=3) == [[0, 1], [0], [0], [0, 1], [0]]
    # In the last month nothing can be asked for.
    assert ids([[stays], [stays, flickers]], num_ahead_frames=3) == [[0], [0, 1]]
    # 1/7 with the next.
    moved = [[box(0)], [box(3)], [box(3)]]
    assert ids(moved, num_ahead_frames=1, min_iou=0.1) == [[], [0], [0]]
    assert ids(moved, num_ahead_frames=1, min_iou=0.1, min_iou_new_building=0.14) == [[0]] * 3


def test_look_ahead_numbers_the_first_month_before_it_drops():
    months = [[box(0, 9), box(20, 8), box(40, 7)], [box(0, 9), box(40, 7)], [box(60)], [box(60)]]
    assert ids(months, num_ahead_frames=3) == [[0, 2], [0, 2], [3], [3]]
    # The next one counts from the highest that is left.
    months = [[box(0, 9), box(20, 8)], [box(0, 9), box(60)], [box(60)]]
    assert ids(months, num_ahead_frames=2) == [[0], [0, 1], [1]]


def test_look_ahead_goes_the_way_of_the_tracker():
    months = [[box(0)], [box(0)], [box(10)], [box(0)]]
    assert ids(months, num_ahead_frames=1) == [[0], [0], [], [0]]
    assert ids(months, num_ahead_frames=1, reverse=True) == [[0], [0], [], []]


def test_no_overlap_with_known_buildings():
    # 1 of 4 columns is known.
    months = [[box(0)], [box(0), box(3)]]
    assert ids(months, max_area_occupied=0.25) == [[0], [0, 1]]
    assert ids(months, max_area_occupied=0.24) == [[0], [0]]
    assert ids([[box(0)], [box(4)]], max_area_occupied=0) == [[0], [1]], "touching is fine"
    # Those that were seen this month and those that were not.
    assert ids([[box(0)], [], [box(3)]], max_area_occupied=0) == [[0], [], []]


def test_neighbours():
    known = [box(6 * k, 5) for k in range(5)]
    # The right ends of the others are 3.5, 9.5 and 15.5 from its middle.
    months = [known, [*known, box(6 * 5, 5)]]

    def is_let_in(radius, most):
        rules = {"search_radius_pixel": radius, "max_num_intersect_polys": most}
        return len(ids(months, **rules)[1]) == 6

    # One more than the name says.
    assert is_let_in(9, 0)
    assert not is_let_in(10, 0)
    assert is_let_in(10, 1)
    assert not is_let_in(16, 1)
    assert is_let_in(0, 0)


def test_neighbours_are_met_by_a_circle_of_64_corners():
    centre = np.array([20.0, 0.5])

    def is_let_in(radius, angle, length):
        """A new building with another in this direction, its corner at that distance."""
        tip = centre + length * np.array([np.cos(angle), np.sin(angle)])
        side = np.array([-np.sin(angle), np.cos(angle)])
        away = tip + np.array([np.cos(angle), np.sin(angle)])
        spike = shapely.Polygon([tip, away + side, away - side])
        new = box(19, 2, -0.5, 2)
        rules = {"search_radius_pixel": radius, "max_num_intersect_polys": 0}
        return len(ids([[spike, spike], [new]], **rules)[1]) == 1

    corner, middle = 2 * np.pi / 64 * 5, 2 * np.pi / 64 * 5.5
    assert not is_let_in(8, corner, 7.999)
    assert is_let_in(8, corner, 8.001)
    # In the middle of a side the polygon ends at 8 cos(pi / 64) = 7.9904.
    assert not is_let_in(8, middle, 7.990)
    assert is_let_in(8, middle, 7.991)


# Staying ------------------------------------------------------------------------------------------


def seen_in(months, length=8, shape=None, always=True):
    """A building that is always there, and one that is seen in these months."""
    shape = box(20) if shape is None else shape
    return [
        [*([box(0)] if always else []), *([shape] if k in months else [])] for k in range(length)
    ]


def test_late_ones_need_detections_and_a_share():
    rule = {"min_detections": 3}
    assert ids(seen_in({2, 3}), **rule)[2] == [0]
    assert ids(seen_in({2, 3, 7}), **rule)[2] == [0, 1]
    assert ids(seen_in({0}), **rule)[0] == [0, 1], "what was there from the start stays"
    # 3 of the 6 months from its start to the end of the stack.
    assert ids(seen_in({2, 3, 4}), min_ratio=0.5)[2] == [0, 1]
    assert ids(seen_in({2, 3}), min_ratio=0.5)[2] == [0]
    assert ids(seen_in({6}), min_ratio=0.5)[6] == [0, 1]


def test_small_ones_need_more():
    rule = {"small_area_px": 17, "small_min_detections": 4, "min_detections": 2}
    assert ids(seen_in({2, 3, 4}), **rule)[2] == [0]
    assert ids(seen_in({2, 3, 4, 5}), **rule)[2] == [0, 1]
    assert ids(seen_in({2, 3}, shape=box(20, 5)), **rule)[2] == [0, 1]
    rule = {"small_area_px": 17, "small_min_ratio": 0.8}
    assert ids(seen_in({4, 5, 6}), **rule)[4] == [0]
    assert ids(seen_in({4, 5, 6, 7}), **rule)[4] == [0, 1]
    # At the limit it is not small.
    assert ids(seen_in({4, 5}), small_area_px=16, small_min_ratio=0.8)[4] == [0, 1]


def test_share_of_all_months_and_late_starts():
    rule = {"min_share": 0.4}
    # 3 of 8, rounded down from 3.2; also for what was there from the start.
    assert ids(seen_in({0, 1, 2}), **rule)[0] == [0, 1]
    assert ids(seen_in({0, 1}), **rule)[0] == [0]
    late = {"late_starts": ((2, 2, 0.9),), **rule}
    assert ids(seen_in({6, 7}), **late)[6] == [0, 1]
    assert ids(seen_in({5, 7}), **late)[5] == [0]
    assert ids(seen_in({7}), **late)[7] == [0]
    scores = np.full(10, 0.95)
    months = seen_in({6, 7})
    assert ids(months, scores=scores, **late)[6] == [0, 1]
    scores[[7, 9]] = 0.9, 0.9
    assert ids(months, scores=scores, **late)[6] == [0]
    scores[[7, 9]] = 0.85, 0.96
    assert ids(months, scores=scores, **late)[6] == [0, 1], "the median of the two"


def test_duration():
    assert ids(seen_in({2, 4}), min_duration=3)[2] == [0, 1]
    assert ids(seen_in({2, 3}), min_duration=3)[2] == [0]
    assert ids(seen_in({0}), min_duration=2)[0] == [0]


# Filling ------------------------------------------------------------------------------------------


def test_between():
    found = filtered(seen_in({1, 4}, length=6), fill="between")
    assert [found.ids[found.rows(m)].tolist() for m in found.months] == [
        [0],
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 1],
        [0],
    ]
    rows = found.rows(found.months[2])
    assert np.isnan(found.iou[rows]).tolist() == [False, True]
    assert corners(found, 2) == [0, 20]
    assert np.isnan(found.iou).sum() == 2


def test_to_end():
    months = seen_in({1, 3}, length=6)
    assert [len(month) for month in ids(months, fill="to_end")] == [1, 2, 2, 2, 2, 2]
    rule = {"fill": "to_end", "fill_min_detections": 3}
    assert [len(month) for month in ids(months, **rule)] == [1, 2, 1, 2, 1, 1]
    rule = {"fill": "to_end", "fill_max_gap": 1}
    assert [len(month) for month in ids(months, **rule)] == [1, 2, 1, 2, 1, 1]
    rule = {"fill": "to_end", "fill_max_gap": 2}
    assert [len(month) for month in ids(months, **rule)] == [1, 2, 2, 2, 2, 2]
    rule = {"fill": "between", "fill_max_gap": 1}
    assert [len(month) for month in ids(months, **rule)] == [1, 2, 2, 2, 1, 1]


def test_with_the_master_or_the_most_typical_shape():
    months = [[box(20)], [box(21)], [box(21)], [], [box(22)]]
    assert corners(filtered(months, fill="between"), 3) == [20]
    latest = filtered(months, fill="between", shape_update_method="latest")
    assert corners(latest, 3) == [22]
    assert corners(filtered(months, fill="between", fill_shape="typical"), 3) == [21]


def test_only_where_there_is_room():
    # In the month without it something else stands in the way of the first of its shapes.
    months = [[box(20)], [box(21)], [box(21)], [box(19, 2, 4, 9)], [box(22)]]
    rule = {"fill": "between", "fill_only_free": True}
    assert len(filtered(months, **rule).frame("2018_04")) == 1
    found = filtered(months, fill_shape="typical", **rule)
    # 21 touches, and so does 20; 22 does not.
    assert corners(found, 3) == [19, 22]
    assert len(filtered(months, fill="between").frame("2018_04")) == 2


def test_what_is_dropped_is_not_in_the_way():
    months = [[box(20)], [box(20)], [box(20, 20)], [box(20)]]
    rule = {"fill": "between", "fill_only_free": True, "min_iou": 0.5}
    assert [len(month) for month in ids(months, **rule)] == [1, 1, 1, 1]
    assert corners(filtered(months, **rule), 2) == [20]
    found = filtered(months, min_detections=2, **rule)
    assert found.ids.tolist() == [0, 0, 0, 0]
    assert found.frame("2018_03").areas.tolist() == [16]


def valid_without(*holes, months=3, shape=(8, 30)):
    """All is seen but rectangles, each (month, rows, columns)."""
    valid = np.ones((months, *shape), bool)
    for month, rows, columns in holes:
        valid[month, slice(*rows), slice(*columns)] = False
    return valid


def test_clouds_clip():
    months = [[box(20)], [], [box(20)]]
    clear = filtered(months, fill="between", valid=valid_without())
    assert clear.frame("2018_02").areas.tolist() == [16]
    part = filtered(months, fill="between", valid=valid_without((1, (0, 8), (0, 21))))
    seen = part.frame("2018_02")
    assert seen.areas.tolist() == [12]
    assert corners(part, 1) == [21]
    hidden = filtered(months, fill="between", valid=valid_without((1, (0, 8), (20, 24))))
    assert len(hidden.frame("2018_02")) == 0
    # Clouds of other months do not matter.
    other = filtered(months, fill="between", valid=valid_without((0, (0, 8), (0, 30))))
    assert other.frame("2018_02").areas.tolist() == [16]


def test_clouds_can_tear_a_footprint_apart():
    months = [[box(10, 12), box(0)], [], [box(0), box(10, 12)]]
    valid = valid_without((1, (0, 8), (14, 16)))
    found = filtered(months, fill="between", valid=valid)
    torn = found.frame("2018_02")
    assert torn.areas.tolist() == [40, 16]
    assert len(torn.to_shapely()[0].geoms) == 2
    whole = rasterize(filtered(months, fill="between").frame("2018_02"), (8, 30)) > 0
    assert np.array_equal(rasterize(torn, (8, 30)) > 0, whole & valid[1])


def test_clouds_skip():
    months = [[box(20)], [], [box(21)]]
    rule = {"fill": "between", "fill_clouds": "skip"}
    valid = valid_without((1, (0, 8), (0, 21)))
    assert len(filtered(months, valid=valid, **rule).frame("2018_02")) == 0
    # Another of its shapes is clear.
    found = filtered(months, valid=valid, fill_shape="typical", **rule)
    assert corners(found, 1) == [21]
    few = filtered(months, valid=valid, fill_min_cloud_px=8 * 21 + 1, **rule)
    assert corners(few, 1) == [20]


def test_clouds_beside_the_image():
    """What has no pixel cannot be hidden."""
    months = [[box(40)], [], [box(40)]]
    found = filtered(months, fill="between", valid=valid_without((1, (0, 8), (0, 30))))
    assert found.frame("2018_02").areas.tolist() == [16]


# Together -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["motokimura", "cannab", "selim_sef"])
def test_presets_on_a_plain_stack(name):
    """What all of them agree on: buildings that are always there, and one that is built."""
    months = [[box(0), box(20), *([box(40)] if k >= 3 else [])] for k in range(12)]
    found = track(stack(months), method="filtered", params=FilterParams.preset(name))
    assert [len(found.frame(month)) for month in found.months] == [2] * 3 + [3] * 9
    assert set(found.ids.tolist()) == {0, 1, 2}


def test_presets_do_what_they_say():
    months = seen_in({0, 1, 5, 6, 7, 8, 9, 10}, length=12)
    fake = [*months[:4], [*months[4], box(40)], *months[5:]]
    for name, months_with_1 in (("motokimura", 11), ("cannab", 8), ("selim_sef", 12)):
        params = FilterParams.preset(name)
        found = track(stack(fake), method="filtered", params=params)
        assert set(found.ids.tolist()) == {0, 1}, f"{name}: the flicker is dropped"
        assert (found.ids == 1).sum() == months_with_1, name


def test_without_params_it_is_the_preset_of_motokimura():
    made = stack(seen_in({0, 1, 5}))
    given = track(made, method="filtered", params=FilterParams.preset("motokimura"))
    plain = track(made, method="filtered")
    assert plain.ids.tolist() == given.ids.tolist()
    assert replace(FilterParams.preset("motokimura"), min_iou=0.7) == FilterParams.preset(
        "motokimura"
    ).with_min_iou(0.7)


def test_empty_stacks_and_months():
    rules = FilterParams.preset("motokimura"), FilterParams.preset("selim_sef")
    for params in rules:
        for months in ([], [[]], [[], []], [[], [box(0)], [box(0)], []]):
            found = track(stack(months), method="filtered", params=params)
            assert len(found.months) == len(months)
    found = track(stack([[], [box(0)], [box(0)], []]), method="filtered")
    assert found.ids.tolist() == [0, 0]


def test_empty_and_self_crossing_footprints():
    bow = shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    months = [[bow, shapely.Polygon(), box(20)], [bow, box(20)], [shapely.Polygon(), box(20)]]
    for name in ("motokimura", "cannab", "selim_sef"):
        params = FilterParams.preset(name)
        found = track(stack(months), method="filtered", params=params)
        assert (found.ids == found.ids[found.footprints.bounds[:, 0] == 20][0]).sum() == 3


def test_the_stack_itself_is_untouched():
    before = stack([[box(0)], [], [box(0)]], ids=[[7], [], [8]])
    after = track(before, method="filtered")
    assert before.ids.tolist() == [7, 8]
    assert after.ids.tolist() == [0, 0, 0]
    assert after.ids.dtype == np.int64
    assert after.iou.dtype == np.float64
    assert (after.aoi, after.months, after.grid) == (before.aoi, before.months, before.grid)


# Refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"min_iou": -0.1}, "min_iou: got -0.1, wanted a number from 0"),
        ({"min_iou": np.nan}, "min_iou: got nan"),
        ({"min_iou": 1.5}, "min_iou: got 1.5, wanted a number from 0 to 1"),
        ({"min_iou_new_building": "x"}, "min_iou_new_building: got 'x'"),
        ({"max_area_occupied": -1}, "max_area_occupied: got -1"),
        ({"search_radius_pixel": np.nan}, "search_radius_pixel: got nan"),
        ({"num_ahead_frames": -1}, "num_ahead_frames: got -1, wanted a whole number"),
        ({"num_ahead_frames": 1.5}, "num_ahead_frames: got 1.5"),
        ({"max_num_intersect_polys": -1}, "max_num_intersect_polys: got -1"),
        ({"min_detections": 0}, "min_detections: got 0, wanted a whole number from 1"),
        ({"min_ratio": 2}, "min_ratio: got 2, wanted a number from 0 to 1"),
        ({"min_share": -0.5}, "min_share: got -0.5"),
        ({"small_area_px": np.nan}, "small_area_px: got nan"),
        ({"min_duration": 0}, "min_duration: got 0"),
        ({"matching": "best"}, "matching: got 'best', wanted one of overlapping, nearest"),
        ({"nearest_tracks": 0}, "nearest_tracks: got 0"),
        ({"shape_update_method": "first"}, "shape_update_method: got 'first', wanted one of none"),
        ({"fill": True}, "fill: got True, wanted one of none, between, to_end"),
        ({"fill_shape": "x"}, "fill_shape: got 'x'"),
        ({"fill_clouds": "x"}, "fill_clouds: got 'x'"),
        ({"fill_max_gap": -1}, "fill_max_gap: got -1"),
        ({"late_starts": (3,)}, r"late_starts: got 3, wanted \(months left, detections, score\)"),
        ({"late_starts": ((0, 1, 0.5),)}, "late_starts: months left: got 0"),
        ({"late_starts": ((3, 1, np.nan),)}, "late_starts: score: got nan"),
    ],
)
def test_refused_rules(rules, message):
    with pytest.raises(InputError, match=message):
        FilterParams(**rules)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"master": "latest"}, "master: got 'latest' with method 'filtered'"),
        ({"params": "motokimura"}, "params: got str, wanted FilterParams"),
        ({"min_iou": np.nan}, "min_iou: got nan"),
        ({"valid": np.ones((1, 8, 30), bool)}, r"valid: got bool of shape \(1, 8, 30\), wanted"),
        ({"valid": np.ones((2, 8, 30), np.uint8)}, "valid: got uint8"),
        ({"valid": np.ones((8, 30), bool)}, r"valid: got bool of shape \(8, 30\)"),
        ({"scores": [0.5]}, r"scores: got shape \(1,\), wanted \(2,\)"),
        ({"scores": [0.5, np.nan]}, "scores: got NaN"),
        ({"scores": ["a", "b"]}, "scores: wanted a number"),
        ({"method": "baseline", "params": FilterParams()}, "params: got it with method 'baseline'"),
        ({"method": "baseline", "valid": np.ones((2, 8, 30), bool)}, "valid: got it"),
        ({"method": "baseline", "scores": [1, 1]}, "scores: got it"),
        ({"method": "best"}, "method: got 'best', wanted 'baseline' or 'filtered'"),
    ],
)
def test_refused(options, message):
    with pytest.raises(InputError, match=message):
        track(stack([[box(0)], [box(0)]]), **{"method": "filtered", **options})


def test_valid_of_another_size_than_the_grid():
    made = replace(stack([[box(0)]]), grid=sn7_grid("L15-0331E-1257N_1327_3160_13"))
    with pytest.raises(
        InputError, match=r"valid: got bool of shape .*wanted bool \(1 months, 1024"
    ):
        track(made, method="filtered", valid=np.ones((1, 8, 30), bool))


def test_unknown_preset():
    wanted = "preset: got 'first', wanted one of motokimura, cannab, selim_sef"
    with pytest.raises(InputError, match=wanted):
        FilterParams.preset("first")
