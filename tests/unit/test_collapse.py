"""Temporal collapse on cubes made by hand: what stands where, and from when to when."""

import numpy as np
import pytest

from sn7fast import Cube, collapse
from sn7fast.collapse import CollapseParams
from sn7fast.errors import InputError, StackError

MONTHS = 12


def months(count=MONTHS):
    return [f"2018_{k + 1:02}" if k < 12 else f"2019_{k - 11:02}" for k in range(count)]


def empty(count=MONTHS, shape=(40, 48), value=0):
    return np.full((count, *shape), value, np.uint8)


def put(prob, rows, columns, first=0, end=None, value=255):
    prob[first:end, slice(*rows), slice(*columns)] = value


def found(prob, valid=None, scale=1, max_shift_px=0, **options):
    """At rest: in a scene of two buildings one that is new looks like a move."""
    cube = Cube.from_arrays(prob, months=months(len(prob)), valid=valid, scale=scale)
    return collapse(cube, CollapseParams(max_shift_px=max_shift_px, **options), aoi="town")


def bounds_of(stack, building):
    row = np.flatnonzero(stack.ids == building)[0]
    return stack.footprints.bounds[row].tolist()


def months_of(stack, building):
    return stack.month_index[stack.ids == building].tolist()


def test_a_building_that_always_stood():
    prob = empty()
    put(prob, (10, 14), (20, 25))
    stack = found(prob)
    assert stack.aoi == "town"
    assert stack.ids.tolist() == [0] * MONTHS
    assert bounds_of(stack, 0) == [20, 10, 25, 14]
    table = stack.buildings
    assert len(table) == 1
    assert (table.first_month[0], table.last_month[0], table.observed[0]) == (0, 11, 12)
    assert (table.first_month_lo[0], table.first_month_hi[0]) == (0, 0)
    assert table.confidence[0] > 0.9


def test_a_building_that_appears():
    prob = empty()
    put(prob, (10, 14), (20, 25))
    put(prob, (25, 30), (5, 9), first=5)
    stack = found(prob)
    new = int(stack.buildings.ids[stack.buildings.first_month > 0][0])
    assert months_of(stack, new) == list(range(5, MONTHS))
    assert bounds_of(stack, new) == [5, 25, 9, 30]
    assert len(stack.buildings) == 2
    assert stack.buildings.confidence[new] > 0.5


def test_one_month_alone_starts_nothing_and_a_gap_ends_nothing():
    prob = empty()
    put(prob, (10, 14), (20, 25))
    prob[6] = 0
    put(prob, (25, 30), (5, 9), first=7, end=8)
    put(prob, (25, 30), (30, 34), first=MONTHS - 1)
    stack = found(prob)
    assert stack.ids.tolist() == [0] * MONTHS


def test_a_building_that_is_pulled_down():
    prob = empty(24)
    put(prob, (10, 14), (20, 25), end=12)
    stack = found(prob)
    assert months_of(stack, 0) == list(range(12))
    assert stack.buildings.last_month.tolist() == [11]
    stays = found(prob, death=0.0, never=0.01)
    assert months_of(stays, 0) == list(range(24))


def test_flicker_is_a_building_that_always_stood():
    prob = empty(24)
    put(prob, (10, 14), (20, 25))
    prob[[2, 3, 7, 11, 12, 15, 19, 22]] = 0
    stack = found(prob)
    assert months_of(stack, 0) == list(range(24))


def test_rare_false_alarms_are_no_building():
    prob = empty(24)
    put(prob, (20, 25), (4, 9))
    for month in (3, 9, 17):
        prob[month, 10:14, 20:25] = 255
    stack = found(prob)
    assert len(stack.buildings) == 1
    assert bounds_of(stack, 0) == [4, 20, 9, 25]


def test_neighbours_that_touch_are_told_apart_by_when_they_came():
    prob = empty()
    put(prob, (10, 16), (10, 16))
    put(prob, (10, 16), (16, 22), first=6)
    stack = found(prob)
    assert len(stack.buildings) == 2
    assert sorted(stack.buildings.first_month.tolist()) == [0, 6]
    old = int(stack.buildings.ids[stack.buildings.first_month == 0][0])
    assert bounds_of(stack, old) == [10, 10, 16, 16]


def test_a_new_rim_is_no_new_building():
    prob = empty()
    put(prob, (10, 16), (10, 30))
    put(prob, (16, 17), (10, 30), first=6)
    stack = found(prob)
    assert len(stack.buildings) == 1
    assert stack.buildings.first_month.tolist() == [0]


def test_neighbours_that_run_together_in_most_months():
    prob = empty()
    put(prob, (10, 15), (10, 15))
    put(prob, (10, 15), (16, 21))
    prob[2:, 10:15, 15] = 255
    stack = found(prob)
    assert len(stack.buildings) == 2
    assert len(found(prob, min_gap=0.5).buildings) == 1


def test_clouds_say_nothing():
    prob = empty()
    put(prob, (10, 14), (20, 25))
    put(prob, (25, 30), (5, 9), first=4)
    valid = np.ones(prob.shape, bool)
    valid[3:7] = False
    valid[9, :, 15:] = False
    prob[~valid] = 0
    stack = found(prob, valid=valid)
    assert len(stack.buildings) == 2
    seen = {int(k): months_of(stack, k) for k in stack.buildings.ids}
    new = int(stack.buildings.ids[stack.buildings.first_month > 0][0])
    # It is first seen in month 7; that it came in one of 3 to 7 is all there is to know.
    assert seen[new] == [7, 8, 9, 10, 11]
    assert seen[1 - new] == [0, 1, 2, 7, 8, 10, 11]
    assert stack.buildings.first_month_lo[new] <= 4
    assert stack.buildings.first_month_hi[new] == 7
    assert stack.buildings.observed[new] == 8
    kept = found(prob, valid=valid, hidden="keep")
    assert months_of(kept, 1 - new) == list(range(MONTHS))


def test_the_visible_part_tells_for_all():
    prob = empty()
    put(prob, (10, 16), (20, 26), first=5)
    valid = np.ones(prob.shape, bool)
    valid[5:8, :, 24:] = False
    prob[~valid] = 0
    stack = found(prob, valid=valid)
    assert months_of(stack, 0) == list(range(5, MONTHS))


def test_a_building_hidden_at_first_is_there_from_when_it_is_seen():
    prob = empty()
    put(prob, (10, 16), (20, 26))
    valid = np.ones(prob.shape, bool)
    valid[:3] = False
    prob[:3] = 0
    stack = found(prob, valid=valid)
    assert months_of(stack, 0) == list(range(3, MONTHS))
    assert stack.buildings.first_month.tolist() == [0]


def town(seed=0, shape=(160, 160), count=MONTHS):
    """Boxes on a grid, one of ten new, and the month of each."""
    rng = np.random.default_rng(seed)
    prob = empty(count, shape)
    starts = []
    for row in range(8, shape[0] - 14, 11):
        for column in range(8, shape[1] - 14, 11):
            height, width = rng.integers(4, 8, 2)
            first = int(rng.integers(3, count - 3)) if rng.random() < 0.1 else 0
            put(prob, (row, row + height), (column, column + width), first=first)
            starts.append(first)
    return prob, starts


def moved(prob, shifts):
    return np.stack(
        [np.roll(frame, shift, (0, 1)) for frame, shift in zip(prob, shifts, strict=True)]
    )


def test_months_that_lie_off():
    prob, starts = town()
    shifts = np.random.default_rng(1).integers(-2, 3, (MONTHS, 2))
    shifts -= np.sort(shifts, axis=0)[MONTHS // 2]
    stack = found(moved(prob, shifts), max_shift_px=4)
    assert len(stack.buildings) == len(starts)
    assert sorted(stack.buildings.first_month.tolist()) == sorted(starts)
    at_rest = found(prob, max_shift_px=4)
    assert np.array_equal(at_rest.footprints.coords, found(prob).footprints.coords)
    assert sorted(map(tuple, stack.frame(stack.months[-1]).bounds.round().tolist())) == sorted(
        map(tuple, at_rest.frame(at_rest.months[-1]).bounds.tolist())
    )


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_scale_changes_nothing_but_the_pixels(scale):
    prob, starts = town()
    fine = prob.repeat(scale, axis=1).repeat(scale, axis=2)
    one, other = found(prob, max_shift_px=4), found(fine, scale=scale, max_shift_px=4)
    assert np.array_equal(one.footprints.bounds, other.footprints.bounds)
    assert np.array_equal(one.ids, other.ids)
    assert sorted(other.buildings.first_month.tolist()) == sorted(starts)


def test_clouds_at_the_scale_of_the_image():
    prob, _ = town()
    valid = np.random.default_rng(4).random((MONTHS, 10, 10)) < 0.8
    valid = valid.repeat(16, axis=1).repeat(16, axis=2)
    prob[~valid] = 0
    fine, fine_valid = (array.repeat(3, axis=1).repeat(3, axis=2) for array in (prob, valid))
    one, other = (found(fine, valid=mask, scale=3) for mask in (valid, fine_valid))
    assert np.array_equal(one.ids, other.ids)
    assert np.array_equal(one.footprints.coords, other.footprints.coords)
    assert np.array_equal(one.ids, found(prob, valid=valid).ids)


def test_bytes_floats_and_nan():
    prob, _ = town()
    prob[:, 100:] = prob[:, 100:] // 3 * 2
    floats = prob.astype(np.float32) / 255
    one, other = found(prob), found(floats)
    assert np.array_equal(one.footprints.coords, other.footprints.coords)
    assert np.array_equal(one.ids, other.ids)
    valid = np.ones(prob.shape, bool)
    valid[4, :, :80] = False
    floats[~valid] = np.nan
    masked = found(np.where(valid, prob, 0).astype(np.uint8), valid=valid)
    unknown = found(floats)
    assert np.array_equal(masked.ids, unknown.ids)
    assert np.array_equal(masked.footprints.coords, unknown.footprints.coords)


def test_faint_probabilities_keep_their_shape():
    prob = empty()
    put(prob, (10, 14), (20, 25), value=110)
    stack = found(prob)
    assert bounds_of(stack, 0) == [20, 10, 25, 14]


def test_nothing_to_find():
    for prob in (empty(), empty(shape=(0, 5)), empty(1)):
        stack = found(prob)
        assert len(stack) == 0
        assert len(stack.buildings) == 0
        assert len(stack.months) == len(prob)
    prob = empty(value=255)
    hidden = found(prob, valid=np.zeros(prob.shape, bool))
    assert len(hidden) == 0
    assert len(hidden.buildings) == 0


def test_one_month():
    prob = empty(1)
    put(prob, (10, 14), (20, 25))
    stack = found(prob)
    assert bounds_of(stack, 0) == [20, 10, 25, 14]


def test_area_and_months_asked_for():
    prob = empty()
    put(prob, (10, 14), (20, 25))
    put(prob, (30, 33), (20, 23), first=8)
    assert len(found(prob, min_area_px=9).buildings) == 2
    assert len(found(prob, min_area_px=10).buildings) == 1
    assert len(found(prob, min_months=4).buildings) == 2
    assert len(found(prob, min_months=5).buildings) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_mean", -0.1),
        ("min_rise", float("nan")),
        ("outline", 1.5),
        ("birth", 0.0),
        ("birth", 1.0),
        ("never", -1),
        ("death", 1.0),
        ("death", -0.1),
        ("max_shift_px", -1),
        ("min_area_px", float("inf")),
        ("min_months", -1),
        ("min_months", 2.5),
        ("absent", (0.0, 1.0)),
        ("present", (1.0, float("nan"))),
        ("present", 3),
        ("hidden", "shown"),
        ("adapt", "much"),
    ],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(InputError, match=f"^{name}: got"):
        CollapseParams(**{name: value})


def test_what_is_no_probability():
    prob = empty().astype(np.float32)
    prob[3, 4, 5] = 1.5
    with pytest.raises(InputError, match=r"prob: got 1\.5, wanted probabilities"):
        found(prob)
    prob[3, 4, 5] = -0.1
    with pytest.raises(InputError, match="prob: got -0"):
        found(prob)
    ones = empty()
    put(ones, (10, 14), (20, 25), value=1)
    with pytest.raises(InputError, match="multiply a mask of 0 and 1 by 255"):
        found(ones)


def test_no_months():
    with pytest.raises(InputError, match="no frames"):
        found(np.zeros((0, 5, 5), np.uint8))


def test_variants_by_name():
    prob, starts = town()
    cube = Cube.from_arrays(prob.repeat(3, axis=1).repeat(3, axis=2), months=months(), scale=3)
    for name in ("stc1", "stc2"):
        stack = collapse(cube, name, aoi="town")
        assert len(np.unique(stack.ids)) == len(starts)
        assert stack.buildings is None
    with pytest.raises(InputError, match="params: got 'best'"):
        collapse(cube, "best")


def test_buildings_follow_the_rows():
    prob, _ = town()
    stack = found(prob)
    kept = stack.take(stack.ids < 5)
    assert kept.buildings.ids.tolist() == [0, 1, 2, 3, 4]
    assert stack.with_ids(None).buildings is None
    with pytest.raises(StackError, match="confidence: got shape"):
        type(stack.buildings)(*[np.arange(3)] * 5, np.zeros(2), np.arange(3))
