"""The baseline tracker against its slow twin, and what holds whatever it is given."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from reference.tracking import track as slow_track
from scenes import boxes, holed, seeds, settlements, shifted, stack, stars
from sn7fast import Stack, track

limits = st.sampled_from([-1.0, 0.0, 1e-9, 0.2, 0.25, 1 / 3, 0.5, 0.9, 1.0])


def crossing(random, count):
    return [
        shapely.Polygon(random.uniform(0, 8, (int(random.integers(4, 9)), 2))) for _ in range(count)
    ]


KINDS = {
    "boxes": lambda random, n: boxes(random, n, field=8),
    "one size": lambda random, n: boxes(random, n, field=6, size=1),
    "stars": lambda random, n: stars(random, n, field=12.0),
    "holes": lambda random, n: [holed(random, s) for s in stars(random, n, field=12.0)],
    "parts": lambda random, n: [shapely.union_all(boxes(random, 2, field=8)) for _ in range(n)],
    "empty": lambda random, n: [shapely.Polygon(), *boxes(random, n, field=6)],
}


@st.composite
def monthly(draw, kinds=KINDS):
    """Months of polygons, some of them without any."""
    random, make = draw(seeds()), kinds[draw(st.sampled_from(sorted(kinds)))]
    counts = draw(st.lists(st.integers(0, 9), max_size=5))
    return [make(random, count) if count else [] for count in counts]


def assert_as_reference(months, **options):
    wanted = slow_track(
        [(f"2018_{k + 1:02d}", polygons) for k, polygons in enumerate(months)],
        min_iou=options.get("min_iou", 0.25),
        reverse=options.get("reverse", False),
    )
    found = track(stack(months), **options)
    for month in wanted:
        rows = found.rows(month["name"])
        assert found.ids[rows][month["order"]].tolist() == month["Id"]
        assert found.iou[rows][month["order"]] == pytest.approx(month["iou_score"], abs=1e-12)


@given(monthly(), limits, st.booleans())
def test_equal_to_the_reference(months, min_iou, reverse):
    assert_as_reference(months, min_iou=min_iou, reverse=reverse)


@given(
    monthly({"crossing": crossing, "mixed": lambda r, n: crossing(r, n) + boxes(r, n, field=8)}),
    limits.filter(lambda limit: limit > 0),
    st.booleans(),
)
def test_self_crossing_polygons_as_in_the_reference(months, min_iou, reverse):
    assert_as_reference(months, min_iou=min_iou, reverse=reverse)


@given(monthly(), limits, st.booleans(), st.sampled_from(["first", "latest"]))
def test_what_ids_promise(months, min_iou, reverse, master):
    found = track(stack(months), min_iou=min_iou, reverse=reverse, master=master)
    count = found.ids.max(initial=-1) + 1
    assert sorted(set(found.ids)) == list(range(count)), "from 0 without gaps"
    assert (found.iou[found.iou > 0] >= min_iou).all()
    order = found.months[::-1] if reverse else found.months
    known = 0
    for month in order:
        rows = found.rows(month)
        ids, iou = found.ids[rows], found.iou[rows]
        assert len(set(ids)) == len(ids), "no id twice in a month"
        new = ids >= known
        assert (iou[new] == 0).all()
        # Founders are numbered from the largest to the smallest.
        founders = np.argsort(ids)[len(ids) - new.sum() :]
        assert (np.diff(found.frame(month).areas[founders]) <= 0).all()
        known = max(known, ids.max(initial=-1) + 1)


@given(monthly(), limits, st.sampled_from(["first", "latest"]))
def test_backwards_is_forwards_through_the_months_turned_around(months, min_iou, master):
    turned = track(stack(months[::-1]), min_iou=min_iou, master=master)
    found = track(stack(months), min_iou=min_iou, master=master, reverse=True)
    ends = np.cumsum([len(month) for month in months[::-1]])
    parts = np.split(turned.ids, ends[:-1])[::-1] if months else []
    assert found.ids.tolist() == [number for part in parts for number in part]


@given(monthly(), st.data())
def test_empty_months_change_nothing(months, data):
    places = data.draw(st.lists(st.integers(0, len(months)), max_size=3))
    longer = list(months)
    for place in sorted(places, reverse=True):
        longer.insert(place, [])
    one, other = track(stack(months)), track(stack(longer))
    assert (one.ids == other.ids).all()
    assert (one.iou == other.iou).all()


@given(settlements(), seeds(), limits)
def test_permuting_the_rows_of_a_month_permutes_the_ids(made, random, min_iou):
    first, frames = made
    orders = [random.permutation(len(frame)) for frame in frames]
    mixed = stack([[frame[k] for k in order] for frame, order in zip(frames, orders, strict=True)])
    one, other = track(first, min_iou=min_iou), track(mixed, min_iou=min_iou)
    for month, order in zip(first.months, orders, strict=True):
        assert (one.ids[one.rows(month)][order] == other.ids[other.rows(month)]).all()


@given(monthly({"boxes": KINDS["boxes"]}), st.integers(-999, 999), st.integers(-999, 999))
def test_shifting_changes_nothing(months, dx, dy):
    moved = [shifted(m, dx, dy) for m in months]
    one, other = track(stack(months)), track(stack(moved))
    assert (one.ids == other.ids).all()
    assert one.iou.tobytes() == other.iou.tobytes()


@given(settlements(), st.sampled_from(["first", "latest"]))
def test_a_month_that_repeats_keeps_all_ids(made, master):
    _, frames = made
    doubled = [frame for frame in frames for _ in range(2)]
    found = track(stack(doubled), min_iou=0.99, master=master)
    for k in range(0, len(doubled), 2):
        one, other = (found.rows(found.months[k + d]) for d in range(2))
        if master == "latest":
            assert (found.ids[one] == found.ids[other]).all()
        assert (found.iou[other] > 0.99).all()


@given(settlements())
def test_existing_ids_are_ignored(made):
    given_ids, _ = made
    bare = Stack(given_ids.aoi, given_ids.months, given_ids.footprints, given_ids.frame_offsets)
    assert (track(given_ids).ids == track(bare).ids).all()
