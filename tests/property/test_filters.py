"""The filtered tracker against its slow twin, and what holds whatever it is given."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from reference import filtered as slow
from scenes import boxes, seeds, settlements, stack, stars
from sn7fast import FilterParams, track

SHAPE = (24, 26)

rules = st.builds(
    FilterParams,
    min_iou=st.sampled_from([0.0, 0.1, 0.25, 0.5]),
    matching=st.sampled_from(["overlapping", "nearest"]),
    nearest_tracks=st.integers(1, 4),
    nearest_shapes=st.integers(1, 3),
    shape_update_method=st.sampled_from(["none", "latest", "median_area"]),
    num_ahead_frames=st.integers(0, 3),
    min_iou_new_building=st.sampled_from([0.1, 0.25, 0.6]),
    max_area_occupied=st.sampled_from([0.0, 0.2, 1.0]),
    search_radius_pixel=st.sampled_from([0.0, 3.0, 6.0]),
    max_num_intersect_polys=st.integers(0, 3),
    min_share=st.sampled_from([0.0, 0.3, 0.5]),
    late_starts=st.sampled_from([(), ((2, 1, 0.5), (3, 2, 0.2))]),
    min_detections=st.integers(1, 3),
    min_ratio=st.sampled_from([0.0, 0.5, 0.9]),
    small_area_px=st.sampled_from([0.0, 20.0]),
    small_min_detections=st.integers(1, 3),
    small_min_ratio=st.sampled_from([0.0, 0.7]),
    min_duration=st.integers(1, 3),
    fill=st.sampled_from(["none", "between", "to_end"]),
    fill_shape=st.sampled_from(["master", "typical"]),
    fill_clouds=st.sampled_from(["clip", "skip"]),
    fill_min_detections=st.integers(1, 2),
    fill_max_gap=st.sampled_from([None, 0, 1, 2]),
    fill_only_free=st.booleans(),
    fill_min_cloud_px=st.sampled_from([0, 100]),
)


def clouds(random, months):
    """Whole blocks of pixels that are hidden, in some months."""
    hidden = random.random((months, SHAPE[0] // 2, SHAPE[1] // 2)) < 0.3
    hidden[random.random(months) < 0.3] = False
    return ~hidden.repeat(2, axis=1).repeat(2, axis=2)


def assert_as_reference(frames, params, *, reverse=False, valid=None, scores=None):
    wanted = slow.track(frames, params, reverse=reverse, valid=valid, scores=scores)
    flat = None if scores is None else [score for month in scores for score in month]
    found = track(
        stack(frames), method="filtered", params=params, reverse=reverse, valid=valid, scores=flat
    )
    for month, rows in zip(found.months, wanted, strict=True):
        at = found.rows(month)
        assert found.ids[at].tolist() == [number for _, number, _, _ in rows]
        overlaps = [overlap for *_, overlap in rows]
        assert found.iou[at] == pytest.approx(overlaps, abs=1e-9, nan_ok=True)
        shapes = found.frame(month).to_shapely()
        for got, (_, _, polygon, _) in zip(shapes, rows, strict=True):
            assert got.symmetric_difference(polygon).area < 1e-9


@given(settlements(), rules, seeds(), st.booleans(), st.booleans(), st.booleans())
def test_equal_to_the_reference(made, params, random, reverse, clouded, scored):
    _, frames = made
    valid = clouds(random, len(frames)) if clouded else None
    scores = [random.random(len(frame)) for frame in frames] if scored else None
    assert_as_reference(frames, params, reverse=reverse, valid=valid, scores=scores)


@given(settlements(max_months=9), st.sampled_from(["motokimura", "cannab", "selim_sef"]), seeds())
def test_presets_equal_to_the_reference(made, name, random):
    _, frames = made
    assert_as_reference(frames, FilterParams.preset(name), valid=clouds(random, len(frames)))


@given(seeds(), st.integers(1, 60), st.integers(1, 5))
def test_nearest_of_many(random, count, tracks):
    """Clusters, lines and single points: where the grid of centroids has empty cells."""
    spread = random.choice([0.5, 5, 50], (count, 2))
    places = random.normal(0, 1, (count, 2)) * spread * random.integers(0, 2, 2)
    first = [
        shapely.transform(star, lambda points, place=place: points + place)
        for star, place in zip(stars(random, count, field=1.0), places, strict=True)
    ]
    then = [shapely.transform(s, lambda p: p + random.normal(0, 0.5, 2)) for s in first]
    params = FilterParams(matching="nearest", nearest_tracks=tracks, min_iou=0.1)
    assert_as_reference([first, then], params)


@given(seeds(), st.sampled_from([0.0, 0.1, 0.25]), st.booleans())
def test_no_rules_no_difference(random, min_iou, reverse):
    frames = [boxes(random, int(random.integers(0, 9)), field=8) for _ in range(4)]
    found = track(
        stack(frames), method="filtered", params=FilterParams(min_iou=min_iou), reverse=reverse
    )
    wanted = track(stack(frames), min_iou=min_iou, reverse=reverse)
    assert found.ids.tolist() == wanted.ids.tolist()
    assert found.iou.tobytes() == wanted.iou.tobytes()
    assert found.footprints.coords.tobytes() == wanted.footprints.coords.tobytes()


@given(settlements(), rules, seeds())
def test_permuting_the_rows_of_a_month_permutes_the_result(made, params, random):
    _, frames = made
    mixed = [[frame[k] for k in random.permutation(len(frame))] for frame in frames]

    def table(frames):
        found = track(stack(frames), method="filtered", params=params)
        shapes = found.footprints.to_shapely()
        keys = zip(found.month_index, found.ids, map(shapely.to_wkb, shapes), strict=True)
        return sorted(keys)

    assert table(frames) == table(mixed)


def rows_left(frames, params):
    """Which (month, shape) are left, and how many were filled in."""
    found = track(stack(frames), method="filtered", params=params)
    filled = np.isnan(found.iou)
    shapes = found.footprints.to_shapely()
    kept = zip(found.month_index[~filled], map(shapely.to_wkb, shapes[~filled]), strict=True)
    return set(kept), int(filled.sum())


STAYING = {
    "min_detections": [1, 2, 3],
    "min_ratio": [0.0, 0.4, 0.8],
    "min_share": [0.0, 0.3, 0.6],
    "min_duration": [1, 2, 4],
}


@given(settlements(), st.sampled_from(sorted(STAYING)))
def test_stricter_rules_leave_less(made, name):
    _, frames = made
    left = [rows_left(frames, FilterParams(**{name: value}))[0] for value in STAYING[name]]
    assert left[0] >= left[1] >= left[2]


@given(settlements())
def test_stricter_rules_let_fewer_start_in_the_first_month(made):
    _, frames = made

    def first(**changes):
        params = FilterParams(num_ahead_frames=2, **changes)
        found = track(stack(frames), method="filtered", params=params)
        return set(found.ids[found.rows(found.months[0])].tolist())

    assert first(min_iou_new_building=0.1) >= first() >= first(min_iou_new_building=0.7)


@given(settlements(), seeds())
def test_filling_adds_and_changes_nothing_else(made, random):
    _, frames = made
    plain, none = rows_left(frames, FilterParams())
    assert none == 0
    counts = []
    for rule in (
        {"fill": "between", "fill_only_free": True},
        {"fill": "between"},
        {"fill": "to_end"},
    ):
        kept, filled = rows_left(frames, FilterParams(**rule))
        assert kept == plain
        counts.append(filled)
    assert counts == sorted(counts)
    valid = clouds(random, len(frames))
    clear = track(stack(frames), method="filtered", params=FilterParams(fill="to_end"))
    seen = track(stack(frames), method="filtered", params=FilterParams(fill="to_end"), valid=valid)
    assert len(seen) <= len(clear)


@given(settlements(), rules, seeds())
def test_no_identifier_twice_in_a_month(made, params, random):
    _, frames = made
    valid = clouds(random, len(frames))
    found = track(stack(frames), method="filtered", params=params, valid=valid)
    for month in found.months:
        ids = found.ids[found.rows(month)]
        assert len(set(ids.tolist())) == len(ids)


@given(settlements(), rules)
def test_existing_ids_are_ignored(made, params):
    given_ids, _ = made
    one, other = (
        track(s, method="filtered", params=replace(params, min_iou=0.2))
        for s in (given_ids, given_ids.with_ids(None))
    )
    assert (one.ids == other.ids).all()
